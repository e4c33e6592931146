"""What was lived, as arrays: an event log or the folder of a run, for those who estimate from it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bifurque.engine.columns import bad, column, instants, read_table, texts, truths, whole_numbers
from bifurque.engine.contacts import contact_numbers
from bifurque.engine.plan import Plan
from bifurque.engine.run import MANIFEST, open_run
from bifurque.engine.zones import known_zones, near_zone, read_zone, stretches
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError
from bifurque.rules.layout import MISSING

HOUR, DAY, WEEK = 3600, 86400, 604800
SENT, OPENED, CLICKED, UNSUBSCRIBED = "sent", "opened", "clicked", "unsubscribed"
COMPLAINED, BOUNCED, MACHINE, ASSIGNED = "complained", "bounced", "machine_opened", "assigned"
VOCABULARY = (SENT, OPENED, CLICKED, UNSUBSCRIBED, COMPLAINED, BOUNCED, MACHINE, ASSIGNED, "joined")
"""The event types an estimate may need, beside the purchases, visits and carts that the plan may call otherwise."""


@dataclass(frozen=True)
class Assignments:
    """Who was put into which arm, and when.

    Attributes:
        name: the journey or the experiment; empty for the log's own arms.
        contact: the contact of each.
        time: when it was put there.
        arm: the arm of each, by its place in `arms`.
        arms: their names.
        goal: the event that counts as conversion; empty for a purchase.
        within: how long it may take, in seconds; 0 for the rest of the log.
    """

    name: str
    contact: Words
    time: Words
    arm: Words
    arms: tuple[str, ...]
    goal: str = ""
    within: int = 0


@dataclass
class Log:
    """Events sorted by contact, then time, then the order of the file.

    Attributes:
        file: where they come from.
        ids: the contacts there are, in ascending order; elsewhere they are numbered by their place here.
        silent: how many more there are, of whom nothing is known but that they did nothing.
        contact, time, value: of each event; a value that is not known is MISSING.
        kind, key, message, channel: of each event, by its place in the list of words; -1 for none.
        words: those lists.
        start, end: the first and the last instant.
        offsets: stretches of the zone: first instant, seconds east of UTC.
        assignments: arms, if there are any.
        machines_known: whether opens that machines made are told apart.
        simulated: whether it is a run.
    """

    file: str
    ids: Words
    contact: Words
    time: Words
    value: Words
    kind: Words
    key: Words
    message: Words
    channel: Words
    words: dict[str, list[str]]
    start: int
    end: int
    offsets: tuple[tuple[int, int], ...]
    assignments: list[Assignments] = field(default_factory=list)
    machines_known: bool = False
    simulated: bool = False
    silent: int = 0

    @property
    def count(self) -> int:
        """How many contacts there are."""
        return len(self.ids)

    def places(self, contacts: Words) -> Words:
        """The numbers of contacts of the log by their ids."""
        return np.searchsorted(self.ids, contacts)

    def of(self, *kinds: str) -> Words:
        """The places of the events of some types, in order."""
        wanted = [i for i, word in enumerate(self.words["type"]) if word in kinds]
        return np.nonzero(np.isin(self.kind, wanted))[0]

    def local(self, times: Words) -> Words:
        """Wall-clock seconds since 1970-01-01 of some instants."""
        firsts = np.array([at for at, _ in self.offsets], np.int64)
        east = np.array([shift for _, shift in self.offsets], np.int64)
        return np.asarray(times + east[np.searchsorted(firsts, times, side="right") - 1])


def read_log(file: str | File, plan: Plan | None = None, *, zone: str | None = None, until: str | None = None) -> Log:
    """Read an event log, or the folder of a run with its ledger.

    Args:
        file: Parquet, CSV or JSON lines with `contact`, `time`, `type`, and if there are any `key`, `value` (money in
            cents), `message`, `channel`, `arm`, `machine` (whether a machine opened); or a run folder.
        plan: says the channels of messages and the zone; a run folder has its own.
        zone: on whose wall clock people live; by default the plan's, or UTC.
        until: the last day, `2025-09-30`; what comes later is left out.

    Raises:
        DataError: the file cannot be read, a column is missing, or a value is not what it should be.
    """
    path = File(file)
    if zone is not None and zone not in known_zones():
        raise DataError(f"--zone {zone}: no such time zone{near_zone(zone)}")
    run = open_run(path) if (path / MANIFEST).is_file() else None
    plan = run.plan if run is not None and plan is None else plan
    table = _of_run(run) if run is not None else read_table(path, ("parquet", "csv", "jsonl"))
    if table.num_rows == 0:
        raise DataError(f"{path}: holds no event")
    log = _read(path, table, zone or (plan.zone if plan else "UTC"), until)
    if plan is not None:
        _channels_of_plan(log, plan)
    if run is None or plan is None:
        log.assignments = _of_column(path, table, log)
        return log
    log.assignments = arms_of_run(run.ledger(), plan, log)
    from bifurque.engine.living import kept_share  # brings the kernel's compiler, which no other log needs

    log.simulated = True
    log.machines_known = log.machines_known or plan.behaviour.kind != "realistic"
    kept = kept_share(run.manifest["ledger"], int(run.manifest["contacts"]))
    log.silent = max(0, round(kept * run.kpis["contacts"]) - log.count)
    return log


def _read(path: File, table: Any, zone: str, until: str | None) -> Log:
    contacts, _ = contact_numbers(column(table, "contact", path), path)
    times = instants(column(table, "time", path), path, "time")
    if (times == MISSING).any():
        raise bad(path, int(np.argmax(times == MISSING)), "time", "", "an instant")
    values = column(table, "value", path, needed=False)
    cents = "a whole number of cents, such as 1250 for 12.50"
    amounts = np.full(len(times), MISSING, np.int64) if values is None else whole_numbers(values, path, "value", cents)
    named = {name: _coded(table, name, path) for name in ("type", "key", "message", "channel")}
    kinds, words = named["type"]
    if (kinds < 0).any():
        raise bad(path, int(np.argmax(kinds < 0)), "type", "", "an event type")
    machine = _machine(table, path, kinds, words)
    last = _last(until, zone)
    keep = np.nonzero(times < last)[0]
    if not len(keep):
        raise DataError(f"{path}: holds no event until {until}")
    order = keep[np.lexsort((keep, times[keep], contacts[keep]))]
    ids, number = np.unique(contacts[order], return_inverse=True)
    start, end = int(times[keep].min()), int(times[keep].max())
    return Log(
        file=path.name,
        ids=ids,
        contact=number.astype(np.int64),
        time=times[order],
        value=amounts[order],
        kind=kinds[order],
        key=named["key"][0][order],
        message=_about(named, kinds)[order],
        channel=named["channel"][0][order],
        words={name: list(found) for name, (_, found) in named.items()},
        start=start,
        end=end,
        offsets=stretches(zone, start, end + DAY),
        machines_known=machine,
    )


def _last(until: str | None, zone: str) -> int:
    """The first instant after the last day."""
    if until is None:
        return 1 << 62
    try:
        day = dt.date.fromisoformat(until) + dt.timedelta(days=1)
    except ValueError:
        raise DataError(f"--until {until}: a date such as 2025-09-30 is needed") from None
    return int(dt.datetime.combine(day, dt.time(), read_zone(zone)).timestamp())


def _coded(table: Any, name: str, path: File) -> tuple[Words, list[str]]:
    """A column of texts by their place in a list; -1 for none."""
    values = column(table, name, path, needed=name == "type")
    if values is None:
        return np.full(table.num_rows, -1, np.int64), []
    found = texts(values, path, name)
    encoded = pc.dictionary_encode(pc.if_else(pc.equal(found, ""), None, found))
    encoded = encoded.unify_dictionaries().combine_chunks()
    encoded = encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded
    return np.asarray(encoded.indices.fill_null(-1), np.int64), encoded.dictionary.to_pylist()


def _about(named: dict[str, tuple[Words, list[str]]], kinds: Words) -> Words:
    """The message an event is about: its `message`, or the key of a sending, an open, a click and so on."""
    (keys, key_words), (messages, words) = named["key"], named["message"]
    places = {word: i for i, word in enumerate(words)}
    about = [i for i, word in enumerate(named["type"][1]) if word in VOCABULARY and word not in (ASSIGNED, "joined")]
    used = np.unique(keys[np.isin(kinds, about) & (messages < 0) & (keys >= 0)])
    table = np.full(len(key_words) + 1, -1, np.int64)
    for key in used.tolist():
        table[key] = places.setdefault(key_words[key], len(places))
    named["message"] = (messages, list(places))
    return np.where((messages < 0) & np.isin(kinds, about), table[keys], messages)


def _machine(table: Any, path: File, kinds: Words, words: list[str]) -> bool:
    """Opens that machines made become a type of their own; whether the log tells them apart."""
    flags = column(table, "machine", path, needed=False)
    source = column(table, "source", path, needed=False)
    if flags is not None:
        by_machine = truths(flags, path, "machine") == 1
    elif source is not None:  # as runs write their events
        by_machine = np.asarray(pc.equal(texts(source, path, "source"), "machine").fill_null(False))
    else:
        return MACHINE in words
    if MACHINE not in words:
        words.append(MACHINE)
    opened = words.index(OPENED) if OPENED in words else -1
    kinds[by_machine & (kinds == opened)] = words.index(MACHINE)
    return flags is not None or bool(by_machine.any())


def _channels_of_plan(log: Log, plan: Plan) -> None:
    """The channel of each message the plan knows, where the log does not say it."""
    words = log.words["channel"]
    table = np.full(len(log.words["message"]) + 1, -1, np.int64)
    for i, name in enumerate(log.words["message"]):
        if name in plan.messages:
            channel = plan.messages[name].channel
            if channel not in words:
                words.append(channel)
            table[i] = words.index(channel)
    log.channel = np.where(log.channel < 0, table[log.message], log.channel)


def _of_column(path: File, table: Any, log: Log) -> list[Assignments]:
    """The arms of the column `arm`: a contact's is the same in all its rows that name one."""
    if column(table, "arm", path, needed=False) is None:
        return []
    codes, arms = _coded(table, "arm", path)
    contacts, _ = contact_numbers(column(table, "contact", path), path)
    times = instants(column(table, "time", path), path, "time")
    told = np.nonzero((codes >= 0) & (times <= log.end))[0]
    if not len(told):
        return []
    order = told[np.lexsort((times[told], contacts[told]))]
    numbers, first = np.unique(contacts[order], return_index=True)
    arm = codes[order][first]
    other = np.nonzero(codes[order] != np.repeat(arm, np.diff([*first, len(order)])))[0]
    if len(other):
        row = int(order[other[0]])
        raise bad(path, row, "arm", arms[codes[row]], "one and the same arm in all rows of a contact")
    return [Assignments("", log.places(numbers), times[order][first], arm, tuple(arms))]


def _of_run(run: Any) -> Any:
    """A run as an event log: its events, a sending for each message that has left, and everybody the ledger knows."""
    ledger, events = run.ledger(), run.events()
    sent = ledger.filter(pc.equal(ledger["outcome"].cast(pa.string()), "sent"))
    contacts = np.asarray(ledger["contact"])
    first = ledger.take(np.unique(contacts, return_index=True)[1]) if len(contacts) else ledger
    parts = [(events, None), (sent, SENT), (first, ASSIGNED)]
    found = []
    for part, kind in parts:
        none = pa.nulls(part.num_rows, pa.string())
        columns = {
            "contact": part["contact"],
            "time": part["time"],
            "type": part["type"].cast(pa.string()) if kind is None else pa.array([kind] * part.num_rows, pa.string()),
            "key": part["key"] if kind is None else none,
            "value": part["value"] if kind is None else pa.nulls(part.num_rows, pa.int64()),
            "source": part["source"].cast(pa.string()) if kind is None else none,
            "message": none if kind == ASSIGNED else part["message"].cast(pa.string()),
            "channel": part["channel"].cast(pa.string()) if kind == SENT else none,
        }
        found.append(pa.table(columns))
    return pa.concat_tables(found)


def arms_of_run(ledger: Any, plan: Plan, log: Log) -> list[Assignments]:
    """Arms as a ledger tells them: by journey, and, called `*`, who is in the global holdout."""
    text = {
        c: np.asarray(ledger[c].cast(pa.string()).to_pylist(), object) for c in ("journey", "arm", "cause", "reason")
    }
    contacts = np.asarray(ledger["contact"], np.int64)
    times = np.asarray(ledger["time"].cast(pa.int64()), np.int64)
    in_time = times <= log.end
    entries = in_time & np.array([c.startswith("entry:") for c in text["cause"]], bool)
    found = []
    for name, journey in plan.journeys.items():
        rows = np.nonzero(entries & (text["journey"] == name))[0]
        arms = tuple(dict.fromkeys(text["arm"][rows].tolist()))
        if len(arms) < 2:
            continue
        numbers, first = np.unique(contacts[rows], return_index=True)  # rows are in order of contact and time
        arm = np.array([arms.index(a) for a in text["arm"][rows][first]], np.int64)
        goal = (journey.goal.event, journey.goal.within) if journey.goal else ("", None)
        within = goal[1].days * DAY + goal[1].seconds if goal[1] else 0
        found.append(Assignments(name, log.places(numbers), times[rows][first], arm, arms, goal[0], within))
    held = in_time & (text["reason"] == "holdout") & (text["arm"] != "holdout")
    about = held | (in_time & (text["reason"] == "sent"))
    if held.any():
        numbers, first = np.unique(contacts[about], return_index=True)
        arm = np.isin(numbers, contacts[held]).astype(np.int64)
        found.append(Assignments("*", log.places(numbers), times[about][first], arm, ("", "holdout")))
    return found
