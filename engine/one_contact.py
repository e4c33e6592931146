"""One contact at any instant of a run: where it stands, what waits for it, and what was decided so far."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from msgspec import Struct

from bifurque.actors.barrier import asked
from bifurque.actors.host import Stretch
from bifurque.actors.lane import ASKS, RAN_OUT_OF_ROOM
from bifurque.actors.layout import P_ZONE
from bifurque.engine.answers import answered_until, answers_to, newcomer
from bifurque.engine.known import Visit, Waiting, known_facts, mailbox, scores, visits
from bifurque.engine.ledger import Tabulator, take_rows
from bifurque.engine.merges import left_by
from bifurque.engine.referrals import newcomer_stretches
from bifurque.engine.run import Run
from bifurque.engine.setting import Setting
from bifurque.engine.twins import PLAIN, Steps
from bifurque.engine.why import find_contact, setting_of
from bifurque.engine.world_sharing import ask
from bifurque.engine.zones import instant_at
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError, short
from bifurque.rules.layout import (
    CONTACT,
    H_PARKED,
    LETTERS_COUNT,
    LIFE,
    MISSING,
    NEXT_EVENT,
    PERSONA,
    QUARANTINED,
    STAGE,
)
from bifurque.rules.sharing import RQ_RANK


class ContactState(Struct, frozen=True):
    """Everything about one contact at one instant. Instants are in UTC.

    Attributes:
        contact: its number.
        zone: the clock on its wall.
        persona: which kind of person it is.
        at: the instant; what happens at it has happened.
        lives: whether it has come to life by then.
        stage: of the life cycle.
        stopped: whether it was stopped for never coming to rest.
        attributes: those known.
        facts: those true.
        scores: by name; of a score by key each key.
        consents: `<purpose>.<channel>`, yes or no.
        offers: those reserved for it, until when.
        inside: the visits under way.
        mailbox: what waits for it.
        history: rows of the ledger so far.
        events: rows of the events so far.
    """

    contact: int
    zone: str
    persona: str
    at: dt.datetime
    lives: bool
    stage: str
    stopped: bool
    attributes: dict[str, Any]
    facts: list[str]
    scores: dict[str, Any]
    consents: dict[str, bool]
    offers: dict[str, dt.datetime]
    inside: list[Visit]
    mailbox: list[Waiting]
    history: list[dict[str, Any]]
    events: list[dict[str, Any]]


@dataclass
class Lived:
    """A life up to some instant: the memory it left, its decisions and events."""

    words: Words
    rows: Words
    events: Words


def relive(setting: Setting, stretch: Stretch, answers: list[int], until: int, steps: Steps = PLAIN) -> Lived:
    """Let the one contact of a stretch live up to an instant, with the answers it got when it asked for anything.

    `steps` are the functions by which it lives: the plain ones, or watched ones.

    Raises:
        DataError: there are fewer answers than it asks for.
    """
    words = setting.words.copy()
    words[CONTACT] = MISSING
    told: Iterator[int] = iter(answers)
    parts = []
    last = int(stretch.bounds[1])
    with np.errstate(over="ignore"):
        steps.begin(words, stretch.people, 0)
        words[NEXT_EVENT] = stretch.bounds[0]
        more = RAN_OUT_OF_ROOM
        while more in (RAN_OUT_OF_ROOM, ASKS):
            more = steps.live(words, stretch.events, last, until) if words[LIFE] < until else 0
            parts.append(take_rows(words))
            words[LETTERS_COUNT] = 0
            if more == ASKS:
                _hear(words, told, steps)
    rows, events = zip(*parts, strict=True)
    return Lived(words, np.concatenate(rows), np.concatenate(events))


def _hear(words: Words, told: Iterator[int], steps: Steps) -> None:
    """The contact asks for something, and lives the answer it got in the run."""
    parked = ask(words)
    if parked is None:
        return
    for at, _ in asked(parked):
        found = next(told, None)
        if found is None:
            raise DataError("the run did not keep what this contact was answered: simulate it again")
        parked[at + RQ_RANK] = found
    steps.answer(words, int(words[H_PARKED]))


def stretch_of(run: Run, setting: Setting, contact: int) -> Stretch:
    """A contact of a run with its events: one of the population, or one that the simulation brought to life.

    Of one that is merged with others, those it takes over are lived before.

    Raises:
        DataError: nobody has this number in the run.
    """
    place = setting.people.find(contact)
    if contact in setting.merges.lives:
        left: dict[int, Words] = {}
        for one in setting.merges.order(contact)[:-1]:
            left[one] = left_by(relive(setting, setting.apart(one, 1.0, left), [], setting.program.end).words)
        return setting.apart(contact, 1.0, left)
    if place >= 0:
        return setting.stretch(0, place, place + 1, 1.0)
    rows = newcomer(run.folder, contact)
    if not len(rows):
        raise DataError(f"{run.folder}: no contact `{contact}` in this run")
    return newcomer_stretches(setting, 0, rows, 1.0)[0]


def contact_state(run: Run, contact: str | int, at: str | None = None) -> ContactState:
    """Where a contact of a run stood, what waited for it and what had been decided, at the end or at an instant.

    Args:
        run: the run.
        contact: its number, or its id in the files of the run.
        at: an instant such as `2026-03-10 14:00`, on the contact's wall clock unless it has an offset.

    Raises:
        DataError: no such contact, no such instant, or one outside the run.
        RunError: a file of the run is no longer what it was.
    """
    setting = setting_of(run)
    number = find_contact(run, str(contact))
    stretch = stretch_of(run, setting, number)
    program = setting.program
    zone = program.names.zones[max(int(stretch.people[0, P_ZONE]), 0)]
    last = _known_until(run, setting)
    until = last if at is None else _instant(at, zone) + 1
    if not program.start < until <= program.end:
        raise DataError(f"`{short(str(at))}` is not within the run: {_day(program.start)} to {_day(program.end - 1)}")
    if until > last:
        raise DataError(f"the run has come as far as {_time(last - 1)}: before that `{short(str(at))}` is not known")
    lived = relive(setting, stretch, answers_to(run.folder, number), until)
    words, tabulator = lived.words, Tabulator(program, setting.texts)
    attributes, facts, consents, offers = known_facts(setting, words, until - 1)
    return ContactState(
        contact=number,
        zone=zone,
        persona=program.names.personas[int(words[PERSONA])],
        at=dt.datetime.fromtimestamp(until - 1, dt.UTC),
        lives=bool(words[LIFE] < until),
        stage=program.names.stages[int(words[STAGE])],
        stopped=bool(words[QUARANTINED]),
        attributes=attributes,
        facts=facts,
        scores=scores(setting, words, until - 1),
        consents=consents,
        offers=offers,
        inside=visits(setting, words),
        mailbox=mailbox(setting, words),
        history=tabulator.decisions(lived.rows).to_pylist(),
        events=tabulator.events(lived.events).to_pylist(),
    )


def _known_until(run: Run, setting: Setting) -> int:
    """The first instant of which a run knows nothing: the horizon, or where it has come to if its contacts wait."""
    program = setting.program
    if run.complete or not program.supplies:
        return program.end
    return max(answered_until(run.folder) or 0, program.start + 1)


def _instant(text: str, zone: str) -> int:
    """An instant as it is typed; without an offset on a wall clock."""
    try:
        return instant_at(text, zone)
    except ValueError:
        raise DataError(f"`{short(text)}` is no instant: write 2026-03-10, or 2026-03-10 14:00") from None


def _time(t: int) -> str:
    return f"{dt.datetime.fromtimestamp(t, dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


def _day(t: int) -> str:
    return f"{dt.datetime.fromtimestamp(t, dt.UTC):%Y-%m-%d}"
