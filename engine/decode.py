"""Turns plain data into the types of a plan, noting every problem with its place: one walk, no first-error stop."""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from bifurque.engine.problems import Path, Problems
from bifurque.engine.values import DURATION, Duration, Rule, shown
from bifurque.rules.errors import did_you_mean, nearest

BAD: Any = object()
"""Stands for a value that could not be read; its problem has been noted."""
GAP: Any = object()
"""Stands in a list for an entry that was cut out."""


def decode(raw: Any, kind: Any, path: Path, problems: Problems) -> Any:
    """The value of `raw` as a `kind`, or BAD with its problems noted."""
    if path in problems.spoiled:
        return BAD
    if raw is None:
        return _wrong(path, problems, "has no value: give one, or leave it out")
    origin = get_origin(kind)
    if origin is Annotated:
        base, *metas = get_args(kind)
        rule = next((m for m in metas if isinstance(m, Rule)), None)
        value = _ruled(raw, rule, path, problems) if rule else decode(raw, base, path, problems)
        return value if value is BAD else _within(value, metas, path, problems)
    if origin in (Union, types.UnionType):
        return _union(raw, get_args(kind), path, problems)
    if origin is tuple:
        return _tuple(raw, get_args(kind), path, problems)
    if origin is dict:
        return _mapping(raw, get_args(kind), path, problems)
    if origin is Literal:
        if raw in get_args(kind) and type(raw) in {type(a) for a in get_args(kind)}:
            return raw
        return _wrong(path, problems, f"expected {_wanted((kind,))}, got `{shown(raw)}`" + _near(raw, get_args(kind)))
    if kind is Duration:
        return _ruled(raw, DURATION, path, problems)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _struct(raw, kind, path, problems)
    return _plain(raw, kind, path, problems)


def _wrong(path: Path, problems: Problems, message: str) -> Any:
    problems.add(path, message)
    return BAD


def _within(value: Any, metas: list[Any], path: Path, problems: Problems) -> Any:
    for meta in metas:
        if isinstance(value, tuple) and isinstance(meta, msgspec.Meta) and meta.min_length not in (None, len(value)):
            return _wrong(path, problems, f"expected a list of {meta.min_length}, got {len(value)}")
        if not isinstance(meta, msgspec.Meta) or not isinstance(value, int | float):
            continue
        if meta.ge is not None and value < meta.ge:
            return _wrong(path, problems, f"expected at least {meta.ge}, got `{shown(value)}`")
        if meta.le is not None and value > meta.le:
            return _wrong(path, problems, f"expected at most {meta.le}, got `{shown(value)}`")
    return value


def _ruled(raw: Any, rule: Rule, path: Path, problems: Problems) -> Any:
    try:
        return rule.read(raw)
    except ValueError as error:
        return _wrong(path, problems, str(error))


def _plain(raw: Any, kind: Any, path: Path, problems: Problems) -> Any:
    if kind is float and isinstance(raw, int) and not isinstance(raw, bool):
        return float(raw)
    if type(raw) is kind:
        return raw
    text = f"expected {_named(kind)}, got `{shown(raw)}`"
    if isinstance(raw, str) and (raw in ("true", "false") if kind is bool else raw.isdecimal()):
        text += ", a text: leave the quotes out"
    elif kind is str:
        text += f': quote it: "{shown(raw)}"' if isinstance(raw, bool | int | float) else ""
    return _wrong(path, problems, text)


def _tuple(raw: Any, kinds: tuple[Any, ...], path: Path, problems: Problems) -> Any:
    if not isinstance(raw, list):
        remedy = "start each entry with `-`" if isinstance(raw, dict) else f"write `[{shown(raw)}]`"
        return _wrong(path, problems, f"expected a list, got `{shown(raw)}`: {remedy}")
    if kinds[-1] is not Ellipsis:
        if len(raw) != len(kinds):
            return _wrong(path, problems, f"expected a list of {len(kinds)}, got {len(raw)}")
        items = [decode(r, k, (*path, i), problems) for i, (r, k) in enumerate(zip(raw, kinds, strict=True))]
    else:
        items = [decode(r, kinds[0], (*path, i), problems) for i, r in enumerate(raw) if r is not GAP]
    return BAD if any(i is BAD for i in items) else tuple(items)


def _mapping(raw: Any, kinds: tuple[Any, Any], path: Path, problems: Problems) -> Any:
    if not isinstance(raw, dict):
        return _wrong(path, problems, f"expected names and what they mean, got `{shown(raw)}`: write `name: …`")
    key, kind = kinds
    found = {}
    for name, item in raw.items():
        rule = rule_of(key)
        try:
            word = rule.read(name) if rule else name
        except ValueError as error:
            problems.add((*path, name), str(error), at_key=True)
            continue
        found[word] = decode(item, kind, (*path, name), problems)
    return BAD if len(found) < len(raw) or any(v is BAD for v in found.values()) else found


def rule_of(kind: Any) -> Rule | None:
    """The rule that reads a scalar type, if it has one."""
    if kind is Duration:
        return DURATION
    metas = get_args(kind)[1:] if get_origin(kind) is Annotated else ()
    return next((m for m in metas if isinstance(m, Rule)), None)


@functools.cache
def fields_of(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """The fields of a struct, looked up once."""
    return msgspec.structs.fields(kind)


@functools.cache
def hints(kind: type[msgspec.Struct]) -> Mapping[str, Any]:
    """The annotations of a struct, by the names a plan uses."""
    resolved = get_type_hints(kind, include_extras=True)
    return {f.encode_name: resolved[f.name] for f in fields_of(kind)}


def leading(kind: Any) -> str:
    """The key that tells a kind of step or trigger from the others, or nothing."""
    return str(kind.__struct_config__.tag or "") if _is_struct(kind) else ""


def leads(kind: Any) -> tuple[str, ...]:
    """The keys any of which tells a kind of step: its leading one, unless it names more."""
    return getattr(kind, "leads", None) or (leading(kind),)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _struct(raw: Any, kind: type[msgspec.Struct], path: Path, problems: Problems) -> Any:
    if not isinstance(raw, dict):
        return _wrong(path, problems, f"expected {_article(kind)}, got `{shown(raw)}`")
    known = hints(kind)
    meant = set()
    for name in raw:
        if name not in known:
            more = did_you_mean(name, known)
            if name.isdecimal() and raw[name] is None:
                more = "; decimals are written with a point"
            problems.add((*path, name), f"unknown key `{shown(name)}`{more}", at_key=True)
            meant.add(nearest(name, known))
    found: dict[str, Any] = {}
    whole = True
    for info in fields_of(kind):
        name = info.encode_name
        if name in raw:
            found[info.name] = decode(raw[name], known[name], (*path, name), problems)
            whole = whole and found[info.name] is not BAD
        elif info.required and name not in meant:
            whole = _wrong(path, problems, f"missing key `{name}`") is not BAD
    return kind(**found) if whole and len(raw) == sum(n in known for n in raw) else BAD


def _article(kind: type[msgspec.Struct]) -> str:
    """A struct by an example of it: what it must say, or the first thing it may say."""
    fields = fields_of(kind)
    said = [f for f in fields if f.required] or fields[:1]
    return "keys such as {" + ", ".join(f"{f.encode_name}: {_flow(_example(kind, f))}" for f in said) + "}"


def _example(kind: type[msgspec.Struct], field: msgspec.structs.FieldInfo) -> Any:
    metas = get_args(hints(kind)[field.encode_name])[1:]
    return next((m.examples[0] for m in metas if isinstance(m, msgspec.Meta) and m.examples), "…")


def _flow(example: Any) -> str:
    """An example as YAML writes it on one line."""
    if isinstance(example, dict):
        return "{" + ", ".join(f"{k}: {_flow(v)}" for k, v in example.items()) + "}"
    if isinstance(example, list):
        return "[" + ", ".join(map(_flow, example)) + "]"
    return shown(example)


def _union(raw: Any, kinds: tuple[Any, ...], path: Path, problems: Problems) -> Any:
    kinds = tuple(k for k in kinds if k is not type(None))
    if len(kinds) == 1:
        return decode(raw, kinds[0], path, problems)
    tagged = [k for k in kinds if leading(k)]
    if tagged:
        return _tagged(raw, tagged, path, problems)
    fitting = [k for k in kinds if _fits(raw, k)]
    fitting.sort(key=lambda k: not _is_struct(k))  # `{mean: 60}` is an amount that varies, not that of a persona
    nested = isinstance(raw, list | dict)
    if nested and len(fitting) == 1:
        return decode(raw, fitting[0], path, problems)
    tried = []
    for kind in fitting:
        trial = problems.trial()
        value = decode(raw, kind, path, trial)
        if value is not BAD:
            return value
        tried.append(trial.found)
    if nested and tried:
        problems.take(min(tried, key=len))
        return BAD
    said = [p.message for found in tried for p in found]
    for message in said:
        if not message.startswith("expected"):
            return _wrong(path, problems, message)
    remedy = next((m[m.index("; ") :] for m in said if "; " in m), "")
    return _wrong(path, problems, f"expected {_wanted(kinds)}, got `{shown(raw)}`{remedy}")


def _tagged(raw: Any, kinds: list[Any], path: Path, problems: Problems) -> Any:
    """A step or a trigger: its kind is the leading key it has."""
    tags = [leading(k) for k in kinds]
    if not isinstance(raw, dict):
        return _wrong(path, problems, f"expected a mapping with one of the keys {_one_of(tags)}, got `{shown(raw)}`")
    present = [k for k in kinds if any(key in raw for key in leads(k))]
    if len(present) > 1 and "wait" in tags:
        present = [k for k in present if leading(k) != "wait"]
    if len(present) > 1:
        return _wrong(path, problems, f"one of {_one_of([leading(k) for k in present])}, not several")
    if not present and "wait" in tags and "at" in raw:
        present = [k for k in kinds if leading(k) == "wait"]
    if present:
        return _struct(raw, present[0], path, problems)
    for name in raw:
        near = did_you_mean(name, tags)
        if "did you mean" in near:
            problems.add((*path, name), f"unknown key `{shown(name)}`{near}", at_key=True)
            return BAD
    return _wrong(path, problems, f"expected one of the keys {_one_of(tags)}")


def _fits(raw: Any, kind: Any) -> bool:
    """Whether raw data has the shape of a kind, whatever its content."""
    rule = rule_of(kind)
    if rule:
        return isinstance(raw, rule.raw)
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    origin = get_origin(kind)
    if origin is tuple:
        return isinstance(raw, list)
    if origin is dict or _is_struct(kind):
        return isinstance(raw, dict)
    if isinstance(raw, list | dict):
        return False
    if origin is Literal:
        return isinstance(raw, str)
    return type(raw) is kind or (kind is float and type(raw) is int)


def _wanted(kinds: tuple[Any, ...]) -> str:
    words = []
    for kind in kinds:
        origin = get_origin(kind)
        rule = rule_of(kind)
        if rule:
            words.append(rule.wanted)
        elif origin is Literal:
            some = get_args(kind)
            words.append(("one of " if len(some) > 1 else "") + _one_of(some))
        else:
            words.append({tuple: "a list", dict: "names and what they mean"}.get(origin) or _named(kind))
    return " or ".join(dict.fromkeys(words))


def _named(kind: Any) -> str:
    plain = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    return plain.get(kind) or _article(kind)


def _one_of(words: Any) -> str:
    return ", ".join(f"`{shown(w)}`" for w in words)


def _near(raw: Any, words: tuple[Any, ...]) -> str:
    if not isinstance(raw, str):
        return ""
    near = did_you_mean(raw, [w for w in words if isinstance(w, str)])
    return near if "did you mean" in near else ""
