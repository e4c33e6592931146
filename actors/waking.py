"""Waking time: a clock that runs fast in the hours in which people read and buy, on average as fast as any other."""

from __future__ import annotations

from bifurque.actors.layout import *
from bifurque.rules.compiled import Memory, kernel, real
from bifurque.rules.layout import *
from bifurque.rules.localtime import offset, stretch
from bifurque.rules.numbers import draw, nth
from bifurque.rules.variates import normal

HOUR, WEEK, HOURS = 3600, 604800, 168
P_CHRONOTYPE = 0x5A17C0DE


@kernel
def shift(m: Memory, model: int) -> int:
    """By how many seconds a person lives earlier or later than the clock on the wall."""
    spread = real(m, model + MO_SHIFT)
    return int(spread * normal(draw(m[KEY], nth(P_CHRONOTYPE, 0), 0))) if spread > 0.0 else 0


@kernel
def woken(m: Memory, table: int, local: int) -> float:
    """Waking time that a wall clock has counted at a reading, from a Monday on."""
    second = local % WEEK
    at = table + second // HOUR
    start, end = real(m, at), real(m, at + 1)
    return float(local - second) + start + (end - start) * float(second % HOUR) / float(HOUR)


@kernel
def awake(m: Memory, model: int, t: int) -> float:
    """How fast waking time runs for a person at t; 1 on average over a week."""
    local = t + offset(m, t) - shift(m, model) + 3 * 86400
    at = m[model + MO_WEEK] + local % WEEK // HOUR
    return (real(m, at + 1) - real(m, at)) / float(HOUR)


@kernel
def reading_at(m: Memory, table: int, waking: float) -> int:
    """The reading of the wall clock at which so much waking time has been counted; the reverse of `woken`."""
    weeks = int(waking / float(WEEK))
    left = waking - float(weeks * WEEK)
    low, high = 0, HOURS
    while high - low > 1:
        middle = (low + high) // 2
        if real(m, table + middle) <= left:
            low = middle
        else:
            high = middle
    start, end = real(m, table + low), real(m, table + low + 1)
    within = int((left - start) / (end - start) * float(HOUR)) if end > start else 0
    return weeks * WEEK + low * HOUR + min(within, HOUR - 1)


@kernel
def awake_after(m: Memory, model: int, t: int, waking: float) -> int:
    """The instant at which `waking` seconds of waking time have passed since t; at least a second later."""
    if waking >= 1e15:
        return NEVER // 2
    table = m[model + MO_WEEK]
    late = shift(m, model) - 3 * 86400  # weeks begin on Mondays
    east = offset(m, t) - late
    goal = woken(m, table, t + east) + waking
    reached = max(reading_at(m, table, goal) - east, t + 1)
    if reached <= m[SEG_TO]:
        return reached
    at = stretch(m, m[ZONE], t)
    while reached > m[at + 2]:  # clocks are put forward or back on the way: an hour is not lived, or lived twice
        change = m[at + 2]
        goal += woken(m, table, change + m[at + 3] - late) - woken(m, table, change + east)
        at, east = at + 2, m[at + 3] - late
        reached = max(reading_at(m, table, goal) - east, change)
    return reached
