"""The driver of a run: lets hosts live, settles what their contacts ask for, and has checkpoints written in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from bifurque.actors.barrier import NOTHING, requests_of
from bifurque.engine.answers import Journal
from bifurque.engine.checkpoints import Checkpoints
from bifurque.engine.contacts import part_of
from bifurque.engine.executors import Executor, Task, everything
from bifurque.engine.hosts import Asking, Lived
from bifurque.rules.compiled import Words
from bifurque.rules.layout import NEVER
from bifurque.rules.sharing import LETTER

Pieces = list[Sequence[int] | None]
"""Pieces of the population, by host; None: all it has."""


@dataclass
class Barrier:
    """What settling took: rounds, requests, the driver's own time, and all of it: that of contacts who went on too."""

    rounds: int = 0
    requests: int = 0
    seconds: float = 0.0
    all_seconds: float = 0.0


@dataclass
class Drive:
    """One run on its way.

    Attributes:
        executor: the hosts.
        books: what there is of everything shared; none for a plan in which no life depends on another.
        checkpoints: where points to go on from are written; none: nowhere.
        folder: the run folder; none: only what is counted is wanted.
        done: called with the number of shares lived, and of all.
        shared: what settling took.
    """

    executor: Executor
    books: Journal | None
    checkpoints: Checkpoints | None
    folder: str | None
    done: Callable[[int, int], None] | None
    shared: Barrier = field(default_factory=Barrier)
    asking: dict[int, Asking] = field(default_factory=dict)

    def run(self, shares: Sequence[Pieces]) -> list[Lived]:
        """Let everybody live, share after share; then settle what is asked for until nobody asks any more.

        Args:
            shares: pieces to let live, each share followed by a checkpoint.
        """
        for number, share in enumerate(shares):
            self._take({h: ("live", (pieces,)) for h, pieces in enumerate(share)})
            if self.checkpoints is not None:
                self.checkpoints.lived(part for mine in share for part in mine or ())
                if number + 1 < len(shares) and self.checkpoints.worth():
                    self.checkpoints.save(self.executor, self.books)
            if self.done is not None:
                self.done(number + 1, len(shares))
        began = time.perf_counter()
        while self.books is not None and self._settle(self.books):
            pass
        self.shared.all_seconds = time.perf_counter() - began
        return everything(self.executor, self.folder)

    def told(self) -> dict[str, float]:
        """What it took to keep hosts together, for the timing in the manifest."""
        shared, kept = self.shared, self.checkpoints
        found = {"rounds": shared.rounds, "requests": shared.requests, "settle_s": shared.seconds}
        found["settling_s"] = shared.all_seconds
        if kept is not None:
            found |= {"checkpoints": kept.count, "checkpoint_s": kept.seconds} | self.executor.recovered
        return found

    def _take(self, tasks: dict[int, Task]) -> None:
        """Let hosts do something, hear what their contacts tell, and let those live whom they bring to life."""
        while tasks:
            self.asking |= self.executor.ask(tasks)
            for host in tasks:
                self._hear(self.asking[host].letters)
            tasks = self._arrivals()

    def _hear(self, letters: Words) -> None:
        for letter in letters.reshape(-1, LETTER).tolist():
            assert self.books is not None
            self.books.hear(*letter)

    def _arrivals(self) -> dict[int, Task]:
        """Those who have joined, each where it belongs."""
        rows = self.books.arrivals() if self.books is not None else NOTHING
        if not len(rows):
            return {}
        homes = self.executor.homes(part_of(np.ascontiguousarray(rows[:, 0])))
        return {int(h): ("arrive", (rows[homes == h],)) for h in np.unique(homes)}

    def _settle(self, books: Journal) -> bool:
        """Settle the earliest requests of all; False if there are none."""
        instants = [a.t for a in self.asking.values() if a.t is not None]
        if not instants:
            return False
        t = min(instants)
        if self.checkpoints is not None and self.checkpoints.due(t):
            self.checkpoints.save(self.executor, books)
        began = time.perf_counter()
        if len(self.asking) == 1 and not self.executor.transport.reliable:
            self._lend(books)
            return True
        here = sorted(h for h, a in self.asking.items() if a.t == t)
        asked = [requests_of(self.asking[h].questions) for h in here]
        requests = [request for some in asked for request in some]
        answers = books.settle(t, requests)
        self.shared.rounds += 1
        self.shared.requests += len(answers)
        ends = np.cumsum([len(some) for some in asked])
        parts = np.split(np.array(answers, np.int64), ends[:-1])
        tasks: dict[int, Task] = {h: ("go_on", (part,)) for h, part in zip(here, parts, strict=True)}
        self.shared.seconds += time.perf_counter() - began
        self._take(tasks)
        return True

    def _lend(self, books: Journal) -> None:
        """Let the only host settle by itself up to the next checkpoint: a call to it takes longer than a round."""
        until = self.checkpoints.next if self.checkpoints is not None else NEVER
        self.asking[0], lent, rows, rounds = self.executor.ask({0: ("settle", (books.lent(), until))})[0]
        books.back(lent, rows)
        self.shared.rounds += rounds
        self.shared.requests += len(rows)
        self._hear(self.asking[0].letters)
        self._take(self._arrivals())


def shares_of(parts: Sequence[Sequence[int]], count: int) -> list[Pieces]:
    """The pieces of each host, in `count` shares."""
    return [[mine[i * len(mine) // count : (i + 1) * len(mine) // count] for mine in parts] for i in range(count)]
