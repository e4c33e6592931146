"""Compiles triggers: what each waits for, and which events or thresholds concern it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bifurque.actors.layout import (
    EVERY_YEAR,
    ONCE,
    RX_ARM,
    RX_DISARM,
    RX_FIRST,
    RX_SEEN,
    RX_START,
    T_ABSENCE,
    T_CHANGE,
    T_CROSSING,
    T_DATE,
    T_EVENT,
    T_FIRST,
    T_SCHEDULE,
    T_STAGE,
    T_TOGETHER,
    TH_TRIGGER,
    TR_AFTER,
    TR_AT,
    TR_ATTRIBUTE,
    TR_CAUSE,
    TR_CELLS,
    TR_DATES,
    TR_DAYS,
    TR_EVERY,
    TR_JOURNEY,
    TR_KEYED,
    TR_KIND,
    TR_LEAP,
    TR_LOCAL,
    TR_SIZE,
    TR_TIMER,
    TR_WAIT_ARM,
    TR_WAITS,
    TR_WHERE,
    TRIGGER,
    WAKES_TRIGGER,
)
from bifurque.engine.journey import Journey
from bifurque.engine.names import Names, event_refs, listed
from bifurque.engine.program import Compiling
from bifurque.engine.rhythm import rhythm
from bifurque.engine.trigger import (
    AbsenceTrigger,
    ChangeTrigger,
    CrossingTrigger,
    DateOf,
    DateTrigger,
    EventTrigger,
    FirstTrigger,
    Schedule,
    ScheduleTrigger,
    StageTrigger,
    TogetherTrigger,
)
from bifurque.rules.layout import ALWAYS, H_END, H_START, NEVER

DAY = 86400
LEAP = {"28 February": 28, "1 March": 1, "skip": 0}
ORDER_ABSENCE, ORDER_START = 50, 60
"""Where triggers stand among the reactions to an event: silences first, entries last."""


def compile_trigger(c: Compiling, name: str, journey: Journey) -> None:
    """The row of a journey's trigger and whatever wakes it; a journey that is not enabled has none."""
    trigger = journey.trigger
    if not journey.enabled or trigger is None:
        return
    at = c.tables.put([0] * TRIGGER)
    row = {TR_JOURNEY: c.journey_row(name), TR_WHERE: -1, TR_WAIT_ARM: -1, TR_TIMER: -1}
    row[TR_KEYED] = 1 if getattr(trigger, "key", None) else 0
    if isinstance(trigger, EventTrigger):
        row |= {TR_KIND: T_EVENT, TR_CAUSE: c.entry_cause(str(event_refs(trigger.event)[0].event))}
        _on(c, trigger.event, trigger.where, ORDER_START, RX_START, at, row[TR_KEYED])
    elif isinstance(trigger, FirstTrigger):
        cause = c.entry_cause(f"first {event_refs(trigger.first)[0].event}")
        row |= {TR_KIND: T_FIRST, TR_CELLS: c.tables.cells(1), TR_CAUSE: cause}
        _on(c, trigger.first, trigger.where, ORDER_START, RX_FIRST, at, row[TR_KEYED])
    elif isinstance(trigger, AbsenceTrigger):
        row |= _absence(c, trigger, at)
    elif isinstance(trigger, TogetherTrigger):
        row |= _together(c, trigger, at)
    elif isinstance(trigger, ChangeTrigger):
        row |= _change(c, trigger, at)
    elif isinstance(trigger, CrossingTrigger):
        crossing = trigger.crossing
        rising = crossing.above is not None
        threshold = crossing.above if crossing.above is not None else crossing.below
        assert threshold is not None
        c.thresholds[crossing.score].append((threshold, rising, TH_TRIGGER, at))
        word = "above" if rising else "below"
        row |= {TR_KIND: T_CROSSING, TR_CAUSE: c.entry_cause(f"{crossing.score} {word} {threshold:g}")}
    elif isinstance(trigger, DateTrigger):
        row |= _date(c, trigger, at)
    elif isinstance(trigger, ScheduleTrigger):
        row |= _schedule(c, trigger.schedule, at)
    elif isinstance(trigger, StageTrigger):
        for stage in listed(trigger.stage):
            c.stage_entries.setdefault(c.names.stages.index(stage), []).append(at)
        row |= {TR_KIND: T_STAGE, TR_CAUSE: c.entry_cause(f"stage {listed(trigger.stage)[0]}")}
    c.tables.fill(at, row)


def _on(c: Compiling, events: Any, where: str | None, order: int, op: int, at: int, keyed: int, aux: int = 0) -> None:
    """Let events concern a trigger."""
    for ref in event_refs(events):
        texts = [f"({t})" for t in (where, ref.where) if t]
        code = c.tables.code(" && ".join(texts) or None, Names.event_types)
        c.react(str(ref.event), order, [op, at, code, keyed if ref.key == "same" else 0, aux])


def _absence(c: Compiling, trigger: AbsenceTrigger, at: int) -> Mapping[int, int]:
    from bifurque.engine.compile_journeys import wait_rows

    absence, keyed = trigger.absence, 1 if trigger.key else 0
    size = trigger.keys if keyed else 1
    waits, arm = wait_rows(c, absence.wait)
    refs = event_refs(absence.of)
    after = absence.after
    if after is not None:
        ends = tuple(r for r in refs if r.event != after)
        _on(c, ends, None, ORDER_ABSENCE, RX_DISARM, at, keyed)
        starts: Any = next((r for r in refs if r.event == after), after)
        _on(c, starts, None, ORDER_ABSENCE, RX_ARM, at, keyed)
    else:
        _on(c, refs, None, ORDER_ABSENCE, RX_ARM, at, keyed)
    c.begins += [WAKES_TRIGGER, at]
    return {
        TR_KIND: T_ABSENCE,
        TR_CELLS: c.tables.cells(2 * size, NEVER),
        TR_SIZE: size,
        TR_WAITS: waits,
        TR_WAIT_ARM: arm,
        TR_TIMER: c.timer(WAKES_TRIGGER, at),
        TR_AFTER: 1 if after is not None else 0,
        TR_ATTRIBUTE: c.columns[absence.since] if absence.since else 0,
        TR_CAUSE: c.entry_cause(f"no {refs[0].event}"),
    }


def _together(c: Compiling, trigger: TogetherTrigger, at: int) -> Mapping[int, int]:
    from bifurque.engine.compile_journeys import wait_rows

    refs = event_refs(trigger.together.of)
    for i, ref in enumerate(refs):
        _on(c, ref, None, ORDER_START, RX_SEEN, at, 0, i)
    waits, _ = wait_rows(c, trigger.together.within)
    cells = c.tables.cells(len(refs), ALWAYS)
    cause = c.entry_cause(" and ".join(str(r.event) for r in refs))
    return {TR_KIND: T_TOGETHER, TR_CELLS: cells, TR_SIZE: len(refs), TR_WAITS: waits, TR_CAUSE: cause}


def _change(c: Compiling, trigger: ChangeTrigger, at: int) -> Mapping[int, int]:
    change = trigger.change
    name = change if isinstance(change, str) else change.attribute
    where = None if isinstance(change, str) else change.where
    c.watchers.setdefault(name, []).append(at)
    return {TR_KIND: T_CHANGE, TR_WHERE: c.tables.code(where), TR_CAUSE: c.entry_cause(f"{name} changed")}


def _date(c: Compiling, trigger: DateTrigger, at: int) -> Mapping[int, int]:
    date = trigger.date if isinstance(trigger.date, DateOf) else DateOf(of=trigger.date)
    c.watchers.setdefault(date.of, []).append(at)
    c.begins += [WAKES_TRIGGER, at]
    return {
        TR_KIND: T_DATE,
        TR_TIMER: c.timer(WAKES_TRIGGER, at),
        TR_ATTRIBUTE: c.columns[date.of],
        TR_EVERY: EVERY_YEAR if date.every == "year" else ONCE,
        TR_DAYS: date.days,
        TR_AT: date.at,
        TR_LOCAL: 1,
        TR_LEAP: LEAP[date.leap],
        TR_CAUSE: c.entry_cause(date.of),
    }


def _schedule(c: Compiling, schedule: Schedule, at: int) -> Mapping[int, int]:
    c.begins += [WAKES_TRIGGER, at]
    return {
        TR_KIND: T_SCHEDULE,
        TR_TIMER: c.timer(WAKES_TRIGGER, at),
        TR_LOCAL: 1 if schedule.clock == "contact" else 0,
        TR_CAUSE: c.entry_cause(schedule.calendar or (f"every {schedule.every}" if schedule.every else "date")),
        TR_DATES: c.tables.listed(_readings(c, schedule)),
    }


def _readings(c: Compiling, schedule: Schedule) -> list[int]:
    """Every wall-clock reading a schedule may fall on during a run, wherever the contact lives, in order."""
    if schedule.every is None:
        dates = c.plan.calendars[schedule.calendar] if schedule.calendar else schedule.dates
        return sorted(dates)
    assert schedule.at is not None
    first = c.plan.start if schedule.start is None else schedule.start
    start, end = (c.tables.words[h] // DAY for h in (H_START, H_END))
    return [day * DAY + schedule.at for day in rhythm(schedule, first, start - 1, end + 3)]


def watch_lists(c: Compiling) -> None:
    """Who watches which attribute and which stage; the lists were promised before the triggers were known."""
    for name, at in c.watch_slots.items():
        triggers = c.watchers.get(name, [])
        c.tables.words[at] = len(triggers)
        c.tables.words[at + 1 : at + 1 + len(triggers)] = triggers
