"""Shocks: what people do more, or less, for a time, for some.

Less: what they would have done is left out, by a draw of its own. More: a second source beside the first, or a larger
chance. So whatever a shock does not touch stays as it was, to the bit.
"""

from __future__ import annotations

from bifurque.actors.layout import *
from bifurque.rules.compiled import Memory, kernel, real, seldom
from bifurque.rules.conditions import truth
from bifurque.rules.layout import *
from bifurque.rules.numbers import caused, draw, nth

P_SPARED = 0x2C9B7A00


@seldom
def factor(m: Memory, target: int, t: int) -> float:
    """By how much the shocks of t, together, change something."""
    rows = m[m[H_SHOCKS] + target]
    found = 1.0
    if rows == 0:
        return found
    for i in range(m[rows]):
        row = rows + 1 + i * SHOCK
        if t >= m[row + SK_FROM] and t < m[row + SK_UNTIL] and struck(m, row, t):
            found *= real(m, m[row + SK_FACTORS] + (t - m[row + SK_FROM]) // m[row + SK_EACH])
    return found


@kernel
def struck(m: Memory, row: int, t: int) -> bool:
    """Whether a shock is for this contact."""
    if m[row + SK_WHOM] >= 0 and truth(m, m[row + SK_WHOM], t) != TRUE:
        return False
    return draw(m[KEY], nth(m[row + SK_PURPOSE], 0), 0) < real(m, row + SK_SHARE)


@kernel
def at_least_once(m: Memory, event: int, t: int) -> float:
    """The factor on the chance of an event at t, if it is above 1; what lies below is left out when it would happen."""
    return max(factor(m, SH_EVENTS + event, t), 1.0)


@seldom
def happens(m: Memory, more: float, t: int) -> bool:
    """Whether the event in the input words happens in spite of shocks; of a second source: because of them."""
    share = factor(m, SH_EVENTS + m[IN_TYPE], t)
    if more > 0.0:
        share = (share - 1.0) / more
    if draw(m[KEY], caused(m[IN_CAUSE], m[IN_TYPE]), P_SPARED) < share:
        return True
    forget(m)
    return False


@seldom
def delivered(m: Memory, t: int) -> bool:
    """Whether mail just taken happens: what people do, not arrivals and not machines."""
    source = m[IN_SOURCE]
    return source == FROM_LIFE or source == FROM_MACHINE or happens(m, 0.0, t)


@kernel
def forget(m: Memory) -> None:
    """Nothing has happened: rules must not read the words of an event."""
    m[IN_TYPE] = m[IN_VALUE] = MISSING
    m[IN_KEY] = NO_KEY


@seldom
def leaves_at(m: Memory, leaves: int) -> int:
    """When a life ends whose rate of ending shocks change."""
    t, left = m[LIFE], float(leaves - m[LIFE])
    if m[m[H_SHOCKS] + SH_CHURN] == 0 or left <= 0.0:
        return leaves
    while t < m[H_END]:
        rate, end = factor(m, SH_CHURN, t), min(next_change(m, t), m[H_END])
        if left < rate * float(end - t):
            return t + int(left / rate)
        left -= rate * float(end - t)
        t = end
    return t + int(left)


@kernel
def next_change(m: Memory, t: int) -> int:
    """When the rate of ending lives may change next."""
    rows = m[m[H_SHOCKS] + SH_CHURN]
    found = NEVER
    for i in range(m[rows]):
        row = rows + 1 + i * SHOCK
        start, end, each = m[row + SK_FROM], m[row + SK_UNTIL], m[row + SK_EACH]
        if t < start:
            found = min(found, start)
        elif t < end:
            found = min(found, min(end, start + ((t - start) // each + 1) * each))
    return found
