"""How contacts went from step to step, week by week: what a map draws as the width of its lines."""

from __future__ import annotations

from typing import Any

import numpy as np

from bifurque.actors.ways import CONTACTS, WAITS
from bifurque.engine.kpi import Counters
from bifurque.engine.ledger import Vocabulary
from bifurque.engine.program import Program
from bifurque.engine.routes import stations
from bifurque.engine.ways import all_ways
from bifurque.rules.compiled import Words


def edge_week(program: Program, n: Counters) -> Any:
    """By week, journey and the two steps of a way: visits that passed, contacts, and how long half of them waited.

    A step "" is the entry, or the end of the journey. The wait is the time at the step the way leads from, in seconds,
    rounded down to one of `WAITS`; none at the entry.
    """
    import pyarrow as pa

    names = program.names.journeys
    graphs = {name: stations(program.plan.journeys[name]) for name in names}
    found = list(all_ways(program.plan, graphs))
    weeks, which = np.nonzero(n.ways_by_week.any(axis=2).T)
    cells = n.ways_by_week[which, weeks]
    passed = cells & ((1 << CONTACTS) - 1)

    def end(side: int) -> Any:
        stops = [(journey, ends[side]) for journey, ends in found]
        titles = ["" if stop is None else graphs[journey][stop].name for journey, stop in stops]
        return Vocabulary(titles).column(which)

    entries = np.array([ends[0] is None for _, ends in found], bool)[which]
    return pa.table(
        {
            "week": weeks.astype(np.int32),
            "journey": Vocabulary([j for j, _ in found]).column(which),
            "from": end(0),
            "to": end(1),
            "passed": passed.sum(axis=1),
            "contacts": (cells >> CONTACTS).sum(axis=1),
            "median_wait": pa.array(medians(passed), mask=entries),
        }
    )


def medians(counts: Words) -> Words:
    """Of lengths of time counted by `WAITS`, a row each: the middle one; of an even number the lower of the two."""
    half = (counts.sum(axis=1, keepdims=True) + 1) // 2
    found: Words = np.array(WAITS, np.int64)[(np.cumsum(counts, axis=1) >= half).argmax(axis=1)]
    return found
