"""The same plan lived again with other seeds, so that every figure has an interval; and its warm-up left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

import numpy as np

from bifurque.actors.layout import (
    A_INSIDE,
    ARM_COUNTS,
    G_NOW,
    N_INSIDE,
    STAGE_COUNTS,
    STEP_COUNTS,
    X_CONTACTS,
    X_INDIFFERENT,
    X_REACHABLE,
)
from bifurque.engine.answers import Journal
from bifurque.engine.compile import midnight
from bifurque.engine.compile_books import books_place
from bifurque.engine.intervals import mean_interval
from bifurque.engine.kpi import Figures, kpis, shared_figures
from bifurque.engine.living import Progress, books_of, live_all
from bifurque.engine.program import Program
from bifurque.engine.referrals import referral_figures
from bifurque.engine.run import write_table
from bifurque.engine.setting import Setting, one_of, within
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError
from bifurque.rules.layout import (
    H_ARM_COUNTS,
    H_END,
    H_FIRST_YEAR,
    H_REASONS,
    H_SEND_COUNTS,
    H_STAGE_COUNTS,
    H_STEP_COUNTS,
    H_TOTALS,
    H_WEEKS,
    N_FIXED,
    N_PENDING,
    WARMING,
)

FIGURES = (
    *("sent", "entered", "candidates", "held", "dropped", "opened", "clicked", "purchases", "revenue", "cost"),
    *("unsubscribed", "reachable", "indifferent", "value_12_months", "sent_per_contact"),
)
"""Figures of the totals that may say when there is enough."""
LEVEL, LEAST = 0.95, 5
"""The level of the intervals; replications before the rule that stops them is asked for the first time."""


@dataclass(frozen=True)
class Wanted:
    """How sure the figures are to be.

    The rule that stops (`until`) is the sequential one of Law, *Simulation Modeling and Analysis*, §9.4: go on until
    the half width of Student's interval is at most γ/(1 + γ) of the mean, so that its true relative error is γ.
    """

    replications: int = 1
    until: float | None = None
    figure: str = "revenue"
    most: int = 200
    warm_up: int = 0

    @property
    def several(self) -> bool:
        """Whether the plan is lived more than once."""
        return self.replications > 1 or self.until is not None

    def prepared(self, setting: Setting) -> Setting:
        """The setting that is run for it: the first year of value begins after the warm-up.

        Raises:
            DataError: this cannot be wanted.
        """
        within("replications", self.replications, 1, 10_000)
        within("most", self.most, LEAST, 10_000)
        within("warm_up", self.warm_up, 0, 3700)
        if self.warm_up >= setting.days:
            raise DataError(f"warm-up: {self.warm_up} days leave nothing of the {setting.days} days of the run")
        if self.until is not None and not 0 < self.until < 1:
            raise DataError(f"until: expected a share such as 1%, got `{self.until}`")
        one_of("figure", self.figure, FIGURES)
        setting.words[H_FIRST_YEAR] += self.warm_up * 86400
        return setting

    def enough(self, values: Sequence[float]) -> bool:
        """Whether the replications so far, whose figure is given, are enough."""
        if self.until is None:
            return len(values) >= self.replications
        if len(values) >= self.most:
            return True
        if len(values) < max(LEAST, self.replications):
            return False
        mean, half, _ = mean_interval(values, LEVEL)
        return half <= abs(mean) * self.until / (1 + self.until)


def replicate(
    setting: Setting,
    first: Figures,
    wanted: Wanted,
    workers: int,
    progress: Progress | None,
    folder: File,
) -> Figures:
    """Live the plan again with the next seeds until there is enough; means and intervals of every figure.

    Writes the totals of each replication as `kpi.parquet`.
    """
    every = [first]
    while not wanted.enough([row["totals"][wanted.figure] for row in every]):
        every.append(again(setting.reseeded(setting.seed + len(every)), wanted.warm_up, workers))
        if progress is not None:
            done = wanted.replications if wanted.until is None else wanted.most
            progress(len(every) * setting.people.count, done * setting.people.count, setting.days)
    _write(folder, setting, every)
    values = [row["totals"][wanted.figure] for row in every]
    mean, half, _ = mean_interval(values, LEVEL)
    reached = wanted.until is None or half <= abs(mean) * wanted.until / (1 + wanted.until)
    return {
        "count": len(every),
        "seeds": [setting.seed + i for i in range(len(every))],
        "level": LEVEL,
        "until": wanted.until,
        "figure": wanted.figure,
        "reached": reached,
        "figures": {k: spread([row[k] for row in every]) for k in _told(first)},
    }


def _told(figures: Figures) -> list[str]:
    return [k for k, v in figures.items() if isinstance(v, dict)]


def spread(values: Sequence[Any]) -> Any:
    """Mean, interval and standard deviation of every number in the same place of some mappings."""
    some = [v for v in values if isinstance(v, Mapping)]  # of the others, nobody was counted there
    if some:
        names = dict.fromkeys(k for v in some for k in v)
        found = {k: spread([v.get(k, 0) if isinstance(v, Mapping) else 0 for v in values]) for k in names}
        return {k: v for k, v in found.items() if v is not None}
    numbers = [v for v in values if isinstance(v, int | float)]
    if len(numbers) < len(values):
        return None
    mean, half, deviation = mean_interval(numbers, LEVEL)
    return {"mean": mean, "low": mean - half, "high": mean + half, "sd": deviation}


def again(setting: Setting, warm_up: int, workers: int) -> Figures:
    """The figures of a setting, lived for them alone."""
    lanes = [setting.lane() for _ in range(workers)]
    books = books_of(setting)
    counters = live_all(setting, lanes, books=books).counters
    if warm_up:
        counters = counters - before(setting, warm_up, workers)
    return kpis(setting.program, counters, setting.days - warm_up) | left_of(setting, books)


def left_of(setting: Setting, books: Journal | None) -> Figures:
    """What became of everything that contacts share by the end, and of the friends they brought."""
    if books is None:
        return {}
    books.advance(setting.program.end - 1)
    found: Figures = {"shared": shared_figures(books)}
    if setting.plan.referral is not None:
        found["referral"] = referral_figures(setting.plan.referral, setting.events.pairs, books.newcomers)
    return found


def _write(folder: File, setting: Setting, every: Sequence[Figures]) -> None:
    """The totals of each replication, one row each."""
    import pyarrow as pa

    rows = [
        {"replication": i, "seed": setting.seed + i}
        | {k: float(v) for k, v in figures["totals"].items() if isinstance(v, int | float)}
        for i, figures in enumerate(every)
    ]
    write_table(folder, "kpi", pa.Table.from_pylist(rows))


def before(setting: Setting, warm_up: int, workers: int) -> Words:
    """What is counted in the first days of a run, which are lived for that; what is true in the end is none of it.

    A local week that the warm-up ends in counts as lived pressure after it. The first year of value begins after it.
    """
    program = setting.program
    end = midnight(setting.plan, setting.plan.start + warm_up)
    lanes = [setting.lane() for _ in range(workers)]
    for lane in lanes:
        lane.words[H_END], lane.words[WARMING] = end, 1
    found = live_all(setting, lanes).counters
    found[_states(program)] = 0
    found[books_place(program)] = 0
    return found


def _states(program: Program) -> Words:
    """The counters of what is true in the end, rather than of what has happened."""
    words, names = program.words, program.names
    reasons = int(words[H_REASONS])
    totals = int(words[H_TOTALS])
    found = [totals + x for x in (X_CONTACTS, X_INDIFFERENT, X_REACHABLE)]
    for header, width, count, state in (
        (H_ARM_COUNTS, ARM_COUNTS + 2 * reasons, len(names.journeys) * len(program.arms), A_INSIDE),
        (H_STAGE_COUNTS, STAGE_COUNTS + 2 * reasons, len(names.stages), G_NOW),
        (H_STEP_COUNTS, STEP_COUNTS, len(program.steps), N_INSIDE),
        (H_SEND_COUNTS, N_FIXED + 2 * reasons, len(program.sends) * int(words[H_WEEKS]), N_PENDING),
    ):
        found += [int(words[header]) + i * width + state for i in range(count)]
    return np.array(found, np.int64) - program.first_counter
