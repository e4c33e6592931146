"""The types of a condition: every name known, every operator given what it takes, before anything runs."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import replace

from bifurque.rules.errors import ConditionError, did_you_mean, short
from bifurque.rules.features import FEATURES, feature
from bifurque.rules.syntax import Node, Type, parse

NUMBERS = ("int", "double")
TESTS = (".contains", ".startsWith", ".endsWith", ".matches")
_UNIT = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|min|[smhdw])")
_ARITHMETIC: dict[tuple[str, str, str], Type] = {
    ("timestamp", "-", "timestamp"): "duration",
    ("timestamp", "-", "duration"): "timestamp",
    ("timestamp", "+", "duration"): "timestamp",
    ("duration", "+", "timestamp"): "timestamp",
    ("duration", "+", "duration"): "duration",
    ("duration", "-", "duration"): "duration",
}


def condition(text: str, names: Mapping[str, Type], words: Mapping[str, tuple[str, ...]] | None = None) -> Node:
    """Read and check a condition: a tree of type bool.

    Args:
        text: the condition.
        names: what may be named, with its type.
        words: for names that only take certain texts (stages, personas …), these texts.

    Raises:
        ConditionError: with the column and, for an unknown name, the nearest known one.

    >>> condition("score.interest > 10", {"score.interest": "double"}).type
    'bool'
    """
    tree = expression(text, names, words)
    if tree.type != "bool":
        raise ConditionError(tree.at, f"a condition must be true or false, this is {_called(tree.type)}")
    return tree


def number(text: str, names: Mapping[str, Type], words: Mapping[str, tuple[str, ...]] | None = None) -> Node:
    """Read and check an expression whose value is a number: a tree of type int or double."""
    tree = expression(text, names, words)
    if tree.type not in NUMBERS:
        raise ConditionError(tree.at, f"a number is needed, this is {_called(tree.type)}")
    return tree


def expression(text: str, names: Mapping[str, Type], words: Mapping[str, tuple[str, ...]] | None = None) -> Node:
    """Read and check an expression of any type."""
    return check(parse(text), names, words or {})


def seconds(text: str, at: int = 0) -> int:
    """The whole seconds of a duration such as `14d` or `1h30m`, fractions truncated."""
    body = text.removeprefix("-")
    if not body or _SPAN.sub("", body):
        raise ConditionError(at, f"`{short(text)}` is not a duration: write for instance 14d, 36h or 1h30m")
    total = sum(float(n) * _UNIT[u] for n, u in _SPAN.findall(body))
    if total >= 2.0**62:
        raise ConditionError(at, f"`{short(text)}` is too long")
    return -int(total) if text != body else int(total)


def check(node: Node, names: Mapping[str, Type], words: Mapping[str, tuple[str, ...]]) -> Node:
    """The same tree with the type of every node; folds the sign of constants, `duration()` and `timestamp()`."""
    if node.op in ("name", "index"):
        return _name(node, names)
    if node.op == "literal":
        return node
    if node.op == "call" and node.value in FEATURES:
        return feature(node, words, check, seconds)
    args = tuple(check(a, names, words) for a in node.args)
    if node.op == "call":
        return _call(node, args)
    if node.op == "list":
        return _list(node, args)
    _plain_values(node, args)
    if node.op in ("==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%"):
        args = _lift(args)
    if node.op in ("==", "!=", "in"):
        _known_words(node, args, words)
    return replace(node, args=args, type=_result(node, args))


def _result(node: Node, args: tuple[Node, ...]) -> Type:
    op, types = node.op, tuple(a.type for a in args)
    if op in ("&&", "||", "!"):
        for a in args:
            if a.type != "bool":
                raise ConditionError(a.at, f"`{op}` joins conditions, this is {_called(a.type)}")
        return "bool"
    if op == "?:":
        if types[0] != "bool":
            raise ConditionError(args[0].at, f"a condition stands before `?`, this is {_called(types[0])}")
        if types[1] != types[2]:
            raise ConditionError(node.at, f"`? :` needs two values of one type, not {_all(types[1:])}")
        return types[1]
    if op == "in":
        if types[1] != "list" or types[0] != args[1].args[0].type:
            raise ConditionError(node.at, f"`in` needs a value and a list of such values, not {_all(types)}")
        return "bool"
    if op in ("==", "!=", "<", "<=", ">", ">="):
        return _comparison(node, types)
    if op == "negate":
        if types[0] not in NUMBERS:
            raise ConditionError(node.at, f"`-` needs a number, this is {_called(types[0])}")
        return types[0]
    if types[0] == types[1] and types[0] in NUMBERS and not (op == "%" and types[0] == "double"):
        return types[0]
    known = _ARITHMETIC.get((types[0], op, types[1]))
    if known is None:
        raise ConditionError(node.at, f"`{op}` cannot be applied to {_all(types)}")
    return known


def _comparison(node: Node, types: tuple[Type, ...]) -> Type:
    same = types[0] == types[1] or (types[0] in NUMBERS and types[1] in NUMBERS)
    if not same:
        raise ConditionError(node.at, f"cannot compare {_all(types)}")
    if node.op not in ("==", "!="):
        if types[0] == "bool":
            raise ConditionError(node.at, "true and false have no order")
        if types[0] == "string" and not any(a.op == "literal" for a in node.args):
            raise ConditionError(node.at, "the order of two texts that both vary is not supported")
    return "bool"


def _plain_values(node: Node, args: tuple[Node, ...]) -> None:
    for a in args:
        if a.type == "list" and not (node.op == "in" and a is args[1]):
            raise ConditionError(a.at, "a list may only stand after `in`")


def _lift(args: tuple[Node, ...]) -> tuple[Node, ...]:
    """An int literal beside a double is that double (an extension over CEL)."""

    def one(a: Node, other: Node) -> Node:
        if a.op == "literal" and a.type == "int" and other.type == "double":
            return replace(a, value=float(a.value), type="double")
        return a

    return (one(args[0], args[1]), one(args[1], args[0]))


def _known_words(node: Node, args: tuple[Node, ...], words: Mapping[str, tuple[str, ...]]) -> None:
    """`stage == "onbording"` is an error, not a condition that is never true."""
    for a, other in ((args[0], args[-1]), (args[-1], args[0])):
        known = words.get(str(a.value)) if a.op == "name" else None
        if known is None:
            continue
        for literal in (other, *other.args):
            if literal.op == "literal" and literal.value not in known:
                text = f"`{a.value}` is never `{short(str(literal.value))}`"
                raise ConditionError(literal.at, text + did_you_mean(str(literal.value), known))


def _name(node: Node, names: Mapping[str, Type]) -> Node:
    root, key = (node.args[0], node.args[1]) if node.op == "index" else (node, None)
    if root.op != "name":
        raise ConditionError(node.at, "`[…]` needs the name of a score before it")
    name = str(root.value)
    if name not in names:
        if name.split(".")[0] in ("True", "False"):
            raise ConditionError(root.at, f"write `{name.lower()}`")
        raise ConditionError(root.at, f"unknown name `{short(name)}`" + did_you_mean(name, names))
    if key is None:
        return replace(node, type="double" if names[name] == "keyed" else names[name])
    if names[name] != "keyed" or key.type != "string" or key.op != "literal":
        raise ConditionError(
            node.at, f'`{short(name)}[…]` needs a score kept by key, and a text such as `score.interest["hiking"]`'
        )
    return Node("name", (key,), name, root.at, "double")


def _list(node: Node, args: tuple[Node, ...]) -> Node:
    if not args or any(a.op != "literal" for a in args) or len({a.type for a in args}) != 1:
        raise ConditionError(node.at, "a list needs at least one value, all written out and of one type")
    return replace(node, args=args, type="list")


def _call(node: Node, args: tuple[Node, ...]) -> Node:
    name, types = str(node.value), tuple(a.type for a in args)
    if name == "has" and len(args) == 1 and args[0].op in ("name", "feature"):
        return replace(node, args=args, type="bool")
    if name in ("duration", "timestamp") and types == ("string",) and args[0].op == "literal":
        text = str(args[0].value)
        instant = seconds(text, args[0].at) if name == "duration" else _instant(text, args[0].at)
        return Node("literal", (), instant, node.at, "duration" if name == "duration" else "timestamp")
    if name in TESTS and types == ("string", "string") and args[1].op == "literal":
        if name == ".matches":
            _pattern(str(args[1].value), args[1].at)
        return replace(node, args=args, type="bool")
    if name in ("size", ".size") and types == ("string",):
        return replace(node, args=args, value="size", type="int")
    if name in ("double", "int") and types in (("int",), ("double",)):
        return replace(node, args=args, type="double" if name == "double" else "int")
    known = ["has", "size", "duration", "timestamp", "double", "int", *FEATURES, *TESTS]
    if name not in known:
        raise ConditionError(node.at, f"unknown function `{short(name)}`" + did_you_mean(name, known))
    raise ConditionError(node.at, f"`{name}` cannot be applied to {_all(types) or 'nothing'}")


def _pattern(text: str, at: int) -> None:
    """Patterns are RE2's: linear in time, whatever is written."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.match_substring_regex(pa.array([""]), text)
    except pa.ArrowInvalid as error:
        raise ConditionError(at, f"not a pattern: {str(error).splitlines()[0]}") from None


def _instant(text: str, at: int) -> int:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ConditionError(at, f"`{short(text)}` is not an instant: write 2025-06-01T09:00:00Z, or +02:00 for Z")
    return int(moment.timestamp())


def _called(kind: str) -> str:
    words = {"bool": "true or false", "int": "a whole number", "double": "a number", "string": "a text"}
    return words.get(kind, {"timestamp": "an instant", "duration": "a duration", "list": "a list"}.get(kind, kind))


def _all(types: tuple[str, ...]) -> str:
    return " and ".join(_called(t) for t in types)
