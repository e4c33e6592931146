"""A host: it owns part of the population, lets it live on its lanes, and keeps what is parked and what is written.

What it is asked to do has a number, and it does the next one only: a host that has lost its state, or one that was
given up and still runs, refuses and spoils nothing.
"""

from __future__ import annotations

import copy
import os
import resource
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path as File
from typing import Any

import numpy as np

from bifurque.actors.barrier import NOTHING, Meeting, answered, questions, requests_of
from bifurque.actors.barrier import resume as resume_parked
from bifurque.actors.host import Lane, Sink, Stretch, run, take_lost
from bifurque.actors.layout import P_FIRST
from bifurque.engine.answers import told
from bifurque.engine.cuts import Cut, Maker
from bifurque.engine.keeping import Kept, Point, by_partition, keep_words, read_words
from bifurque.engine.merges import live_apart
from bifurque.engine.referrals import newcomer_stretches
from bifurque.engine.setting import Setting
from bifurque.engine.shelves import Shelves
from bifurque.engine.sink import Nowhere, Writer
from bifurque.engine.standing import Standing, write_standing
from bifurque.rules.compiled import Words
from bifurque.rules.settlement import Books
from bifurque.rules.sharing import LETTER, LT_KIND, REFERRED

Rows = Writer | Shelves | Nowhere
ALONE = 1 << 14
"""So many answers a host gives by itself before it tells of them."""


@dataclass(frozen=True)
class Asking:
    """What a host says after each call.

    Attributes:
        t: the earliest instant at which anything is asked for; None: nobody of its contacts asks any more.
        questions: what is asked for then (`barrier.questions`).
        letters: what contacts have told since.
    """

    t: int | None
    questions: Words
    letters: Words


@dataclass(frozen=True)
class Lived:
    """What a host has counted: sums, whatever the number of hosts.

    Attributes:
        counters: everything counted.
        lost: decisions not to send, rows of (key, week, how many, cents).
        hashed: the sum of the hashes of its decision rows.
        consenting: contacts with some consent.
        standing: the files of where its contacts stand, if that is kept.
        timing: processor time of its process since it began to live, of the kernel and of writing; rows written, wakes,
            who went on, what was parked.
        process: where it lived, and the most memory that process took, in MB.
    """

    counters: Words
    lost: Words
    hashed: int
    consenting: int
    standing: list[str]
    timing: dict[str, float]
    process: tuple[str, int, float]


class Stale(Exception):  # noqa: N818
    """A host was asked to do something out of its turn."""


@dataclass
class Host:
    """Part of a population, on lanes.

    Attributes:
        number: which host it is.
        life: which start of it: no two ever write to one file.
        rows: where decisions and events go.
        standing: where it goes where contacts stand; nothing: nowhere.
        point: what it goes on from.
        done: called with a number of contacts that have been to their first request or the horizon.
        calls: how much it has been asked to do.
    """

    number: int
    life: str
    setting: Setting
    lanes: list[Lane]
    cut: Cut
    rows: Rows
    standing: Standing | None
    point: Point
    done: Callable[[int], None] | None = None
    calls: int = 0
    serial: int = 1 << 40  # behind every stretch
    waiting: list[Words] = field(default_factory=list)
    resumed: int = 0

    def __post_init__(self) -> None:
        self.meeting = Meeting(self.standing or _sink(self.rows))
        self.lock = threading.Lock()
        self.began = time.process_time()
        self.calls = self.point.calls
        self.consenting = self.hashed = 0
        self.carried: Words = np.zeros(len(self.lanes[0].counters), np.int64)
        for file in self.point.counted:
            words = read_words(File(file))
            self.carried += words[2:]
            self.hashed += int(words[0]) % 2**64
            self.consenting += int(words[1])
        self.lost = [read_words(File(file)).reshape(-1, 4) for file in self.point.lost]
        for file in self.point.parked:
            self.meeting.parking.put(read_words(File(file)))
        self._asking()  # who waits for an answer did so when this was written
        self.pool = ThreadPoolExecutor(len(self.lanes), thread_name_prefix="lane")
        names = self.setting.program.columns
        self.consents = [P_FIRST + i for i, name in enumerate(names) if name.startswith("consent.")]

    def do(self, number: int, tasks: Sequence[tuple[str, tuple[Any, ...]]]) -> Any:
        """Do what is asked, in order; the answer to the last.

        Args:
            number: of the first of these tasks among all of this host.
            tasks: each the name of a method below, and what it is given.

        Raises:
            Stale: it is not this host's turn to do that.
        """
        if number != self.calls:
            raise Stale(f"host {self.number} has done {self.calls:,} tasks, and was asked for number {number:,}")
        answer = None
        for name, given in tasks:
            answer = getattr(self, name)(*given)
            self.calls += 1
        return answer

    def live(self, pieces: Sequence[int] | None) -> Asking:
        """Let the contacts of some pieces, or of all it has, live to the horizon or their first request."""
        pieces = self.cut.pieces if pieces is None else pieces
        makers = (self._counting(make) for make in self.cut.stretches(pieces))
        run(makers, self.lanes, self.meeting, self.done or _nobody, threading.Event())
        for survivor in self.cut.survivors(pieces):
            live_apart(self.setting.merges.order(survivor), self._apart)
        return self._asking()

    def _apart(self, contact: int, left: dict[int, Words]) -> Words:
        """Let one of those live who are merged with others; the lane's memory."""
        self.lanes[0].live(self.setting.apart(contact, self.cut.share, left), self.meeting)
        return self.lanes[0].words

    def arrive(self, newcomers: Words) -> Asking:
        """Let those live whom others have brought to life, as far as everybody has."""
        stretches = newcomer_stretches(self.setting, self.serial, newcomers, self.cut.share)
        self.serial += len(stretches)
        makers = (partial(_itself, stretch) for stretch in stretches)
        run(makers, self.lanes, self.meeting, _nobody, threading.Event())
        return self._asking()

    def _counting(self, make: Maker) -> Maker:
        def counted() -> Stretch:
            stretch = make()
            consenting = int((stretch.people[:, self.consents] != 0).any(axis=1).sum())
            with self.lock:
                self.consenting += consenting
            return stretch

        return counted

    def go_on(self, answers: Words) -> Asking:
        """Let those who wait live the answers to what they asked for, and go on."""
        parked, self.waiting = self.waiting, []
        answered(parked, answers)
        self.resumed += len(parked)
        self.serial += resume_parked(self.pool, self.lanes, self.serial, parked, self.cut.events, self.meeting)
        return self._asking()

    def settle(self, books: Books, until: int) -> tuple[Asking, Books, list[tuple[int, int, int]], int]:
        """Settle in the driver's place what is asked for before an instant, or until somebody joins.

        For the only host there is.

        Returns:
            What this host asks then, the books, the answers given (contact, instant, answer), how many instants.
        """
        books, given, rounds = copy.deepcopy(books), list[tuple[int, int, int]](), 0
        asking, friends = self._asking(), NOTHING
        while asking.t is not None and asking.t < until and len(given) < ALONE and not len(friends):
            requests = requests_of(asking.questions)
            answers = books.settle(asking.t, requests)
            given += told(asking.t, requests, answers)
            asking, rounds = self.go_on(np.array(answers, np.int64)), rounds + 1
            letters = asking.letters.reshape(-1, LETTER)
            friends = letters[letters[:, LT_KIND] == REFERRED]
            for letter in letters[letters[:, LT_KIND] != REFERRED].tolist():
                books.hear(*letter)
        return replace(asking, letters=friends.reshape(-1)), books, given, rounds

    def _asking(self) -> Asking:
        """The earliest requests of all; who makes them is taken out of the parking."""
        meeting = self.meeting
        for one in self.waiting:  # others have come since who may be earlier
            meeting.parking.put(one)
        t, self.waiting = meeting.parking.next() if meeting.parking.count else (None, [])
        letters, meeting.letters = meeting.letters, []
        return Asking(t, questions(self.waiting), np.concatenate(letters) if letters else NOTHING)

    def save(self, folder: str) -> Kept:
        """Write all that is needed to go on from here into a folder, and say what was written."""
        kept = Kept()
        words = np.concatenate([[np.uint64(self._hashed()).view(np.int64), self.consenting], self._counters()])
        parked = by_partition([*self.meeting.parking.everyone(), *self.waiting])
        own = {f"host-{self.number:03d}": words, f"lost-{self.number:03d}": self._lost().reshape(-1)}
        self.rows.mark(kept)
        if self.standing is not None:
            self.standing.mark(kept)
        keep_words(File(folder), own | parked, kept, self.life)
        return kept

    def _counters(self) -> Words:
        found: Words = np.stack([lane.counters for lane in self.lanes]).sum(axis=0) + self.carried
        return found

    def _hashed(self) -> int:
        return (sum(lane.digest for lane in self.lanes) + self.hashed) % 2**64

    def _lost(self) -> Words:
        """Decisions not to send so far; lanes begin to count them anew."""
        for lane in self.lanes:
            self.lost += [*lane.lost, take_lost(lane.words)]
            lane.lost.clear()
        self.lost = [np.concatenate(self.lost)]
        return self.lost[0]

    def finish(self) -> Lived:
        """The end: rows are written, and what was counted is told."""
        self.rows.finish()
        standing = self.standing.finish() if self.standing is not None else []
        self.close()
        timing = {
            "cpu_s": time.process_time() - self.began,
            "kernel_cpu_s": sum(lane.cpu for lane in self.lanes),
            "write_s": self.rows.seconds,
            "ledger_rows": self.rows.rows,
            "wakes": sum(lane.wakes for lane in self.lanes),
            "resumed": self.resumed,
            "parked_mb": self.meeting.parking.most * 8 / 2**20,
        }
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        process = (os.uname().nodename, os.getpid(), most)
        return Lived(self._counters(), self._lost(), self._hashed(), self.consenting, standing, timing, process)

    def assemble(self, folder: str, standing: Sequence[str]) -> None:
        """Make one table of where the contacts of all hosts stand."""
        write_standing(File(folder), standing, self.setting)

    def close(self) -> None:
        """Let its threads go."""
        self.pool.shutdown()

    def abandon(self) -> None:
        """Leave no file that looks whole and is not."""
        self.close()
        self.rows.abandon()


def _sink(rows: Rows) -> Sink:
    return rows


def _itself(stretch: Stretch) -> Stretch:
    return stretch


def _nobody(contacts: int) -> None:
    """Nobody asks how far it has come."""


def warm(lane: Lane, setting: Setting) -> None:
    """Load the machine code, or make it: over nobody."""
    lane.live(setting.stretch(0, 0, 0, 0), Nowhere())
    lane.cpu = 0.0
