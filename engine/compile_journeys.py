"""Compiles journeys: who may be inside, where each step stands, when it is due, what it does."""

from __future__ import annotations

from bifurque.actors.layout import (
    AFTER_EXIT,
    AR_JOURNEY,
    ARM,
    FREE,
    FROM_DATE,
    FROM_MOMENT,
    FROM_PREVIOUS,
    FROM_SENT,
    FROM_TRIGGER,
    GC_FIRST,
    J_ARM,
    J_FIRST,
    J_GOAL,
    J_GROUP,
    J_ID,
    J_INSIDE,
    J_KEYED,
    J_MOST,
    J_N_SLOTS,
    J_NAME,
    J_PRIORITY,
    J_PRIORITY_CONST,
    J_QUEUE,
    J_REENTRY,
    J_SLOTS,
    J_VISITS,
    J_WHEN,
    JOURNEY,
    LATE_SEND,
    LATE_SKIP,
    NEVER_AGAIN,
    PARALLEL,
    PAUSE,
    PREEMPT,
    QUEUE,
    REPLACE,
    S_ACT,
    S_BRANCH,
    S_EXIT,
    S_EXPERIMENT,
    S_OFFER,
    S_SEND,
    S_TRANSFER,
    S_WAIT,
    S_WAIT_FOR,
    SLOT,
    SLOT_JOURNEY,
    SLOT_STEP,
    SLOT_TIMER,
    ST_ANCHOR,
    ST_ARG,
    ST_ATTRIBUTE,
    ST_ELSE,
    ST_ID,
    ST_JOURNEY,
    ST_KIND,
    ST_LATE,
    ST_NEXT,
    ST_PURPOSE,
    ST_SEND_ARM,
    ST_SENDS,
    ST_WAIT_ARM,
    ST_WAITS,
    STEP,
    WAKES_SLOT,
)
from bifurque.engine.compile_actions import compile_actions, keep_answer
from bifurque.engine.compile_sends import compile_sends
from bifurque.engine.compile_sharing import offer_list
from bifurque.engine.compile_triggers import compile_trigger
from bifurque.engine.findings import messages_of
from bifurque.engine.journey import (
    BranchStep,
    ExitStep,
    ExperimentStep,
    Journey,
    MessageByArm,
    OfferStep,
    Reentry,
    ScoreStep,
    SendStep,
    SetStep,
    SurveyStep,
    TaskStep,
    TransferStep,
    WaitForStep,
)
from bifurque.engine.names import Names, exits, listed
from bifurque.engine.program import Compiling
from bifurque.engine.routes import Station
from bifurque.engine.ruling import TransferAction
from bifurque.engine.tables import hash64
from bifurque.engine.trigger import WaitByArm
from bifurque.engine.values import Duration, weekday_bits
from bifurque.rules.layout import H_ARMS, H_JOURNEYS, H_N_JOURNEYS, H_N_SENDS, H_SENDS, SEND
from bifurque.rules.lowering import real_word
from bifurque.rules.syntax import Type

POLICIES = {"never": NEVER_AGAIN, "after_exit": AFTER_EXIT, "parallel": PARALLEL, "replace": REPLACE}
GROUPS = {"preempt": PREEMPT, "pause": PAUSE, "queue": QUEUE}
VISIT_NAMES: dict[str, Type] = {"visit": "int"}


def compile_journeys(c: Compiling) -> None:
    """Rows of journeys, groups, steps, sends and triggers."""
    tables, words = c.tables, c.tables.words
    c.journey_rows = words[H_JOURNEYS] = tables.put([0] * JOURNEY * len(c.names.journeys))
    words[H_N_JOURNEYS] = len(c.names.journeys)
    c.step_rows = tables.put([0] * STEP * len(c.steps))
    _number_sends(c)
    c.send_rows = words[H_SENDS] = tables.put([0] * SEND * len(c.sends))
    words[H_N_SENDS] = len(c.sends)
    for name, (visits, inside) in c.visits.items():
        tables.fill(c.journey_row(name), {J_VISITS: visits, J_INSIDE: inside})
    for name, journey in c.plan.journeys.items():
        _journey(c, name, journey)
    for group, members in c.names.groups.items():
        row = tables.put([GROUPS[c.names.policy_of(group)], len(members), *(c.journey_row(m) for m in members)])
        for member in members:
            words[c.journey_row(member) + J_GROUP] = row
    compile_sends(c)
    for name, journey in c.plan.journeys.items():
        for station_number, station in enumerate(c.graphs[name]):
            _step(c, name, station_number, station)
        compile_trigger(c, name, journey)
    words[H_ARMS] = tables.listed(c.arm_rows, ARM)


def _number_sends(c: Compiling) -> None:
    """A send row per message and channel that a step may use: its own (one per arm).

    Then those it may be rerouted to.
    """
    from bifurque.engine.program import SendRow

    for name in c.names.journeys:
        for number, station in enumerate(c.graphs[name]):
            if station.part not in ("", "ask"):
                continue
            step = c.step_number(name, number)
            for message in messages_of(station.step, c.plan):
                own = c.plan.messages[message].channel
                c.step_sends.setdefault(step, []).append(len(c.sends))
                c.sends.append(SendRow(c.names.journeys.index(name), step, message, own))
    for row in list(c.sends):
        sent = c.plan.messages[row.message]
        for law in (sent.on_cap, sent.on_quiet):
            channel = getattr(law, "reroute", None)
            other = SendRow(row.journey, row.step, row.message, channel or "")
            if channel and other not in c.sends:
                c.sends.append(other)


def _journey(c: Compiling, name: str, journey: Journey) -> None:
    tables = c.tables
    reentry = journey.reentry if isinstance(journey.reentry, Reentry) else Reentry(policy=journey.reentry)
    row = c.journey_row(name)
    slots = reentry.at_once if reentry.policy == "parallel" else 1
    first = tables.cells(slots * SLOT)
    for i in range(slots):
        slot = first + i * SLOT
        tables.start_with(slot + SLOT_STEP, FREE)
        tables.start_with(slot + SLOT_JOURNEY, row)
        tables.start_with(slot + SLOT_TIMER, 0)
    c.slots[name] = [first + i * SLOT for i in range(slots)]
    priority, constant = tables.number(journey.priority, Names.message_types)
    tables.fill(
        row,
        {
            J_ID: 1 + c.names.journeys.index(name),
            J_NAME: c.winner(name, journey=True),
            J_FIRST: c.step_row(name, 0),
            J_SLOTS: first,
            J_N_SLOTS: slots,
            J_REENTRY: POLICIES[reentry.policy],
            J_MOST: reentry.most or 0,
            J_KEYED: 1 if keyed(c, name) else 0,
            J_WHEN: tables.code(journey.when if journey.enabled else "false", VISIT_NAMES),
            J_PRIORITY: priority,
            J_PRIORITY_CONST: constant,
            J_ARM: _arms(c, name, journey),
            J_GOAL: _goal(c, name, journey),
            J_QUEUE: tables.cells(5),
        },
    )


def keyed(c: Compiling, name: str, seen: frozenset[str] = frozenset()) -> bool:
    """Whether the visits of a journey are kept apart by key: its trigger's, or that of a journey that leads to it."""
    trigger = c.plan.journeys[name].trigger
    if trigger is not None:
        return getattr(trigger, "key", None) is not None
    sources = set()
    for other, journey in c.plan.journeys.items():
        to = {s.transfer for _, s in c.names.steps(other) if isinstance(s, TransferStep)}
        if name in to | {x.to for x in exits(journey)}:
            sources.add(other)
    for action in (a for rule in c.plan.rules for a in rule.then):
        if isinstance(action, TransferAction) and action.transfer == name:
            sources |= set(listed(action.origin) or c.names.journeys) - {name}
    return any(keyed(c, s, seen | {name}) for s in sources - seen)


def _arms(c: Compiling, name: str, journey: Journey) -> int:
    """The word that holds the code of a contact's arms in a journey, drawn when its life begins if it varies."""
    running = {n: e for n, e in c.plan.experiments.items() if e.enabled and len(e.arms) > 1}
    experiments = [e for e in running if e in _experiments_of(c, name, journey)]
    cell = c.tables.cells(1)
    if not experiments and journey.holdout == 0:
        return cell
    base = len(c.arms) if experiments else 0
    combinations = [""]
    sizes: list[int] = []
    for experiment in experiments:
        arms = list(c.plan.experiments[experiment].arms)
        combinations = [f"{p};{experiment}={a}".lstrip(";") for p in combinations for a in arms]
        sizes += [c.experiment_cells[experiment], len(arms)]
    c.arms += combinations if experiments else []
    table = c.tables.put([len(experiments), *sizes, base])
    c.arm_rows += [AR_JOURNEY, cell, hash64(name, "holdout"), table, real_word(journey.holdout)]
    return cell


def _experiments_of(c: Compiling, name: str, journey: Journey) -> set[str]:
    """The experiments that touch a journey: its trigger, its waits, its messages, its ways."""
    found = {getattr(getattr(getattr(journey.trigger, "absence", None), "wait", None), "by", "")}
    for _, step in c.names.steps(name):
        found.add(getattr(step.wait, "by", ""))
        found.add(getattr(getattr(step, "timeout", None), "by", ""))
        found.add(getattr(getattr(step, "send", None), "by", ""))
        found.add(getattr(step, "experiment", ""))
    return found


def _goal(c: Compiling, name: str, journey: Journey) -> int:
    if journey.goal is None:
        return 0
    cells = c.tables.cells(GC_FIRST + GOALS_OPEN)
    within = journey.goal.within
    row = c.tables.put([c.journey_row(name), within.days, within.seconds, cells, GOALS_OPEN])
    c.goals[name] = row
    return row


GOALS_OPEN = 16
"""How many visits of one journey may be inside their goal's window at once."""


def _step(c: Compiling, name: str, number: int, station: Station) -> None:
    step, tables = station.step, c.tables
    sends = c.step_sends.get(c.step_number(name, number), [])
    wait, arm = wait_rows(c, Duration(0, 0))
    if station.first:
        wait, arm = wait_rows(c, step.wait, step.at, weekday_bits(listed(step.on)) if step.on else 0)
    row = {
        ST_ID: 1 + c.step_number(name, number),
        ST_JOURNEY: c.journey_row(name),
        ST_ANCHOR: FROM_PREVIOUS,
        ST_WAITS: wait,
        ST_WAIT_ARM: arm,
        ST_SENDS: c.send_row(sends[0]) if sends else 0,
        ST_SEND_ARM: -1,
        ST_NEXT: c.step_row(name, station.onward),
        ST_LATE: LATE_SKIP if step.late == "skip" else LATE_SEND,
        ST_PURPOSE: hash64(name, station.name),
    }
    row |= _anchor(c, step.after) if station.first else {}
    row |= _kind(c, name, number, station)
    tables.fill(c.step_row(name, number), row)


def _anchor(c: Compiling, after: str) -> dict[int, int]:
    fixed = {"trigger": FROM_TRIGGER, "previous": FROM_PREVIOUS, "sent": FROM_SENT}
    if after in fixed:
        return {ST_ANCHOR: fixed[after]}
    anchor = FROM_DATE if c.names.attributes[after] == "date" else FROM_MOMENT
    return {ST_ANCHOR: anchor, ST_ATTRIBUTE: c.columns[after]}


def wait_rows(c: Compiling, wait: object, at: int | None = None, weekdays: int = 0) -> tuple[int, int]:
    """Rows of a wait, one per arm; and the word of the experiment that chooses, or -1."""
    waits, arm = [wait], -1
    if isinstance(wait, WaitByArm):
        arms = c.plan.experiments[wait.by].arms
        waits, arm = [wait.arms[a] for a in arms], c.experiment_cells[wait.by]
    words: list[int] = []
    for one in waits:
        assert isinstance(one, Duration)
        words += [one.days, one.seconds, -1 if at is None else at, weekdays]
    return c.tables.put(words), arm


def _kind(c: Compiling, name: str, number: int, station: Station) -> dict[int, int]:
    """What a step does, and where its other ways lead."""
    step, tables = station.step, c.tables
    ways = [c.step_row(name, way) for way in station.ways]
    if station.part == "answer":
        assert isinstance(step, SurveyStep)
        rows, arm = wait_rows(c, step.within)
        return {ST_KIND: S_WAIT_FOR, ST_ARG: ways[0], ST_ELSE: ways[1], ST_WAITS: rows, ST_WAIT_ARM: arm}
    if station.part == "keep":
        return {ST_KIND: S_ACT, ST_ARG: keep_answer(c, step)}
    if isinstance(step, OfferStep):
        return {ST_KIND: S_OFFER, ST_ARG: offer_list(c, step), ST_ELSE: ways[0]}
    if station.part == "done":
        return {ST_KIND: S_WAIT, ST_ANCHOR: FROM_SENT}
    if station.part == "ask" or isinstance(step, SendStep | TaskStep):
        arm = -1
        if isinstance(step, SendStep) and isinstance(step.send, MessageByArm):
            arm = c.experiment_cells[step.send.by]
        return {ST_KIND: S_SEND, ST_SEND_ARM: arm}
    if isinstance(step, WaitForStep):
        rows, arm = wait_rows(c, step.timeout)
        return {ST_KIND: S_WAIT_FOR, ST_ARG: ways[0], ST_ELSE: ways[1], ST_WAITS: rows, ST_WAIT_ARM: arm}
    if isinstance(step, BranchStep):
        conditions = [tables.code(way.when, VISIT_NAMES) for way in step.branch]
        pairs = [w for pair in zip(conditions, ways, strict=True) for w in pair]
        return {ST_KIND: S_BRANCH, ST_ARG: tables.listed(pairs, 2)}
    if isinstance(step, ExperimentStep):
        by_arm = dict(zip(step.arms, ways, strict=True))
        arms = c.plan.experiments[step.experiment].arms
        targets = tables.put(by_arm.get(a, c.step_row(name, station.onward)) for a in arms)
        return {ST_KIND: S_EXPERIMENT, ST_ARG: targets, ST_SEND_ARM: c.experiment_cells[step.experiment]}
    if isinstance(step, SetStep | ScoreStep):
        return {ST_KIND: S_ACT, ST_ARG: compile_actions(c, step)}
    if isinstance(step, TransferStep):
        return {ST_KIND: S_TRANSFER, ST_ARG: c.journey_row(step.transfer)}
    return {ST_KIND: S_EXIT if isinstance(step, ExitStep) else S_WAIT}


def set_slot_timers(c: Compiling) -> None:
    """Slots get their timers last, in the order of journeys: after those of triggers."""
    for name in c.names.journeys:
        for slot in c.slots[name]:
            c.tables.start_with(slot + SLOT_TIMER, c.timer(WAKES_SLOT, slot))
