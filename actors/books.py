"""What one life adds to the figures of its groups: its persona, and the segments it is in at the end."""

from __future__ import annotations

from bifurque.actors.groups import *
from bifurque.actors.layout import *
from bifurque.rules.compiled import Memory, kernel, seldom
from bifurque.rules.conditions import truth
from bifurque.rules.decisions import WEEK as SEVEN_DAYS
from bifurque.rules.layout import *

DAY = SEVEN_DAYS // 7


@seldom
def open_books(m: Memory) -> None:
    """A life begins: what the lane has counted so far belongs to others."""
    turn_books(m)
    moved(m, 0, m[STAGE], m[LIFE])


@kernel
def turn_books(m: Memory) -> None:
    """Between the totals before a contact, while it is at hand, and those of its own, while it is parked."""
    before, totals = m[m[H_BOOKS] + BK_BEFORE], m[H_TOTALS]
    for i in range(TOTALS):
        m[before + i] = m[totals + i] - m[before + i]


@seldom
def moved(m: Memory, origin: int, stage: int, t: int) -> None:
    """Count a move to a stage: from another (its number plus one), or from outside (0)."""
    books, stages = m[H_BOOKS], m[H_BOOKS] + BK_N_STAGES
    day = min((t - m[H_START]) // DAY, m[books + BK_DAYS] - 1)
    m[m[books + BK_MOVES] + (day * (1 + m[stages]) + origin) * m[stages] + stage] += 1


@seldom
def took(m: Memory, step: int, way: int) -> None:
    """A contact takes one of the ways out of a step; what it does from the first time on counts for that way."""
    books, totals = m[H_BOOKS], m[H_TOTALS]
    mark = m[books + BK_MARKS] + (m[step + ST_WAYS] + way) * MARK
    if m[mark] == 0:
        m[mark] = 1
        before = m[books + BK_BEFORE]
        m[mark + 1] = m[totals + X_PURCHASES] - m[before + X_PURCHASES]
        m[mark + 2] = m[totals + X_UNSUBSCRIBED] - m[before + X_UNSUBSCRIBED]
        m[mark + 3] = m[totals + X_REVENUE] - m[before + X_REVENUE]


@seldom
def close_books(m: Memory) -> None:
    """A life is over: its figures go to its persona and its segments; how often it entered each journey."""
    books = m[H_BOOKS]
    count_group(m, m[PERSONA])
    codes = m[books + BK_SEGMENTS]
    for i in range(m[codes]):
        if truth(m, m[codes + 1 + i], m[H_END]) == TRUE:
            count_group(m, m[books + BK_N_PERSONAS] + i)
    opened, loops = m[books + BK_OPENED], m[books + BK_LOOPS]
    for j in range(m[H_N_JOURNEYS]):
        times = min(m[m[m[H_JOURNEYS] + j * JOURNEY + J_VISITS]], LOOP_MOST)
        cell = loops + (j * (LOOP_MOST + 1) + times) * 2
        m[cell] += 1
        m[cell + 1] += min(m[opened + j], 1)


@kernel
def count_group(m: Memory, group: int) -> None:
    """Add a life to one group."""
    books, totals = m[H_BOOKS], m[H_TOTALS]
    before, sums = m[books + BK_BEFORE], m[books + BK_TOTALS] + group * TOTALS
    for i in range(TOTALS):
        m[sums + i] += m[totals + i] - m[before + i]
    weeks = m[books + BK_WEEKS]
    alive = m[books + BK_ALIVE] + group * weeks - m[books + BK_WEEK]
    m[alive + m[FIRST_WEEK]] += 1
    m[alive + m[LAST_WEEK] + 1] -= 1
    hits, pressure = m[books + BK_HITS], m[books + BK_PRESSURE] + group * weeks * CELLS
    for i in range(m[WEEKS_HIT]):
        m[pressure + m[hits + i]] += 1
    mark, row = m[books + BK_MARKS], m[books + BK_WAYS] + group * m[books + BK_N_WAYS] * WAY_COUNTS
    for _ in range(m[books + BK_N_WAYS]):
        if m[mark] == 1:
            m[row] += 1
            m[row + 1] += 1 if m[totals + X_PURCHASES] - m[before + X_PURCHASES] > m[mark + 1] else 0
            m[row + 2] += 1 if m[totals + X_UNSUBSCRIBED] - m[before + X_UNSUBSCRIBED] > m[mark + 2] else 0
            m[row + 3] += m[totals + X_REVENUE] - m[before + X_REVENUE] - m[mark + 3]
        mark += MARK
        row += WAY_COUNTS
