"""The whole lives of some contacts, kept with every run: every decision and every event, to look at one by one."""

from __future__ import annotations

from pathlib import Path as File

import numpy as np

from bifurque.actors.host import Stretch
from bifurque.actors.layout import P_CONTACT, P_KEEP, P_PERSONA, P_ZONE
from bifurque.engine.aggregates import write_table
from bifurque.engine.ledger import Tabulator, Vocabulary, taken
from bifurque.engine.setting import Setting
from bifurque.rules.compiled import Words

WALKS, BLOCKS = 1000, 10
"""So many contacts are kept, neighbours in blocks spread over the population."""


def sampled(setting: Setting) -> Words:
    """The rows of the contacts whose lives are kept."""
    count = setting.people.count
    if count <= WALKS:
        return setting.people.rows(0, count)
    size = WALKS // BLOCKS
    firsts = (i * (count - size) // (BLOCKS - 1) for i in range(BLOCKS))
    return np.concatenate([setting.people.rows(first, first + size) for first in firsts])


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
    """Write `sample_walks` and `sample_events`: these contacts live once more, for their rows alone."""
    people = sampled(setting)
    people[:, P_KEEP] = 1
    lane, sink = setting.lane(), Gathered(setting)
    lane.live(Stretch(0, people, setting.events.rows, setting.events.bounds(people[:, P_CONTACT])), sink)
    rows, events = np.concatenate(sink.rows), np.concatenate(sink.events)
    order = np.argsort(people[:, P_CONTACT])
    place = order[np.searchsorted(people[:, P_CONTACT], rows[:, 0], sorter=order)]
    names = setting.program.names
    table = sink.tabulator.decisions(rows)
    table = table.append_column("persona", Vocabulary(names.personas).column(people[place, P_PERSONA]))
    zones = Vocabulary(names.zones).column(np.maximum(people[place, P_ZONE], 0))
    write_table(folder, "sample_walks", table.append_column("zone", zones))
    write_table(folder, "sample_events", sink.tabulator.events(events))
