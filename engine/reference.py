"""Writes the tables of keys in `docs/plan.md` from the types; the prose between them is written by hand.

In the document `<!-- keys: Cap -->` opens the table of a type and `<!-- values -->` that of the values; `<!-- end -->`
closes either. `python -m bifurque.engine.reference docs/plan.md` writes anew what stands between.
"""

from __future__ import annotations

import json
import re
import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path as File
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from bifurque.engine.decode import hints, leading, leads, rule_of
from bifurque.engine.plan import Plan
from bifurque.engine.problems import Problems
from bifurque.engine.reader import read_text
from bifurque.engine.schema import default_of, written
from bifurque.engine.values import Rule

Struct = type[msgspec.Struct]
PLAIN = {bool: "true or false", int: "whole number", float: "number", str: "text"}
PLAIN_VALUE = "plain value"
NOTHING = "–"
_BLOCK = re.compile(r"(<!-- (?:keys: (\w+)|values) -->\n).*?(<!-- end -->)", re.DOTALL)
_BARE = re.compile(r"\w[\w .%/+*<>=()-]*")


def filled(document: str, root: Struct = Plan) -> str:
    """The document with every table as the types give it.

    Raises:
        ValueError: it asks for the table of a type that no plan holds.
    """
    known = structs(root)

    def table(block: re.Match[str]) -> str:
        name = block[2]
        if name is not None and name not in known:
            raise ValueError(f"no type of the plan is called `{name}`")
        return block[1] + (values(root) if name is None else keys(known[name])) + block[3]

    return _BLOCK.sub(table, document)


def structs(root: Struct) -> dict[str, Struct]:
    """Every struct a plan may hold, by name, and those they are made from."""
    found = {k.__name__: k for k in _kinds(root, set()) if isinstance(k, type)}
    return found | {base.__name__: base for kind in found.values() for base in _bases(kind)}


def _bases(kind: Struct) -> list[Struct]:
    return [b for b in kind.__mro__[1:] if issubclass(b, msgspec.Struct) and b is not msgspec.Struct]


def own_keys(kind: Struct) -> tuple[Any, ...]:
    """The keys a type adds to those of the types it is made from."""
    older = {name for base in _bases(kind) for name in base.__struct_fields__}
    return tuple(f for f in msgspec.structs.fields(kind) if f.name not in older)


def _kinds(kind: Any, seen: set[Any]) -> Iterator[Any]:
    """The structs and the scalar rules a type is made of, each once."""
    found = rule_of(kind) or (kind if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else None)
    if found in seen:
        return
    if found is not None:
        seen.add(found)
        yield found
    inside = get_args(kind) if found is None else () if isinstance(found, Rule) else hints(found).values()
    for part in inside:
        yield from _kinds(part, seen)


def values(root: Struct) -> str:
    """How values are written."""
    rules = sorted((k for k in _kinds(root, set()) if isinstance(k, Rule)), key=lambda rule: rule.word)
    rows = ["| Type | Expected |", "|---|---|", *(f"| {rule.word} | {_cell(rule.wanted)} |" for rule in rules)]
    return "\n".join(rows) + "\n"


def keys(kind: Struct) -> str:
    """What a type is, and a table of its keys."""
    known = hints(kind)
    meaning = " ".join((kind.__doc__ or "").split())
    lines = [f'<a id="{_anchor(kind)}"></a>{meaning}']
    fields = own_keys(kind)
    if fields:
        lines += ["", "| Key | Type | Default | Meaning | Example |", "|---|---|---|---|---|"]
        lines += [_row(kind, f, known[f.encode_name]) for f in fields]
    return "\n".join(lines) + "\n"


def _row(kind: Struct, field: Any, annotation: Any) -> str:
    name = field.encode_name
    meta = _meta(annotation)
    needed = field.required or leads(kind) == (name,)
    default = written(default_of(field), annotation) if not field.required else None
    shown = "required" if needed else NOTHING if default in (None, "", [], {}) else f"`{flow(default)}`"
    example = f"`{name}: {flow(meta.examples[0])}`" if meta.examples else ""
    cells = [f"`{name}`", said(annotation), shown, meta.description or "", example]
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _meta(annotation: Any) -> msgspec.Meta:
    metas = [m for m in get_args(annotation) if isinstance(m, msgspec.Meta)]
    described = [m for m in metas if m.description]
    return described[0] if described else msgspec.Meta()


def said(kind: Any) -> str:
    """A type in words, structs as links to their tables."""
    rule = rule_of(kind)
    if rule is not None:
        return rule.word
    origin, inside = get_origin(kind), [k for k in get_args(kind) if k is not type(None)]
    if origin is Annotated:
        return said(inside[0]) + _bounds(inside[1:])
    if origin in (Union, types.UnionType):
        if len(inside) > 1 and all(leading(k) for k in inside):
            tags = [leading(k) for k in inside]
            kind = "step" if "send" in tags else "action" if "derive" in tags else "trigger"
            return f"[{kind}](#{kind}s)"
        return _either(inside)
    if origin is Literal:
        return _either([kind])
    if origin is tuple:
        return _listed(inside)
    if origin is dict:
        return f"mapping of {said(inside[0])} to {said(inside[1])}"
    return PLAIN.get(kind) or f"[{_words(kind)}](#{_anchor(kind)})"


def _listed(kinds: list[Any]) -> str:
    if kinds[-1] is not Ellipsis:
        return f"list of {len(kinds)}: {' and '.join(said(k) for k in kinds)}"
    inside = said(kinds[0])
    return f"list of ({inside})" if " or " in inside else f"list of {inside}"


def _either(kinds: list[Any]) -> str:
    words = [PLAIN_VALUE] if set(PLAIN) <= set(kinds) else []
    for kind in kinds:
        if get_origin(kind) is Literal:
            words += [f"`{flow(word)}`" for word in get_args(kind)]
        elif kind not in PLAIN or not words:
            words.append(said(kind))
    return ", ".join(words[:-1]) + (" or " if len(words) > 1 else "") + words[-1]


def _bounds(metas: list[Any]) -> str:
    bounds = [(m.ge, m.le) for m in metas if isinstance(m, msgspec.Meta) and (m.ge is not None or m.le is not None)]
    if not bounds:
        return ""
    least, most = bounds[0]
    if least is not None and most is not None:
        return f", {least} to {most}"
    return f", at least {least}" if least is not None else f", at most {most}"


def _words(kind: Struct) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.__name__).lower()


def _anchor(kind: Struct) -> str:
    return _words(kind).replace(" ", "-")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def flow(value: Any) -> str:
    """A value on one line, as a plan may hold it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k if _BARE.fullmatch(k) else flow(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    problems = Problems()
    if _BARE.fullmatch(value) and read_text(value, problems)[0] == value and not problems.found:
        return value
    return json.dumps(value, ensure_ascii=False) if "'" in value else f"'{value}'" if '"' in value else f'"{value}"'


def main() -> None:
    """Write the tables of the documents named on the command line anew."""
    for name in sys.argv[1:]:
        file = File(name)
        file.write_text(filled(file.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
