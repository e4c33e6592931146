"""Ways from step to step, by week: how many visits took each, how many contacts, and how long they had stood there."""

from __future__ import annotations

from bifurque.actors.layout import *
from bifurque.rules.compiled import Memory, kernel, seldom
from bifurque.rules.decisions import week_of
from bifurque.rules.layout import *

# A way: where to, counters by week; a bit of the record: taken in the week that its word tells
(WY_TO, WY_WEEKS, WY_TAKEN, WY_BIT) = range(4)
WAY = 4
WEEK_BITS, TAKEN_BITS = 16, 47
"""A word of the record tells a week (from 1), and of so many ways whether they were taken in it."""
WAITS = (
    *(0, 1, 60, 300, 900, 1800),
    *(h * 3600 for h in (1, 2, 3, 4, 6, 8, 10, 12, 16, 20)),
    *(d * 86400 for d in (1, 2, 3, 4, 5, 6, 7, 10, 14, 21, 28, 42, 60, 90, 180, 365)),
)
"""Lengths of time at a step are counted from so many seconds up to the next."""
WAY_WEEK = len(WAITS)
"""Words of a way by week, one for each length of time: 32, so that they fill whole lines of the cache."""
CONTACTS = 32
"""From this bit on such a word counts contacts, each the first time it comes by in a week; below it visits."""


@seldom  # inlined it would make the step slower
def way_count(m: Memory, slot: int, step: int, t: int) -> None:
    """A visit leaves where it stands (at 0 it enters) for another step (0: the end): count the way, and its wait."""
    at = m[slot + SLOT_STEP]
    ways = m[at + ST_ONWARD] if at > 0 else m[m[slot + SLOT_JOURNEY] + J_ENTRIES]
    way = ways + 1
    for _ in range(m[ways] - 1):
        if m[way + WY_TO] != step:
            way += WAY
    week = week_of(m, t)
    cell = m[way + WY_WEEKS] + week * WAY_WEEK + (length_of(t - m[slot + SLOT_SINCE]) if at > 0 else 0)
    taken, bit = m[way + WY_TAKEN], 1 << m[way + WY_BIT]
    if m[taken] & ((1 << WEEK_BITS) - 1) != week + 1:
        m[taken] = week + 1
    m[cell] += 1 if m[taken] & bit != 0 else 1 + (1 << CONTACTS)
    m[taken] |= bit


@kernel
def length_of(seconds: int) -> int:
    """Where a length of time stands among `WAITS`."""
    found = 0
    for by in (16, 8, 4, 2, 1):
        if seconds >= WAITS[found + by]:
            found += by
    return found
