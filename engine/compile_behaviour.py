"""Compiles constant behaviour: sources of events, alternatives that follow, tables of opens.

Clicks and unsubscribes.
"""

from __future__ import annotations

from typing import Any

from msgspec import structs

from bifurque.actors.layout import (
    ALTERNATIVE,
    FROM_MODEL,
    FROM_VISIT,
    KEY_NEW,
    KEY_NONE,
    KEY_SAME,
    RX_BEHAVE,
    SO_COUNT,
    SO_EVENT,
    SO_FROM,
    SO_KEY,
    SO_KIND,
    SO_MORE,
    SO_ONCE,
    SO_POISSON,
    SO_PURPOSE,
    SO_RATE,
    SO_SPAN,
    SO_SPREAD,
    SO_STAGE,
    SO_TIMER,
    SO_VALUE,
    SOURCE,
    ST_ANSWERS,
    ST_INTERVAL,
    WAKES_SOURCE,
)
from bifurque.engine.compile_realistic import answers_follow, compile_realistic, declare_people, replaced_events
from bifurque.engine.compile_shocks import second_source
from bifurque.engine.habits import Alternative, Factors, Reading, Source, Value
from bifurque.engine.journey import SurveyStep
from bifurque.engine.names import Names
from bifurque.engine.program import Compiling
from bifurque.engine.tables import hash64
from bifurque.engine.values import Duration
from bifurque.rules.compiled import as_real
from bifurque.rules.layout import (
    ALWAYS,
    CONSTANT,
    H_BEHAVIOUR,
    H_FATIGUE,
    H_FATIGUE_SIZE,
    H_FATIGUE_WINDOW,
    SEND_CLICK,
    SEND_CLICK_DELAY,
    SEND_OPEN,
    SEND_OPEN_DELAY,
    SEND_RESPONSES,
    SEND_UNSUBSCRIBE,
)
from bifurque.rules.lowering import real_word

ORDER_BEHAVE = 70
"""Where people stand among the reactions to an event: after everything the plan does."""


def declare_sources(c: Compiling) -> None:
    """Give sources their rows and timers: they come before all other timers."""
    if c.behaviour == "off":
        return
    if c.behaviour == "realistic":
        declare_people(c)
    for name, source in c.plan.behaviour.sources.items():
        if source.event in _made_by_people(c):
            continue
        at = c.tables.put([0] * SOURCE)
        c.sources[name] = at
        c.tables.words[at + SO_TIMER] = c.timer(WAKES_SOURCE, at)
        c.begins += [WAKES_SOURCE, at]
        if source.once is None and (second := second_source(c, source.event, "sources", name)) is not None:
            c.second_sources[name] = second


def compile_behaviour(c: Compiling) -> None:
    """Fill everything people do; with behaviour off, messages have no readers."""
    behaviour, tables = c.plan.behaviour, c.tables
    if c.behaviour == "off":
        empty = tables.listed([])
        for number in range(len(c.sends)):
            tables.fill(c.send_row(number), {SEND_RESPONSES: empty})
        return
    tables.words[H_BEHAVIOUR] = CONSTANT
    made = _made_by_people(c)
    for name, at in c.sources.items():
        tables.fill(at, _source(c, name, behaviour.sources[name]))
    for name, (at, columns) in c.second_sources.items():
        tables.fill(at, _source(c, name, behaviour.sources[name], as_real(columns[SO_MORE])) | columns)
    responses: dict[int, list[int]] = {n: [] for n in range(len(c.sends))}
    for name, reaction in behaviour.reactions.items():
        more = Names.event_types if reaction.on else {}
        ways = tuple(way for way in reaction.one_of if way.event not in made)
        if reaction.message:
            ways = tuple(structs.replace(way, after=_soon(way.after)) for way in ways)
        group = _group(c, ("behaviour", "reactions", name), ways, tables.code(reaction.when, more))
        if reaction.on:
            c.react(reaction.on, ORDER_BEHAVE, [RX_BEHAVE, group, -1, 0, 0])
        for number, send in enumerate(c.sends):
            if reaction.message == send.message:
                responses[number].append(group)
    _intervals(c, responses, made)
    _answers(c, responses)
    if c.behaviour == "realistic":
        compile_realistic(c)
    else:
        _reading(c, behaviour.messages)
    for number, groups in responses.items():
        tables.fill(c.send_row(number), {SEND_RESPONSES: tables.listed(groups)})


def by_persona(c: Compiling, value: Any) -> list[float]:
    """A figure for each persona."""
    return [float(value[p] if isinstance(value, dict) else value) for p in c.names.personas]


def _worth(c: Compiling, value: Any) -> tuple[int, int]:
    """A table of cents by persona (0: no value), and the bits of the spread."""
    if value is None:
        return 0, 0
    mean, spread = (value.mean, value.spread) if isinstance(value, Value) else (value, 0.0)
    return c.tables.reals(round(v * 100) for v in by_persona(c, mean)), real_word(float(spread))


def _source(c: Compiling, name: str, source: Source, times: float = 1.0) -> dict[int, int]:
    value, spread = _worth(c, source.value)
    row = {
        SO_EVENT: c.event(source.event),
        SO_COUNT: c.tables.cells(1),
        SO_PURPOSE: hash64("behaviour", "sources", name),
        SO_KEY: KEY_NEW if source.key == "new" else KEY_NONE,
        SO_VALUE: value,
        SO_SPREAD: spread,
    }
    if source.once is not None:
        first, last = source.once[0].elapsed, source.once[1].elapsed
        chances = c.tables.reals(by_persona(c, source.chance))
        return row | {SO_KIND: SO_ONCE, SO_RATE: chances, SO_FROM: first, SO_SPAN: max(last - first, 1)}
    seconds = 86400 if source.per_day is not None else 7 * 86400 if source.per_week is not None else 365 * 86400
    rate = next(r for r in (source.per_day, source.per_week, source.per_year) if r is not None)
    rates = c.tables.reals(times * r / seconds for r in by_persona(c, rate))
    stages = [float(source.stages.get(s, 1.0)) for s in c.names.stages]
    return row | {SO_KIND: SO_POISSON, SO_RATE: rates, SO_STAGE: c.tables.reals(stages) if source.stages else 0}


def _group(
    c: Compiling, path: tuple[str, ...], ways: tuple[Alternative, ...], when: int = -1, source: int = FROM_MODEL
) -> int:
    """A group of alternatives, of which at most one happens."""
    rows: list[int] = []
    for way in ways:
        rows += _alternative(c, way)
    return c.tables.put([when, hash64(*path), len(ways), c.tables.put(rows), source, 0, 0])


def _alternative(c: Compiling, way: Alternative, text: int = -1) -> list[int]:
    value, spread = _worth(c, way.value)
    key = {"same": KEY_SAME, "new": KEY_NEW, "none": KEY_NONE}.get(way.key)
    if key is None:
        key, text = KEY_NONE, c.tables.text(way.key)
    chances = c.tables.reals(by_persona(c, way.chance))
    row = [chances, c.event(way.event), way.after.days, way.after.seconds, way.spread.elapsed, key, value, spread, text]
    assert len(row) == ALTERNATIVE
    return row


def _made_by_people(c: Compiling) -> tuple[str, ...]:
    """Events that realistic people make by themselves; what the plan says of who makes them does not count then."""
    return replaced_events(c.plan.behaviour.realistic) if c.behaviour == "realistic" else ()


def _intervals(c: Compiling, responses: dict[int, list[int]], made: tuple[str, ...]) -> None:
    """What people do between the steps of a journey, and once its messages have left."""
    for name, interval in c.plan.behaviour.journeys.items():
        if interval.event in made:
            continue
        graph, source = c.graphs[name], FROM_VISIT + 1 + c.names.journeys.index(name)
        for number, station in enumerate(graph):
            step = c.step_number(name, number)
            path = ("behaviour", "journeys", name, station.name)
            if station.name in interval.before:
                way = Alternative(event=interval.event, chance=interval.before[station.name], value=interval.value)
                c.tables.fill(
                    c.step_row(name, number), {ST_INTERVAL: _group(c, (*path, "before"), (way,), source=source)}
                )
            if station.name in interval.on and station.part in ("", "ask"):
                chance, after = interval.on[station.name], _soon(interval.delay)
                way = Alternative(event=interval.event, chance=chance, after=after, value=interval.value)
                _respond(c, responses, step, _group(c, (*path, "on"), (way,), source=source))


def _respond(c: Compiling, responses: dict[int, list[int]], step: int, group: int) -> None:
    """A group of alternatives follows every message of a step."""
    for number, send in enumerate(c.sends):
        if send.step == step:
            responses[number].append(group)


def _soon(delay: Duration) -> Duration:
    """What a send causes comes at least one second later."""
    return delay if delay.elapsed > 0 else Duration(0, 1)


def _answers(c: Compiling, responses: dict[int, list[int]]) -> None:
    """Answers to surveys: on the spot, or some time after the message that asks."""
    behaviour = c.plan.behaviour
    for name in c.names.journeys:
        for number, station in enumerate(c.graphs[name]):
            step = station.step
            if not isinstance(step, SurveyStep) or not station.first:
                continue
            if step.survey not in behaviour.answers:
                continue
            after = _soon(behaviour.answer_after) if station.part == "ask" else Duration(0, 0)
            rows: list[int] = []
            for answer, chance in behaviour.answers[step.survey].items():
                way = Alternative(event="answered", chance=chance, after=after)
                rows += _alternative(c, way, c.tables.text(answer))
            path = ("behaviour", "answers", step.survey)
            mood = answers_follow(c, step.survey) if c.behaviour == "realistic" else 0
            source = FROM_MODEL if station.part == "ask" else FROM_VISIT + 1 + c.names.journeys.index(name)
            group = c.tables.put([-1, hash64(*path), len(rows) // ALTERNATIVE, c.tables.put(rows), source, mood, 0])
            if station.part == "answer":
                c.tables.fill(c.step_row(name, number), {ST_ANSWERS: group})
            else:
                _respond(c, responses, c.step_number(name, number), group)


def _reading(c: Compiling, reading: Reading) -> None:
    """Tables of chances by persona and by messages received lately, for every send row."""
    tables, fatigue = c.tables, reading.fatigue
    levels = max(len(fatigue.opens), len(fatigue.unsubscribes))
    tables.words[H_FATIGUE_SIZE] = levels - 1
    tables.words[H_FATIGUE_WINDOW] = fatigue.within.elapsed
    tables.words[H_FATIGUE] = tables.cells(max(levels - 1, 1), ALWAYS)
    opens, leaves = _levels(fatigue.opens, levels), _levels(fatigue.unsubscribes, levels)
    flat = [1.0] * levels
    for number, send in enumerate(c.sends):
        usual = Factors()
        journey = reading.journeys.get(c.names.journeys[send.journey], usual)
        message = reading.messages.get(send.message, usual)
        tables.fill(
            c.send_row(number),
            {
                SEND_OPEN: _chances(c, reading.open, (journey.open, message.open), opens),
                SEND_CLICK: _chances(c, reading.click, (journey.click, message.click), flat),
                SEND_UNSUBSCRIBE: _chances(c, reading.unsubscribe, (journey.unsubscribe, message.unsubscribe), leaves),
                SEND_OPEN_DELAY: _soon(reading.open_after).elapsed,
                SEND_CLICK_DELAY: _soon(reading.click_after).elapsed,
            },
        )


def _levels(factors: tuple[float, ...], levels: int) -> list[float]:
    """Factors for every level; the last one holds beyond its end."""
    known = factors or (1.0,)
    return [known[min(k, len(known) - 1)] for k in range(levels)]


def _chances(c: Compiling, base: Any, factors: tuple[float, float], levels: list[float]) -> int:
    """A table of chances by persona and level; 0 if there are none at all."""
    bases = by_persona(c, base)
    if not any(bases):
        return 0
    return c.tables.reals(min(b * factors[0] * factors[1] * level, 1.0) for b in bases for level in levels)
