"""The messages of one contact that are due or held."""

from __future__ import annotations

from bifurque.actors.layout import *
from bifurque.actors.tally import decided
from bifurque.rules.arbitration import close, drop
from bifurque.rules.compiled import Memory, kernel
from bifurque.rules.decisions import week_counts
from bifurque.rules.layout import *
from bifurque.rules.localtime import after, at_time


@kernel
def valid_until(m: Memory, send: int, due: int) -> int:
    """The first instant at which a message due at `due` is no longer worth sending."""
    days, seconds = m[send + SEND_VALID_DAYS], m[send + SEND_VALID_SECONDS]
    if m[send + SEND_VALID_DAY_END] == 1:
        return at_time(m, after(m, due, days, seconds), 1, 0)
    return NEVER if days == 0 and seconds == 0 else after(m, due, days, seconds)


@kernel
def offer(m: Memory, slot: int, send: int, due: int, t: int, skip: bool) -> None:
    """A send step is due: its message becomes a candidate, unless the visit is paused, held out, or too late."""
    if m[OUT_COUNT] == m[H_OUTBOX_SIZE]:
        m[QUARANTINED] = 1
        return
    entry = m[H_OUTBOX] + m[OUT_COUNT] * OUT
    m[OUT_COUNT] += 1
    m[SEND_SERIAL] += 1
    m[slot + SLOT_MESSAGES] += 1
    journey = m[slot + SLOT_JOURNEY]
    m[entry + OUT_SEND], m[entry + OUT_SLOT], m[entry + OUT_VISIT] = send, slot, m[slot + SLOT_VISIT]
    m[entry + OUT_DUE], m[entry + OUT_END], m[entry + OUT_RELEASE] = due, valid_until(m, send, due), t
    m[entry + OUT_STATE], m[entry + OUT_ARM], m[entry + OUT_AWAITS] = WAITING, m[m[journey + J_ARM]], 0
    m[entry + OUT_ROUTED], m[entry + OUT_LAW], m[entry + OUT_WINNER] = 0, 0, NOBODY
    m[entry + OUT_SERIAL], m[entry + OUT_GRANT], m[entry + OUT_OFFER] = m[SEND_SERIAL], NOT_ASKED, 0
    m[week_counts(m, send, t) + N_DUE] += 1
    if m[slot + SLOT_PAUSED] != 0:
        refuse(m, entry, t, R_PREEMPTED, m[slot + SLOT_PAUSED])
    elif m[entry + OUT_ARM] == HELD_OUT_ARM or (m[HELD_OUT] == 1 and m[send + SEND_HELD_OUT] == 1):
        refuse(m, entry, t, R_HOLDOUT, NOBODY)
    elif skip:
        refuse(m, entry, t, R_EXPIRED, NOBODY)
    else:
        m[m[H_TIMERS] + m[H_N_TIMERS] - 1] = t


@kernel
def refuse(m: Memory, entry: int, t: int, reason: int, winner: int) -> None:
    """A candidate that never competes."""
    drop(m, entry, t, reason, winner, 0, C_DUE)
    slot = m[entry + OUT_SLOT]
    decided(m, m[slot + SLOT_JOURNEY], entry, t)
    m[slot + SLOT_MESSAGES] -= 1
    m[slot + SLOT_SENT] = t
    remove(m, entry)


@kernel
def remove(m: Memory, entry: int) -> None:
    """Take an entry out, keeping the order of the others."""
    m[OUT_WAITING] -= m[entry + OUT_AWAITS]
    m[OUT_COUNT] -= 1
    for at in range(entry, m[H_OUTBOX] + m[OUT_COUNT] * OUT):
        m[at] = m[at + OUT]


@kernel
def withdraw(m: Memory, slot: int, t: int, outcome: int, reason: int, winner: int, cause: int) -> None:
    """Everything a visit holds is dropped, or replaced by a newer visit."""
    entry = m[H_OUTBOX]
    while entry < m[H_OUTBOX] + m[OUT_COUNT] * OUT:
        if m[entry + OUT_SLOT] != slot:
            entry += OUT
            continue
        close(m, entry, t, outcome, reason, winner, cause)
        decided(m, m[slot + SLOT_JOURNEY], entry, t)
        m[slot + SLOT_MESSAGES] -= 1
        remove(m, entry)


@kernel
def set_release(m: Memory) -> None:
    """The last timer fires when the next message is to be decided."""
    earliest = NEVER
    entry = m[H_OUTBOX]
    for _ in range(m[OUT_COUNT]):
        earliest = min(earliest, m[entry + OUT_RELEASE])
        entry += OUT
    m[m[H_TIMERS] + m[H_N_TIMERS] - 1] = earliest


@kernel
def key_of(m: Memory, entry: int) -> int:
    """The key of the visit a message belongs to."""
    return m[m[entry + OUT_SLOT] + SLOT_KEY]
