"""Checks of the people of a plan: personas, population, behaviour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bifurque.engine.check_realistic import check_realistic
from bifurque.engine.habits import Between, Choice, Reaction, Source
from bifurque.engine.names import Names, answers, choices
from bifurque.engine.problems import Path
from bifurque.engine.values import shown

if TYPE_CHECKING:
    from bifurque.engine.check import Checker


def check_people(c: Checker) -> None:
    """Personas, population and behaviour."""
    personas = c.plan.personas
    c.shares({n: p.share for n, p in personas.items()}, ("personas",), "personas")
    for name, persona in personas.items():
        _attributes(c, persona.attributes, ("personas", name, "attributes"))
        for text in persona.consent:
            c.consents(text, ("personas", name, "consent", text))
    population = c.plan.population
    c.shares(population.zones, ("population", "zones"), "zones")
    _attributes(c, population.attributes, ("population", "attributes"))
    for text in population.consent:
        c.consents(text, ("population", "consent", text))
        _by_zone(c, population.consent[text], ("population", "consent", text))
    _behaviour(c)


def _by_zone(c: Checker, shares: Any, path: Path) -> None:
    """Shares by zone name every zone of the population."""
    if not isinstance(shares, dict):
        return
    zones = tuple(c.plan.population.zones) or (c.plan.zone,)
    for zone in shares:
        c.known(zone, zones, "zone of the population", (*path, zone), at_key=True)
    missing = [z for z in zones if z not in shares]
    if missing:
        c.problems.add(path, f"nothing is said for the zone `{missing[0]}`")


def _attributes(c: Checker, attributes: Mapping[str, Any], path: Path) -> None:
    for name, spread in attributes.items():
        here = (*path, name)
        if c.known(name, c.names.attributes, "attribute", here, at_key=True):
            _spread(c, c.names.attributes[name], spread, here)


def _spread(c: Checker, kind: str, spread: Any, path: Path) -> None:
    if isinstance(spread, Choice):
        c.shares(spread.choice, (*path, "choice"), "values")
        values: list[Any] = list(spread.choice)
        if kind != "string":
            values = [_parsed(v, kind) for v in values]
    elif isinstance(spread, Between):
        values = list(spread.between)
        if kind not in ("int", "double", "date"):
            c.problems.add(path, f"this attribute is of type {kind}: it has no range")
            return
    else:
        values = [spread]
    fits: dict[str, Any] = {
        "bool": lambda v: isinstance(v, bool),
        "int": lambda v: isinstance(v, int) and not isinstance(v, bool),
        "double": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
        "string": lambda v: isinstance(v, str),
        "date": lambda v: isinstance(v, str) and _is_date(v),
        "timestamp": lambda v: False,
    }
    for i, value in enumerate(values):
        if not fits[kind](value):
            where = (*path, "between", i) if isinstance(spread, Between) else path
            c.problems.add(where, f"this attribute is of type {kind}, `{shown(value)}` is not")
            return
    if isinstance(spread, Between) and values[0] > values[1]:
        c.problems.add(path, "the first bound is beyond the second")


def _parsed(text: str, kind: str) -> Any:
    """A key of a choice is written as a text; this is the value it stands for."""
    try:
        if kind == "bool":
            return {"true": True, "false": False}[text]
        return {"int": int, "double": float}.get(kind, str)(text)
    except (ValueError, KeyError):
        return text


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _personas(c: Checker, value: Any, path: Path) -> None:
    """A figure by persona names them all."""
    if not isinstance(value, dict):
        return
    if not c.plan.personas:
        c.problems.add(path, "a figure by persona, and the plan has none: declare them under `personas`")
        return
    for persona in value:
        c.known(persona, c.names.personas, "persona", (*path, persona), at_key=True)
    missing = [p for p in c.names.personas if p not in value]
    if missing:
        c.problems.add(path, f"nothing is said for the persona `{missing[0]}`")


def _worth(c: Checker, value: Any, path: Path) -> None:
    _personas(c, getattr(value, "mean", value), path)


def _behaviour(c: Checker) -> None:
    behaviour = c.plan.behaviour
    here: Path = ("behaviour",)
    for name, source in behaviour.sources.items():
        _source(c, source, (*here, "sources", name))
    for name, reaction in behaviour.reactions.items():
        _reaction(c, reaction, (*here, "reactions", name))
    reading = behaviour.messages
    for key in ("open", "click", "unsubscribe"):
        _personas(c, getattr(reading, key), (*here, "messages", key))
    for journey in reading.journeys:
        c.known(journey, c.names.journeys, "journey", (*here, "messages", "journeys", journey), at_key=True)
    for message in reading.messages:
        c.known(message, c.names.messages, "message", (*here, "messages", "messages", message), at_key=True)
    if len(reading.fatigue.opens) > 16 or len(reading.fatigue.unsubscribes) > 16 or not reading.fatigue.opens:
        c.problems.add((*here, "messages", "fatigue"), "one to sixteen factors: after none, one, two … messages")
    for name, interval in behaviour.journeys.items():
        path = (*here, "journeys", name)
        if not c.known(name, c.names.journeys, "journey", path, at_key=True):
            continue
        steps = tuple(_step_names(c, name))
        for key in ("before", "on"):
            for step, chance in getattr(interval, key).items():
                c.known(step, steps, f"step of `{name}`", (*path, key, step), at_key=True)
                _personas(c, chance, (*path, key, step))
        _worth(c, interval.value, (*path, "value"))
    for survey, chances in behaviour.answers.items():
        _answers(c, survey, chances, (*here, "answers", survey))
    check_realistic(c)


def _step_names(c: Checker, journey: str) -> Any:
    from bifurque.engine.routes import step_names

    return step_names(c.plan.journeys[journey]).values()


def _answers(c: Checker, survey: str, chances: Mapping[str, Any], path: Path) -> None:
    surveys = answers(c.names)
    if not c.known(survey, surveys, "survey", path, at_key=True):
        return
    for answer, chance in chances.items():
        c.known(answer, choices(surveys[survey]), f"answer of `{survey}`", (*path, answer), at_key=True)
        _personas(c, chance, (*path, answer))
    _not_more_than_all(c, list(chances.values()), path)


def _not_more_than_all(c: Checker, chances: list[Any], path: Path) -> None:
    for persona in c.names.personas:
        total = sum(x.get(persona, 0) if isinstance(x, dict) else x for x in chances)
        if total > 1 + 1e-9:
            c.problems.add(path, f"the chances make {total:.2%}: at most one of these happens")
            return


def _source(c: Checker, source: Source, path: Path) -> None:
    rates = {key: getattr(source, key) for key in ("per_day", "per_week", "per_year")}
    if sum(r is not None for r in (*rates.values(), source.once)) != 1:
        c.problems.add(path, "say one of `per_day`, `per_week`, `per_year` and `once`")
    for key, rate in rates.items():
        _personas(c, rate, (*path, key))
        values = rate.values() if isinstance(rate, dict) else [rate or 0]
        if any(v < 0 or v > 1e5 for v in values):
            c.problems.add((*path, key), "a rate lies between 0 and 100,000")
    if source.once is not None and source.once[0].elapsed > source.once[1].elapsed:
        c.problems.add((*path, "once"), "the first bound is beyond the second")
    _personas(c, source.chance, (*path, "chance"))
    for stage, factor in source.stages.items():
        c.known(stage, c.names.stages, "stage", (*path, "stages", stage), at_key=True)
        if factor < 0:
            c.problems.add((*path, "stages", stage), "a factor is not below 0")
    _worth(c, source.value, (*path, "value"))


def _reaction(c: Checker, reaction: Reaction, path: Path) -> None:
    if (reaction.on is None) == (reaction.message is None):
        c.problems.add(path, "say either `on` (an event) or `message`")
    if reaction.message is not None:
        c.known(reaction.message, c.names.messages, "message", (*path, "message"))
    c.condition(reaction.when, (*path, "when"), Names.event_types if reaction.on else {})
    if not reaction.one_of:
        c.problems.add((*path, "one_of"), "say what may follow")
    for i, way in enumerate(reaction.one_of):
        _personas(c, way.chance, (*path, "one_of", i, "chance"))
        _worth(c, way.value, (*path, "one_of", i, "value"))
        if way.event in ("opened", "clicked", "joined"):
            c.problems.add((*path, "one_of", i, "event"), f"`{way.event}` follows from messages and arrivals alone")
    _not_more_than_all(c, [way.chance for way in reaction.one_of], (*path, "one_of"))
