"""The JSON Schema of plans, made from the types, for editors that complete and check as one writes."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from bifurque.engine.decode import hints, leads, rule_of
from bifurque.engine.plan import Plan
from bifurque.engine.values import Rule, Zone

Schema = dict[str, Any]
_PLAIN = {bool: "boolean", int: "integer", float: "number", str: "string"}


def plan_schema() -> Schema:
    """The schema of a plan file (draft 2020-12)."""
    definitions: dict[str, Schema] = {}
    root = _schema(Plan, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "bifurque-plan.schema.json",
        "title": "bifurque plan",
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def written(value: Any, kind: Any) -> Any:
    """A value of a type as a plan writes it; of a struct only what differs from its own defaults."""
    if isinstance(value, msgspec.Struct):
        known = hints(type(value))
        fields = msgspec.structs.fields(type(value))
        pairs = [(f, getattr(value, f.name)) for f in fields]
        return {f.encode_name: written(v, known[f.encode_name]) for f, v in pairs if f.required or v != default_of(f)}
    if isinstance(value, tuple):
        return [written(v, None) for v in value]
    write = _writes(kind)
    found = write(value) if write is not None and value is not None else value
    return int(found) if isinstance(found, float) and found.is_integer() else found


def _writes(kind: Any) -> Any:
    """How values of a type are written, by the first of its alternatives that says so."""
    rule = rule_of(kind)
    if rule is not None:
        return rule.write
    if get_origin(kind) not in (Annotated, Union, types.UnionType):
        return None
    return next((w for k in get_args(kind) if (w := _writes(k)) is not None), None)


def default_of(field: Any) -> Any:
    """What a key that may be left out means then."""
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def _schema(kind: Any, definitions: dict[str, Schema]) -> Schema:
    rule = rule_of(kind)
    if rule is not None:
        return _scalar(rule, definitions) | _documented(kind)
    origin = get_origin(kind)
    if origin is Annotated:
        return _schema(get_args(kind)[0], definitions) | _documented(kind)
    if origin in (Union, types.UnionType):
        return _any_of([k for k in get_args(kind) if k is not type(None)], definitions)
    if origin is Literal:
        return {"enum": list(get_args(kind))}
    if origin is tuple:
        return _array(get_args(kind), definitions)
    if origin is dict:
        key, value = get_args(kind)
        found = {"type": "object", "additionalProperties": _schema(value, definitions)}
        return found | ({"propertyNames": _schema(key, definitions)} if rule_of(key) else {})
    if kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    return _object(kind, definitions)


def _scalar(rule: Rule, definitions: dict[str, Schema]) -> Schema:
    name = "".join(word.capitalize() for word in rule.word.split())
    if name not in definitions:
        definitions[name] = {**rule.schema, "description": rule.wanted[0].upper() + rule.wanted[1:]}
        if rule is rule_of(Zone):
            from bifurque.engine.zones import known_zones

            definitions[name]["enum"] = sorted(known_zones())
    return {"$ref": f"#/$defs/{name}"}


def _any_of(kinds: list[Any], definitions: dict[str, Schema]) -> Schema:
    if len(kinds) == 1:
        return _schema(kinds[0], definitions)
    return {"anyOf": [_schema(k, definitions) for k in kinds]}


def _array(kinds: tuple[Any, ...], definitions: dict[str, Schema]) -> Schema:
    if kinds[-1] is Ellipsis:
        return {"type": "array", "items": _schema(kinds[0], definitions)}
    items = [_schema(k, definitions) for k in kinds]
    return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}


def _object(kind: type[msgspec.Struct], definitions: dict[str, Schema]) -> Schema:
    name = kind.__name__
    if name not in definitions:
        definitions[name] = {}
        known = hints(kind)
        fields = msgspec.structs.fields(kind)
        definitions[name] |= {
            "type": "object",
            "description": " ".join((kind.__doc__ or "").split("\n\n")[0].split()),
            "properties": {f.encode_name: _property(f, known, definitions) for f in fields},
            "additionalProperties": False,
            **_required(kind, [f.encode_name for f in fields if f.required]),
        }
    return {"$ref": f"#/$defs/{name}"}


def _property(field: Any, known: Mapping[str, Any], definitions: dict[str, Schema]) -> Schema:
    kind = known[field.encode_name]
    found = _schema(kind, definitions)
    default = None if field.required else written(default_of(field), kind)
    return found if default in (None, "", [], {}) else found | {"default": default}


def _required(kind: type[msgspec.Struct], names: list[str]) -> Schema:
    """The keys that must be there: a step needs one of those that tell its kind."""
    known = hints(kind)
    tells = [key for key in leads(kind) if key in known]
    if len(tells) > 1:
        return {"required": names, "anyOf": [{"required": [key]} for key in tells]}
    return {"required": list(dict.fromkeys([*names, *tells]))}


def _documented(kind: Any) -> Schema:
    found: Schema = {}
    for meta in get_args(kind)[1:] if get_origin(kind) is Annotated else ():
        if isinstance(meta, msgspec.Meta):
            values = {
                "description": meta.description,
                "examples": meta.examples,
                "minimum": meta.ge,
                "maximum": meta.le,
                "minItems": meta.min_length,
                "maxItems": meta.max_length,
            }
            found |= {k: v for k, v in values.items() if v is not None}
    return found
