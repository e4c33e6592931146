"""What rules say, resolved: their rank, the slots they read, what a name in a pause means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from bifurque.engine.ruling import Rule, derived
from bifurque.rules.features import parts
from bifurque.rules.syntax import Node

if TYPE_CHECKING:
    from bifurque.engine.names import Names
    from bifurque.engine.plan import Plan

DEFAULT_BOUND = 32
"""Events a windowed feature remembers per contact, unless the plan says otherwise."""


def ranked(plan: Plan) -> tuple[Rule, ...]:
    """Rules by rank: what derives facts first, each after those it builds on; then by salience, then by position."""
    deriving = [r for r in plan.rules if derived(r)]
    order: list[Rule] = []
    while deriving:
        waiting = {derived(r) for r in deriving}
        ready = [r for r in deriving if not words_of(plan, r.when) & waiting]
        order += ready or deriving  # a circle, which `check` refuses
        deriving = [r for r in deriving if ready and r not in ready]
    return (*order, *sorted((r for r in plan.rules if not derived(r)), key=lambda r: -r.salience))


def words_of(plan: Plan, text: str, seen: frozenset[str] = frozenset()) -> set[str]:
    """The words of a condition, those of the segments it names included."""
    found = set(re.findall(r"[^\W\d][\w.]*", text))
    for word in list(found):
        segment = word.removeprefix("segment.")
        if word != segment and segment in plan.segments and segment not in seen:
            found |= words_of(plan, plan.segments[segment], seen | {segment})
    return found


def leaves(tree: Node, segment: Callable[[str], Node]) -> Iterator[Node]:
    """The names and the features a condition reads, with those of its segments."""
    todo = [tree]
    while todo:
        node = todo.pop()
        if node.op == "feature":
            yield node
        elif node.op == "name" and str(node.value).startswith("segment."):
            todo += parts(segment(str(node.value).removeprefix("segment.")))
        elif node.op == "name":
            yield node
        else:
            todo += node.args


def passes(plan: Plan, leaf: Node) -> bool:
    """Whether what a condition reads changes while nothing happens."""
    name = str(leaf.value)
    if leaf.op == "feature":
        return name in ("count", "sum", "both")
    if name.startswith("score."):
        return plan.scores[name.removeprefix("score.")].half_life is not None
    return name.startswith(("now", "local."))


def meanings(names: Names, word: str) -> list[tuple[str, str]]:
    """What a name in a pause may mean, as (kind, name): one of each kind that has it."""
    from bifurque.engine.names import CLASSES

    known = {"category": (*names.categories, *CLASSES), "channel": names.channels, "journey": names.journeys}
    kind, _, name = word.partition(".")
    if name:
        return [(kind, name)] if name in known.get(kind, ()) else []
    return [(kind, word) for kind, words in known.items() if word in words]
