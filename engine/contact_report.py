"""One contact in words, on its own wall clock."""

from __future__ import annotations

import datetime as dt
from typing import Any

from bifurque.engine.known import Visit, Waiting
from bifurque.engine.one_contact import ContactState
from bifurque.engine.why import Answer
from bifurque.engine.why import told as decisions
from bifurque.engine.words import reason, say
from bifurque.engine.zones import read_zone


def told(found: ContactState, lang: str, rules: dict[str, str]) -> list[str]:
    """State, what waits, then every decision so far."""
    info = read_zone(found.zone)
    who = [found.persona, *([] if found.lives else [say(lang, "contact.unborn")])]
    who += [say(lang, "contact.stopped")] if found.stopped else []
    lines = [say(lang, "contact.head", found.contact, ", ".join(who), _clock(found.at, info), found.zone)]
    consents = [pair for pair, yes in found.consents.items() if yes]
    parts: dict[str, list[str]] = {
        "stage": [found.stage],
        "attributes": [f"{name} = {_value(value, info)}" for name, value in found.attributes.items()],
        "facts": found.facts,
        "scores": [_score(name, value) for name, value in found.scores.items()],
        "consents": consents,
        "offers": [f"{name} {say(lang, 'contact.until', _clock(t, info))}" for name, t in found.offers.items()],
    }
    for name, some in parts.items():
        if some or name == "consents":
            lines.append(f"{say(lang, 'contact.' + name)}: {', '.join(some) or say(lang, 'contact.none')}")
    visits = [_visit(v, lang, info) for v in found.inside]
    waiting = [_waiting(w, lang, info) for w in found.mailbox]
    history = decisions(Answer(found.history, found.zone, rules), lang)
    for name, some in (("inside", visits), ("mailbox", waiting), ("history", history)):
        lines.append(f"{say(lang, 'contact.' + name)}:")
        lines += [f"  {line}" for line in some or [say(lang, "contact.none")]]
    return lines


def _clock(t: dt.datetime, info: dt.tzinfo) -> str:
    return f"{t.astimezone(info):%Y-%m-%d %H:%M:%S}"


def _value(value: Any, info: dt.tzinfo) -> str:
    return _clock(value, info) if isinstance(value, dt.datetime) else str(value)


def _score(name: str, value: Any) -> str:
    if not isinstance(value, dict):
        return f"{name} {value:g}"
    return f"{name} ({', '.join(f'{key} {points:g}' for key, points in value.items())})"


def _visit(visit: Visit, lang: str, info: dt.tzinfo) -> str:
    key = f" [{visit.key}]" if visit.key else ""
    state = say(lang, f"state.{visit.state}")
    if visit.due is not None:
        state += f" {_clock(visit.due, info)}"
    if visit.paused_by:
        state += f", {say(lang, 'contact.paused', visit.paused_by)}"
    return say(lang, "contact.visit", visit.journey, key, visit.step or "-", _clock(visit.since, info), state)


def _waiting(waiting: Waiting, lang: str, info: dt.tzinfo) -> str:
    when = say(lang, "contact.unknown") if waiting.at is None else _clock(waiting.at, info)
    text = f"{when}  {say(lang, 'kind.' + waiting.kind)} {waiting.name}"
    parts = [waiting.key] if waiting.key else []
    parts += [reason(lang, waiting.reason)] if waiting.reason and waiting.reason != "sent" else []
    parts += [say(lang, "contact.until", _clock(waiting.until, info))] if waiting.until else []
    return text + (f" ({', '.join(parts)})" if parts else "")
