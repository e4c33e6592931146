"""How contacts went from step to step, week by week: what a map draws as the width of its lines."""

from __future__ import annotations

from typing import Any

import numpy as np

from bifurque.actors.layout import N_PASSED, N_REACHED
from bifurque.engine.journey import ExitStep, TransferStep
from bifurque.engine.kpi import Counters
from bifurque.engine.ledger import Vocabulary
from bifurque.engine.program import Program
from bifurque.engine.routes import Station, leads_to, stations
from bifurque.rules.compiled import Words

Way = tuple[str, str]
"""The steps it leads from and to; "" is the entry, or the end of the journey."""


def edge_week(program: Program, n: Counters) -> Any:
    """By week, journey and the two steps of a way: how many visits passed.

    Counters know how many reached each step and went on from it; who reached a step that only one way leads to came
    by that way, and what is left of those who went on took the one way that remains.
    """
    import pyarrow as pa

    first, ways, counts = 0, [], []
    for journey, name in enumerate(program.names.journeys):
        graph = stations(program.plan.journeys[name])
        block = n.steps_by_week[first : first + len(graph)]
        first += len(graph)
        for (origin, target), weeks in passed(graph, block).items():
            ways.append((journey, origin, target))
            counts.append(weeks)
    table = np.array(counts, np.int64).reshape(len(ways), n.steps_by_week.shape[1])
    weeks, which = np.nonzero(table.T)
    steps = ["", *dict.fromkeys(s for _, a, b in ways for s in (a, b) if s)]
    place = {s: i for i, s in enumerate(steps)}
    journeys, origins, targets = (np.array(c, np.int64) for c in zip(*_codes(ways, place), strict=True))
    return pa.table(
        {
            "week": weeks.astype(np.int32),
            "journey": Vocabulary(program.names.journeys).column(journeys[which]),
            "from": Vocabulary(steps).column(origins[which]),
            "to": Vocabulary(steps).column(targets[which]),
            "passed": table.T[weeks, which],
        }
    )


def _codes(ways: list[tuple[int, str, str]], place: dict[str, int]) -> list[tuple[int, int, int]]:
    return [(journey, place[a], place[b]) for journey, a, b in ways] or [(0, 0, 0)]


def passed(graph: tuple[Station, ...], counts: Words) -> dict[Way, Words]:
    """How many went each way of a journey, by week.

    Args:
        graph: its stations.
        counts: by station, week, and: reached, gone on.
    """
    names = [s.name for s in graph]
    leads = [tuple(dict.fromkeys(_targets(s))) for s in graph]
    found: dict[Way, Words] = {}
    into: dict[int, list[int]] = {i: [] for i in range(len(graph))}
    for i, targets in enumerate(leads):
        for target in (t for t in targets if t is not None):
            into[target].append(i)
    left = counts[:, :, N_PASSED].copy()
    for target, origins in into.items():
        if len(origins) == 1:  # whoever is there came this way
            way = np.minimum(counts[target, :, N_REACHED], left[origins[0]])
            found[names[origins[0]], names[target]] = way
            left[origins[0]] -= way
    for i, targets in enumerate(leads):
        for name in ("" if t is None else names[t] for t in targets):
            found.setdefault((names[i], name), left[i])
    entered = counts[0, :, N_REACHED] - sum((found[names[i], names[0]] for i in into[0]), np.int64(0))
    return {("", names[0]): entered, **found}


def _targets(station: Station) -> tuple[int | None, ...]:
    """Where those who go on from a station may go; nobody goes on from an exit or a transfer."""
    return () if isinstance(station.step, ExitStep | TransferStep) else leads_to(station)
