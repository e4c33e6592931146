"""The ledger and the event log as Arrow tables: what the kernel's words mean, column by column."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path as File
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from bifurque.engine.program import Program
from bifurque.engine.texts import Texts
from bifurque.rules.compiled import Words
from bifurque.rules.layout import (
    EVENT_ROW,
    EVENTS_COUNT,
    H_EVENT_ROWS,
    H_ROWS,
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
SOURCES = ("model", "import", "model")
"""Where an event comes from, by the kernel's code; arrivals are part of the model."""
TEXT_COLUMNS = ("journey", "step", "message", "channel", "category", "outcome", "reason", "winner", "cause", "arm")
EVENT_TEXTS = ("type", "source", "message")


class Tabulator:
    """Turns rows of words into tables, with dictionaries made once."""

    def __init__(self, program: Program, texts: Texts) -> None:
        names, plan = program.names, program.plan
        self.texts = texts
        self.journeys = pa.array(["", *names.journeys])
        self.steps = pa.array(["", *(name for _, name in program.steps), *names.stages])
        self.outcomes, self.reasons = pa.array(OUTCOMES), pa.array(program.reasons)
        self.winners, self.causes, self.arms = (pa.array(w) for w in (program.winners, program.causes, program.arms))
        self.messages, self.channels = pa.array(["", *names.messages]), pa.array(["", *names.channels])
        self.categories = pa.array(["", *names.categories])
        messages, channels, categories = (list(a.to_pylist()) for a in (self.messages, self.channels, self.categories))
        self.send_message = np.array([0, *(messages.index(s.message) for s in program.sends)], np.int16)
        self.send_channel = np.array([0, *(channels.index(s.channel) for s in program.sends)], np.int16)
        kinds = [categories.index(plan.messages[s.message].category) for s in program.sends]
        self.send_category = np.array([0, *kinds], np.int16)
        self.types, self.sources = pa.array(names.events), pa.array(SOURCES)

    def decisions(self, rows: Words) -> Any:
        """The ledger's columns of decision rows, shape (n, ROW)."""

        def coded(column: int, words: Any) -> Any:
            return pa.DictionaryArray.from_arrays(rows[:, column].astype(np.int16), words, safe=False)

        send, until = rows[:, ROW_SEND], rows[:, ROW_UNTIL]
        return pa.table(
            {
                "contact": rows[:, ROW_CONTACT],
                "time": _seconds(rows[:, ROW_TIME]),
                "journey": coded(ROW_JOURNEY, self.journeys),
                "step": coded(ROW_STEP, self.steps),
                "visit": rows[:, ROW_VISIT].astype(np.int32),
                "message": pa.DictionaryArray.from_arrays(self.send_message[send], self.messages, safe=False),
                "channel": pa.DictionaryArray.from_arrays(self.send_channel[send], self.channels, safe=False),
                "category": pa.DictionaryArray.from_arrays(self.send_category[send], self.categories, safe=False),
                "outcome": coded(ROW_OUTCOME, self.outcomes),
                "reason": coded(ROW_REASON, self.reasons),
                "winner": coded(ROW_WINNER, self.winners),
                "until": _seconds(until, until == 0),
                "cause": coded(ROW_CAUSE, self.causes),
                "arm": coded(ROW_ARM, self.arms),
                "value_cents": rows[:, ROW_VALUE],
            }
        )

    def events(self, rows: Words) -> Any:
        """The event log's columns of event rows, shape (n, EVENT_ROW)."""
        value = rows[:, 4]
        return pa.table(
            {
                "contact": rows[:, 0],
                "time": _seconds(rows[:, 1]),
                "type": pa.DictionaryArray.from_arrays(rows[:, 2].astype(np.int16), self.types, safe=False),
                "key": self.texts.decode(rows[:, 3]),
                "value": pa.array(value, mask=value == MISSING),
                "source": pa.DictionaryArray.from_arrays(rows[:, 5].astype(np.int8), self.sources, safe=False),
                "message": pa.DictionaryArray.from_arrays(self.send_message[rows[:, 6]], self.messages, safe=False),
            }
        )


def _seconds(values: Any, mask: Any = None) -> Any:
    return (
        pa.array(np.ascontiguousarray(values), mask=mask).view(UTC_SECONDS) if mask is None else _masked(values, mask)
    )


def _masked(values: Any, mask: Any) -> Any:
    return pa.array(values, pa.int64(), mask=mask).view(UTC_SECONDS)


def taken(words: Words) -> tuple[Words, Words]:
    """Copies of the decision rows and event rows that stand in a lane's memory."""
    at, count = int(words[H_ROWS]), int(words[ROWS_COUNT])
    rows = words[at : at + count * ROW].reshape(count, ROW).copy()
    at, count = int(words[H_EVENT_ROWS]), int(words[EVENTS_COUNT])
    return rows, words[at : at + count * EVENT_ROW].reshape(count, EVENT_ROW).copy()


class Part:
    """One Parquet file under way: it gets its name only once it is whole."""

    def __init__(self, file: File, texts: Sequence[str]) -> None:
        self.file, self.texts = file, list(texts)
        self.partial = file.with_suffix(".partial")
        self.writer: Any = None

    def write(self, table: Any) -> None:
        """Append a table as a row group."""
        if self.writer is None:
            self.writer = parquet.ParquetWriter(
                self.partial, table.schema, compression="zstd", compression_level=1, use_dictionary=self.texts
            )
        self.writer.write_table(table)

    def close(self) -> None:
        """Finish the file: all of it on the disk, then its name."""
        if self.writer is None:
            return
        self.writer.close()
        with self.partial.open("rb") as stream:
            os.fsync(stream.fileno())
        self.partial.rename(self.file)

    def abandon(self) -> None:
        """Leave nothing behind."""
        if self.writer is not None:
            with contextlib.suppress(OSError):
                self.writer.close()
        self.partial.unlink(missing_ok=True)
