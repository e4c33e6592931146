"""Rows of contacts that wait for each other, put aside by partition until all have come, so that a run can go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path as File

import numpy as np

from bifurque.engine.contacts import PARTS
from bifurque.engine.keeping import Kept, Segment, Trail, rows_folder
from bifurque.engine.ledger import EVENT_TEXTS, TEXT_COLUMNS, Part, Tabulator, settle, taken
from bifurque.engine.sink import in_order
from bifurque.rules.compiled import Words
from bifurque.rules.layout import EVENT_ROW, ROW

ROOM = 1 << 20
"""So many words are gathered before they go to disk."""
KINDS = {"ledger": ROW, "events": EVENT_ROW}


class Shelves:
    """Rows put aside by partition, in files that only grow; one Parquet file per partition at the end.

    No two hosts ever write to one file: `life` is of one start of one host, and part of the names.

    Attributes:
        seconds: processor time spent on it by all threads.
        rows: decision rows taken.
    """

    def __init__(
        self,
        folder: File,
        tabulator: Tabulator,
        parts: tuple[int, ...],
        home: Callable[[Words], Words],
        life: str,
        earlier: dict[str, list[Segment]],
    ) -> None:
        self.folder, self.tabulator, self.parts, self.life, self.earlier = folder, tabulator, parts, life, earlier
        self.home, self.aside = home, rows_folder(folder)
        self.gathered: dict[str, list[Words]] = {kind: [] for kind in KINDS}
        self.words = 0
        self.trails: dict[str, Trail] = {}
        self.unsettled: set[File] = set()
        self.seconds = 0.0
        self.rows = 0
        self.lock = threading.Lock()

    def take(self, index: int, words: Words) -> None:
        """Take rows as they come; those of one contact come one after the other."""
        began = time.thread_time()
        rows, events = taken(words)
        with self.lock:
            self.rows += len(rows)
            for kind, some in (("ledger", rows), ("events", events)):
                if len(some):
                    self.gathered[kind].append(some.copy())
                    self.words += some.size
            if self.words > ROOM:
                self._put_away()
            self.seconds += time.thread_time() - began

    def close(self, index: int) -> None:
        """A stretch is done: nothing is open."""

    def _put_away(self) -> None:
        for kind, some in self.gathered.items():
            if not some:
                continue
            rows = np.concatenate(some)
            of = self.home(np.ascontiguousarray(rows[:, 0]))
            order = np.argsort(of, kind="stable")
            ends = np.searchsorted(of[order], np.arange(PARTS + 1))
            for part in np.nonzero(np.diff(ends))[0].tolist():
                self._append(kind, part, np.ascontiguousarray(rows[order[ends[part] : ends[part + 1]]]))
            some.clear()
        self.words = 0

    def _append(self, kind: str, part: int, rows: Words) -> None:
        name = f"{kind}-{part:03d}"
        if name not in self.trails:
            self.trails[name] = Trail(self.aside / f"{name}-{self.life}.rows")
        self.trails[name].append(rows)
        self.unsettled.add(self.trails[name].file)

    def mark(self, kept: Kept) -> None:
        """Write all rows, and say where they are."""
        self._tell(kept)
        kept.settling += self.unsettled
        self.unsettled.clear()

    def _tell(self, kept: Kept) -> None:
        self._put_away()
        for name, segments in self.earlier.items():
            kept.segments.setdefault(name, []).extend(segments)
        for name, trail in self.trails.items():
            kept.segments.setdefault(name, []).append(trail.mark())

    def finish(self) -> None:
        """Write one Parquet file per partition, by contact; within a contact in the order the rows came."""
        began = time.perf_counter()
        kept = Kept()
        self._tell(kept)
        for part in self.parts:
            self._write(part, kept)
        settle(
            self.folder / k / f"{n}-{p:03d}.parquet"
            for k, n in NAMES.items()
            for p in self.parts
            if self._has(k, p, kept)
        )
        self.seconds += time.perf_counter() - began

    def _has(self, kind: str, part: int, kept: Kept) -> bool:
        return f"{kind}-{part:03d}" in kept.segments

    def _write(self, part: int, kept: Kept) -> None:
        tables = {"ledger": self.tabulator.decisions, "events": self.tabulator.events}
        texts = {"ledger": TEXT_COLUMNS, "events": EVENT_TEXTS}
        for kind, width in KINDS.items():
            if not self._has(kind, part, kept):
                continue
            segments = kept.segments[f"{kind}-{part:03d}"]
            words = [np.fromfile(self.aside / s.file, np.int64, s.bytes // 8) for s in segments]
            rows = in_order(np.concatenate(words).reshape(-1, width))
            one = Part(self.folder / kind / f"{NAMES[kind]}-{part:03d}.parquet", texts[kind], self.life)
            one.write(tables[kind](rows))
            one.close()

    def abandon(self) -> None:
        """Nothing is open; what was put aside is for whoever goes on from a checkpoint."""


NAMES = {"ledger": "decisions", "events": "events"}
