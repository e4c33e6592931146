"""The laws a message must pass at the instant it leaves: consent, coherence, quiet hours, caps.

Each answers "from when on?".
"""

from __future__ import annotations

from bifurque.rules.compiled import Memory, kernel
from bifurque.rules.conditions import truth
from bifurque.rules.layout import *
from bifurque.rules.localtime import after, awake, period, period_end
from bifurque.rules.rulebook import *

ROUNDS = 200
"""How often the laws may push each other on before a message counts as never allowed."""


@kernel
def consented(m: Memory, send: int) -> bool:
    """Whether a message needs no consent, or has it."""
    cell = m[send + SEND_CONSENT]
    return cell < 0 or (m[cell] >> m[send + SEND_CONSENT_BIT]) & 1 == 1


@kernel
def suppressor(m: Memory, send: int, t: int) -> int:
    """The rule that keeps a message, or all of its kind, from leaving at t; 0 if there is none."""
    pauses = m[send + SEND_PAUSES]
    if pauses == 0:
        return 0
    for i in range(m[pauses]):
        if m[m[pauses + 1 + i] + PA_UNTIL] > t:
            return m[m[pauses + 1 + i] + PA_BY]
    return 0


@kernel
def cap_allows(m: Memory, cap: int, t: int, weight: int) -> int:
    """The first instant from t on at which one cap has room; NEVER if the message is heavier than the cap."""
    if m[cap + CAP_WHEN] >= 0 and truth(m, m[cap + CAP_WHEN], t) != TRUE:
        return t
    cells, weighed = m[cap + CAP_CELLS], m[cap + CAP_WEIGHED] == 1
    if (weight if weighed else 1) > m[cap + CAP_MAX]:
        return NEVER
    if weighed:
        return weighed_allows(m, cap, t, weight)
    oldest = m[cells + CELL_RING + m[cells + CELL_HEAD]]
    if m[cap + CAP_PER] == ROLLING:
        return max(t, oldest + m[cap + CAP_WINDOW])
    number = period(m, m[cap + CAP_PER], t)
    return t if oldest < number else period_end(m, m[cap + CAP_PER], number)


@kernel
def weighed_allows(m: Memory, cap: int, t: int, weight: int) -> int:
    """The same for a cap on the sum of weights: drop the oldest sends from the window until the message fits."""
    cells, size = m[cap + CAP_CELLS], m[cap + CAP_MAX]
    rolling = m[cap + CAP_PER] == ROLLING
    room = size - weight
    number = t if rolling else period(m, m[cap + CAP_PER], t)
    newest = m[cells + CELL_HEAD] - 1
    for k in range(size):
        at = cells + CELL_RING + (newest - k) % size
        if m[at] <= number - m[cap + CAP_WINDOW] if rolling else m[at] < number:
            return t
        room -= m[at + size]
        if room < 0:
            return m[at] + m[cap + CAP_WINDOW] if rolling else period_end(m, m[cap + CAP_PER], number)
    return t


@kernel
def count_send(m: Memory, cap: int, t: int, weight: int, message: int) -> None:
    """A send enters the ring of a cap, over its oldest one."""
    cells, size = m[cap + CAP_CELLS], m[cap + CAP_MAX]
    head = m[cells + CELL_HEAD]
    m[cells + CELL_RING + head] = t if m[cap + CAP_PER] == ROLLING else period(m, m[cap + CAP_PER], t)
    if m[cap + CAP_WEIGHED] == 1:
        m[cells + CELL_RING + size + head] = weight
    m[cells + CELL_HEAD] = head + 1 if head + 1 < size else 0
    m[cells + CELL_LAST], m[cells + CELL_MESSAGE] = t, message


@kernel
def rule_allows(m: Memory, rule: int, t: int) -> int:
    """The first instant from t on that one coherence rule allows; NEVER while only an event could change it."""
    kind = m[rule + RULE_KIND]
    if kind == NEVER_WHILE:
        return NEVER if truth(m, m[rule + RULE_WHILE], t) == TRUE else t
    until = m[m[rule + RULE_CELLS] + CELL_UNTIL]
    if kind == NEVER_WITHIN:
        return max(t, until)
    return t if t < until else NEVER


@kernel
def blocked(m: Memory, send: int, t: int) -> int:
    """The first instant the first law that says no would allow, or t: all say yes. LAW, LAW_WINNER.

    LAW_POLICY say which and how.
    """
    rules = m[send + SEND_RULES]
    for i in range(m[rules]):
        rule = m[rules + 1 + i]
        free = rule_allows(m, rule, t)
        if free > t:
            m[LAW], m[LAW_POLICY] = m[rule + RULE_REASON], m[rule + RULE_POLICY]
            m[LAW_WINNER] = NOBODY if m[rule + RULE_KIND] == NEVER_WHILE else m[m[rule + RULE_CELLS] + CELL_STARTED_BY]
            return free
    free = awake(m, m[send + SEND_QUIETS], t)
    if free > t:
        m[LAW], m[LAW_WINNER], m[LAW_POLICY] = R_QUIET, NOBODY, m[send + SEND_ON_QUIET]
        return free
    caps, weight = m[send + SEND_CAPS], m[send + SEND_WEIGHT]
    for i in range(m[caps]):
        cap = m[caps + 1 + i]
        free = cap_allows(m, cap, t, weight)
        if free > t:
            cells = m[cap + CAP_CELLS]
            m[LAW] = R_LOST if m[cells + CELL_LAST] == t else m[cap + CAP_REASON]
            m[LAW_WINNER], m[LAW_POLICY] = m[cells + CELL_MESSAGE], m[send + SEND_ON_CAP]
            return free
    return t


@kernel
def first_allowed(m: Memory, send: int, t: int, end: int) -> int:
    """The first instant from t on that every law allows, as things stand; NEVER when there is none before `end`."""
    rules, caps, weight = m[send + SEND_RULES], m[send + SEND_CAPS], m[send + SEND_WEIGHT]
    for _ in range(ROUNDS):
        was = t
        for i in range(m[rules]):
            t = max(t, rule_allows(m, m[rules + 1 + i], t))
        if t >= end:
            return NEVER
        t = awake(m, m[send + SEND_QUIETS], t)
        for i in range(m[caps]):
            if t >= end:
                return NEVER
            t = cap_allows(m, m[caps + 1 + i], t, weight)
        if t == was:
            return t
    return NEVER


@kernel
def record_send(m: Memory, send: int, t: int) -> None:
    """Every law that counts sends, or starts with one, learns of it."""
    message = m[send + SEND_MESSAGE]
    caps = m[send + SEND_COUNTS]
    for i in range(m[caps]):
        count_send(m, m[caps + 1 + i], t, m[send + SEND_WEIGHT], message)
    rules = m[send + SEND_MARKS]
    for i in range(m[rules]):
        rule = m[rules + 1 + i]
        cells = m[rule + RULE_CELLS]
        until = NEVER
        if m[rule + RULE_DAYS] != 0 or m[rule + RULE_SECONDS] != 0:
            until = after(m, t, m[rule + RULE_DAYS], m[rule + RULE_SECONDS])
        m[cells + CELL_UNTIL] = max(m[cells + CELL_UNTIL], until)
        m[cells + CELL_STARTED_BY] = message
        if m[rule + RULE_KIND] == ONLY_AFTER:
            m[CHANGED] = 1


@kernel
def waits(m: Memory, send: int, t: int) -> bool:
    """Whether a coherence rule holds a message until some event, which no clock can tell."""
    rules = m[send + SEND_RULES]
    for i in range(m[rules]):
        if rule_allows(m, m[rules + 1 + i], t) == NEVER:
            return True
    return False
