"""What everything a plan names is called, kind by kind: the same name may be a journey's and a message's."""

from __future__ import annotations

from typing import Any

from bifurque.dashboard.layout import Layout
from bifurque.dashboard.map_words import BUILT_IN, condition_words, event_title, plain
from bifurque.dashboard.texts import T
from bifurque.dashboard.wording import title, visible
from bifurque.engine.plan import Plan, Stage
from bifurque.engine.trigger import Text

Titles = dict[str, dict[str, str]]
"""Titles by kind and name; a step's name is `journey/step`, as in the layout."""
PARTS = ("", "_answer", "_keep")
"""A survey asks, waits for the answer, and keeps it: three steps, one station."""


def titles_of(plan: Plan, lang: str) -> Titles:
    """The titles of a plan in a language, but for those of steps."""
    parts: dict[str, dict[str, Any]]
    parts = {"persona": plan.personas, "message": plan.messages, "journey": plan.journeys, "offer": plan.offers}
    found = {kind: {n: title(thing.title, n, lang) for n, thing in part.items()} for kind, part in parts.items()}
    found["event"] = {n: _in(lang, event_title(plan, n)) for n in {**BUILT_IN, **plan.events}}
    found["stage"] = {s.name: title(s.title, s.name, lang) for s in plan.stages if isinstance(s, Stage)}
    for kind, names in (("attribute", plan.attributes), ("score", plan.scores), ("calendar", plan.calendars)):
        found[kind] = {n: visible(plain(n)) for n in names}
    found["trigger"] = found["calendar"] | found["attribute"] | found["event"]
    texts = T[lang]
    found["channel"] = {c: texts[f"channel_{c}"] for c in plan.channels if f"channel_{c}" in texts}
    return found


def steps_of(layout: Layout, lang: str) -> dict[str, str]:
    """The titles of steps, as the map calls their stations; what belongs to a question has the question's."""
    found: dict[str, str] = {}
    for station in layout.stations:
        parts = PARTS if station.kind == "survey" else PARTS[:1]
        found |= {station.id + part: _in(lang, station.title) for part in parts if "/" in station.id}
    return found


def way_called(plan: Plan, lang: str, way: str) -> str:
    """A way out of a step: a condition or an arm as the map says it."""
    return visible(_in(lang, condition_words(plan, way)), 50)


def _in(lang: str, text: Text) -> str:
    return visible(text.fr if lang == "fr" else text.en)
