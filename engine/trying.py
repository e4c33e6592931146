"""Lives variants of a plan beside the plan as it is: some contacts more each time, or the whole population by seed."""

from __future__ import annotations

import queue
from typing import Any

import numpy as np

from bifurque.engine.figures import Counted, Key, figures
from bifurque.engine.noted import Groups, Notes, Noting, groups, stretch_size
from bifurque.engine.paired import Reals, in_order
from bifurque.engine.seeds import reseeded
from bifurque.engine.setting import Setting
from bifurque.engine.together import live_together
from bifurque.engine.variants import Spread, Tried
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError


class Runner:
    """What both ways have in common.

    Attributes:
        names: figures, in the order of the columns.
        means: of the plan as it is, per contact, in the units of the counters.
        weeks: of the horizon.
    """

    means: Reals

    def __init__(self, base: Setting, workers: int) -> None:
        self.base, self.workers = base, workers
        self.counted = figures(base.program, ["total"])
        self.keys = tuple(self.counted)
        self.names = tuple(k.figure for k in self.keys)
        self.weeks = (base.program.end - base.program.start) / (7 * 86400)

    def figures(self, setting: Setting) -> dict[Key, Counted]:
        """Where a setting counts the figures.

        Raises:
            DataError: it has another number of contacts.
        """
        if setting is self.base:
            return self.counted
        if setting.people.count != self.base.people.count:
            raise DataError("a variant has another number of contacts: they cannot be paired")
        return figures(setting.program, ["total"])


class ByContact(Runner):
    """Contact by contact: no life depends on another. What the plan as it is does is kept: it is lived once."""

    def __init__(self, base: Setting, workers: int, least: int) -> None:
        super().__init__(base, workers)
        self.size = min(stretch_size(4 * len(self.keys), base.people.count), max(least, 64))
        self.kept: dict[int, tuple[Words, Groups]] = {}
        for first, notes in self._live(base, range(0, base.people.count, self.size)):
            self.kept[first] = (notes.figures, groups(base, notes))
        total = np.sum([f.sum(axis=0) for f, _ in self.kept.values()], axis=0)
        self.means = total / base.people.count

    def _live(self, setting: Setting, firsts: range) -> Any:
        lanes: queue.SimpleQueue[Noting] = queue.SimpleQueue()
        counted = self.figures(setting)
        for _ in range(min(self.workers, max(len(firsts), 1))):
            lanes.put(Noting(setting, self.keys, counted, rows=self.size, digest=False))

        def work(first: int) -> tuple[int, Notes]:
            lane = lanes.get()
            notes = lane.live(first, min(first + self.size, setting.people.count))
            lanes.put(lane)
            return first, notes

        return in_order(work, firsts, self.workers)

    def go_on(self, tried: Tried, setting: Setting, size: int) -> None:
        """Try a variant on more contacts: whole stretches, up to so many contacts at least."""
        for first, notes in self._live(setting, range(tried.size, size, self.size)):
            of_base, inside = self.kept[first]
            d = notes.figures - of_base
            parts = {name: Spread.of(d[who]) for name, who in inside.items() if who.any()}
            tried.take(len(d), Spread.of(d), parts)


class BySeed(Runner):
    """Seed by seed, everybody each time: what contacts share is enough for all of them, or is not."""

    def __init__(self, base: Setting, workers: int, seeds: int) -> None:
        super().__init__(base, workers)
        self.kept = [self._live(base, i) for i in range(seeds)]
        self.means = np.mean(self.kept, axis=0)

    def _live(self, setting: Setting, number: int) -> Reals:
        """The figures of a replication, per contact."""
        counted = self.figures(setting)
        found = live_together(reseeded(setting, number), self.workers).figures(setting, counted, self.keys)
        means: Reals = found / setting.people.count
        return means

    def go_on(self, tried: Tried, setting: Setting, size: int) -> None:
        """Try a variant with more seeds."""
        for number in range(tried.size, size):
            d = self._live(setting, number) - self.kept[number]
            tried.take(1, Spread.of(d[np.newaxis]), {})
