"""What the record of one contact says, by name: attributes, facts, scores, consents, visits, and what waits."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
from msgspec import Struct

from bifurque.actors.layout import (
    AWAITING_EVENT,
    AWAITING_OFFER,
    AWAITING_SEND,
    ENDING,
    FREE,
    J_N_SLOTS,
    J_SLOTS,
    JOURNEY,
    MAIL,
    MAIL_KEY,
    MAIL_TIME,
    MAIL_TYPE,
    RUNNING,
    SI_SCORE,
    SLOT,
    SLOT_ANCHOR,
    SLOT_KEY,
    SLOT_PAUSED,
    SLOT_STATE,
    SLOT_STEP,
    SLOT_TIMER,
    SLOT_VISIT,
    ST_ID,
    TR_JOURNEY,
    WAKES_FALL,
    WAKES_SILENCE,
    WAKES_SOURCE,
    WAKES_TRIGGER,
)
from bifurque.engine.setting import Setting
from bifurque.rules.compiled import Words
from bifurque.rules.layout import (
    ANY_KEY,
    CELL_KEY,
    H_JOURNEYS,
    H_MAIL,
    H_N_JOURNEYS,
    H_N_TIMERS,
    H_OUTBOX,
    H_SCORES,
    H_SENDS,
    H_TIMERS,
    H_WAKES,
    MAIL_COUNT,
    MISSING,
    NEVER,
    NO_KEY,
    OUT,
    OUT_AWAITS,
    OUT_COUNT,
    OUT_DUE,
    OUT_END,
    OUT_LAW,
    OUT_RELEASE,
    OUT_SEND,
    SC_CELLS,
    SC_KEYS,
    SCORE,
    SCORE_CELLS,
    SEND,
)
from bifurque.rules.scores import value as score_value
from bifurque.rules.sharing import OC_TAKEN, OC_UNTIL

STATES = {
    RUNNING: "due",
    AWAITING_EVENT: "awaits an event",
    AWAITING_SEND: "awaits its message",
    ENDING: "awaits its last message",
    AWAITING_OFFER: "awaits an offer",
}


class Visit(Struct, frozen=True):
    """One visit to a journey: since when, at which step, when that is due (nothing: no clock knows)."""

    journey: str
    visit: int
    key: str | None
    since: dt.datetime
    step: str
    state: str
    due: dt.datetime | None
    paused_by: str


class Waiting(Struct, frozen=True):
    """Something that waits: a `message`, an `event` that behaviour will make, a `timer`.

    Attributes:
        kind: which of these.
        name: the message, the event's type, or what the timer belongs to: `journey <name>`, `score <name>`,
            `behaviour`.
        at: when it is looked at next; nothing: no clock knows.
        reason: why a message is held.
        until: the end of a message's validity.
        key: of an event.
    """

    kind: str
    name: str
    at: dt.datetime | None
    reason: str = ""
    until: dt.datetime | None = None
    key: str | None = None


def instant(t: int) -> dt.datetime | None:
    """An instant of the record; None where none is known."""
    return dt.datetime.fromtimestamp(t, dt.UTC) if -NEVER // 2**20 < t < NEVER // 2**20 else None


def known_facts(setting: Setting, words: Words, t: int) -> tuple[dict[str, Any], list[str], dict[str, bool], Any]:
    """Attributes that are known, facts that hold, consents, and offers reserved with their ends."""
    program = setting.program
    names, loads = program.names, program.tables.loads
    attributes = {}
    for name, kind in names.attributes.items():
        found = _attribute(setting, words[program.columns[name]], kind)
        if found is not None:
            attributes[name] = found
    facts = [f for f in names.facts if _bit(words, loads[f"fact.{f}"])]
    pairs = [f"{p}.{ch}" for p in names.purposes for ch in names.channels]
    consents = {pair: _bit(words, loads[f"consent.{pair}"]) for pair in pairs}
    offers = {}
    for name in setting.plan.offers:
        until = int(words[loads[f"taken.{name}"][1] - OC_TAKEN + OC_UNTIL])
        if until > t:
            offers[name] = instant(until)
    return attributes, facts, consents, offers


def _bit(words: Words, load: list[int]) -> bool:
    return bool(words[load[1]] >> load[2] & 1)


def _attribute(setting: Setting, word: Any, kind: str) -> Any:
    if kind == "double":
        found = float(np.int64(word).view(np.float64))
        return None if found != found else found
    if word == MISSING:
        return None
    if kind == "string":
        return setting.texts.decode(np.array([word]))[0].as_py()
    if kind == "date":
        return dt.date.fromordinal(dt.date(1970, 1, 1).toordinal() + int(word))
    if kind == "timestamp":
        return instant(int(word))
    return bool(word) if kind == "bool" else int(word)


def key_text(setting: Setting, key: int) -> str | None:
    """A key as it is written; None for none."""
    found: str | None = setting.texts.decode(np.array([key], np.int64))[0].as_py() if key != NO_KEY else None
    return found


def scores(setting: Setting, words: Words, t: int) -> dict[str, Any]:
    """What each score is worth; of one by key, each key that has points."""
    found: dict[str, Any] = {}
    for i, (name, score) in enumerate(setting.plan.scores.items()):
        row = int(words[H_SCORES]) + i * SCORE
        if not score.by:
            found[name] = round(float(score_value(words, row, ANY_KEY, t)), 6)
            continue
        first = int(words[row + SC_CELLS])
        cells = range(first, first + int(words[row + SC_KEYS]) * SCORE_CELLS, SCORE_CELLS)
        keys = [int(words[cell + CELL_KEY]) for cell in cells if words[cell + CELL_KEY] != NO_KEY]
        found[name] = {key_text(setting, k) or "": round(float(score_value(words, row, k, t)), 6) for k in keys}
    return found


def visits(setting: Setting, words: Words) -> list[Visit]:
    """The visits under way."""
    program, found = setting.program, []
    for j in range(int(words[H_N_JOURNEYS])):
        row = int(words[H_JOURNEYS]) + j * JOURNEY
        first = int(words[row + J_SLOTS])
        for slot in range(first, first + int(words[row + J_N_SLOTS]) * SLOT, SLOT):
            at = int(words[slot + SLOT_STEP])
            if at == FREE:
                continue
            visit = Visit(
                journey=program.names.journeys[j],
                visit=int(words[slot + SLOT_VISIT]),
                key=key_text(setting, int(words[slot + SLOT_KEY])),
                since=dt.datetime.fromtimestamp(int(words[slot + SLOT_ANCHOR]), dt.UTC),
                step=program.steps[int(words[at + ST_ID]) - 1][1] if at > 0 else "",
                state=STATES[int(words[slot + SLOT_STATE])],
                due=instant(int(words[words[H_TIMERS] + words[slot + SLOT_TIMER]])),
                paused_by=program.winners[int(words[slot + SLOT_PAUSED])],
            )
            found.append(visit)
    return found


def mailbox(setting: Setting, words: Words) -> list[Waiting]:
    """What waits, by instant: messages due or held, events to come, timers; those of visits stand with them."""
    found = _messages(setting, words) + _events(setting, words) + _timers(setting, words)
    far = dt.datetime.max.replace(tzinfo=dt.UTC)
    return sorted(found, key=lambda w: (w.at or far, w.kind, w.name))


def _messages(setting: Setting, words: Words) -> list[Waiting]:
    program, found = setting.program, []
    first = int(words[H_OUTBOX])
    for entry in range(first, first + int(words[OUT_COUNT]) * OUT, OUT):
        send = program.sends[(int(words[entry + OUT_SEND]) - int(words[H_SENDS])) // SEND]
        release = int(words[entry + OUT_RELEASE])
        due, end = int(words[entry + OUT_DUE]), int(words[entry + OUT_END])
        at = None if words[entry + OUT_AWAITS] else instant(max(release, due))
        reason = program.reasons[int(words[entry + OUT_LAW])]
        found.append(Waiting("message", send.message, at, reason, instant(end)))
    return found


def _events(setting: Setting, words: Words) -> list[Waiting]:
    events, found = setting.program.names.events, []
    first = int(words[H_MAIL])
    for mail in range(first, first + int(words[MAIL_COUNT]) * MAIL, MAIL):
        kind, key = events[int(words[mail + MAIL_TYPE])], key_text(setting, int(words[mail + MAIL_KEY]))
        found.append(Waiting("event", kind, instant(int(words[mail + MAIL_TIME])), key=key))
    return found


def _timers(setting: Setting, words: Words) -> list[Waiting]:
    names, scored, found = setting.program.names, list(setting.plan.scores), []
    for i in range(int(words[H_N_TIMERS])):
        at = instant(int(words[words[H_TIMERS] + i]))
        kind, what = (int(w) for w in words[words[H_WAKES] + 2 * i :][:2])
        if kind == WAKES_SILENCE:
            what = int(words[what + SI_SCORE])
        if at is None:
            continue
        if kind == WAKES_SOURCE:
            found.append(Waiting("timer", "behaviour", at))
        elif kind in (WAKES_FALL, WAKES_SILENCE):
            found.append(Waiting("timer", f"score {scored[(what - int(words[H_SCORES])) // SCORE]}", at))
        elif kind == WAKES_TRIGGER:
            journey = names.journeys[(int(words[what + TR_JOURNEY]) - int(words[H_JOURNEYS])) // JOURNEY]
            found.append(Waiting("timer", f"journey {journey}", at))
    return found
