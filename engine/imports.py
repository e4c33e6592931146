"""Events from a file: what really happened, in the order it happened, for the contacts of the run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path as File
from typing import Any

import numpy as np
import pyarrow.compute as pc

from bifurque.actors.layout import E_CAUSE, E_KEY, E_MESSAGE, E_TIME, E_TYPE, E_VALUE, EVENT
from bifurque.engine.columns import bad, column, instants, read_table, texts, unused_columns, whole_numbers
from bifurque.engine.contacts import contact_numbers
from bifurque.engine.program import Program
from bifurque.engine.tables import hash64
from bifurque.engine.texts import Texts
from bifurque.engine.values import shown
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError, did_you_mean, nearest
from bifurque.rules.layout import MISSING, NO_KEY
from bifurque.rules.numbers import GOLD

COLUMNS = ("contact", "time", "type", "key", "value", "message")
MESSAGE_EVENTS = ("opened", "clicked", "unsubscribed")


@dataclass
class Imported:
    """Imported events, sorted by contact, then time, then the order of the file.

    Attributes:
        rows: time, type, key, value and send row of each.
        contacts: the contact of each.
        ids: external ids, where contacts are texts.
        ignored: how many were left out, by reason.
        notes: what else is worth knowing.
        file: where they come from.
        pairs: friends that joined after an invitation.
    """

    rows: Words
    contacts: Words
    ids: Any
    ignored: dict[str, int]
    notes: list[str] = field(default_factory=list)
    file: str | File | None = None
    pairs: int = 0

    def bounds(self, contacts: Words) -> Words:
        """For each of some contacts (in ascending order) its first event, and one bound more at the end.

        They are neighbours: nobody with events stands between two of them, for the first would live these too.
        """
        first = np.searchsorted(self.contacts, contacts, side="left")
        last = np.searchsorted(self.contacts, contacts[-1:], side="right") if len(contacts) else first
        return np.concatenate([first, last]).astype(np.int64)


def no_events() -> Imported:
    """No event at all."""
    return Imported(np.zeros((0, EVENT), np.int64), np.zeros(0, np.int64), None, {})


def read_events(program: Program, file: str | File, found: Texts) -> Imported:
    """Read events: columns `contact`, `time`, `type`, and if there are any `key`, `value`, `message`.

    Raises:
        DataError: the file cannot be read, a column is missing, or a value is not what it should be.
    """
    table = read_table(file, ("parquet", "csv", "jsonl"))
    if table.num_rows == 0:
        raise DataError(f"{file}: holds no event")
    unused_columns(table, COLUMNS, file)
    contacts, ids = contact_numbers(column(table, "contact", file), file)
    times = instants(column(table, "time", file), file, "time")
    if (times == MISSING).any():
        raise bad(file, int(np.argmax(times == MISSING)), "time", None, "an instant")
    kinds, kind_names = _kinds(program, table, file)
    keys = _texts(table, "key", file, found)
    values = column(table, "value", file, needed=False)
    amounts = np.full(len(times), MISSING, np.int64)
    if values is not None:
        amounts = whole_numbers(values, file, "value", "a whole number (of cents, if it is money)")
    rows = np.zeros((len(times), EVENT), np.int64)
    rows[:, E_TIME], rows[:, E_TYPE], rows[:, E_KEY], rows[:, E_VALUE] = times, kinds, keys, amounts
    rows[:, E_MESSAGE], notes = _messages(program, table, file, kinds, found, keys)
    keep, ignored = _within(program, rows, kind_names)
    order = np.lexsort((np.arange(len(times)), times, contacts))
    order = order[keep[order]]
    rows, contacts = np.ascontiguousarray(rows[order]), contacts[order]
    rows[:, E_CAUSE] = event_causes(program, rows[:, E_TYPE], contacts)
    return Imported(rows, contacts, ids, ignored, notes, file)


def event_purpose(event: str) -> int:
    """What the draws of those who answer an event are keyed by, with how often it has happened to them."""
    return hash64("events", event)


def with_events(program: Program, imported: Imported, rows: Words, contacts: Words) -> Imported:
    """Events with more of them, which come last at equal times."""
    rows, contacts = np.concatenate([imported.rows, rows]), np.concatenate([imported.contacts, contacts])
    order = np.lexsort((np.arange(len(rows)), rows[:, E_TIME], contacts))
    rows, contacts = np.ascontiguousarray(rows[order]), contacts[order]
    rows[:, E_CAUSE] = event_causes(program, rows[:, E_TYPE], contacts)
    return replace(imported, rows=rows, contacts=contacts)


def event_causes(program: Program, kinds: Words, contacts: Words) -> Words:
    """`nth` of every event, by its type's name and its count among those of its contact: nothing else redraws."""
    purposes = np.array([event_purpose(e) for e in program.names.events], np.int64)
    order = np.lexsort((kinds, contacts))
    places = np.arange(len(kinds))
    new = np.ones(len(kinds), bool)
    new[1:] = (np.diff(kinds[order]) != 0) | (np.diff(contacts[order]) != 0)
    counts = np.empty(len(kinds), np.int64)
    counts[order] = places - np.maximum.accumulate(np.where(new, places, 0))
    with np.errstate(over="ignore"):
        return np.asarray((purposes[kinds].view(np.uint64) + GOLD * counts.view(np.uint64)).view(np.int64))


def _kinds(program: Program, table: Any, file: str | File) -> tuple[Words, dict[int, str]]:
    """Event types by number; those the plan never mentions get numbers below 0."""
    values = texts(column(table, "type", file), file, "type")
    missing = np.asarray(pc.is_null(values))
    if missing.any():
        raise bad(file, int(np.argmax(missing)), "type", None, "an event type")
    encoded = pc.dictionary_encode(values).unify_dictionaries().combine_chunks()
    encoded = encoded if hasattr(encoded, "dictionary") else encoded.chunk(0)
    known = {e: i for i, e in enumerate(program.names.events)}
    numbers: list[int] = []
    strange: dict[int, str] = {}
    for name in encoded.dictionary.to_pylist():
        if name not in known:
            strange[-1 - len(strange)] = name
        numbers.append(known.get(name, -len(strange)))
    return np.array(numbers, np.int64)[np.asarray(encoded.indices, np.int64)], strange


def _texts(table: Any, name: str, file: str | File, found: Texts) -> Words:
    values = column(table, name, file, needed=False)
    if values is None:
        return np.full(table.num_rows, NO_KEY, np.int64)
    words = texts(values, file, name)
    return found.codes(pc.if_else(pc.equal(words, ""), None, words))


def _messages(
    program: Program, table: Any, file: str | File, kinds: Words, found: Texts, keys: Words
) -> tuple[Words, list[str]]:
    """The send row of the message an event is about: its `message`, or the key of an open, click or unsubscribe."""
    named = _texts(table, "message", file, found)
    notes = _unknown_messages(program, table)
    events = program.names.events
    about = np.isin(kinds, [events.index(e) for e in MESSAGE_EVENTS])
    named = np.where((named == NO_KEY) & about, keys, named)
    rows = np.full(len(kinds), -1, np.int64)
    for message in program.names.messages:
        code = found.seen.get(message)
        if code is not None:
            rows[named == code] = program.send_address(message)
    return rows, notes


def _unknown_messages(program: Program, table: Any) -> list[str]:
    """Messages that events name and the plan does not have."""
    values = column(table, "message", "", needed=False)
    named = pc.unique(values).to_pylist() if values is not None else []
    strange = sorted(str(m) for m in named if m and m not in program.names.messages)
    if not strange:
        return []
    more = did_you_mean(strange[0], program.names.messages)
    return [f"events name {len(strange):,} messages that the plan does not have, such as `{shown(strange[0])}`{more}"]


def _within(program: Program, rows: Words, strange: dict[int, str]) -> tuple[Any, dict[str, int]]:
    """Which events take part in the run, and why the others do not."""
    ignored: dict[str, int] = {}
    for number, name in strange.items():
        near = nearest(name, program.names.events)
        more = f"; did you mean `{near}`?" if near else ""
        ignored[f"of type `{shown(name)}`, which the plan never mentions{more}"] = int(
            (rows[:, E_TYPE] == number).sum()
        )
    early, late = rows[:, E_TIME] < program.start, rows[:, E_TIME] >= program.end
    keep = (rows[:, E_TYPE] >= 0) & ~early & ~late
    for which, text in ((early, "before the first day of the run"), (late, "after the last day of the run")):
        if which.any():
            ignored[text] = int(which.sum())
    return keep, ignored
