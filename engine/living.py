"""Lets every contact of a setting live, over lanes on threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from bifurque.actors.host import Lane
from bifurque.engine.cuts import Neighbours
from bifurque.engine.drive import Drive
from bifurque.engine.executors import Local
from bifurque.engine.hosts import Host, Lived
from bifurque.engine.keeping import Point
from bifurque.engine.setting import Setting
from bifurque.engine.sink import Nowhere
from bifurque.rules.compiled import Words
from bifurque.rules.settlement import Books

Ledger = Literal["full", "sample", "none"]
Progress = Callable[[int, int, int], None]
SAMPLE = 0.01
"""The share of contacts whose rows a sampled ledger keeps; drawn by contact, so always the same ones."""
STRETCH = {"full": 65536, "sample": 16384, "none": 16384}
ROWS = {"full": 1 << 17, "sample": 1 << 13, "none": 1 << 11}


def live_all(setting: Setting, lanes: list[Lane], books: Books | None = None) -> list[Lived]:
    """Let everybody live for what is counted alone. What they share is kept in `books`."""
    size = max(min(STRETCH["none"], -(-setting.people.count // len(lanes))), 256)
    cut = Neighbours(setting, size, 0.0)

    def make(number: int, point: Point) -> Host:
        return Host(number, setting, lanes, cut, Nowhere(), point)

    executor = Local([Point()], make)
    try:
        return Drive(executor, books, None, None).run([[cut.pieces]])
    finally:
        executor.close()


def books_of(setting: Setting) -> Books | None:
    """New books of what contacts share; none if no life depends on another."""
    return Books(setting.program.supplies, setting.seed) if setting.program.supplies else None


def counted(lanes: list[Lane]) -> Words:
    """What all lanes counted."""
    found: Words = np.stack([lane.counters for lane in lanes]).sum(axis=0)
    return found
