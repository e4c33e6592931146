"""Lets every contact of a setting live, over lanes on threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path as File
from typing import Literal

import numpy as np

from bifurque.actors.barrier import run_shared
from bifurque.actors.host import Lane, Sink, Stretch, run
from bifurque.actors.layout import P_FIRST
from bifurque.engine.answers import Journal
from bifurque.engine.merges import live_apart
from bifurque.engine.referrals import Newcomers
from bifurque.engine.setting import Setting
from bifurque.engine.sink import Nowhere
from bifurque.rules.compiled import Words

Ledger = Literal["full", "sample", "none"]
Progress = Callable[[int, int, int], None]
SAMPLE = 0.01
"""The share of contacts whose rows a sampled ledger keeps; drawn by contact, so always the same ones."""
STRETCH = {"full": 65536, "sample": 16384, "none": 16384}
ROWS = {"full": 1 << 17, "sample": 1 << 13, "none": 1 << 11}


def warm(lane: Lane, setting: Setting) -> None:
    """Load the machine code, or make it: over nobody."""
    empty = setting.stretch(0, 0, 0, 0)
    lane.live(empty, Nowhere())
    lane.cpu = 0.0


def live_all(
    setting: Setting,
    lanes: list[Lane],
    sink: Sink,
    ledger: Ledger,
    progress: Progress | None,
    books: Journal | None = None,
) -> int:
    """Run every stretch; how many contacts have some consent. What they share is kept in `books`."""
    size, count = STRETCH[ledger], setting.people.count
    size = max(min(size, -(-count // len(lanes))), 256)
    share = share_of(ledger)
    words = [P_FIRST + i for i, name in enumerate(setting.program.columns) if name.startswith("consent.")]
    consenting: list[int] = []

    def maker(index: int, first: int) -> Callable[[], Stretch]:
        def make() -> Stretch:
            stretch = setting.stretch(index, first, min(first + size, count), share)
            consenting.append(int((stretch.people[:, words] != 0).any(axis=1).sum()))
            return stretch

        return make

    def makers() -> Iterator[Callable[[], Stretch]]:
        for index, first in enumerate(range(0, count, size)):
            yield maker(index, first)

    finished = 0

    def done(contacts: int) -> None:
        nonlocal finished
        finished += contacts
        if progress is not None:
            progress(finished, count, setting.days)

    stop = threading.Event()
    if books is None:
        run(makers(), lanes, sink, done, stop)
        for survivor in setting.merges.survivors:
            live_apart(setting.merges, survivor, lambda one, left: _apart(setting, lanes[0], sink, share, one, left))
    else:
        run_shared(makers(), lanes, sink, books, setting.events.rows, done, stop, books.newcomers)
    return sum(consenting)


def _apart(setting: Setting, lane: Lane, sink: Sink, share: float, contact: int, left: dict[int, Words]) -> Words:
    """Let one of those live who are merged with others; the lane's memory."""
    lane.live(setting.apart(contact, share, left), sink)
    return lane.words


def share_of(ledger: Ledger) -> float:
    """The share of contacts whose rows a ledger keeps."""
    return {"full": 1.0, "sample": SAMPLE, "none": 0.0}[ledger]


def books_of(setting: Setting, ledger: Ledger = "none", folder: File | None = None) -> Journal | None:
    """New books of what contacts share, kept in a run's folder if there is one; none if no life depends on another."""
    if not setting.shares:
        return None
    return Journal(setting.program.supplies, setting.seed, Newcomers(setting, share_of(ledger)), folder)


def counted(lanes: list[Lane]) -> Words:
    """What all lanes counted."""
    found: Words = np.stack([lane.counters for lane in lanes]).sum(axis=0)
    return found
