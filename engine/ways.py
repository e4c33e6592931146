"""Every way a visit may go from step to step, and where each is counted."""

from __future__ import annotations

from collections.abc import Iterator

from bifurque.actors.layout import J_ENTRIES, ST_ONWARD
from bifurque.actors.ways import TAKEN_BITS, WAY, WAY_WEEK, WEEK_BITS, WY_WEEKS
from bifurque.engine.journey import ExitStep, TransferStep
from bifurque.engine.plan import Plan
from bifurque.engine.program import Compiling
from bifurque.engine.routes import Station, leads_to
from bifurque.engine.ruling import TransferAction
from bifurque.rules.layout import H_WEEKS

Ends = tuple[int | None, int | None]
"""The stations of a journey that a way leads from and to; None is the entry, or the end."""


def ways(plan: Plan, journey: str, graph: tuple[Station, ...]) -> Iterator[tuple[int | None, list[int | None]]]:
    """Every station of a journey a visit may go on from, the entry first, and where it may go from there.

    Rules move visits to steps of their own choice, from wherever they are.
    """
    numbers = {station.name: i for i, station in enumerate(graph)}
    actions = [a for rule in plan.rules for a in rule.then if isinstance(a, TransferAction)]
    moved = [numbers[a.step] for a in actions if a.transfer == journey and a.step is not None]
    yield None, list(dict.fromkeys((0, *moved)))
    for i, station in enumerate(graph):
        onward = () if isinstance(station.step, ExitStep | TransferStep) else leads_to(station)
        yield i, list(dict.fromkeys((*onward, *moved)))


def all_ways(plan: Plan, graphs: dict[str, tuple[Station, ...]]) -> Iterator[tuple[str, Ends]]:
    """Every way of a plan by journey, in the order in which they are counted."""
    for journey, graph in graphs.items():
        for origin, targets in ways(plan, journey, graph):
            for target in targets:
                yield journey, (origin, target)


def declare_ways(c: Compiling) -> None:
    """A row for each way: where it leads to, and the bit of the record that says it was taken this week."""
    for journey, graph in c.graphs.items():
        onward = list(ways(c.plan, journey, graph))
        cells = c.tables.cells(-(-sum(len(targets) for _, targets in onward) // TAKEN_BITS))
        number = 0
        for origin, targets in onward:
            rows = []
            for target in targets:
                word, bit = divmod(number, TAKEN_BITS)
                rows += [c.step_row(journey, target), 0, cells + word, WEEK_BITS + bit]
                number += 1
            at = c.tables.listed(rows, WAY)
            row = c.journey_row(journey) + J_ENTRIES if origin is None else c.step_row(journey, origin) + ST_ONWARD
            c.tables.words[row] = at
            c.ways += range(at + 1, at + 1 + len(rows), WAY)


def place_ways(c: Compiling) -> None:
    """Room for what is counted of each way by week: the last of all counters."""
    words = c.tables.words
    for row in c.ways:
        words[row + WY_WEEKS] = c.tables.reserve(words[H_WEEKS] * WAY_WEEK)
