"""Compiles, for every event type, all that the plan has to say about it, in order; and the timers."""

from __future__ import annotations

from bifurque.actors.layout import (
    AC_GRANT,
    AC_WITHDRAW,
    ACTION,
    P_FIRST,
    REACTION,
    RX_ACT,
    RX_CLICKED,
    RX_EXIT,
    RX_GOAL,
    RX_OPENED,
    RX_RESUME,
    RX_REVENUE,
    WAKES_MESSAGES,
)
from bifurque.engine.compile_actions import consents, event_actions
from bifurque.engine.compile_journeys import set_slot_timers
from bifurque.engine.compile_rules import compile_rules
from bifurque.engine.compile_sharing import react_to_takers
from bifurque.engine.compile_triggers import watch_lists
from bifurque.engine.journey import SurveyStep, WaitForStep
from bifurque.engine.names import Names, choices, event_refs, exits, listed
from bifurque.engine.program import Compiling
from bifurque.engine.routes import Station
from bifurque.rules.layout import (
    H_BEGINS,
    H_CLICKED,
    H_EVENTS,
    H_JOINED,
    H_N_TIMERS,
    H_OPENED,
    H_PEOPLE,
    H_STAGE_ENTRY,
    H_TIMERS,
    H_UNSUBSCRIBED,
    H_WAKES,
    NEVER,
)

ORDER_MESSAGE, ORDER_ACT, ORDER_REVENUE, ORDER_GOAL, ORDER_EXIT, ORDER_RESUME = 5, 10, 20, 30, 40, 45


def compile_events(c: Compiling) -> None:
    """Reactions by event type, then what waits for the clock."""
    _messages(c)
    _consent(c)
    _effects(c)
    react_to_takers(c)
    _journeys(c)
    compile_rules(c)
    tables, words = c.tables, c.tables.words
    lists = []
    for event in c.names.events:
        rows = sorted(c.reactions.get(event, []), key=lambda row: row[0])
        lists.append(tables.listed((w for row in rows for w in row[1:]), REACTION))
    words[H_EVENTS] = tables.put(lists)
    for header, event in (
        (H_OPENED, "opened"),
        (H_CLICKED, "clicked"),
        (H_UNSUBSCRIBED, "unsubscribed"),
        (H_JOINED, "joined"),
    ):
        words[header] = c.event(event)
    entries = [tables.listed(c.stage_entries.get(s, [])) for s in range(len(c.names.stages))]
    words[H_STAGE_ENTRY] = tables.put(entries)
    watch_lists(c)
    set_slot_timers(c)
    c.timer(WAKES_MESSAGES, 0)
    words[H_TIMERS], words[H_N_TIMERS] = tables.cells(len(c.timers), NEVER), len(c.timers)
    words[H_WAKES] = tables.put(w for timer in c.timers for w in timer)
    words[H_BEGINS] = tables.listed(c.begins, 2)
    words[H_PEOPLE] = tables.listed((w for i, cell in enumerate(c.columns.values()) for w in (P_FIRST + i, cell)), 2)


def _messages(c: Compiling) -> None:
    c.react("opened", ORDER_MESSAGE, [RX_OPENED, 0, -1, 0, 0])
    c.react("clicked", ORDER_MESSAGE, [RX_CLICKED, 0, -1, 0, 0])


def _consent(c: Compiling) -> None:
    """Consent given or withdrawn by hand: the key says what for. Withdrawing something unknown withdraws everything."""
    pairs = [f"{p}.{ch}" for p in c.names.purposes for ch in c.names.channels]
    known = list(dict.fromkeys([*c.names.purposes, *c.names.channels, *pairs]))
    quoted = ", ".join(f'"{k}"' for k in known)
    for event, op in (("opt_in", AC_GRANT), ("opt_out", AC_WITHDRAW)):
        for text in known:
            where = c.tables.code(f'event.key == "{text}"', Names.event_types)
            actions = c.tables.listed(consents(c, op, text), ACTION)
            c.react(event, ORDER_ACT, [RX_ACT, actions, where, 0, 0])
        everything = '!has(event.key) || event.key == "all"'
        if event == "opt_out":
            everything = f"!has(event.key) || !(event.key in [{quoted}])"
        actions = c.tables.listed(consents(c, op, "all"), ACTION)
        c.react(event, ORDER_ACT, [RX_ACT, actions, c.tables.code(everything, Names.event_types), 0, 0])


def _effects(c: Compiling) -> None:
    for event in c.names.events:
        actions = event_actions(c, event)
        if actions:
            c.react(event, ORDER_ACT, [RX_ACT, c.tables.listed(actions, ACTION), -1, 0, 0])
        if event in revenue_events(c.names):
            c.react(event, ORDER_REVENUE, [RX_REVENUE, 0, -1, 0, 0])


def revenue_events(names: Names) -> tuple[str, ...]:
    """The events whose value is revenue: declared so, and `purchase` unless declared otherwise."""
    found = []
    for event in names.events:
        declared = names.plan.events.get(event)
        says = declared.revenue if declared is not None else None
        if says or (says is None and event == "purchase"):
            found.append(event)
    return tuple(found)


def _journeys(c: Compiling) -> None:
    for name, journey in c.plan.journeys.items():
        row = c.journey_row(name)
        if journey.goal is not None:
            where = c.tables.code(journey.goal.where, Names.event_types)
            c.react(journey.goal.event, ORDER_GOAL, [RX_GOAL, c.goals[name], where, 0, 0])
        for exit_ in exits(journey):
            where = c.tables.code(exit_.where, Names.event_types)
            keyed = 1 if exit_.key == "same" else 0
            onward = c.journey_row(exit_.to) if exit_.to else 0
            for event in listed(exit_.event):
                c.react(event, ORDER_EXIT, [RX_EXIT, row, where, keyed, onward])
        for number, station in enumerate(c.graphs[name]):
            _resume(c, station, c.step_row(name, number))


def _resume(c: Compiling, station: Station, row: int) -> None:
    """What a step waits for."""
    step = station.step
    if isinstance(step, WaitForStep):
        for ref in event_refs(step.wait_for):
            where = c.tables.code(ref.where, Names.event_types)
            c.react(str(ref.event), ORDER_RESUME, [RX_RESUME, row, where, 1 if ref.key == "same" else 0, 0])
    elif station.part == "answer":
        assert isinstance(step, SurveyStep)
        where = c.tables.code(_answering(step), Names.event_types)
        c.react("answered", ORDER_RESUME, [RX_RESUME, row, where, 0, 1])


def _answering(step: SurveyStep) -> str:
    """Which `answered` events answer a survey."""
    answers = ", ".join(f'"{a}"' for a in choices(step))
    silent = "!has(event.message)"
    about = silent if step.message is None else f'({silent} || event.message == "{step.message}")'
    return f"event.key in [{answers}] && {about}"
