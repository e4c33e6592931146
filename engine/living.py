"""Lets every contact of a setting live for what is counted alone; whose rows a run keeps, and how many at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as File
from typing import Literal

from bifurque.actors.host import Lane
from bifurque.engine.answers import Journal
from bifurque.engine.cuts import Neighbours
from bifurque.engine.drive import Drive
from bifurque.engine.executors import Executor, InProcess
from bifurque.engine.hosts import Host, Lived
from bifurque.engine.keeping import Point
from bifurque.engine.setting import Setting
from bifurque.engine.sink import Nowhere

Ledger = Literal["full", "sample", "none"]
Progress = Callable[[int, int, int], None]
SAMPLE, LEAST = 0.01, 1000
"""The share of contacts whose rows a sampled ledger keeps, and about how many they are at least; drawn by contact."""
STRETCH = {"full": 65536, "sample": 16384, "none": 16384}
ROWS = {"full": 1 << 17, "sample": 1 << 13, "none": 1 << 11}


def live_all(setting: Setting, lanes: list[Lane], rows: Nowhere | None = None, books: Journal | None = None) -> Lived:
    """Let everybody live for what is counted alone, or for what somebody hears of it.

    Args:
        setting: of the run.
        lanes: what to run it on.
        rows: hears the rows of all contacts; left out, there are none.
        books: of what contacts share, if not new ones.
    """
    cut = Neighbours(setting, stretch_size("none", setting, lanes), 0.0 if rows is None else 1.0)

    def make(number: int, point: Point) -> Host:
        return Host(number, "", setting, lanes, cut, rows or Nowhere(), None, point)

    executor = Executor(InProcess([Point()], make), [Point()])
    try:
        return Drive(executor, books or books_of(setting), None, None, None).run([[None]])[0]
    finally:
        executor.close()


def stretch_size(ledger: Ledger, setting: Setting, lanes: list[Lane]) -> int:
    """How many neighbours a lane takes at a time: none is idle if there are few."""
    return max(min(STRETCH[ledger], -(-setting.people.count // len(lanes))), 256)


def kept_share(ledger: str, contacts: int) -> float:
    """The share of so many contacts whose rows a ledger keeps."""
    sample = max(SAMPLE, min(LEAST / max(contacts, 1), 1.0))
    return {"full": 1.0, "sample": sample, "none": 0.0}[ledger]


def books_of(setting: Setting, folder: File | None = None) -> Journal | None:
    """New books of what contacts share, kept in a run's folder if there is one; none if no life depends on another."""
    return Journal(setting.program.supplies, setting.seed, folder) if setting.shares else None
