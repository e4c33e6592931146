"""Two settings lived by the same contacts: what differs, contact by contact, summed up as it comes."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from bifurque.actors.layout import P_CONTACT
from bifurque.engine.figures import UNITS, Key, figures
from bifurque.engine.noted import Notes, Noting, groups, stretch_size
from bifurque.engine.setting import Setting
from bifurque.engine.together import Together, together
from bifurque.rules.compiled import Words

Reals = npt.NDArray[np.float64]
Progress = Callable[[int, int, int], None]
MOST_CHANGED = 100
"""How many of the most changed contacts are kept."""


@dataclass
class Moments:
    """Sums over contacts, by column of figures: of A, B, B − A, their squares, and how many contacts differ."""

    count: int
    a: Reals
    b: Reals
    d: Reals
    aa: Reals
    bb: Reals
    dd: Reals
    differ: Reals

    @classmethod
    def of(cls, a: Words, b: Words) -> Moments:
        """The sums over some contacts, one row each."""
        x, y = a.astype(np.float64), b.astype(np.float64)
        d = y - x
        aa, bb, dd = (np.einsum("ij,ij->j", v, v) for v in (x, y, d))
        differ = (d != 0).sum(axis=0).astype(float)
        return cls(len(a), x.sum(axis=0), y.sum(axis=0), d.sum(axis=0), aa, bb, dd, differ)

    @classmethod
    def nothing(cls, width: int) -> Moments:
        """The sums over nobody."""
        return cls.of(np.zeros((0, width), np.int64), np.zeros((0, width), np.int64))

    def __iadd__(self, other: Moments) -> Moments:
        self.count += other.count
        for name in ("a", "b", "d", "aa", "bb", "dd", "differ"):
            getattr(self, name).__iadd__(getattr(other, name))
        return self

    def variance(self, which: str) -> Reals:
        """The variance between contacts of A (`a`), of B (`b`), or of the difference (`d`)."""
        if self.count < 2:
            return np.full(len(self.a), np.nan)
        total, squares = getattr(self, which), getattr(self, 2 * which)
        found: Reals = np.maximum(squares - total * total / self.count, 0.0) / (self.count - 1)
        return found


@dataclass
class Paired:
    """What two settings did to the same contacts.

    Attributes:
        keys: the figures, in the order of the columns.
        every: over all contacts.
        by_group: over those of a group, totals only.
        changed: contacts whose lives differ, with the differences of their totals.
        most: the most changed contacts: how much, and who.
        together: what contacts who share something were told, in A and in B; kept with the digests.
    """

    keys: tuple[Key, ...]
    totals: tuple[int, ...]
    together: tuple[Together | None, Together | None] = (None, None)
    every: Moments | None = None
    by_group: dict[tuple[str, str], Moments] = field(default_factory=dict)
    changed: list[tuple[Words, Words]] = field(default_factory=list)
    most: list[tuple[int, int]] = field(default_factory=list)

    def take(self, part: Part) -> None:
        """Add what some neighbouring contacts did."""
        if self.every is None:
            self.every = part.every
        else:
            self.every += part.every
        for name, moments in part.by_group.items():
            if name in self.by_group:
                self.by_group[name] += moments
            else:
                self.by_group[name] = moments
        self.changed.append((part.changed, part.differences))
        self.most = sorted([*self.most, *part.most], key=lambda x: (-x[0], x[1]))[:MOST_CHANGED]


@dataclass
class Part:
    """What some neighbouring contacts did."""

    every: Moments
    by_group: dict[tuple[str, str], Moments]
    changed: Words
    differences: Words
    most: list[tuple[int, int]]


def _part(setting: Setting, keys: Sequence[Key], totals: Sequence[int], a: Notes, b: Notes) -> Part:
    by_group = {}
    of_a, of_b = a.figures[:, totals], b.figures[:, totals]
    for name, inside in groups(setting, a).items():
        if inside.any():
            by_group[name] = Moments.of(of_a[inside], of_b[inside])
    changed = np.nonzero(a.digest != b.digest)[0]
    contacts = a.people[changed, P_CONTACT]
    visible = np.array([k.group in ("message", "event") and k.figure not in UNITS for k in keys])
    changes: Words = np.abs(b.figures[changed] - a.figures[changed])[:, visible].sum(axis=1)
    first = np.lexsort((contacts, -changes))[:MOST_CHANGED]
    most = [(int(changes[i]), int(contacts[i])) for i in first]
    return Part(Moments.of(a.figures, b.figures), by_group, contacts, of_b[changed] - of_a[changed], most)


def pair(a: Setting, b: Setting, *, workers: int, progress: Progress | None = None, digest: bool = True) -> Paired:
    """Let the same contacts live two settings; the result is the same for any number of workers.

    Args:
        a: one.
        b: the other.
        workers: how many threads.
        progress: called with contacts done, contacts in all, and days.
        digest: whether to tell for whom any decision or event differs.
    """
    in_a, in_b = figures(a.program), figures(b.program)
    keys = tuple(dict.fromkeys([*in_a, *in_b]))
    totals = tuple(i for i, k in enumerate(keys) if k.group == "total")
    count = a.people.count
    size = stretch_size(len(keys), count)
    told = (together(a, workers), together(b, workers))

    def noting(side: int) -> Noting:
        return Noting((a, b)[side], keys, (in_a, in_b)[side], rows=size, digest=digest, together=told[side])

    lanes: queue.SimpleQueue[tuple[Noting, Noting]] = queue.SimpleQueue()
    for _ in range(workers):
        lanes.put((noting(0), noting(1)))

    def work(first: int) -> Part:
        one, other = lanes.get()
        last = min(first + size, count)
        part = _part(a, keys, totals, one.live(first, last), other.live(first, last))
        lanes.put((one, other))
        return part

    found = Paired(keys, totals, told if digest else (None, None))
    for first, part in zip(range(0, count, size), in_order(work, range(0, count, size), workers), strict=True):
        found.take(part)
        if progress is not None:
            progress(min(first + size, count), count, a.days)
    return found


def in_order(work: Callable[[int], Any], items: Sequence[int], workers: int) -> Iterator[Any]:
    """What becomes of some items, in their order, so that sums do not depend on who was faster."""
    if workers == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="lane") as pool:
        yield from pool.map(work, items)
