"""Who goes first: the messages of one contact that are due at one instant compete, one by one.

Each send counting for the next.
"""

from __future__ import annotations

from bifurque.rules.compiled import Memory, as_real, kernel, seldom
from bifurque.rules.conditions import number
from bifurque.rules.decisions import emit, lost, week_counts
from bifurque.rules.foresight import look_ahead
from bifurque.rules.laws import blocked, consented, first_allowed, record_send, suppressor, waits
from bifurque.rules.layout import *
from bifurque.rules.rulebook import *
from bifurque.rules.sharing import RES_REASON, all_open, reopening, return_needs, return_offer, wait_until

REASON_CAUSES = len(CAUSES)
"""The cause that is a reason: which law held a message until its validity ended."""


@kernel
def priority(m: Memory, send: int, end: int, t: int) -> float:
    """The priority of a message now: a constant, or an expression that may read its value and its deadline."""
    given = m[send + SEND_OVERRIDES]
    if given != 0:
        for i in range(m[given]):
            if m[m[given + 1 + i] + OV_UNTIL] > t:
                return as_real(m[m[given + 1 + i] + OV_VALUE])
    code = m[send + SEND_PRIORITY]
    if code < 0:
        return as_real(m[send + SEND_PRIORITY_CONST])
    m[DEADLINE] = end
    m[VALUE] = m[send + SEND_VALUE_CONST]
    return number(m, code, t)


@kernel
def value(m: Memory, send: int, end: int, t: int) -> float:
    """What a message is worth: declared, or its priority."""
    code = m[send + SEND_VALUE]
    if code < 0:
        return as_real(m[send + SEND_VALUE_CONST])
    m[DEADLINE] = end
    return number(m, code, t)


@kernel
def before(m: Memory, a: int, b: int, t: int) -> bool:
    """Whether entry a goes before entry b: a total order."""
    x, y = m[a + OUT_SEND], m[b + OUT_SEND]
    if m[H_POLICY] == FIRST_COME:
        if m[a + OUT_DUE] != m[b + OUT_DUE]:
            return m[a + OUT_DUE] < m[b + OUT_DUE]
    else:
        if m[x + SEND_RANK] != m[y + SEND_RANK]:
            return m[x + SEND_RANK] < m[y + SEND_RANK]
        p, q = priority(m, x, m[a + OUT_END], t), priority(m, y, m[b + OUT_END], t)
        if p > q or (p == p and q != q):
            return True
        if q > p or (q == q and p != p):
            return False
        if m[a + OUT_END] != m[b + OUT_END]:
            return m[a + OUT_END] < m[b + OUT_END]
    if m[x + SEND_DECLARED] != m[y + SEND_DECLARED]:
        return m[x + SEND_DECLARED] < m[y + SEND_DECLARED]
    return m[a + OUT_SERIAL] < m[b + OUT_SERIAL]


@kernel
def next_due(m: Memory, t: int) -> int:
    """The entry that is decided next at t, or -1."""
    found = -1
    entry = m[H_OUTBOX]
    for _ in range(m[OUT_COUNT]):
        if m[entry + OUT_RELEASE] <= t and (found < 0 or before(m, entry, found, t)):
            found = entry
        entry += OUT
    return found


@kernel
def decide(m: Memory, entry: int, t: int) -> None:
    """Send, hold or drop one message at t, by the laws; `OUT_STATE` and the rows say which."""
    send, end = m[entry + OUT_SEND], m[entry + OUT_END]
    m[OUT_WAITING] -= m[entry + OUT_AWAITS]
    m[entry + OUT_AWAITS] = 0
    if t >= end:
        drop(m, entry, t, R_EXPIRED, m[entry + OUT_WINNER], end, REASON_CAUSES + m[entry + OUT_LAW])
        return
    if not consented(m, send):
        drop(m, entry, t, R_CONSENT, NOBODY, 0, cause_of(m, entry))
        return
    rule = suppressor(m, send, t)
    if rule != 0:
        drop(m, entry, t, R_SUPPRESSED, rule, 0, cause_of(m, entry))
        return
    free = blocked(m, send, t)
    if free == t:
        if m[H_POLICY] == LOOK_AHEAD:
            free = look_ahead(m, entry, t)
        if free == t:
            go_out(m, entry, t)
        else:
            hold(m, entry, t, R_LOST, m[LAW_WINNER], free)
        return
    reason, winner, policy = m[LAW], m[LAW_WINNER], m[LAW_POLICY]
    if policy == DROP:
        drop(m, entry, t, reason, winner, 0, cause_of(m, entry))
        return
    if policy == REROUTE:
        other = m[send + (SEND_QUIET_ROUTE if reason == R_QUIET else SEND_CAP_ROUTE)]
        if consented(m, other) and suppressor(m, other, t) == 0 and blocked(m, other, t) == t:
            m[entry + OUT_SEND], m[entry + OUT_ROUTED] = other, reason
            go_out(m, entry, t)
            return
    if waits(m, send, t):
        await_event(m, entry, t, reason, winner)
        return
    hold(m, entry, t, reason, winner, first_allowed(m, send, free, end))


@kernel
def go_out(m: Memory, entry: int, t: int) -> None:
    """Every law of the contact lets the message leave: it does, unless it first needs something shared."""
    if m[m[entry + OUT_SEND] + SEND_NEEDS] == 0 or m[entry + OUT_GRANT] == GRANTED:
        leave(m, entry, t)
    else:
        claim(m, entry, t)


@seldom
def claim(m: Memory, entry: int, t: int) -> None:
    """A message that may leave needs something shared: it asks for it, or waits until it can be asked for."""
    needs, answer = m[m[entry + OUT_SEND] + SEND_NEEDS], m[entry + OUT_GRANT]
    if answer >= REFUSED:
        resource = m[needs + 1 + 2 * (answer - REFUSED)]
        m[entry + OUT_GRANT] = NOT_ASKED
        hold(m, entry, t, m[resource + RES_REASON], NOBODY, reopening(m, resource, t))
        return
    free = all_open(m, needs, t)
    if free > t:
        hold(m, entry, t, m[m[needs + 1] + RES_REASON], NOBODY, free)
        return
    m[entry + OUT_GRANT] = ASKED
    wait_until(m, t)


@kernel
def cause_of(m: Memory, entry: int) -> int:
    """Whether a decision falls on the due instant or on a release."""
    return C_DUE if m[entry + OUT_STATE] == WAITING and m[entry + OUT_RELEASE] == m[entry + OUT_DUE] else C_RELEASE


@kernel
def leave(m: Memory, entry: int, t: int) -> None:
    """The message is sent."""
    send = m[entry + OUT_SEND]
    worth = value(m, send, m[entry + OUT_END], t)
    cents = int(worth * 100.0 + 0.5) if worth == worth else 0
    cause = cause_of(m, entry) if m[entry + OUT_ROUTED] == 0 else REASON_CAUSES + m[entry + OUT_ROUTED]
    counts = week_counts(m, send, t)
    m[counts + N_SENT] += 1
    m[counts + N_VALUE] += cents
    write(m, entry, t, OUTCOME_SENT, R_SENT, NOBODY, 0, cause, cents)
    record_send(m, send, t)
    m[entry + OUT_STATE] = SENT


@kernel
def drop(m: Memory, entry: int, t: int, reason: int, winner: int, until: int, cause: int) -> None:
    """The message will never be sent."""
    send = m[entry + OUT_SEND]
    if m[entry + OUT_GRANT] == GRANTED or m[entry + OUT_OFFER] != 0:
        give_back(m, entry, t)
    m[week_counts(m, send, t) + N_FIXED + m[H_REASONS] + reason] += 1
    worth = value(m, send, m[entry + OUT_END], t)
    cents = int(worth * 100.0 + 0.5) if worth == worth else 0
    lost(m, send, t, m[H_REASONS] + reason, winner, cents)
    write(m, entry, t, OUTCOME_DROPPED, reason, winner, until, cause, cents)
    m[entry + OUT_STATE], m[entry + OUT_LAW] = DROPPED, reason


@seldom
def give_back(m: Memory, entry: int, t: int) -> None:
    """What had been granted for a message that never leaves."""
    if m[entry + OUT_GRANT] == GRANTED:
        return_needs(m, m[m[entry + OUT_SEND] + SEND_NEEDS], t)
    if m[entry + OUT_OFFER] != 0:
        return_offer(m, m[entry + OUT_OFFER], t)


@kernel
def close(m: Memory, entry: int, t: int, outcome: int, reason: int, winner: int, cause: int) -> None:
    """A message goes because its visit does: dropped, or replaced by the one of a newer visit."""
    if outcome == OUTCOME_DROPPED:
        drop(m, entry, t, reason, winner, 0, cause)
        return
    if m[entry + OUT_GRANT] == GRANTED or m[entry + OUT_OFFER] != 0:
        give_back(m, entry, t)
    m[week_counts(m, m[entry + OUT_SEND], t) + N_REPLACED] += 1
    write(m, entry, t, outcome, reason, winner, 0, cause, 0)
    m[entry + OUT_STATE] = REPLACED


@kernel
def hold(m: Memory, entry: int, t: int, reason: int, winner: int, until: int) -> None:
    """The message waits until an instant.

    Or is dropped at once when that is no earlier than the end of its validity.
    """
    if until >= m[entry + OUT_END]:
        drop(m, entry, t, R_EXPIRED, winner, m[entry + OUT_END], REASON_CAUSES + reason)
        return
    held(m, entry, t, reason, winner, until)
    m[entry + OUT_RELEASE] = until


@kernel
def await_event(m: Memory, entry: int, t: int, reason: int, winner: int) -> None:
    """The message waits for an event, at most until its validity ends."""
    held(m, entry, t, reason, winner, m[entry + OUT_END])
    m[entry + OUT_RELEASE] = m[entry + OUT_END]
    m[entry + OUT_AWAITS] = 1
    m[OUT_WAITING] += 1


@kernel
def held(m: Memory, entry: int, t: int, reason: int, winner: int, until: int) -> None:
    """A row each time a message is held."""
    m[entry + OUT_LAW], m[entry + OUT_WINNER] = reason, winner
    if m[entry + OUT_GRANT] == GRANTED:
        return_needs(m, m[m[entry + OUT_SEND] + SEND_NEEDS], t)
        m[entry + OUT_GRANT] = NOT_ASKED
    m[week_counts(m, m[entry + OUT_SEND], t) + N_FIXED + reason] += 1
    lost(m, m[entry + OUT_SEND], t, reason, winner, 0)
    write(m, entry, t, OUTCOME_HELD, reason, winner, until, cause_of(m, entry), 0)


@kernel
def write(
    m: Memory, entry: int, t: int, outcome: int, reason: int, winner: int, until: int, cause: int, cents: int
) -> None:
    """The row of one decision about one message."""
    send, until = m[entry + OUT_SEND], 0 if until == NEVER else until
    journey, step, visit, arm = (
        m[send + SEND_JOURNEY],
        m[send + SEND_STEP],
        m[entry + OUT_VISIT],
        m[entry + OUT_ARM],
    )
    emit(m, t, journey, step, visit, 1 + m[send + SEND_ID], outcome, reason, winner, until, cause, arm, cents)


@kernel
def recheck(m: Memory, t: int) -> None:
    """After an event: messages that waited for one, and those that lost their consent, are decided now."""
    entry = m[H_OUTBOX]
    for _ in range(m[OUT_COUNT]):
        send = m[entry + OUT_SEND]
        if m[entry + OUT_RELEASE] > t:
            ready = m[entry + OUT_AWAITS] == 1 and not waits(m, send, t)
            if ready or not consented(m, send) or suppressor(m, send, t) != 0:
                m[entry + OUT_RELEASE] = t
        entry += OUT
