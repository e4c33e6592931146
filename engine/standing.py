"""Who stands where at the end of a run: `standing.parquet`, a row per contact and visit under way."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path as File
from typing import Any

import numpy as np

from bifurque.actors.host import Sink
from bifurque.actors.layout import J_N_SLOTS, JOURNEY, SD_CONTACT, SD_DUE, SD_JOURNEY, SD_STAGE, SD_STEP, STANDING
from bifurque.engine.keeping import Kept, Segment, Trail, rows_folder
from bifurque.engine.ledger import Part, Tabulator
from bifurque.engine.setting import Setting
from bifurque.rules.compiled import Words
from bifurque.rules.layout import (
    EVENTS_COUNT,
    H_JOURNEYS,
    H_N_JOURNEYS,
    H_STANDING,
    H_STANDING_SIZE,
    ROWS_COUNT,
    STANDING_COUNT,
)

FILE = "standing.parquet"
ROOM = 4096
KEPT = np.dtype([("contact", "<i8"), ("due", "<u4"), ("step", "<u2"), ("journey", "<u2"), ("stage", "<u2")])
"""18 bytes a row until the end of the run; the due instant in seconds from the start, and one."""
AT_ONCE = 1 << 18
RUN = 1 << 20


def with_room(words: Words) -> Words:
    """A lane's memory with room for where contacts stand; so much behind it as one contact may need."""
    first = int(words[H_JOURNEYS])
    most = 1 + sum(int(words[first + j * JOURNEY + J_N_SLOTS]) for j in range(int(words[H_N_JOURNEYS])))
    found = np.concatenate([words, np.zeros((ROOM + most + 1) * STANDING, np.int64)])
    found[H_STANDING], found[H_STANDING_SIZE] = len(words), ROOM
    return found


class Standing:
    """A sink that keeps where contacts stand, in few bytes, and hands all else on.

    What is kept goes to disk a million rows at a time, in runs that are each sorted by contact.
    """

    def __init__(self, sink: Sink, start: int, folder: File, life: str, earlier: Sequence[Segment] = ()) -> None:
        self.sink, self.start, self.life = sink, start, life
        self.folder, self.runs = rows_folder(folder), list(earlier)
        self.kept: list[Any] = []
        self.count = 0
        self.settled = len(self.runs)
        self.lock = threading.Lock()

    def take(self, index: int, words: Words) -> None:
        """Take what stands in a lane's memory."""
        if words[ROWS_COUNT] or words[EVENTS_COUNT]:
            self.sink.take(index, words)
        count, at = int(words[STANDING_COUNT]), int(words[H_STANDING])
        if not count:
            return
        rows = words[at : at + count * STANDING].reshape(count, STANDING)
        kept = np.empty(count, KEPT)
        kept["contact"], kept["stage"] = rows[:, SD_CONTACT], rows[:, SD_STAGE]
        kept["journey"], kept["step"] = rows[:, SD_JOURNEY], rows[:, SD_STEP]
        due = rows[:, SD_DUE]
        kept["due"] = np.where(due == 0, 0, np.clip(due - self.start + 1, 1, 2**32 - 1))
        with self.lock:
            self.kept.append(kept)
            self.count += count
            if self.count >= RUN:
                self._write()

    def _write(self) -> None:
        if not self.kept:
            return
        rows = np.concatenate(self.kept)
        self.kept.clear()
        self.count = 0
        trail = Trail(self.folder / f"standing-{self.life}-{len(self.runs):04d}.rows")
        trail.append(rows[np.argsort(rows["contact"], kind="stable")])
        self.runs.append(trail.mark())

    def close(self, index: int) -> None:
        """A stretch is done."""
        self.sink.close(index)

    def mark(self, kept: Kept) -> None:
        """Write all rows, and say where they are."""
        self._write()
        kept.standing += self.runs
        kept.settling += [self.folder / run.file for run in self.runs[self.settled :]]
        self.settled = len(self.runs)

    def finish(self) -> list[str]:
        """Write all rows; the files they are in, for `write_standing`."""
        self._write()
        return [run.file for run in self.runs]


def write_standing(folder: File, names: Sequence[str], setting: Setting) -> None:
    """Write `standing.parquet`, by contact, from the runs of all hosts; never all of it in memory."""
    tabulator, start = Tabulator(setting.program, setting.texts), setting.program.start
    part = Part(folder / FILE, ("stage", "journey", "step"))
    aside = rows_folder(folder)
    waiting = np.empty(0, KEPT)
    for rows in together([_opened(aside / name) for name in names], max(AT_ONCE // max(len(names), 1), 4096)):
        waiting = np.concatenate([waiting, rows])
        while len(waiting) >= AT_ONCE:
            part.write(_table(waiting[:AT_ONCE], tabulator, setting.program.names.stages, start))
            waiting = waiting[AT_ONCE:]
    if len(waiting) or part.writer is None:
        part.write(_table(waiting, tabulator, setting.program.names.stages, start))
    part.close()


def _opened(file: File) -> Any:
    return np.memmap(file, KEPT, "r")


def together(sources: Sequence[Any], size: int) -> Iterator[Any]:
    """Rows of sources that are each sorted by contact as one such source, some `size` of each at a time.

    No contact is in two sources.
    """
    at = [0 for _ in sources]
    while any(a < len(s) for a, s in zip(at, sources, strict=True)):
        windows = [s[a : a + size] for a, s in zip(at, sources, strict=True)]
        ends = [w["contact"][-1] for a, w, s in zip(at, windows, sources, strict=True) if a + len(w) < len(s)]
        some = windows
        if ends:  # as far as all of them have been looked at; the last contact may go on
            some = [w[: np.searchsorted(w["contact"], min(ends))] for w in windows]
        if not any(map(len, some)):
            size *= 2
            continue
        at = [a + len(w) for a, w in zip(at, some, strict=True)]
        rows = np.concatenate(some)
        yield rows[np.argsort(rows["contact"], kind="stable")]


def _table(rows: Any, tabulator: Tabulator, stages: tuple[str, ...], start: int) -> Any:
    import pyarrow as pa

    due = rows["due"].astype(np.int64)
    when = pa.array(due + start - 1, pa.int64(), mask=due == 0)
    names = pa.DictionaryArray.from_arrays(rows["stage"].astype(np.int16), pa.array(stages, pa.string()))
    columns = {
        "contact": pa.array(rows["contact"].copy()),
        "stage": names,
        "journey": tabulator.journeys.column(rows["journey"]),
        "step": tabulator.steps.column(rows["step"]),
        "due": when.view(pa.timestamp("s", "UTC")),
    }
    return pa.table(columns)
