"""The whole lives of some contacts, kept with every run: every decision and every event, to look at one by one."""

from __future__ import annotations

from pathlib import Path as File
from typing import Any

import numpy as np

from bifurque.actors.layout import P_FIRST, P_PERSONA, P_ZONE
from bifurque.engine.answers import newcomer
from bifurque.engine.ledger import Tabulator, Vocabulary, taken
from bifurque.engine.referrals import people_of
from bifurque.engine.run import Run, write_table
from bifurque.engine.setting import Setting
from bifurque.rules.compiled import Words

WALKS, BLOCKS = 1000, 10
"""So many contacts are kept, neighbours in blocks spread over the population."""


def sampled(setting: Setting) -> list[tuple[int, int]]:
    """The places [first, last) of the contacts whose lives are kept."""
    count = setting.people.count
    if count <= WALKS:
        return [(0, count)]
    size = WALKS // BLOCKS
    firsts = [i * (count - size) // (BLOCKS - 1) for i in range(BLOCKS)]
    return [(first, first + size) for first in firsts]


class Gathered:
    """Keeps what a lane hands over."""

    def __init__(self, setting: Setting) -> None:
        self.tabulator = Tabulator(setting.program, setting.texts)
        self.rows: list[Words] = []
        self.events: list[Words] = []

    def take(self, index: int, words: Words) -> None:
        """Copy the rows that stand in the lane's memory."""
        rows, events = taken(words)
        self.rows.append(rows.copy())
        self.events.append(events.copy())

    def close(self, index: int) -> None:
        """Nothing is open."""


def write_walks(folder: File, setting: Setting) -> None:
    """Write `sample_walks` and `sample_events`: these contacts live once more, for their rows alone.

    Who shares something with others cannot live alone: then they are the first contacts that the ledger keeps.
    """
    shared = setting.shares or bool(setting.merges.lives)
    kept = shared and any((folder.parent / "ledger").glob("*.parquet"))
    decisions, events = _first_kept(folder.parent) if kept else _lived(setting, nobody=shared)
    write_table(folder, "sample_walks", _told_who(folder.parent, setting, decisions))
    write_table(folder, "sample_events", events)


def _lived(setting: Setting, *, nobody: bool) -> tuple[Any, Any]:
    lane, sink = setting.lane(), Gathered(setting)
    for index, (first, last) in enumerate([(0, 0)] if nobody else sampled(setting)):
        lane.live(setting.stretch(index, first, last, 1.0), sink)
    rows, events = np.concatenate(sink.rows), np.concatenate(sink.events)
    return sink.tabulator.decisions(rows), sink.tabulator.events(events)


def _first_kept(folder: File) -> tuple[Any, Any]:
    """What the ledger and the events say of the first contacts."""
    import pyarrow.compute as pc

    found = []
    run = Run(folder, {"ledger": "none"})
    for table in (run.ledger(), run.events()):
        first = pc.unique(table["contact"]).slice(0, WALKS)
        found.append(table.filter(pc.is_in(table["contact"], first)).combine_chunks())
    return found[0], found[1]


def _told_who(folder: File, setting: Setting, table: Any) -> Any:
    """Decisions, with the persona and the zone of each contact."""
    contacts = table["contact"].to_numpy()
    numbers, places = np.unique(contacts, return_inverse=True)
    who = [_person(folder, setting, number) for number in numbers.tolist()]
    people = np.array(who, np.int64) if who else np.zeros((0, P_FIRST), np.int64)
    names = setting.program.names
    personas, zones = people[places, P_PERSONA], np.maximum(people[places, P_ZONE], 0)
    table = table.append_column("persona", Vocabulary(names.personas).column(personas))
    return table.append_column("zone", Vocabulary(names.zones).column(zones))


def _person(folder: File, setting: Setting, contact: int) -> Words:
    """A contact's row of the population; of one that others brought to life, the row it began with."""
    place = setting.people.find(contact)
    rows = setting.people.rows(place, place + 1) if place >= 0 else people_of(setting, newcomer(folder, contact))
    return np.asarray(rows[0])
