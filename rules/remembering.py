"""What is remembered of events: how many in a window, their sum, the first and the last; exact up to a bound."""

from __future__ import annotations

from bifurque.rules.compiled import Memory, kernel, seldom
from bifurque.rules.layout import *
from bifurque.rules.rulebook import *


@seldom
def window_count(m: Memory, memory: int, window: int, t: int) -> int:
    """How many events fall in (t − window, t]; MISSING when more did than are remembered."""
    cells, size = m[memory + MEM_RING], m[memory + MEM_SIZE]
    if m[cells + RING_LOST] > t - window:
        return MISSING
    head = m[cells + RING_HEAD]
    for k in range(size):
        if m[cells + RING_FIRST + (head - 1 - k) % size] <= t - window:
            return k
    return size


@seldom
def window_sum(m: Memory, memory: int, window: int, t: int) -> int:
    """The sum of their values; MISSING when more fell in the window than are remembered, or the sum overflows."""
    count = window_count(m, memory, window, t)
    if count == MISSING:
        return MISSING
    cells, size = m[memory + MEM_RING], m[memory + MEM_SIZE]
    head, total = m[cells + RING_HEAD], 0
    for k in range(count):
        value = m[cells + RING_FIRST + size + (head - 1 - k) % size]
        more = total + value
        if ((total ^ more) & (value ^ more)) < 0:
            return MISSING
        total = more
    return total


@kernel
def keep_event(m: Memory, memory: int, t: int) -> None:
    """The event of the input words enters a memory."""
    if m[memory + MEM_LAST] != 0:
        m[m[memory + MEM_LAST]] = t
    first = m[memory + MEM_FIRST]
    if first != 0 and m[first] == MISSING:
        m[first] = t
    cells = m[memory + MEM_RING]
    if cells == 0:
        return
    head, size = m[cells + RING_HEAD], m[memory + MEM_SIZE]
    at = cells + RING_FIRST + head
    if m[at] != ALWAYS:
        m[cells + RING_LOST] = m[at]
        beyond(m, m[memory + MEM_WINDOWS], t - m[at])
    m[at] = t
    if m[memory + MEM_SUMS] == 1:
        m[at + size] = 0 if m[IN_VALUE] == MISSING else m[IN_VALUE]
    m[cells + RING_HEAD] = head + 1 if head + 1 < size else 0


@kernel
def beyond(m: Memory, windows: int, age: int) -> None:
    """An event of some age is forgotten: the features whose window still holds it are unknown until it does not."""
    for i in range(m[windows]):
        if age < m[windows + 1 + 2 * i]:
            m[m[H_RULE_COUNTS] + m[windows + 2 + 2 * i]] += 1
