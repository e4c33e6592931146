"""Counters: whole numbers only, so that any split of the contacts adds up to the same totals."""

from __future__ import annotations

from bifurque.actors.groups import *
from bifurque.actors.layout import *
from bifurque.rules.compiled import Memory, kernel
from bifurque.rules.decisions import week_counts
from bifurque.rules.layout import *
from bifurque.rules.localtime import period


@kernel
def arm_count(m: Memory, journey: int, which: int, by: int) -> None:
    """Add to a counter of a journey, for the arm the contact is in."""
    m[m[journey + J_COUNTS] + m[m[journey + J_ARM]] * (ARM_COUNTS + 2 * m[H_REASONS]) + which] += by


@kernel
def step_count(m: Memory, step: int, which: int) -> None:
    """A visit reaches a step or goes on from it."""
    m[m[step + ST_COUNTS] + which] += 1


@kernel
def stage_count(m: Memory, which: int, by: int) -> None:
    """Add to a counter of the stage the contact is in."""
    m[m[H_STAGE_COUNTS] + m[STAGE] * (STAGE_COUNTS + 2 * m[H_REASONS]) + which] += by


@kernel
def decided(m: Memory, journey: int, entry: int, t: int) -> None:
    """Count a decision about one message by arm and stage, beside what the ledger's counters hold."""
    state = m[entry + OUT_STATE]
    if state == WAITING or state == DROPPED:
        reason = m[entry + OUT_LAW] + (m[H_REASONS] if state == DROPPED else 0)
        arm_count(m, journey, ARM_COUNTS + reason, 1)
        stage_count(m, STAGE_COUNTS + reason, 1)
    elif state == SENT:
        cost, totals = m[m[entry + OUT_SEND] + SEND_COST], m[H_TOTALS]
        arm_count(m, journey, A_SENT, 1)
        arm_count(m, journey, A_COST, cost)
        stage_count(m, G_SENT, 1)
        stage_count(m, G_COST, cost)
        m[totals + X_SENT] += 1
        m[totals + X_COST] += cost
        if t < m[H_FIRST_YEAR]:
            m[totals + X_FIRST_YEAR_COST] += cost
        press(m, t)


@kernel
def press(m: Memory, t: int) -> None:
    """One more message in this local week; the week before goes into the histogram of lived pressure."""
    day = period(m, PER_DAY, t)
    week = (day + 3) // 7
    if week != m[WEEK]:
        settle_week(m)
        m[WEEK] = week
    m[WEEK_SENDS] += 1
    today = m[m[H_BOOKS] + BK_PRESS]
    m[today + 1] = 1 if day != m[today] else m[today + 1] + 1
    m[today], m[today + 2] = day, max(m[today + 2], m[today + 1])
    if t >= m[H_YEAR]:
        m[RECENT_SENDS] += 1


@kernel
def settle_week(m: Memory) -> None:
    """The last week with messages is over."""
    if m[WEEK_SENDS] > 0:
        m[m[H_PRESSURE] + min(m[WEEK_SENDS], PRESSURE_MOST)] += 1
        books = m[H_BOOKS]
        cell = (min(m[WEEK_SENDS], WEEK_MOST) - 1) * WEEK_MOST + min(m[m[books + BK_PRESS] + 2], WEEK_MOST) - 1
        m[m[books + BK_HITS] + m[WEEKS_HIT]] = cell * m[books + BK_WEEKS] + m[WEEK] - m[books + BK_WEEK]
        m[WEEKS_HIT] += 1
        m[m[books + BK_PRESS] + 2] = 0
    m[WEEK_SENDS] = 0


@kernel
def settle_pressure(m: Memory) -> None:
    """At the end of a life: weeks without a message count as well."""
    settle_week(m)
    m[FIRST_WEEK] = period(m, PER_WEEK, m[LIFE])
    m[LAST_WEEK] = period(m, PER_WEEK, m[H_END] - 1)
    m[m[H_PRESSURE]] += m[LAST_WEEK] - m[FIRST_WEEK] + 1 - m[WEEKS_HIT]


@kernel
def engaged(m: Memory, journey: int, clicked: bool, t: int) -> None:
    """An open or a click of a message of ours."""
    m[m[H_TOTALS] + (X_CLICKED if clicked else X_OPENED)] += 1
    stage_count(m, G_CLICKED if clicked else G_OPENED, 1)
    if t >= m[H_YEAR] and not clicked:
        m[RECENT_OPENS] += 1
    if m[IN_SEND] < 0:
        return
    m[week_counts(m, m[IN_SEND], t) + (N_CLICKED if clicked else N_OPENED)] += 1
    if not clicked:
        m[m[m[H_BOOKS] + BK_OPENED] + m[journey + J_ID] - 1] += 1
    arm_count(m, journey, A_CLICKED if clicked else A_OPENED, 1)


@kernel
def bought(m: Memory, t: int) -> None:
    """An event that brings money: counted once in the totals, and for the message it came through, if any."""
    cents = max(m[IN_VALUE], 0)
    totals = m[H_TOTALS]
    m[totals + X_PURCHASES] += 1
    m[totals + X_REVENUE] += cents
    if t < m[H_FIRST_YEAR]:
        m[totals + X_FIRST_YEAR] += cents
    stage_count(m, G_CONVERTED, 1)
    stage_count(m, G_REVENUE, cents)
    if m[IN_SEND] >= 0:
        counts = week_counts(m, m[IN_SEND], t)
        m[counts + N_CONVERTED] += 1
        m[counts + N_REVENUE] += cents
