"""Waking time: a clock that runs fast in the hours in which people read and buy, on average as fast as any other."""

from __future__ import annotations

from bifurque.actors.layout import *
from bifurque.rules.compiled import Memory, kernel, real
from bifurque.rules.layout import *
from bifurque.rules.localtime import offset
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
def awake_after(m: Memory, model: int, t: int, waking: float) -> int:
    """The instant at which `waking` seconds of waking time have passed since t; at least a second later."""
    local = t + offset(m, t) - shift(m, model) + 3 * 86400  # weeks begin on Mondays
    table = m[model + MO_WEEK]
    second = local % WEEK
    hour = second // HOUR
    start, end = real(m, table + hour), real(m, table + hour + 1)
    goal = start + (end - start) * float(second % HOUR) / float(HOUR) + waking
    if goal >= 1e15:
        return NEVER // 2
    weeks = int(goal / float(WEEK))
    left = goal - float(weeks) * float(WEEK)
    low, high = 0, HOURS
    while high - low > 1:
        middle = (low + high) // 2
        if real(m, table + middle) <= left:
            low = middle
        else:
            high = middle
    start, end = real(m, table + low), real(m, table + low + 1)
    within = int((left - start) / (end - start) * float(HOUR)) if end > start else 0
    reached = weeks * WEEK + low * HOUR + min(within, HOUR - 1)
    return t + max(reached - second, 1)
