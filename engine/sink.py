"""Where a run's rows go: every contact, a sample, or nobody; whole files only."""

from __future__ import annotations

import threading
import time
from pathlib import Path as File
from typing import Any

import pyarrow as pa

from bifurque.engine.ledger import EVENT_TEXTS, TEXT_COLUMNS, Part, Tabulator, settle, taken
from bifurque.rules.compiled import Words


class Writer:
    """Writes rows as Parquet.

    A full ledger is one file per stretch, written where the stretch runs; a sample is gathered and written at the end
    as one file. Either way the files are sorted by contact.

    Attributes:
        seconds: processor time spent on it by all threads, and the wait for the disk at the end.
        rows: decision rows taken.
    """

    def __init__(self, folder: File, tabulator: Tabulator, *, full: bool) -> None:
        self.folder, self.tabulator, self.full = folder, tabulator, full
        self.parts: dict[int, tuple[Part, Part]] = {}
        self.gathered: dict[int, list[tuple[Any, Any]]] = {}
        self.seconds = 0.0
        self.rows = 0
        self.lock = threading.Lock()

    def take(self, index: int, words: Words) -> None:
        """Take a stretch's rows as they come."""
        began = time.thread_time()
        rows, events = taken(words)
        tables = (self.tabulator.decisions(rows), self.tabulator.events(events))
        if self.full:
            part = self._part(index)
            for one, table in zip(part, tables, strict=True):
                if table.num_rows:
                    one.write(table)
        else:
            self.gathered.setdefault(index, []).append(tables)
        with self.lock:
            self.seconds += time.thread_time() - began
            self.rows += len(rows)

    def _part(self, index: int) -> tuple[Part, Part]:
        if index not in self.parts:
            name = f"{index:05d}.parquet"
            ledger = Part(self.folder / "ledger" / f"decisions-{name}", TEXT_COLUMNS)
            self.parts[index] = (ledger, Part(self.folder / "events" / f"events-{name}", EVENT_TEXTS))
        return self.parts[index]

    def close(self, index: int) -> None:
        """Finish the files of a stretch."""
        if self.full and index in self.parts:
            began = time.thread_time()
            for part in self.parts.pop(index):
                part.close()
            with self.lock:
                self.seconds += time.thread_time() - began

    def finish(self) -> None:
        """Write the sample: what stretches gave, in their order. Then wait for the disk."""
        began = time.perf_counter()
        if not self.full:
            self._write_sample()
        settle(f for part in ("ledger", "events") for f in (self.folder / part).glob("*.parquet"))
        self.seconds += time.perf_counter() - began

    def _write_sample(self) -> None:
        tables = [pair for index in sorted(self.gathered) for pair in self.gathered[index]]
        for one, which in zip(self._part(0), (0, 1), strict=True):
            if tables:
                one.write(pa.concat_tables([pair[which] for pair in tables]).combine_chunks())
            one.close()
        self.parts.clear()

    def abandon(self) -> None:
        """Leave no file that looks whole and is not."""
        for pair in self.parts.values():
            for part in pair:
                part.abandon()


class Nowhere:
    """No ledger at all."""

    seconds = 0.0
    rows = 0

    def take(self, index: int, words: Words) -> None:
        """Nothing is kept."""

    def close(self, index: int) -> None:
        """Nothing is open."""

    def finish(self) -> None:
        """Nothing to write."""

    def abandon(self) -> None:
        """Nothing to leave behind."""
