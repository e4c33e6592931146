"""The look-ahead policy: a message leaves only if it belongs to the best set of messages that can all still leave.

Seen: messages due or held, and those whose timer is already set within the longest cap window, at most 16, by value.
Visited by category, value (descending), deadline, declaration; one is kept if all kept ones can still be placed at
allowed instants, earliest deadline first. A due message leaves if it is kept and, placed now, leaves room for all the
others that are kept; otherwise it is held until the instant that is left for it.
"""

from __future__ import annotations

from bifurque.rules.compiled import Memory, as_real, kernel
from bifurque.rules.conditions import truth
from bifurque.rules.laws import rule_allows
from bifurque.rules.layout import *
from bifurque.rules.localtime import awake, period, period_end

TRIES = 100


@kernel
def see(m: Memory, send: int, due: int, end: int, worth: int, entry: int) -> None:
    """Add a message to what look-ahead sees; the least valuable gives way when there are too many.

    `worth` is the bits of a float64, `entry` its place in the outbox or -1 if it is only announced.
    """
    table = m[H_FORESEEN]
    row = table + 1 + m[table] * SEE
    if m[table] < SEEN_MOST:
        m[table] += 1
    else:
        row = table + 1
        for i in range(1, SEEN_MOST):
            other = table + 1 + i * SEE
            if as_real(m[other + SEE_VALUE]) < as_real(m[row + SEE_VALUE]):
                row = other
        if as_real(worth) <= as_real(m[row + SEE_VALUE]):
            return
    m[row + SEE_SEND], m[row + SEE_DUE], m[row + SEE_END] = send, due, end
    m[row + SEE_VALUE], m[row + SEE_ENTRY], m[row + SEE_PLACED] = worth, entry, NEVER
    m[row + SEE_KEPT], m[row + SEE_FIRST] = 0, 0


@kernel
def look_ahead(m: Memory, entry: int, t: int) -> int:
    """When a message that may leave at t should leave: t, or a later instant; LAW_WINNER names what goes first."""
    table = m[H_FORESEEN]
    rows = table + 1
    visited = 0
    mine = -1
    for _ in range(m[table]):
        row = strongest(m, visited)
        visited |= 1 << ((row - rows) // SEE)
        m[row + SEE_KEPT] = 1
        if not place_all(m, t):
            m[row + SEE_KEPT] = 0
        if m[row + SEE_ENTRY] == entry:
            mine = row
    if mine >= 0 and m[mine + SEE_KEPT] == 1:
        m[mine + SEE_FIRST] = 1
        if place_all(m, t) and m[mine + SEE_PLACED] == t:
            return t
        m[mine + SEE_FIRST] = 0
    place_all(m, t)
    first, winner = NEVER, NOBODY
    for i in range(m[table]):
        row = rows + i * SEE
        if m[row + SEE_KEPT] == 1 and row != mine and m[row + SEE_PLACED] < first:
            first, winner = m[row + SEE_PLACED], m[m[row + SEE_SEND] + SEND_MESSAGE]
    m[LAW_WINNER] = winner
    if mine >= 0 and m[mine + SEE_KEPT] == 1:
        return m[mine + SEE_PLACED]
    return first if first > t else t + 1


@kernel
def strongest(m: Memory, visited: int) -> int:
    """The row to visit next."""
    table = m[H_FORESEEN]
    found = -1
    for i in range(m[table]):
        row = table + 1 + i * SEE
        if (visited >> i) & 1 == 0 and (found < 0 or outranks(m, row, found)):
            found = row
    return found


@kernel
def outranks(m: Memory, a: int, b: int) -> bool:
    """Category, then value, then deadline, then declaration."""
    x, y = m[a + SEE_SEND], m[b + SEE_SEND]
    if m[x + SEND_RANK] != m[y + SEND_RANK]:
        return m[x + SEND_RANK] < m[y + SEND_RANK]
    v, w = as_real(m[a + SEE_VALUE]), as_real(m[b + SEE_VALUE])
    if v != w:
        return v > w
    if m[a + SEE_END] != m[b + SEE_END]:
        return m[a + SEE_END] < m[b + SEE_END]
    return m[x + SEND_DECLARED] < m[y + SEND_DECLARED]


@kernel
def place_all(m: Memory, t: int) -> bool:
    """Give every kept row an allowed instant, earliest deadline first; whether all found one in time."""
    table = m[H_FORESEEN]
    for i in range(m[table]):
        m[table + 1 + i * SEE + SEE_PLACED] = NEVER
    while True:
        row = most_urgent(m)
        if row < 0:
            return True
        m[row + SEE_PLACED] = slot_for(m, row, t)
        if m[row + SEE_PLACED] >= m[row + SEE_END]:
            m[row + SEE_PLACED] = NEVER
            return False


@kernel
def most_urgent(m: Memory) -> int:
    """The kept row without a place that must go first, else the one whose validity ends first; -1 when all have one."""
    table = m[H_FORESEEN]
    found = -1
    for i in range(m[table]):
        row = table + 1 + i * SEE
        if m[row + SEE_KEPT] == 0 or m[row + SEE_PLACED] != NEVER:
            continue
        sooner = found >= 0 and m[found + SEE_FIRST] == 0 and m[row + SEE_END] < m[found + SEE_END]
        if found < 0 or m[row + SEE_FIRST] == 1 or sooner:
            found = row
    return found


@kernel
def slot_for(m: Memory, row: int, t: int) -> int:
    """The first instant for one message that the laws allow beside the sends made and those already placed."""
    send, end = m[row + SEE_SEND], m[row + SEE_END]
    at = max(t, m[row + SEE_DUE])
    rules, caps = m[send + SEND_RULES], m[send + SEND_CAPS]
    for _ in range(TRIES):
        was = at
        for i in range(m[rules]):
            at = max(at, rule_allows(m, m[rules + 1 + i], at))
        if at >= end:
            return NEVER
        at = awake(m, m[send + SEND_QUIETS], at)
        for i in range(m[caps]):
            if at >= end:
                return NEVER
            at = cap_room(m, m[caps + 1 + i], row, at)
        if at == was:
            return at
    return NEVER


@kernel
def cap_room(m: Memory, cap: int, row: int, at: int) -> int:
    """The first instant from `at` on at which one more send keeps a cap, past and planned sends together."""
    if m[cap + CAP_WHEN] >= 0 and truth(m, m[cap + CAP_WHEN], at) != TRUE:
        return at
    weight = m[m[row + SEE_SEND] + SEND_WEIGHT] if m[cap + CAP_WEIGHED] == 1 else 1
    if weight > m[cap + CAP_MAX]:
        return NEVER
    if m[cap + CAP_PER] != ROLLING:
        number = period(m, m[cap + CAP_PER], at)
        used = load(m, cap, number - 1, number)
        return at if used + weight <= m[cap + CAP_MAX] else period_end(m, m[cap + CAP_PER], number)
    window = m[cap + CAP_WINDOW]
    if load(m, cap, at - window, at) + weight > m[cap + CAP_MAX]:
        return next_change(m, cap, at)
    table = m[H_FORESEEN]
    for i in range(m[table]):
        planned = m[table + 1 + i * SEE + SEE_PLACED]
        if planned > at and planned < at + window and counts(m, cap, table + 1 + i * SEE):
            if load(m, cap, planned - window, planned) + weight > m[cap + CAP_MAX]:
                return next_change(m, cap, at)
    return at


@kernel
def counts(m: Memory, cap: int, row: int) -> bool:
    """Whether a planned message counts for a cap."""
    caps = m[m[row + SEE_SEND] + SEND_COUNTS]
    for i in range(m[caps]):
        if m[caps + 1 + i] == cap:
            return True
    return False


@kernel
def load(m: Memory, cap: int, after: int, until: int) -> int:
    """What counts for a cap in (after, until], past and planned; for calendar caps both are numbers of periods."""
    ring, size = m[cap + CAP_CELLS] + CELL_RING, m[cap + CAP_MAX]
    weighed = m[cap + CAP_WEIGHED] == 1
    total = 0
    for k in range(size):
        if m[ring + k] > after and m[ring + k] <= until:
            total += m[ring + size + k] if weighed else 1
    table = m[H_FORESEEN]
    for i in range(m[table]):
        row = table + 1 + i * SEE
        planned = m[row + SEE_PLACED]
        if planned == NEVER or not counts(m, cap, row):
            continue
        number = planned if m[cap + CAP_PER] == ROLLING else period(m, m[cap + CAP_PER], planned)
        if number > after and number <= until:
            total += m[m[row + SEE_SEND] + SEND_WEIGHT] if weighed else 1
    return total


@kernel
def next_change(m: Memory, cap: int, at: int) -> int:
    """The next instant at which a send leaves a rolling window, or a planned one has gone."""
    ring, window = m[cap + CAP_CELLS] + CELL_RING, m[cap + CAP_WINDOW]
    found = NEVER
    for k in range(m[cap + CAP_MAX]):
        if m[ring + k] + window > at:
            found = min(found, m[ring + k] + window)
    table = m[H_FORESEEN]
    for i in range(m[table]):
        planned = m[table + 1 + i * SEE + SEE_PLACED]
        if planned != NEVER:
            if planned + window > at:
                found = min(found, planned + window)
            if planned >= at:
                found = min(found, planned + 1)
    return found
