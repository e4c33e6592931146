"""Tables of a run by group: everybody, a persona, a segment as it is at the end; by stage and by journey."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bifurque.actors.groups import (
    BK_ALIVE,
    BK_DAYS,
    BK_LOOPS,
    BK_MOVES,
    BK_N_WAYS,
    BK_PRESSURE,
    BK_TOTALS,
    BK_WAYS,
    BK_WEEK,
    BK_WEEKS,
    CELLS,
    LOOP_MOST,
    WAY_COUNTS,
    WEEK_MOST,
)
from bifurque.actors.layout import (
    TOTALS,
    X_CLICKED,
    X_CONTACTS,
    X_COST,
    X_FIRST_YEAR,
    X_FIRST_YEAR_COST,
    X_INDIFFERENT,
    X_OPENED,
    X_PURCHASES,
    X_REACHABLE,
    X_REVENUE,
    X_SENT,
    X_UNSUBSCRIBED,
)
from bifurque.engine.compile_books import ways_of
from bifurque.engine.program import Program
from bifurque.rules.compiled import Words
from bifurque.rules.layout import H_BOOKS


class Books:
    """The counters of groups by what they count."""

    def __init__(self, program: Program, counters: Words) -> None:
        words, start = program.words, program.first_counter
        self.program, self.row = program, int(words[H_BOOKS])
        names = program.names
        self.groups = [("persona", p) for p in names.personas] + [("segment", s) for s in program.plan.segments]
        groups, weeks, ways = len(self.groups), self._word(BK_WEEKS), self._word(BK_N_WAYS)
        stages = len(names.stages)

        def block(which: int, *shape: int) -> Words:
            at = self._word(which) - start
            return counters[at : at + int(np.prod(shape))].reshape(shape)

        self.totals = block(BK_TOTALS, groups, TOTALS)
        self.alive = block(BK_ALIVE, groups, weeks)
        by_cell = block(BK_PRESSURE, groups, WEEK_MOST, WEEK_MOST, weeks)
        self.pressure = by_cell.transpose(0, 3, 1, 2)
        self.moves = block(BK_MOVES, self._word(BK_DAYS), 1 + stages, stages)
        self.ways = block(BK_WAYS, groups, ways, WAY_COUNTS)
        self.loops = block(BK_LOOPS, len(names.journeys), LOOP_MOST + 1, 2)
        assert CELLS == WEEK_MOST * WEEK_MOST

    def _word(self, which: int) -> int:
        return int(self.program.words[self.row + which])

    @property
    def first_week(self) -> int:
        """The number of the first week counted, from the one that holds the start of the run."""
        return self._word(BK_WEEK) - (self.program.plan.start + 3) // 7

    def by_group(self, block: Words) -> Iterator[tuple[str, str, Words]]:
        """Each group with its part of a block; everybody first, who are all the personas."""
        yield "all", "", block[: len(self.program.names.personas)].sum(axis=0)
        for (kind, name), part in zip(self.groups, block, strict=True):
            yield kind, name, part


def _table(rows: list[dict[str, Any]], columns: dict[str, str]) -> Any:
    """Rows as an Arrow table, with these columns even when there are none."""
    import pyarrow as pa

    kinds = {"text": pa.string(), "int": pa.int64(), "number": pa.float64()}
    return pa.Table.from_pylist(rows, pa.schema([(name, kinds[kind]) for name, kind in columns.items()]))


def pressure_week(books: Books) -> Any:
    """Contacts by local week, group, messages in that week and the most of them on one day (8: or more)."""
    rows = []
    for (kind, name, cells), (_, _, change) in zip(
        books.by_group(books.pressure), books.by_group(books.alive), strict=True
    ):
        alive = np.cumsum(change)
        for week in np.nonzero(alive)[0]:
            key = {"week": books.first_week + int(week), "kind": kind, "segment": name}
            hit = cells[week]
            spared = int(alive[week] - hit.sum())
            if spared:
                rows.append(key | {"messages": 0, "in_a_day": 0, "contacts": spared})
            for n, d in np.argwhere(hit):
                rows.append(key | {"messages": int(n) + 1, "in_a_day": int(d) + 1, "contacts": int(hit[n, d])})
    columns = {"week": "int", "kind": "text", "segment": "text", "messages": "int", "in_a_day": "int"}
    return _table(rows, columns | {"contacts": "int"})


def stage_day(books: Books) -> Any:
    """By day since the start and stage: contacts in it at the day's end, how many entered and left that day."""
    entered, left = books.moves.sum(axis=1), books.moves[:, 1:].sum(axis=2)
    stock = np.cumsum(entered - left, axis=0)
    rows = [
        {"day": day, "stage": stage, "stock": int(stock[day, s]), "entered": int(entered[day, s])}
        | {"exited": int(left[day, s])}
        for day in range(len(stock))
        for s, stage in enumerate(books.program.names.stages)
    ]
    return _table(rows, {"day": "int", "stage": "text", "stock": "int", "entered": "int", "exited": "int"})


def stage_move(books: Books) -> Any:
    """By day: contacts who went from one stage to another; from nowhere when their life begins."""
    stages = ["", *books.program.names.stages]
    rows = [
        {"day": int(d), "origin": stages[a], "stage": stages[b + 1], "contacts": int(books.moves[d, a, b])}
        for d, a, b in np.argwhere(books.moves)
    ]
    return _table(rows, {"day": "int", "origin": "text", "stage": "text", "contacts": "int"})


def branch(books: Books) -> Any:
    """By way out of a step and group: who took it; of them who bought or unsubscribed afterwards, and how much."""
    ways = list(ways_of(books.program.names))
    rows = []
    for kind, name, cells in books.by_group(books.ways):
        for (journey, station, way, to), row in zip(ways, cells, strict=True):
            key = {"journey": journey, "step": station.name, "way": way, "leads_to": to, "kind": kind, "segment": name}
            counts = zip(("contacts", "bought", "unsubscribed", "revenue_cents"), map(int, row), strict=True)
            rows.append(key | dict(counts))
    texts = dict.fromkeys(("journey", "step", "way", "leads_to", "kind", "segment"), "text")
    counted = dict.fromkeys(("contacts", "bought", "unsubscribed", "revenue_cents"), "int")
    return _table(rows, texts | counted)


def loop(books: Books) -> Any:
    """By journey and number of entries (24: or more): contacts, and those who opened any of its messages."""
    rows = [
        {"journey": books.program.names.journeys[j], "times": int(n)}
        | dict(zip(("contacts", "opened_any"), map(int, books.loops[j, n]), strict=True))
        for j, n in np.argwhere(books.loops[:, :, 0])
    ]
    return _table(rows, {"journey": "text", "times": "int", "contacts": "int", "opened_any": "int"})


COUNTED = {
    "contacts": X_CONTACTS,
    "sent": X_SENT,
    "opened": X_OPENED,
    "clicked": X_CLICKED,
    "conversions": X_PURCHASES,
    "unsubscribed": X_UNSUBSCRIBED,
    "reachable": X_REACHABLE,
    "indifferent": X_INDIFFERENT,
}
MONEY = ("revenue", "cost", "margin", "churn", "value_12_months")


def kpi(books: Books) -> Any:
    """By group: contacts, sends, conversions, money, who can no longer be reached, value of the first 12 months."""
    rows = []
    for kind, name, t in books.by_group(books.totals):
        revenue, cost, contacts = int(t[X_REVENUE]) / 100, int(t[X_COST]) / 1_000_000, int(t[X_CONTACTS])
        year = int(t[X_FIRST_YEAR]) / 100 - int(t[X_FIRST_YEAR_COST]) / 1_000_000
        figures = (
            revenue,
            round(cost, 6),
            round(revenue - cost, 6),
            round(1 - int(t[X_REACHABLE]) / contacts, 6) if contacts else 0.0,
            round(year / contacts, 4) if contacts else 0.0,
        )
        counted = {key: int(t[at]) for key, at in COUNTED.items()}
        rows.append({"kind": kind, "segment": name} | counted | dict(zip(MONEY, figures, strict=True)))
    texts = {"kind": "text", "segment": "text"}
    return _table(rows, texts | dict.fromkeys(COUNTED, "int") | dict.fromkeys(MONEY, "number"))
