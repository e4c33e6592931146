"""Conditions worked out in plain Python: with values, with gaps, or with anything at all for what is not known."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from bifurque.rules.lowering import TEXT_FUNCTIONS
from bifurque.rules.syntax import Node

MISSING: Any = object()
"""A value that is not known: comparisons with it are neither true nor false."""
ANY: Any = object()
"""A value nothing is said about."""
Look = Callable[[Node], Any]
_COMPARE = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MOST = 2**63


def may_fire(tree: Node, segment: Callable[[str], Node], known: Mapping[str, Any] | None) -> bool:
    """Whether a condition may be true, given some names; `None`: no event is at hand."""

    def look(node: Node) -> Any:
        name = str(node.value)
        if known is None and node.op == "name" and name.startswith("event."):
            return MISSING
        return (known or {}).get(name, ANY) if node.op == "name" else ANY

    return evaluate(tree, look, segment) in (True, ANY)


def evaluate(node: Node, look: Look, segment: Callable[[str], Node]) -> Any:
    """The value of a checked tree; `look` gives that of a name or of a feature."""
    op = node.op
    if op == "literal":
        return node.value
    if op == "feature":
        return look(node)
    if op == "name":
        name = str(node.value)
        if name.startswith("segment."):
            return evaluate(segment(name.removeprefix("segment.")), look, segment)
        return look(node)
    if op == "list":
        return [a.value for a in node.args]
    if op in ("&&", "||"):
        return _junction(op == "||", *(evaluate(a, look, segment) for a in node.args))
    values = [evaluate(a, look, segment) for a in node.args]
    if op == "call" and node.value == "has":
        return ANY if values[0] is ANY else values[0] is not MISSING
    if op == "?:":
        if values[0] is ANY or values[0] is MISSING:
            return ANY if ANY in values else MISSING
        return values[1] if values[0] else values[2]
    if any(v is MISSING for v in values):
        return MISSING
    if any(v is ANY for v in values):
        return ANY
    return _apply(node, values)


def _junction(either: bool, left: Any, right: Any) -> Any:
    if left is either or right is either:
        return either
    if left is ANY or right is ANY:
        return ANY
    return MISSING if left is MISSING or right is MISSING else not either


def _apply(node: Node, values: list[Any]) -> Any:
    op = node.op
    if op == "!":
        return not values[0]
    if op == "negate":
        return -values[0]
    if op == "in":
        return values[0] in values[1]
    if op in _COMPARE:
        if "double" in (node.args[0].type, node.args[1].type):
            values = [float(v) for v in values]
        return _COMPARE[op](values[0], values[1])
    if op == "call":
        return _call(node, values)
    if "double" in (node.args[0].type, node.args[1].type):
        return _real(op, float(values[0]), float(values[1]))
    return _whole(op, values[0], values[1])


def _call(node: Node, values: list[Any]) -> Any:
    name = str(node.value)
    if name == "double":
        return float(values[0])
    if name == "int":
        return int(values[0]) if abs(values[0]) < _MOST else MISSING
    if name == ".matches":
        return _matches(values[0], values[1])
    return bool(TEXT_FUNCTIONS[name](values[0], values[1])) if len(values) > 1 else TEXT_FUNCTIONS[name](values[0], "")


@functools.lru_cache(1024)
def _matches(text: str, pattern: str) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    return bool(pc.match_substring_regex(pa.array([text]), pattern)[0].as_py())


def _real(op: str, x: float, y: float) -> float:
    """As IEEE 754 has it: NaN is a number that equals none."""
    if op != "/" or y != 0.0:
        return {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}[op](x, y)  # type: ignore[no-any-return]
    return math.nan if x == 0.0 or math.isnan(x) else math.copysign(math.inf, x) * math.copysign(1.0, y)


def _whole(op: str, x: int, y: int) -> Any:
    if op in ("/", "%"):
        if y == 0:
            return MISSING
        quotient = abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)
        found = x - y * quotient if op == "%" else quotient
    else:
        found = {"+": operator.add, "-": operator.sub, "*": operator.mul}[op](x, y)
    return found if -_MOST < found < _MOST else MISSING
