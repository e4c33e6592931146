"""Hosts run lanes: one after the other, or on threads. Nothing depends on how many there are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from bifurque.actors.lane import RAN_OUT_OF_ROOM, resume_lane, run_lane
from bifurque.rules.compiled import Words, compiled
from bifurque.rules.layout import (
    CONTACT,
    EVENTS_COUNT,
    H_LOST,
    H_WEEKS,
    HASH,
    LO_COUNT,
    LO_KEYS,
    LO_SIZE,
    MISSING,
    NEXT_CONTACT,
    NEXT_EVENT,
    ROWS_COUNT,
    WAKES,
)


@dataclass(frozen=True)
class Stretch:
    """Neighbouring contacts, with their events: what a lane takes at a time."""

    index: int
    people: Words
    events: Words
    bounds: Words


class Sink(Protocol):
    """Where decision and event rows go."""

    def take(self, index: int, words: Words) -> None:
        """Take the rows that stand in a lane's memory."""

    def close(self, index: int) -> None:
        """A stretch is done."""


@dataclass
class Lane:
    """A lane's memory, and the processor time its kernel took."""

    words: Words
    first_counter: int
    last_counter: int
    cpu: float = 0.0
    finished: list[int] = field(default_factory=list)
    lost: list[Words] = field(default_factory=list)  # decisions not to send, as they were taken away

    def live(self, stretch: Stretch, sink: Sink) -> None:
        """Let a stretch of contacts live, handing rows over whenever the lane runs out of room."""
        self._run(stretch.index, sink, self.code(run_lane), stretch.people, stretch.events, stretch.bounds)
        sink.close(stretch.index)

    def resume(self, index: int, parked: Words, events: Words, sink: Sink) -> None:
        """Let parked contacts live the answers to what they asked for, and go on."""
        self._run(index, sink, self.code(resume_lane), parked, events)

    def code(self, function: Callable[..., int]) -> Callable[..., int]:
        """The form in which this lane runs a function of the kernel."""
        return compiled(function)

    def _run(self, index: int, sink: Sink, kernel: Callable[..., int], *given: Words) -> None:
        words = self.words
        words[NEXT_CONTACT] = words[NEXT_EVENT] = 0
        words[CONTACT] = MISSING
        more = RAN_OUT_OF_ROOM
        while more == RAN_OUT_OF_ROOM:
            began = time.thread_time()
            more = kernel(words, *given)
            self.cpu += time.thread_time() - began
            sink.take(index, words)
            words[ROWS_COUNT] = words[EVENTS_COUNT] = 0
            if more == RAN_OUT_OF_ROOM:
                self.lost.append(take_lost(words))

    @property
    def counters(self) -> Words:
        """Everything it counted."""
        return self.words[self.first_counter : self.last_counter]

    @property
    def wakes(self) -> int:
        """How often a contact woke; timers that came too early included."""
        return int(self.words[WAKES])

    @property
    def digest(self) -> int:
        """The sum of the hashes of its decision rows."""
        return int(self.words[HASH])


def take_lost(words: Words) -> Words:
    """Empty the table of decisions not to send: rows of (key, week, how many, cents)."""
    table, weeks = int(words[H_LOST]), int(words[H_WEEKS])
    first, size = int(words[table + LO_KEYS]), int(words[table + LO_SIZE])
    keys = words[first : first + size]
    cells = words[first + size : first + size + size * weeks * 2].reshape(size, weeks, 2)
    places, when = np.nonzero(cells[:, :, 0])
    found = np.column_stack([keys[places], when, cells[places, when]])
    words[table + LO_COUNT] = keys[:] = cells[:] = 0
    return found


class Stopped(Exception):  # noqa: N818
    """Somebody asked the run to stop."""


def run(
    stretches: Iterator[Callable[[], Stretch]],
    lanes: list[Lane],
    sink: Sink,
    done: Callable[[int], None],
    stop: threading.Event,
) -> None:
    """Run stretches over lanes, as many at once as there are lanes; one lane runs in the calling thread.

    Args:
        stretches: makers of stretches, in order; each is called where it runs.
        lanes: the lanes.
        sink: where rows go.
        done: called with the number of contacts after each stretch, always in the calling thread.
        stop: set it to stop after the stretches under way.

    Raises:
        Stopped: `stop` was set.
    """
    if len(lanes) == 1:
        for make in stretches:
            _go_on(stop)
            done(_one(make, lanes[0], sink))
        return
    idle = list(lanes)
    under_way: dict[Future[int], Lane] = {}
    with ThreadPoolExecutor(len(lanes), thread_name_prefix="lane") as pool:
        for make in stretches:
            if not idle:
                _collect(under_way, idle, done)
            _go_on(stop)
            lane = idle.pop()
            under_way[pool.submit(_one, make, lane, sink)] = lane
        while under_way:
            _collect(under_way, idle, done)
        _go_on(stop)


def _go_on(stop: threading.Event) -> None:
    if stop.is_set():
        raise Stopped


def _one(make: Callable[[], Stretch], lane: Lane, sink: Sink) -> int:
    stretch = make()
    lane.live(stretch, sink)
    return len(stretch.people)


def _collect(under_way: dict[Future[int], Lane], idle: list[Lane], done: Callable[[int], None]) -> None:
    finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
    for future in finished:
        idle.append(under_way.pop(future))
        done(future.result())
