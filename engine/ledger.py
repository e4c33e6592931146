"""The ledger and the event log as Arrow tables: what the kernel's words mean, column by column."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path as File
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from bifurque.actors.host import take_lost
from bifurque.actors.layout import FROM_VISIT
from bifurque.engine.program import Program
from bifurque.engine.texts import Texts
from bifurque.rules.compiled import Words
from bifurque.rules.layout import (
    EVENT_ROW,
    EVENTS_COUNT,
    H_EVENT_ROWS,
    H_LOST,
    H_ROWS,
    LO_COUNT,
    LO_SIZE,
    MISSING,
    OUTCOMES,
    ROW,
    ROW_ARM,
    ROW_CAUSE,
    ROW_CONTACT,
    ROW_JOURNEY,
    ROW_OUTCOME,
    ROW_REASON,
    ROW_SEND,
    ROW_STEP,
    ROW_TIME,
    ROW_UNTIL,
    ROW_VALUE,
    ROW_VISIT,
    ROW_WINNER,
    ROWS_COUNT,
)

UTC_SECONDS = pa.timestamp("s", "UTC")
SOURCES = ("model", "import", "model", "machine", "model", "model")
"""Where an event comes from, by the kernel's code; arrivals and what visits cause are part of the model."""
TEXT_COLUMNS = ("journey", "step", "message", "channel", "category", "outcome", "reason", "winner", "cause", "arm")
EVENT_TEXTS = ("type", "source", "message")
DELTA = ("contact", "time", "visit", "until", "value_cents")
"""Columns written as differences of one row to the next: rows are sorted, so most are small."""


class Vocabulary:
    """The texts of a column by code; each stands once, for Parquet files of repeated ones differ from run to run."""

    def __init__(self, words: Iterable[str]) -> None:
        every = list(words)
        once = {word: i for i, word in enumerate(dict.fromkeys(every))}
        self.words = pa.array(once, pa.string())
        self.places = np.array([once[word] for word in every], np.int16)

    def column(self, codes: Any) -> Any:
        """A column of codes as texts, dictionary-encoded."""
        return pa.DictionaryArray.from_arrays(self.places[codes], self.words, safe=False)


class Tabulator:
    """Turns rows of words into tables, with dictionaries made once."""

    def __init__(self, program: Program, texts: Texts) -> None:
        names, plan = program.names, program.plan
        self.texts = texts
        self.journeys = Vocabulary(["", *names.journeys])
        self.steps = Vocabulary(["", *(name for _, name in program.steps), *names.stages])
        self.outcomes, self.reasons = Vocabulary(OUTCOMES), Vocabulary(program.reasons)
        self.winners, self.causes, self.arms = map(Vocabulary, (program.winners, program.causes, program.arms))
        self.messages = Vocabulary(["", *(s.message for s in program.sends)])
        self.channels = Vocabulary(["", *(s.channel for s in program.sends)])
        self.categories = Vocabulary(["", *(plan.messages[s.message].category for s in program.sends)])
        self.types, self.sources = Vocabulary(names.events), Vocabulary(SOURCES)

    def decisions(self, rows: Words) -> Any:
        """The ledger's columns of decision rows, shape (n, ROW)."""
        send, until = rows[:, ROW_SEND], rows[:, ROW_UNTIL]
        columns = {
            "contact": rows[:, ROW_CONTACT].copy(),
            "time": _seconds(rows[:, ROW_TIME]),
            "journey": self.journeys.column(rows[:, ROW_JOURNEY]),
            "step": self.steps.column(rows[:, ROW_STEP]),
            "visit": rows[:, ROW_VISIT].astype(np.int32),
            "message": self.messages.column(send),
            "channel": self.channels.column(send),
            "category": self.categories.column(send),
            "outcome": self.outcomes.column(rows[:, ROW_OUTCOME]),
            "reason": self.reasons.column(rows[:, ROW_REASON]),
            "winner": self.winners.column(rows[:, ROW_WINNER]),
            "until": _seconds(until, until == 0),
            "cause": self.causes.column(rows[:, ROW_CAUSE]),
            "arm": self.arms.column(rows[:, ROW_ARM]),
            "value_cents": rows[:, ROW_VALUE].copy(),
        }
        return _table(columns, ("until",))

    def events(self, rows: Words) -> Any:
        """The event log's columns of event rows, shape (n, EVENT_ROW)."""
        value = rows[:, 4]
        columns = {
            "contact": rows[:, 0].copy(),
            "time": _seconds(rows[:, 1]),
            "type": self.types.column(rows[:, 2]),
            "key": self.texts.decode(rows[:, 3]),
            "value": pa.array(value, mask=value == MISSING),
            "source": self.sources.column(np.minimum(rows[:, 5], FROM_VISIT)),
            "message": self.messages.column(rows[:, 6]),
        }
        return _table(columns, ("key", "value"))


def _seconds(values: Any, mask: Any = None) -> Any:
    return pa.array(values.copy(), pa.int64(), mask=mask).view(UTC_SECONDS)


def _table(columns: dict[str, Any], unknown: tuple[str, ...]) -> Any:
    """A table of which only the columns of `unknown` may hold nulls: that halves the time Parquet takes."""
    arrays = [pa.array(column) for column in columns.values()]
    fields = [pa.field(name, a.type, name in unknown) for name, a in zip(columns, arrays, strict=True)]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def taken(words: Words) -> tuple[Words, Words]:
    """The decision rows and event rows that stand in a lane's memory: good until the lane goes on."""
    at, count = int(words[H_ROWS]), int(words[ROWS_COUNT])
    rows = words[at : at + count * ROW].reshape(count, ROW)
    at, count = int(words[H_EVENT_ROWS]), int(words[EVENTS_COUNT])
    return rows, words[at : at + count * EVENT_ROW].reshape(count, EVENT_ROW)


def take_rows(words: Words) -> tuple[Words, Words]:
    """Take decision rows and event rows out of a memory that has run out of room, or is done: it can go on."""
    rows, events = (some.copy() for some in taken(words))
    words[ROWS_COUNT] = words[EVENTS_COUNT] = 0
    lost = int(words[H_LOST])
    if 2 * words[lost + LO_COUNT] > words[lost + LO_SIZE]:  # that is no room, too: see `full` in actors/lane.py
        take_lost(words)
    return rows, events


def settle(files: Iterable[File]) -> None:
    """Wait until files are on the disk: many at once, for a disk takes as long for one as for several."""
    with ThreadPoolExecutor(16, thread_name_prefix="disk") as pool:
        list(pool.map(_settle, files))


def _settle(file: File) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())


class Part:
    """One Parquet file under way: it gets its name only once it is whole."""

    def __init__(self, file: File, texts: Sequence[str], life: str = "") -> None:
        self.file, self.texts = file, list(texts)
        self.partial = file.with_suffix(f".{life}.partial" if life else ".partial")  # of whoever writes it
        self.writer: Any = None

    def write(self, table: Any) -> None:
        """Append a table as a row group."""
        if self.writer is None:
            options = {"compression": "zstd", "compression_level": 1, "write_statistics": ["contact", "time"]}
            options["column_encoding"] = {c: "DELTA_BINARY_PACKED" for c in DELTA if c in table.column_names}
            self.writer = parquet.ParquetWriter(self.partial, table.schema, use_dictionary=self.texts, **options)
        self.writer.write_table(table)

    def close(self) -> None:
        """Finish the file, and give it its name."""
        if self.writer is not None:
            self.writer.close()
            self.partial.rename(self.file)

    def abandon(self) -> None:
        """Leave nothing behind."""
        if self.writer is not None:
            with contextlib.suppress(OSError):
                self.writer.close()
        self.partial.unlink(missing_ok=True)
