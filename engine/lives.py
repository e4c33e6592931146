"""One contact's life, lived again by the uncompiled step: as it was, or with one thing changed.

A life is a function of plan, seed, the events of files and what it was answered, so it comes out the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bifurque.actors.barrier import asked
from bifurque.actors.host import Stretch
from bifurque.actors.lane import ASKS, IDLE, RAN_OUT_OF_ROOM
from bifurque.actors.layout import P_ZONE
from bifurque.engine.ledger import Tabulator, take_rows
from bifurque.engine.merges import live_apart
from bifurque.engine.observed import Witness
from bifurque.engine.setting import Setting
from bifurque.engine.twins import PLAIN, Hands, Steps
from bifurque.engine.words import language, say
from bifurque.engine.world_sharing import ask
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError
from bifurque.rules.layout import CONTACT, H_PARKED, LETTERS_COUNT, LIFE, MISSING, NEXT_CONTACT, NEXT_EVENT
from bifurque.rules.sharing import RQ_RANK

Change = Callable[[Stretch], Stretch]
"""What makes a life another one before it begins."""


def every_row(words: Words, lane: Callable[..., int], stretch: Stretch) -> tuple[Words, Words]:
    """Let the contacts of a stretch live in a lane's memory: every decision row, every event row."""
    words[NEXT_CONTACT] = words[NEXT_EVENT] = 0
    words[CONTACT] = MISSING
    parts = []
    more = RAN_OUT_OF_ROOM
    with np.errstate(over="ignore"):
        while more == RAN_OUT_OF_ROOM:
            more = lane(words, stretch.people, stretch.events, stretch.bounds)
            parts.append(take_rows(words))
    decisions, events = zip(*parts, strict=True)
    return np.concatenate(decisions), np.concatenate(events)


def live_alone(words: Words, steps: Steps, stretch: Stretch, answers: Sequence[int], until: int) -> tuple[Words, Words]:
    """Let the one contact of a stretch live up to an instant: every decision row, every event row.

    Args:
        words: a lane's memory.
        steps: the functions by which it lives.
        stretch: the contact.
        answers: what it got when it asked for something shared.
        until: the instant.

    Raises:
        DataError: there are fewer answers than it asks for.
    """
    told, parts = iter(answers), []
    last = int(stretch.bounds[1])
    with np.errstate(over="ignore"):
        steps.begin(words, stretch.people, 0)
        words[NEXT_EVENT] = stretch.bounds[0]
        more = RAN_OUT_OF_ROOM
        while more in (RAN_OUT_OF_ROOM, ASKS):
            more = steps.live(words, stretch.events, last, until) if words[LIFE] < until else IDLE
            parts.append(take_rows(words))
            words[LETTERS_COUNT] = 0
            if more == ASKS:
                _hear(words, steps, told)
    decisions, events = zip(*parts, strict=True)
    return np.concatenate(decisions), np.concatenate(events)


def _hear(words: Words, steps: Steps, told: Iterator[int]) -> None:
    """The contact asks for something, and lives the answer it got in the run."""
    parked = ask(words)
    if parked is None:
        return
    for at, _ in asked(parked):
        found = next(told, None)
        if found is None:
            raise DataError(say(language(None), "why.no_answers"))
        parked[at + RQ_RANK] = found
    steps.answer(words, int(words[H_PARKED]))


def stretch_of(setting: Setting, contact: int) -> Stretch:
    """A contact of the population with its events; of one that is merged with others, those it takes over live before.

    Raises:
        DataError: nobody has this number in the population.
    """
    place = setting.people.find(contact)
    if place < 0:
        raise DataError(f"no contact `{contact}` in this run")
    if contact not in setting.merges.lives:
        return setting.stretch(0, place, place + 1, 1.0)

    def alone(one: int, left: dict[int, Words]) -> Words:
        words = setting.words.copy()
        live_alone(words, PLAIN, setting.apart(one, 1.0, left), (), setting.program.end)
        return words

    return setting.apart(contact, 1.0, live_apart(setting.merges.order(contact)[:-1], alone))


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
    answers: Sequence[int] = (),
    friend: Stretch | None = None,
    watched: bool = True,
    change: Change | None = None,
    hands: Hands | None = None,
    words: Words | None = None,
) -> Life:
    """Live one contact's life again.

    Args:
        setting: of the run.
        contact: its number.
        answers: what it got when it asked for something shared.
        friend: the contact itself, where it is not of the population but was brought to life by another.
        watched: whether a witness notes what each decision rests on; it costs some time, and changes nothing.
        change: makes the life another one: an attribute, an event.
        hands: other parts of the step to replace.
        words: the lane's memory, if not the setting's.

    Raises:
        DataError: nobody has this number in the run; there are fewer answers than it asks for.
    """
    stretch = friend or stretch_of(setting, contact)
    if change is not None:
        stretch = change(stretch)
    witness = Witness(setting.program, setting.texts, hands) if watched or hands else None
    steps = witness.steps if witness else PLAIN
    words = setting.words.copy() if words is None else words
    decisions, events = live_alone(words, steps, stretch, answers, setting.program.end)
    tabulator = Tabulator(setting.program, setting.texts)
    told, happened = tabulator.decisions(decisions), tabulator.events(events)
    zone = setting.program.names.zones[max(int(stretch.people[0, P_ZONE]), 0)]
    return Life(setting, contact, told, happened, witness, words, zone)
