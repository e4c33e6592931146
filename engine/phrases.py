"""Conditions as people read them: written plainly, and as a tree with a tick for each part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from bifurque.engine.rulebook import leaves
from bifurque.engine.values import Duration
from bifurque.engine.verdicts import Segment, Values, judge
from bifurque.engine.words import say
from bifurque.rules.features import written
from bifurque.rules.syntax import Node

LEVELS = {"?:": 0, "||": 1, "&&": 2, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5}
LEVELS |= dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "in"), 3)
TICKS = {True: "✓", False: "✗", None: "?"}


def phrase(node: Node, above: int = 0) -> str:
    """A tree as a plan writes it, with no more parentheses than it needs.

    >>> from bifurque.rules.types import condition
    >>> phrase(condition('now > timestamp("2026-01-01T00:00:00Z") && !(local.hour < 9)', {"now": "timestamp",
    ... "local.hour": "int"}))
    'now > timestamp("2026-01-01T00:00:00Z") && !(local.hour < 9)'
    """
    if node.op == "literal" and node.type in ("duration", "timestamp"):
        return f'{node.type}("{_moment(node)}")'
    if node.op in ("literal", "name", "feature", "list"):
        return written(node)
    if node.op == "call":
        name, dotted = str(node.value), str(node.value)[0] == "."
        first, *rest = (phrase(a, 9 if dotted and a is node.args[0] else 0) for a in node.args)
        return f"{first}{name}({', '.join(rest)})" if dotted else f"{name}({', '.join([first, *rest])})"
    if len(node.args) == 1:
        return ("-" if node.op == "negate" else "!") + phrase(node.args[0], 9)
    level = LEVELS[node.op]
    if node.op == "?:":
        text = "{} ? {} : {}".format(*(phrase(a, 1) for a in node.args))
    else:
        text = f"{phrase(node.args[0], level)} {node.op} {phrase(node.args[1], level + 1)}"
    return f"({text})" if level < above else text


def _moment(node: Node) -> str:
    seconds = int(node.value)
    if node.type == "timestamp":
        return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat().replace("+00:00", "Z")
    days, left = divmod(abs(seconds), 86400)
    return ("-" if seconds < 0 else "") + str(Duration(days, left)).replace("min", "m")


class Part(Struct, frozen=True, omit_defaults=True):
    """A part of a condition, with its verdict.

    Attributes:
        text: as a plan writes it.
        verdict: true, false, or None: unknown.
        join: how its parts make its verdict: `all`, `one`, `not`, or nothing.
        parts: its parts.
        values: what it read, if it has no parts.
    """

    text: str
    verdict: bool | None
    join: str = ""
    parts: tuple[Part, ...] = ()
    values: dict[str, Any] = {}
    kinds: dict[str, str] = {}


def ticked(node: Node, values: Values, segment: Segment) -> Part:
    """A condition's tree, each part judged on the values that were read."""
    verdict, text = judge(node, values, segment), phrase(node)
    if node.op in ("&&", "||"):
        parts = tuple(ticked(n, values, segment) for n in _chain(node, node.op))
        return Part(text, verdict, "all" if node.op == "&&" else "one", parts)
    if node.op == "!" and node.args[0].op in ("&&", "||"):
        return Part(text, verdict, "not", (ticked(node.args[0], values, segment),))
    if node.op == "name" and str(node.value).startswith("segment."):
        return Part(text, verdict, "all", (ticked(segment(str(node.value)[8:]), values, segment),))
    read = {written(n): n.type for n in leaves(node, segment)}
    return Part(text, verdict, values={n: values.get(n) for n in read}, kinds={n: str(t) for n, t in read.items()})


def _chain(node: Node, op: str) -> Iterator[Node]:
    """The sides of a chain such as `a && b && c`."""
    for inner in node.args:
        if inner.op == op:
            yield from _chain(inner, op)
        else:
            yield inner


def tree_lines(part: Part, lang: str, info: dt.tzinfo, indent: str = "") -> list[str]:
    """A judged tree, one line a part."""
    line = f"{indent}{TICKS[part.verdict]} {part.text}"
    if not part.parts:
        known = [_read(name, value, part.kinds[name], lang, info) for name, value in part.values.items()]
        alone = part.text in part.values and part.values[part.text] is not None
        return [line if alone or not known else f"{line}   [{', '.join(known)}]"]
    if part.join in ("one", "all") and len(part.parts) > 1:
        line = f"{indent}{TICKS[part.verdict]} {say(lang, 'tree.' + part.join)}"
    elif part.join == "not":
        line = f"{indent}{TICKS[part.verdict]} {say(lang, 'tree.not')}"
    return [line, *(x for p in part.parts for x in tree_lines(p, lang, info, indent + "  "))]


def _read(name: str, value: Any, kind: str, lang: str, info: dt.tzinfo) -> str:
    if value is None:
        return say(lang, "tree.unknown", name)
    return f"{name} = {valued(value, kind, lang, info)}"


def valued(value: Any, kind: str, lang: str, info: dt.tzinfo) -> str:
    """A value as people read it."""
    if isinstance(value, bool):
        return say(lang, f"value.{str(value).lower()}")
    if kind == "timestamp":
        return moment(int(value), info)
    if isinstance(value, float):
        return f"{value:.6g}"
    return f'"{value}"' if isinstance(value, str) else str(value)


def moment(instant: int, info: dt.tzinfo) -> str:
    """An instant on a wall clock."""
    return f"{dt.datetime.fromtimestamp(instant, info):%Y-%m-%d %H:%M:%S}".removesuffix(":00")
