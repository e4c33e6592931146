"""What would have to be another way about one contact, so that a condition says something else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bifurque.engine.changes import ALONE, Change
from bifurque.engine.evidence import Judged
from bifurque.engine.lives import Life
from bifurque.engine.rulebook import leaves
from bifurque.engine.verdicts import judge
from bifurque.rules.features import parts, written
from bifurque.rules.syntax import Node

DAY = 86400


def flips(life: Life, judged: Judged, wanted: bool) -> Iterator[Change]:
    """Single values of a contact with which a condition would be true (or would not, if it is not `wanted`)."""
    assert life.witness is not None
    segment = life.witness.readings.segment
    for leaf in {written(n): n for n in leaves(judged.tree, segment)}.values():
        for value in _others(life, judged, leaf):
            after = judged.values | {written(leaf): value}
            if (judge(judged.tree, after, segment) is True) == wanted:
                yield from _alone(life, str(leaf.value), value, judged.values[written(leaf)], judged.time)


def _alone(life: Life, name: str, value: Any, before: Any, when: int) -> Iterator[Change]:
    """The contact as another one from the start; or only at the instant at which the condition was judged."""
    known = isinstance(before, int | float) and not isinstance(value, str)
    apart = abs(value - before) / (abs(before) + 1) if known else 1.0
    if name.startswith("consent."):
        yield Change("consent", ALONE, 0, name)
    elif name == "persona":
        yield Change("persona", ALONE, 0, value)
    elif name.startswith("contact."):
        attribute = name.removeprefix("contact.")
        kind = life.setting.program.names.attributes[attribute]
        yield Change("attribute", ALONE, apart, attribute, value, before, value_kind=kind)
        yield Change("state", ALONE, apart, name, value, before, when, kind)
    else:
        yield Change("state", ALONE, apart, name, value, before, when)


def _others(life: Life, judged: Judged, leaf: Node) -> Iterator[Any]:
    """Values worth trying for a name of a condition: those it is compared with, and those beside them."""
    name, now, plan = str(leaf.value), judged.values[written(leaf)], life.setting.plan
    if name == "persona":
        yield from (p for p in life.setting.program.names.personas if p != now)
    if name.startswith("consent.") and now is False:
        yield True
    score = plan.scores.get(name.removeprefix("score.")) if name.startswith("score.") else None
    if not name.startswith(("contact.", "fact.")) and name != "stage" and (score is None or score.by):
        return
    literals = [n for n in nodes(life, judged.tree) if n.op == "literal"]
    if leaf.type == "bool":
        yield from (v for v in (True, False) if v is not now)
    elif name == "stage":
        yield from (s for s in life.setting.program.names.stages if s != now)
    elif leaf.type == "string":
        known = life.setting.program.texts
        yield from (n.value for n in literals if n.type == "string" and n.value in known)
    else:
        beside = [v for v in judged.values.values() if isinstance(v, int | float) and not isinstance(v, bool)]
        yield from near(leaf.type, literals, judged.time, beside if leaf.type != "timestamp" else ())


def nodes(life: Life, tree: Node) -> Iterator[Node]:
    """A tree's nodes, with those of its segments."""
    assert life.witness is not None
    for node in parts(tree):
        yield node
        if node.op == "name" and str(node.value).startswith("segment."):
            yield from nodes(life, life.witness.readings.segment(str(node.value)[8:]))


def near(kind: str, literals: list[Node], now: int, beside: Iterable[float] = ()) -> Iterator[Any]:
    """Numbers and instants beside those a condition is compared with."""
    if kind in ("int", "double"):
        numbers = [n.value for n in literals if n.type in ("int", "double") and not isinstance(n.value, str)]
        for number in (*numbers, *beside):
            for value in (number, number + 1, number - 1):
                yield int(value) if kind == "int" else float(value)
    if kind == "timestamp":
        moments = [int(n.value) for n in literals if n.type == "timestamp"]
        spans = [int(n.value) for n in literals if n.type == "duration"]
        for instant in (*moments, now, *(now + sign * s for s in spans for sign in (1, -1))):
            yield from ((instant // DAY + days) * DAY for days in (-1, 0, 1))
