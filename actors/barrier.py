"""Contacts that share something wait for each other: the requests of one instant are settled once all have come as far.

A contact is parked at each request and everybody else lives on, to the horizon or to a request of their own; then the
earliest requests of all are settled and those contacts go on. So an answer comes at the instant of the request, exact
to the second, and nobody waits who shares nothing.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from bifurque.actors.host import Lane, Sink
from bifurque.rules.compiled import Words
from bifurque.rules.errors import RunError
from bifurque.rules.layout import (
    EVENTS_COUNT,
    H_LETTERS,
    H_PARKED,
    LETTERS_COUNT,
    PARKED_WORDS,
    ROWS_COUNT,
    STANDING_COUNT,
)
from bifurque.rules.settlement import Books, Request
from bifurque.rules.sharing import (
    LETTER,
    PK_ASKED,
    PK_CONTACT,
    PK_FIRST,
    PK_UNTIL,
    PK_WORDS,
    RQ_ALL,
    RQ_FIRST,
    RQ_RANK,
    RQ_WORDS,
)

DAY = 86400
MANY = 256
"""So many contacts are worth a second lane."""
NOTHING: Words = np.zeros(0, np.int64)


@dataclass
class Parking:
    """Parked contacts by day, until what they ask for is settled; those of the day at hand by instant.

    Attributes:
        words: how many words are parked at most at one time.
    """

    days: dict[int, list[Words]] = field(default_factory=dict)
    today: list[tuple[int, int, Words]] = field(default_factory=list)
    day: int = -1
    count: int = 0
    serial: int = 0
    held: int = 0
    most: int = 0

    def put(self, words: Words) -> None:
        """Put contacts away, one behind the other in an array that is theirs."""
        self.held += len(words)
        self.most = max(self.most, self.held)
        by_day: dict[int, list[Words]] = {}
        for one in split(words):
            by_day.setdefault(int(one[PK_UNTIL]) // DAY, []).append(one)
            self.count += 1
        if by_day and min(by_day) < self.day:
            self._look_again()
        for day, some in by_day.items():
            if day == self.day:
                for one in some:
                    self._push(one)
            else:
                self.days.setdefault(day, []).append(np.concatenate(some))

    def _look_again(self) -> None:
        """Somebody has come who asks earlier than those of the day at hand."""
        if self.today:
            self.days.setdefault(self.day, []).extend(one for *_, one in self.today)
        self.today, self.day = [], -1

    def _push(self, one: Words) -> None:
        self.serial += 1
        heapq.heappush(self.today, (int(one[PK_UNTIL]), self.serial, one))

    def next(self) -> tuple[int, list[Words]]:
        """The earliest instant at which anything is asked for, and who asks; they are no longer parked."""
        if not self.today:
            self.day = min(self.days)
            for words in self.days.pop(self.day):
                for one in split(words):
                    self._push(one)
        t = self.today[0][0]
        found = []
        while self.today and self.today[0][0] == t:
            found.append(heapq.heappop(self.today)[2])
            self.held -= len(found[-1])
        self.count -= len(found)
        return t, sorted(found, key=lambda one: int(one[PK_CONTACT]))

    def everyone(self) -> list[Words]:
        """All who are parked: arrays of one or more of them."""
        return [*(part for words in self.days.values() for part in words), *(w for *_, w in self.today)]


def split(words: Words) -> Iterator[Words]:
    """Each contact of an array of parked ones."""
    at = 0
    while at < len(words):
        size = int(words[at + PK_WORDS])
        yield words[at : at + size]
        at += size


def questions(parked: list[Words]) -> Words:
    """What parked contacts ask for, one behind the other: of each its head and its requests, without its record."""
    return np.concatenate([one[: PK_FIRST + int(one[PK_ASKED])] for one in parked]) if parked else NOTHING


def requests_of(questions: Words) -> list[Request]:
    """The requests among what parked contacts ask for, in their order."""
    found: list[Request] = []
    at = 0
    while at < len(questions):
        size = PK_FIRST + int(questions[at + PK_ASKED])
        found += [request for _, request in asked(questions[at : at + size])]
        at += size
    return found


def answered(parked: list[Words], answers: Words) -> None:
    """Write answers over the ranks of the requests they belong to.

    Raises:
        RunError: they belong to other requests.
    """
    places = [(one, at) for one in parked for at in _places(one)]
    if len(places) != len(answers):
        told = f"{len(answers):,} answers to {len(places):,} requests"
        raise RunError(f"{told}: a host has not lived what it was asked to")
    for (one, at), answer in zip(places, answers.tolist(), strict=True):
        one[at + RQ_RANK] = answer


def asked(parked: Words) -> Iterator[tuple[int, Request]]:
    """The requests of one parked contact, each with where it stands."""
    for number, at in enumerate(_places(parked)):
        pairs = parked[at + RQ_FIRST : at + int(parked[at + RQ_WORDS])].reshape(-1, 2).tolist()
        rank = float(parked[at + RQ_RANK : at + RQ_RANK + 1].view(np.float64)[0])
        wanted = tuple((r, a) for r, a in pairs)
        yield at, Request(int(parked[PK_CONTACT]), number, rank, bool(parked[at + RQ_ALL]), wanted)


def _places(parked: Words) -> Iterator[int]:
    """Where the requests of one parked contact stand."""
    at, end = PK_FIRST, PK_FIRST + int(parked[PK_ASKED])
    while at < end:
        yield at
        at += int(parked[at + RQ_WORDS])


def settle(books: Books, t: int, parked: list[Words]) -> int:
    """Settle what parked contacts ask for at t, and write the answers over the ranks; how many requests."""
    requests = requests_of(questions(parked))
    answered(parked, np.array(books.settle(t, requests), np.int64))
    return len(requests)


class Meeting:
    """Takes letters and parked contacts out of lanes, beside a sink for rows."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.parking = Parking()
        self.letters: list[Words] = []
        self.lock = threading.Lock()

    def take(self, index: int, words: Words) -> None:
        """Take the rows, the letters and the parked contacts of a lane's memory."""
        if words[ROWS_COUNT] or words[EVENTS_COUNT] or words[STANDING_COUNT]:
            self.sink.take(index, words)
        if not (words[LETTERS_COUNT] or words[PARKED_WORDS]):
            return
        letters = words[words[H_LETTERS] :][: words[LETTERS_COUNT] * LETTER].copy()
        parked = words[words[H_PARKED] :][: words[PARKED_WORDS]].copy()
        words[LETTERS_COUNT] = words[PARKED_WORDS] = 0
        with self.lock:
            if len(letters):
                self.letters.append(letters)
            if len(parked):
                self.parking.put(parked)

    def close(self, index: int) -> None:
        """A stretch is done."""
        self.sink.close(index)


def resume(
    pool: ThreadPoolExecutor, lanes: list[Lane], index: int, parked: list[Words], events: Words, sink: Sink
) -> int:
    """Let parked contacts go on: many on all lanes, few on one. On how many."""
    share = -(-len(parked) // len(lanes)) if len(parked) >= MANY else len(parked)
    parts = [np.concatenate(parked[i : i + share]) for i in range(0, len(parked), share)]
    if len(parts) == 1:
        lanes[0].resume(index, parts[0], events, sink)
        return 1
    jobs = [pool.submit(lanes[i].resume, index + i, part, events, sink) for i, part in enumerate(parts)]
    for job in jobs:
        job.result()
    return len(parts)
