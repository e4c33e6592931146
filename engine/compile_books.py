"""Compiles what is counted by group: personas and segments, the ways out of a step, stages by day."""

from __future__ import annotations

from collections.abc import Iterator

from bifurque.actors.groups import (
    BK_ALIVE,
    BK_BEFORE,
    BK_DAYS,
    BK_HITS,
    BK_LOOPS,
    BK_MARKS,
    BK_MOVES,
    BK_N_PERSONAS,
    BK_N_STAGES,
    BK_N_WAYS,
    BK_OPENED,
    BK_PRESS,
    BK_PRESSURE,
    BK_SEGMENTS,
    BK_TOTALS,
    BK_WAYS,
    BK_WEEK,
    BK_WEEKS,
    BOOKS,
    CELLS,
    LOOP_MOST,
    MARK,
    WAY_COUNTS,
)
from bifurque.actors.layout import (
    ST_WAYS,
    TOTALS,
)
from bifurque.engine.journey import BranchStep, ExperimentStep, SurveyStep, WaitForStep
from bifurque.engine.names import Names
from bifurque.engine.program import Compiling, Program
from bifurque.engine.routes import Station, stations
from bifurque.rules.layout import H_BOOKS, H_END, H_LOST, H_RULE_COUNTS, H_START, H_WEEKS, LO_KEYS, LO_SIZE

DAY = 86400
MOST_LOST = 1 << 18
"""Room for decisions not to send, by key and week; what is more is taken away on the way."""


def ways_of(names: Names) -> Iterator[tuple[str, Station, str, str]]:
    """Every way out of a step that has several: journey, step, which way, and the step it leads to or nothing.

    The way is the condition of a branch or `else`, an arm, `happened` or `timeout`.
    """
    for journey in names.journeys:
        graph = stations(names.plan.journeys[journey])
        for station in graph:
            for which, to in _ways(names, station):
                yield journey, station, which, "" if to is None else graph[to].name


def _ways(names: Names, station: Station) -> list[tuple[str, int | None]]:
    step, ways, onward = station.step, station.ways, station.onward
    if isinstance(step, WaitForStep) or (isinstance(step, SurveyStep) and station.part == "answer"):
        return list(zip(("happened", "timeout"), ways, strict=True))
    if isinstance(step, BranchStep):
        named = list(zip((way.when or "else" for way in step.branch), ways, strict=True))
        return named if named[-1][0] == "else" else [*named, ("else", onward)]
    if isinstance(step, ExperimentStep):
        by_arm = dict(zip(step.arms, ways, strict=True))
        return [(arm, by_arm.get(arm, onward)) for arm in names.plan.experiments[step.experiment].arms]
    return []


def declare_books(c: Compiling) -> None:
    """The conditions of segments; the number of each step's first way."""
    words, tables = c.tables.words, c.tables
    codes = tables.listed([tables.code(f"segment.{name}") for name in c.plan.segments])
    firsts: dict[int, int] = {}
    count = 0
    for journey, station, _, _ in ways_of(c.names):
        firsts.setdefault(c.step_row(journey, c.graphs[journey].index(station)), count)
        count += 1
    for step, first in firsts.items():
        words[step + ST_WAYS] = first
    row = words[H_BOOKS] = tables.put([0] * BOOKS)
    room = 256
    while room < 32 * len(c.sends) and room * words[H_WEEKS] < MOST_LOST:
        room *= 2
    words[H_LOST] = tables.put([0, room, 0])
    weeks = (words[H_END] // DAY + 3) // 7 - (words[H_START] // DAY + 3) // 7 + 3
    first = (words[H_START] // DAY + 3) // 7
    tables.fill(
        row,
        {
            BK_SEGMENTS: codes,
            BK_N_PERSONAS: len(c.names.personas),
            BK_N_STAGES: len(c.names.stages),
            BK_N_WAYS: count,
            BK_WEEK: first - 1,  # somewhere it may still be the week before
            BK_WEEKS: weeks,
            BK_DAYS: -(-(words[H_END] - words[H_START]) // DAY),
            BK_PRESS: tables.cells(3),
            BK_BEFORE: tables.cells(TOTALS),
            BK_HITS: tables.cells(weeks),
            BK_MARKS: tables.cells(count * MARK),
            BK_OPENED: tables.cells(len(c.names.journeys)),
        },
    )


def reserve_work(c: Compiling) -> None:
    """Room for decisions not to send."""
    words, tables = c.tables.words, c.tables
    lost, weeks = words[H_LOST], words[H_WEEKS]
    words[lost + LO_KEYS] = tables.reserve(words[lost + LO_SIZE] * (1 + 2 * weeks))


def reserve_books(c: Compiling) -> None:
    """Room for the counters."""
    words, tables, row = c.tables.words, c.tables, c.tables.words[H_BOOKS]
    groups, weeks = len(c.names.personas) + len(c.plan.segments), words[row + BK_WEEKS]
    stages = len(c.names.stages)
    words[row + BK_TOTALS] = tables.reserve(groups * TOTALS)
    words[row + BK_ALIVE] = tables.reserve(groups * weeks)
    words[row + BK_PRESSURE] = tables.reserve(groups * weeks * CELLS)
    words[row + BK_MOVES] = tables.reserve(words[row + BK_DAYS] * (1 + stages) * stages)
    words[row + BK_WAYS] = tables.reserve(groups * words[row + BK_N_WAYS] * WAY_COUNTS)
    words[row + BK_LOOPS] = tables.reserve(len(c.names.journeys) * (LOOP_MOST + 1) * 2)


def books_place(program: Program) -> slice:
    """Where these counters stand among all: from the first to the last of them."""
    words = program.words
    first = int(words[int(words[H_BOOKS]) + BK_TOTALS])
    return slice(first - program.first_counter, int(words[H_RULE_COUNTS]) - program.first_counter)
