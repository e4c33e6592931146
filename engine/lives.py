"""One contact's life, lived again by the uncompiled step: as it was, or with one thing changed.

A life is a function of plan, seed and the events of files, so it comes out the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bifurque.actors.host import Stretch, take_lost
from bifurque.actors.lane import RAN_OUT_OF_ROOM
from bifurque.actors.layout import P_ZONE
from bifurque.engine.ledger import Tabulator, taken
from bifurque.engine.observed import Witness
from bifurque.engine.setting import Setting
from bifurque.engine.twins import PLAIN, Hands
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError
from bifurque.rules.layout import CONTACT, EVENTS_COUNT, MISSING, NEXT_CONTACT, ROWS_COUNT

Change = Callable[[Stretch], Stretch]
"""What makes a life another one before it begins."""


@dataclass
class Life:
    """A life.

    Attributes:
        setting: what it was lived in.
        contact: whose it is.
        decisions: the rows of the ledger.
        events: the rows of the event log.
        witness: what each decision rests on; None if nobody watched.
        words: the memory as the life left it.
        zone: the clock on the contact's wall.
    """

    setting: Setting
    contact: int
    decisions: Any
    events: Any
    witness: Witness | None
    words: Words
    zone: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The decisions as rows."""
        found: list[dict[str, Any]] = self.decisions.to_pylist()
        return found


def relive(
    setting: Setting,
    contact: int,
    *,
    watched: bool = True,
    change: Change | None = None,
    hands: Hands | None = None,
    words: Words | None = None,
) -> Life:
    """Live one contact's life again.

    Args:
        setting: of the run.
        contact: its number.
        watched: whether a witness notes what each decision rests on; it costs some time, and changes nothing.
        change: makes the life another one: an attribute, an event.
        hands: other parts of the step to replace.
        words: the lane's memory, if not the setting's.

    Raises:
        DataError: nobody has this number in the run.
    """
    place = setting.people.find(contact)
    if place < 0:
        raise DataError(f"no contact `{contact}` in this run")
    stretch = setting.stretch(0, place, place + 1, 1.0)
    if change is not None:
        stretch = change(stretch)
    witness = Witness(setting.program, setting.texts, hands) if watched or hands else None
    steps = witness.steps if witness else PLAIN
    words = setting.words.copy() if words is None else words
    words[CONTACT], words[NEXT_CONTACT] = MISSING, 0
    decisions, events = [], []
    more = RAN_OUT_OF_ROOM
    with np.errstate(over="ignore"):
        while more == RAN_OUT_OF_ROOM:
            more = steps.run_lane(words, stretch.people, stretch.events, stretch.bounds)
            rows, happened = taken(words)
            decisions.append(rows.copy())
            events.append(happened.copy())
            words[ROWS_COUNT] = words[EVENTS_COUNT] = 0
            take_lost(words)
    tabulator = Tabulator(setting.program, setting.texts)
    told, happened = tabulator.decisions(np.concatenate(decisions)), tabulator.events(np.concatenate(events))
    zone = setting.program.names.zones[max(int(stretch.people[0, P_ZONE]), 0)]
    return Life(setting, contact, told, happened, witness, words, zone)
