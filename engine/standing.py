"""Who stands where at the end of a run: `standing.parquet`, a row per contact and visit under way."""

from __future__ import annotations

import threading
from pathlib import Path as File
from typing import Any

import numpy as np

from bifurque.actors.host import Sink
from bifurque.actors.layout import J_N_SLOTS, JOURNEY, SD_CONTACT, SD_DUE, SD_JOURNEY, SD_STAGE, SD_STEP, STANDING
from bifurque.engine.ledger import Part, Tabulator
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


def with_room(words: Words) -> Words:
    """A lane's memory with room for where contacts stand; so much behind it as one contact may need."""
    first = int(words[H_JOURNEYS])
    most = 1 + sum(int(words[first + j * JOURNEY + J_N_SLOTS]) for j in range(int(words[H_N_JOURNEYS])))
    found = np.concatenate([words, np.zeros((ROOM + most + 1) * STANDING, np.int64)])
    found[H_STANDING], found[H_STANDING_SIZE] = len(words), ROOM
    return found


class Standing:
    """A sink that keeps where contacts stand, in few bytes, and hands all else on."""

    def __init__(self, sink: Sink, start: int) -> None:
        self.sink, self.start = sink, start
        self.kept: dict[int, list[Any]] = {}
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
            self.kept.setdefault(index, []).append(kept)

    def close(self, index: int) -> None:
        """A stretch is done."""
        self.sink.close(index)

    def write(self, folder: File, tabulator: Tabulator, stages: tuple[str, ...], *, mixed: bool) -> None:
        """Write the file, by contact; `mixed`: contacts have come in any order."""
        every = [kept for index in sorted(self.kept) for kept in self.kept[index]]
        self.kept.clear()
        rows = np.concatenate(every) if every else np.empty(0, KEPT)
        if mixed:
            rows = rows[np.argsort(rows["contact"], kind="stable")]
        part = Part(folder / FILE, ("stage", "journey", "step"))
        for first in range(0, max(len(rows), 1), AT_ONCE):
            part.write(self._table(rows[first : first + AT_ONCE], tabulator, stages))
        part.close()

    def _table(self, rows: Any, tabulator: Tabulator, stages: tuple[str, ...]) -> Any:
        import pyarrow as pa

        due = rows["due"].astype(np.int64)
        when = pa.array(due + self.start - 1, pa.int64(), mask=due == 0)
        names = pa.DictionaryArray.from_arrays(rows["stage"].astype(np.int16), pa.array(stages, pa.string()))
        columns = {
            "contact": pa.array(rows["contact"].copy()),
            "stage": names,
            "journey": tabulator.journeys.column(rows["journey"]),
            "step": tabulator.steps.column(rows["step"]),
            "due": when.view(pa.timestamp("s", "UTC")),
        }
        return pa.table(columns)
