"""Where a run's rows go: every contact, a sample, or nobody; whole files only."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path as File
from typing import Any

import numpy as np

from bifurque.engine.keeping import Kept
from bifurque.engine.ledger import EVENT_TEXTS, TEXT_COLUMNS, Part, Tabulator, settle, taken
from bifurque.engine.run import sha256
from bifurque.rules.compiled import Words
from bifurque.rules.layout import EVENT_ROW, ROW
from bifurque.rules.numbers import GOLD


class Writer:
    """Writes rows as Parquet.

    A full ledger is one file per stretch, written where the stretch runs; a sample is gathered and written at the end
    as one file. Either way the files are sorted by contact. When contacts wait for each other (`mixed`), their rows
    come in several parts: those of a full ledger are put aside on disk by contact, and put in order at the end.

    Attributes:
        seconds: processor time spent on it by all threads, and the wait for the disk at the end.
        rows: decision rows taken.
    """

    def __init__(self, folder: File, tabulator: Tabulator, *, full: bool, mixed: bool = False, life: str = "") -> None:
        self.folder, self.tabulator, self.full, self.mixed, self.life = folder, tabulator, full, mixed, life
        self.closed: list[File] = []
        self.aside = Aside(folder) if full and mixed else None
        self.parts: dict[int, tuple[Part, Part]] = {}
        self.gathered: dict[int, list[tuple[Words, Words]]] = {}
        self.seconds = 0.0
        self.rows = 0
        self.lock = threading.Lock()

    def take(self, index: int, words: Words) -> None:
        """Take a stretch's rows as they come."""
        began = time.thread_time()
        rows, events = taken(words)
        if self.aside is not None:
            with self.lock:
                self.aside.take(rows, events)
        else:
            self._write(index, rows, events)
        with self.lock:
            self.seconds += time.thread_time() - began
            self.rows += len(rows)

    def _write(self, index: int, rows: Words, events: Words) -> None:
        if not self.full:
            self.gathered.setdefault(index, []).append((rows.copy(), events.copy()))
            return
        for one, table in zip(self._part(index), self._tables(rows, events), strict=True):
            if table.num_rows:
                one.write(table)

    def _tables(self, rows: Words, events: Words) -> tuple[Any, Any]:
        return self.tabulator.decisions(rows), self.tabulator.events(events)

    def _part(self, index: int) -> tuple[Part, Part]:
        if index not in self.parts:
            name = f"{index:05d}.parquet"
            ledger = Part(self.folder / "ledger" / f"decisions-{name}", TEXT_COLUMNS, self.life)
            self.parts[index] = (ledger, Part(self.folder / "events" / f"events-{name}", EVENT_TEXTS, self.life))
        return self.parts[index]

    def close(self, index: int) -> None:
        """Finish the files of a stretch."""
        if self.full and index in self.parts:
            began = time.thread_time()
            parts = self.parts.pop(index)
            for part in parts:
                part.close()
            with self.lock:
                self.closed += [part.file for part in parts if part.writer is not None]
                self.seconds += time.thread_time() - began

    def mark(self, kept: Kept) -> None:
        """Say which files of finished stretches there are."""
        kept.settling += self.closed
        for file in self.closed:
            kept.written[str(file.relative_to(self.folder))] = sha256(file)
        self.closed.clear()

    def finish(self) -> None:
        """Write the sample: what stretches gave, in their order. Then wait for the disk."""
        began = time.perf_counter()
        if not self.full:
            self._write_sample()
        if self.aside is not None:
            for index, rows, events in self.aside.ordered():
                self._write(index, rows, events)
                self.close(index)
        settle(f for part in ("ledger", "events") for f in (self.folder / part).glob("*.parquet"))
        self.seconds += time.perf_counter() - began

    def _write_sample(self) -> None:
        gathered = [pair for index in sorted(self.gathered) for pair in self.gathered[index]]
        self.gathered.clear()
        rows, events = (np.concatenate([p[w] for p in gathered]) if gathered else None for w in (0, 1))
        if rows is not None and events is not None:
            if self.mixed:
                rows, events = in_order(rows), in_order(events)
            for one, table in zip(self._part(0), self._tables(rows, events), strict=True):
                one.write(table)
        for one in self._part(0):
            one.close()
        self.parts.clear()

    def abandon(self) -> None:
        """Leave no file that looks whole and is not."""
        if self.aside is not None:
            self.aside.clear()
        for pair in self.parts.values():
            for part in pair:
                part.abandon()


def in_order(rows: Words) -> Words:
    """Rows by contact; those of each stay in the order they came."""
    return rows[np.argsort(rows[:, 0], kind="stable")]


class Aside:
    """Rows put aside on disk by contact, in 64 parts, until all have come; within a contact in the order they came."""

    PARTS = 64
    WIDTHS = (ROW, EVENT_ROW)

    def __init__(self, folder: File) -> None:
        self.folder = folder
        names = [f"{i:02d}.aside.partial" for i in range(self.PARTS)]
        self.files = [[(folder / part / name).open("w+b") for name in names] for part in ("ledger", "events")]

    def take(self, *both: Words) -> None:
        """Put rows aside. Two parts of one contact never come at once."""
        for rows, files in zip(both, self.files, strict=True):
            places = part_of(rows[:, 0])
            order = np.argsort(places, kind="stable")
            ends = np.searchsorted(places[order], np.arange(self.PARTS + 1))
            for i in np.nonzero(np.diff(ends))[0]:
                rows[order[ends[i] : ends[i + 1]]].tofile(files[i])

    def ordered(self) -> Iterator[tuple[int, Words, Words]]:
        """Every part, by contact; its file is gone then."""
        for i in range(self.PARTS):
            found = []
            for files, width in zip(self.files, self.WIDTHS, strict=True):
                files[i].seek(0)
                rows = np.fromfile(files[i], np.int64).reshape(-1, width)
                found.append(in_order(rows))
            yield i, found[0], found[1]
        self.clear()

    def clear(self) -> None:
        """Leave nothing on disk."""
        for files in self.files:
            for file in files:
                file.close()
                File(file.name).unlink(missing_ok=True)


def part_of(contacts: Words) -> Words:
    """Which of the parts a contact's rows go to."""
    return (contacts.astype(np.uint64) * np.uint64(GOLD) >> np.uint64(58)).astype(np.int64)


class Nowhere:
    """No ledger at all."""

    seconds = 0.0
    rows = 0

    def take(self, index: int, words: Words) -> None:
        """Nothing is kept."""

    def mark(self, kept: Kept) -> None:
        """Nothing was written."""

    def close(self, index: int) -> None:
        """Nothing is open."""

    def finish(self) -> None:
        """Nothing to write."""

    def abandon(self) -> None:
        """Nothing to leave behind."""
