"""One contact at any instant of a run: where it stands, what waits for it, and what was decided so far."""

from __future__ import annotations

import datetime as dt
from typing import Any

from msgspec import Struct

from bifurque.actors.host import Stretch
from bifurque.actors.layout import P_ZONE
from bifurque.engine.answers import answered_until, answers_to, friend_of
from bifurque.engine.known import Visit, Waiting, known_facts, mailbox, scores, visits
from bifurque.engine.ledger import Tabulator
from bifurque.engine.lives import live_alone, stretch_of
from bifurque.engine.run import Run
from bifurque.engine.setting import Setting
from bifurque.engine.twins import PLAIN
from bifurque.engine.why import find_contact, setting_of
from bifurque.engine.zones import instant_at
from bifurque.rules.errors import DataError, short
from bifurque.rules.layout import (
    LIFE,
    PERSONA,
    QUARANTINED,
    STAGE,
)


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


def anybody(run: Run, setting: Setting, contact: int) -> Stretch:
    """A contact of a run with its events: one of the population, or one that the simulation brought to life.

    Raises:
        DataError: nobody has this number in the run.
    """
    if setting.people.find(contact) >= 0:
        return stretch_of(setting, contact)
    found = friend_of(run.folder, setting, contact)
    if found is None:
        raise DataError(f"{run.folder}: no contact `{contact}` in this run")
    return found


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
    stretch = anybody(run, setting, number)
    program = setting.program
    zone = program.names.zones[max(int(stretch.people[0, P_ZONE]), 0)]
    last = _known_until(run, setting)
    until = last if at is None else _instant(at, zone) + 1
    if not program.start < until <= program.end:
        raise DataError(f"`{short(str(at))}` is not within the run: {_day(program.start)} to {_day(program.end - 1)}")
    if until > last:
        raise DataError(f"the run has come as far as {_time(last - 1)}: before that `{short(str(at))}` is not known")
    words, tabulator = setting.words.copy(), Tabulator(program, setting.texts)
    decisions, events = live_alone(words, PLAIN, stretch, answers_to(run.folder, number), until)
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
        history=tabulator.decisions(decisions).to_pylist(),
        events=tabulator.events(events).to_pylist(),
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
