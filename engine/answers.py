"""What each contact was answered when it asked for something shared, and whom contacts have brought to life.

With that one life can be lived again alone: at the end of a run, and while it is under way or when it was stopped.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path as File
from typing import Any

import numpy as np

from bifurque.actors.host import Stretch
from bifurque.engine.keeping import FOLDER, Segment, Trail
from bifurque.engine.ledger import Part
from bifurque.engine.ledger import settle as on_disk
from bifurque.engine.referrals import FILE as REFERRALS
from bifurque.engine.referrals import Newcomers, newcomer_stretches, write_newcomers
from bifurque.engine.setting import Setting
from bifurque.rules.compiled import Words
from bifurque.rules.errors import RunError
from bifurque.rules.numbers import GOLD, mix64
from bifurque.rules.settlement import Books, Request, Supply
from bifurque.rules.sharing import REFERRED

FILE = "answers.parquet"
ANSWERS, NEWCOMERS = "answers.rows", "newcomers.rows"
WIDTHS = {ANSWERS: 3, NEWCOMERS: 4}
"""Rows of contact, instant, answer; and of contact, by whom, instant, zone."""
AT_ONCE = 1 << 17
FLUSH = 1.0
"""They go to disk every so many seconds: what is not there when a run is killed is lived again."""


class Journal(Books):
    """Books that write every answer down in a run's folder, and bring to life whom others bring.

    Attributes:
        newcomers: whom they bring to life.
        known: answers that the run had given when it was stopped, and must give again.
    """

    def __init__(self, supplies: Sequence[Supply], seed: int, folder: File | None = None) -> None:
        super().__init__(supplies, seed)
        self.folder, self.newcomers = folder, Newcomers()
        self.noted: dict[str, list[Any]] = {name: [] for name in WIDTHS}
        self.trails: dict[str, Trail] = {}
        self.known: Words = np.zeros((0, 3), np.int64)
        self.flushed = time.monotonic()

    def begin(self, counts: dict[str, Segment]) -> None:
        """Go on behind what counts of the files."""
        assert self.folder is not None
        file = self.folder / FOLDER / ANSWERS
        file.parent.mkdir(exist_ok=True)
        self.known = whole(file, counts[ANSWERS].bytes if ANSWERS in counts else 0)
        self.trails = {name: Trail(self.folder / FOLDER / name, counts.get(name)) for name in WIDTHS}
        self.newcomers.count = self.trails[NEWCOMERS].size // (8 * WIDTHS[NEWCOMERS])

    def settle(self, t: int, requests: Sequence[Request]) -> list[int]:
        """Answer the requests of one instant; instants must not go back."""
        answers = super().settle(t, requests)
        if self.folder is not None:
            self._note(told(t, requests, answers))
        return answers

    def lent(self) -> Books:
        """The books as they are, for whoever settles in their place."""
        books = Books(self.supplies, self.seed)
        books.accounts, books.coming = self.accounts, self.coming
        return books

    def back(self, books: Books, rows: Sequence[tuple[int, int, int]]) -> None:
        """Have them back, with the answers that were given."""
        self.accounts, self.coming = books.accounts, books.coming
        if self.folder is not None:
            self._note(rows)

    def _note(self, rows: Sequence[tuple[int, int, int]]) -> None:
        self.noted[ANSWERS] += rows
        if len(self.noted[ANSWERS]) >= AT_ONCE or time.monotonic() > self.flushed + FLUSH:
            self.flush()

    def hear(self, t: int, kind: int, number: int, amount: int, until: int) -> None:
        """A letter: of something granted, or of a friend who joins."""
        if kind == REFERRED:
            self.newcomers.hear(t, number, amount, until)
        else:
            super().hear(t, kind, number, amount, until)

    def arrivals(self) -> Words:
        """Those who have joined since the last time, a row each."""
        rows = self.newcomers.arrive()
        if self.folder is not None and len(rows):
            self.noted[NEWCOMERS].append(rows)
        return rows

    def flush(self) -> None:
        """Have it in the files: first who has joined, then the answers, so that these never go further.

        Raises:
            RunError: the run that stopped here had answered otherwise.
        """
        joined, self.noted[NEWCOMERS] = self.noted[NEWCOMERS], []
        if joined:
            self.trails[NEWCOMERS].append(np.concatenate(joined))
        rows: Words = np.array(self.noted[ANSWERS], np.int64).reshape(-1, 3)
        self.noted[ANSWERS].clear()
        self.flushed = time.monotonic()
        if not len(rows):
            return
        again = self.known[: len(rows)]
        self.known = self.known[len(rows) :]
        wrong = np.nonzero((again != rows[: len(again)]).any(axis=1))[0]
        if len(wrong):
            t = int(rows[wrong[0], 1])
            raise RunError(f"what was answered at {t} is not what it was before the run stopped: start it anew")
        self.trails[ANSWERS].append(sealed(rows))

    def mark(self) -> dict[str, Segment]:
        """Have all on the disk, and say how much of each file counts."""
        self.flush()
        on_disk(trail.file for trail in self.trails.values())
        return {name: trail.mark() for name, trail in self.trails.items()}

    def close(self, *, referral: bool) -> None:
        """Write the tables: of answers, and of who brought whom."""
        if self.folder is None:
            return
        self.flush()
        if self.supplies:
            _write(self.folder / FILE, self.trails[ANSWERS].file)
        if referral:
            write_newcomers(self.folder, trail_of(self.folder, NEWCOMERS))


def told(t: int, requests: Sequence[Request], answers: Sequence[int]) -> list[tuple[int, int, int]]:
    """Rows of contact, instant and answer, in an order that does not depend on who came first."""
    rows = sorted((r.contact, r.number, answer) for r, answer in zip(requests, answers, strict=True))
    return [(contact, t, answer) for contact, _, answer in rows]


def sealed(rows: Words) -> Words:
    """Answers as their file holds them: behind each a hash, so that half a page of a disk is no answer."""
    found = rows.copy()
    found[:, 2] = (rows[:, 2] & 0xFFFF) | (_seals(rows) << 16)
    return found


def _seals(rows: Words) -> Words:
    with np.errstate(over="ignore"):
        contacts, times, answers = rows.astype(np.uint64).T
        z = mix64(mix64(contacts * GOLD + times) + answers)
    return np.asarray((z >> np.uint64(16)).astype(np.int64))


def whole(file: File, skipped: int = 0) -> Words:
    """The answers in a file behind so many bytes, up to the first that is not whole."""
    if not file.is_file():
        return np.zeros((0, 3), np.int64)
    words = np.fromfile(file, np.int64, offset=skipped)
    rows = words[: len(words) // 3 * 3].reshape(-1, 3)
    rows[:, 2], seals = rows[:, 2].astype(np.int16), rows[:, 2] >> 16
    wrong = np.nonzero(seals != _seals(rows) << 16 >> 16)[0]
    return rows[: wrong[0]] if len(wrong) else rows


def _write(file: File, trail: File) -> None:
    """Write `answers.parquet`, in time order."""
    import pyarrow as pa

    part = Part(file, ())
    with trail.open("rb") as stream:
        while True:
            words = np.frombuffer(stream.read(AT_ONCE * 24), np.int64).reshape(-1, 3)
            columns = {
                "contact": pa.array(words[:, 0].copy()),
                "time": pa.array(words[:, 1].copy()).view(pa.timestamp("s", "UTC")),
                "answer": pa.array(words[:, 2].astype(np.int16)),
            }
            if len(words) or part.writer is None:
                part.write(pa.table(columns))
            if len(words) < AT_ONCE:
                break
    part.close()


def trail_of(folder: File, name: str) -> Words:
    """The rows of a file of a run that is under way or was stopped."""
    file, width = folder / FOLDER / name, WIDTHS[name]
    words = np.fromfile(file, np.int64) if file.is_file() else np.zeros(0, np.int64)
    return words[: len(words) // width * width].reshape(-1, width)


def answers_to(folder: File, contact: int) -> list[int]:
    """What one contact of a run was answered, in order; nothing if nobody asked for anything."""
    import pyarrow.parquet as parquet

    file = folder / FILE
    if not file.is_file():
        rows = whole(folder / FOLDER / ANSWERS)
        return [int(a) for a in rows[rows[:, 0] == contact, 2]]
    table: Any = parquet.read_table(file, columns=["answer"], filters=[("contact", "==", contact)])
    return [int(a) for a in table["answer"].to_pylist()]


def answered_until(folder: File) -> int | None:
    """The instant before which all answers of a run that did not reach its end are known; None: there are none."""
    rows = whole(folder / FOLDER / ANSWERS)
    return int(rows[-1, 1]) if len(rows) else None


def newcomer(folder: File, contact: int) -> Words:
    """The row of a contact that a run brought to life; none if it did not."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    file = folder / REFERRALS
    if not file.is_file():
        rows = trail_of(folder, NEWCOMERS)
        mine: Words = rows[rows[:, 0] == contact][:1]
        return mine
    table: Any = parquet.read_table(file, filters=[("contact", "==", contact)])
    seconds = table["joined"].cast(pa.timestamp("s", "UTC")).cast(pa.int64())
    return np.stack([np.asarray(c) for c in (table["contact"], table["by"], seconds, table["zone"])], axis=1)


def friend_of(folder: File, setting: Setting, contact: int) -> Stretch | None:
    """A contact that a run brought to life, with the event that rewards it; none if it did not."""
    rows = newcomer(folder, contact)
    return newcomer_stretches(setting, 0, rows, 1.0)[0] if len(rows) else None
