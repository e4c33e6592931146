"""Where a contact stands in each journey: steps behind, with what became of them, and steps ahead, with their times."""

from __future__ import annotations

from typing import Any

import numpy as np

from bifurque.actors.layout import (
    ENDING,
    FREE,
    FROM_PREVIOUS,
    FROM_SENT,
    J_N_SLOTS,
    J_SLOTS,
    JOURNEY,
    SLOT,
    SLOT_MESSAGES,
    SLOT_PAUSED,
    SLOT_PREVIOUS,
    SLOT_STATE,
    SLOT_STEP,
    SLOT_TIMER,
    SLOT_VISIT,
    ST_ANCHOR,
    STEP,
)
from bifurque.actors.steps import UNKNOWN_DATE, due_at
from bifurque.engine.journey import BranchStep, ExitStep, ExperimentStep, TransferStep, WaitForStep
from bifurque.engine.routes import Station, stations
from bifurque.engine.walk import Walk
from bifurque.engine.words import reason, say
from bifurque.rules.layout import H_JOURNEYS, H_TIMERS, NEVER

MARKS = {"sent": "✓", "held": "‖", "dropped": "✗", "replaced": "✗", "": "✓"}


def the_map(walk: Walk, lang: str) -> list[str]:
    """One block for each visit under way; where nobody is inside anything, one line that says so."""
    lines: list[str] = []
    memory = walk.contact.memory
    for number, name in enumerate(walk.contact.program.names.journeys):
        journey = int(memory[H_JOURNEYS]) + number * JOURNEY
        for i in range(memory[journey + J_N_SLOTS]):
            slot = int(memory[journey + J_SLOTS]) + i * SLOT
            if memory[slot + SLOT_STEP] != FREE:
                lines += _visit(walk, lang, number, name, slot)
    return lines or [say(lang, "walk.nowhere")]


def _visit(walk: Walk, lang: str, number: int, name: str, slot: int) -> list[str]:
    memory = walk.contact.memory
    visit = int(memory[slot + SLOT_VISIT])
    title = say(lang, "walk.visit", name, visit)
    if memory[slot + SLOT_PAUSED] != 0:
        title += " " + say(lang, "walk.paused", walk.contact.program.winners[int(memory[slot + SLOT_PAUSED])])
    return [title, *_behind(walk, lang, name, visit), *_ahead(walk, lang, number, name, slot)]


def _behind(walk: Walk, lang: str, journey: str, visit: int) -> list[str]:
    """Steps the visit has passed, and what became of their messages."""
    witness = walk.contact.witness
    assert witness is not None
    fates: dict[str, dict[str, Any]] = {}
    for row in walk.contact.decisions:
        if row["journey"] == journey and row["visit"] == visit and row["message"]:
            fates[row["step"]] = row
    lines = []
    for step, at in witness.passed.get((journey, visit), ()):
        fate = fates.get(step)
        text = f"  {MARKS[fate['outcome'] if fate else '']} {step}  {walk.clock(at)}"
        if fate is not None:
            text += f"  {say(lang, 'outcome.' + fate['outcome'])}"
            text += "" if fate["outcome"] == "sent" else f" — {reason(lang, fate['reason'])}"
        if fate is not None and fate["outcome"] == "held" and fate["until"] is not None:
            text += f", {say(lang, 'why.until', walk.clock(int(fate['until'].timestamp())))}"
        lines.append(text)
    return lines


def _ahead(walk: Walk, lang: str, number: int, name: str, slot: int) -> list[str]:
    """The step it stands at, with its due instant, and those that follow as far as no way has to be chosen."""
    memory, program = walk.contact.memory, walk.contact.program
    if memory[slot + SLOT_STATE] == ENDING or memory[slot + SLOT_STEP] == 0:
        return [f"  ○ {say(lang, 'walk.ending')}"]
    graph = stations(walk.world.plan.journeys[name])
    first = int(memory[H_JOURNEYS]) + len(program.names.journeys) * JOURNEY
    before = sum(1 for j, _ in program.steps if j < number)
    at = (int(memory[slot + SLOT_STEP]) - first) // STEP - before
    due: int | None = int(memory[memory[H_TIMERS] + memory[slot + SLOT_TIMER]])
    lines = []
    for station in _straight(graph, at):
        lines.append(f"  ○ {station.name}  {_time(walk, due, lang)}{_ways(station, lang)}")
        if station.onward is not None:
            due = _due(memory, slot, first + (before + station.onward) * STEP, due)
    return lines


def _straight(graph: tuple[Station, ...], at: int) -> list[Station]:
    """The stations from one on, up to and with the first that has several ways or ends the visit."""
    found = []
    here: int | None = at
    while here is not None and graph[here] not in found:
        found.append(graph[here])
        if isinstance(graph[here].step, BranchStep | WaitForStep | ExperimentStep | ExitStep | TransferStep):
            break
        here = graph[here].onward
    return found


def _due(memory: Any, slot: int, step: int, previous: int | None) -> int | None:
    """When a later step would be due, if the one before it is left at its due instant (None: nobody knows yet)."""
    anchor = memory[step + ST_ANCHOR]
    if anchor == FROM_SENT or (anchor == FROM_PREVIOUS and previous is None):
        return None
    kept = memory[slot + SLOT_PREVIOUS], memory[slot + SLOT_MESSAGES]
    previous = int(kept[0]) if previous is None else previous
    memory[slot + SLOT_PREVIOUS] = previous
    with np.errstate(over="ignore"):
        due = int(due_at(memory, slot, step))
    memory[slot + SLOT_PREVIOUS], memory[slot + SLOT_MESSAGES] = kept
    return None if due in (NEVER, UNKNOWN_DATE) else max(due, previous)


def _time(walk: Walk, due: int | None, lang: str) -> str:
    if due is None:
        return say(lang, "walk.later")
    return say(lang, "walk.waits") if due >= NEVER else walk.clock(due)


def _ways(station: Station, lang: str) -> str:
    step = station.step
    if isinstance(step, BranchStep | ExperimentStep):
        return "  " + say(lang, "walk.ways", len(station.ways))
    if isinstance(step, WaitForStep) or station.part == "answer":
        return "  " + say(lang, "walk.wait_for")
    return ""
