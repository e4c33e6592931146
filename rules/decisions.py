"""Decision rows: counted always, hashed always, kept when the ledger wants them."""

from __future__ import annotations

import numpy as np

from bifurque.rules.compiled import Memory, kernel, seldom
from bifurque.rules.layout import *
from bifurque.rules.numbers import mix64, signed

WEEK = 7 * 86400
K = tuple(
    np.uint64(k)
    for k in (
        0x9E3779B97F4A7C15,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0xD6E8FEB86659FD93,
        0xA0761D6478BD642F,
    )
)
K0, K1, K2, K3, K4 = K


@kernel
def emit(
    m: Memory,
    t: int,
    journey: int,
    step: int,
    visit: int,
    send: int,
    outcome: int,
    reason: int,
    winner: int,
    until: int,
    cause: int,
    arm: int,
    value: int,
) -> None:
    """One decision row: its 64-bit hash enters the run's digest; it is stored if this contact is kept.

    Every field takes part in the hash, a multilinear sum scrambled once; rows are summed, so their order does not
    matter.
    """
    h = np.uint64(m[CONTACT]) * K0 + np.uint64(t) * K1 + np.uint64(until) * K2 + np.uint64(value) * K3
    h += np.uint64(journey | step << 12 | send << 28 | outcome << 44 | reason << 47 | arm << 56) * K4
    h = mix64(h) + np.uint64(visit | winner << 32 | cause << 48) * K0
    m[HASH] = signed(np.uint64(m[HASH]) + mix64(h))
    if m[KEEP] == 0:
        return
    row = m[H_ROWS] + m[ROWS_COUNT] * ROW
    m[ROWS_COUNT] += 1
    m[row], m[row + 1], m[row + 2], m[row + 3], m[row + 4] = m[CONTACT], t, journey, step, visit
    m[row + 5], m[row + 6], m[row + 7], m[row + 8], m[row + 9] = send, outcome, reason, winner, until
    m[row + 10], m[row + 11], m[row + 12] = cause, arm, value


@kernel
def week_of(m: Memory, t: int) -> int:
    """The week of the run that holds t."""
    return min((t - m[H_START]) // WEEK, m[H_WEEKS] - 1)


@kernel
def week_counts(m: Memory, send: int, t: int) -> int:
    """The address of the counters of one send row in the week of t."""
    return m[H_SEND_COUNTS] + (week_of(m, t) * m[H_N_SENDS] + m[send + SEND_ID]) * (N_FIXED + 2 * m[H_REASONS])


@seldom
def lost(m: Memory, send: int, t: int, which: int, winner: int, cents: int) -> None:
    """Count a decision not to send, with who decided; the host empties the table before it is full.

    Keys of (send row, held or dropped, reason, winner) stand at hashed places; behind them, by place and week, how
    many there were and their cents.

    Args:
        m: the lane's memory.
        send: the send row.
        t: when.
        which: the reason; plus the number of reasons if the message was dropped.
        winner: who decided.
        cents: what the message was worth.
    """
    table = m[H_LOST]
    size, keys = m[table + LO_SIZE], m[table + LO_KEYS]
    key = ((m[send + SEND_ID] * 2 * m[H_REASONS]) + which) * 65536 + winner + 1
    at = signed(np.uint64(key) * K0 >> np.uint64(32)) & (size - 1)
    while m[keys + at] != 0 and m[keys + at] != key:
        at = (at + 1) & (size - 1)
    m[table + LO_COUNT] += 1 if m[keys + at] == 0 else 0
    m[keys + at] = key
    week = min((t - m[H_START]) // WEEK, m[H_WEEKS] - 1)
    cell = keys + size + (at * m[H_WEEKS] + week) * 2
    m[cell] += 1
    m[cell + 1] += cents


@seldom
def forget_lost(m: Memory) -> None:
    """Empty the table of decisions not to send, where nobody wants it."""
    table = m[H_LOST]
    m[table + LO_COUNT] = 0
    for i in range(m[table + LO_SIZE] * (1 + 2 * m[H_WEEKS])):
        m[m[table + LO_KEYS] + i] = 0


@kernel
def event(m: Memory, t: int) -> None:
    """One event row, if this contact is kept."""
    if m[KEEP] == 0:
        return
    row = m[H_EVENT_ROWS] + m[EVENTS_COUNT] * EVENT_ROW
    m[EVENTS_COUNT] += 1
    m[row], m[row + 1], m[row + 2], m[row + 3] = m[CONTACT], t, m[IN_TYPE], m[IN_KEY]
    m[row + 4], m[row + 5] = m[IN_VALUE], m[IN_SOURCE]
    m[row + 6] = 0 if m[IN_SEND] < 0 else 1 + m[m[IN_SEND] + SEND_ID]
