"""The JSON Schema of plans, made from the types, for editors that complete and check as one writes."""

from __future__ import annotations

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from bifurque.engine.decode import hints, leading, rule_of
from bifurque.engine.plan import Plan

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


def _schema(kind: Any, definitions: dict[str, Schema]) -> Schema:
    rule = rule_of(kind)
    if rule is not None:
        names = {str: "string", int: "integer", float: "number", bool: "boolean"}
        raw = [names[t] for t in rule.raw if not (t is int and float in rule.raw)]
        found: Schema = {"type": raw[0] if len(raw) == 1 else raw}
        if rule.pattern:
            found["pattern"] = rule.pattern
        return found | _documented(kind)
    origin = get_origin(kind)
    if origin is Annotated:
        return _schema(get_args(kind)[0], definitions) | _documented(kind)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(k, definitions) for k in get_args(kind) if k is not type(None)]}
    if origin is Literal:
        return {"enum": list(get_args(kind))}
    if origin is tuple:
        return _array(get_args(kind), definitions)
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(get_args(kind)[1], definitions)}
    if kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    return _object(kind, definitions)


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
        required = [f.encode_name for f in fields if f.required or f.encode_name == leading(kind)]
        definitions[name] |= {
            "type": "object",
            "description": (kind.__doc__ or "").strip().splitlines()[0],
            "properties": {f.encode_name: _schema(known[f.encode_name], definitions) for f in fields},
            "required": required if leading(kind) not in ("wait", "set") else [],
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{name}"}


def _documented(kind: Any) -> Schema:
    found: Schema = {}
    for meta in get_args(kind)[1:] if get_origin(kind) is Annotated else ():
        if isinstance(meta, msgspec.Meta):
            values = {
                "description": meta.description,
                "examples": meta.examples,
                "minimum": meta.ge,
                "maximum": meta.le,
            }
            found |= {k: v for k, v in values.items() if v is not None}
    return found
