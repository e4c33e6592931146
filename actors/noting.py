"""What one contact adds to the figures, beside what all add up to: for comparisons, which are paired by contact.

Nothing here runs unless the lane has been given room for notes. A row is written when a life is over: a digest of all
its decisions and events by name, words of its record, segments it is in, then figures: what counters gained.
"""

from __future__ import annotations

import numpy as np

from bifurque.actors.layout import *
from bifurque.rules.compiled import Memory, kernel, seldom
from bifurque.rules.conditions import truth
from bifurque.rules.decisions import K0, K1, K2, K3, K4, forget_lost
from bifurque.rules.layout import *
from bifurque.rules.localtime import period
from bifurque.rules.numbers import mix64, signed


@seldom
def note(m: Memory) -> None:
    """A life is over: write its row."""
    notes = m[NOTES]
    row = m[notes + NO_ROW]
    m[notes + NO_ROW] = row + m[notes + NO_WIDTH]
    absorb(m)
    m[row] = m[notes + NO_DIGEST]
    m[notes + NO_DIGEST] = 0
    at = row + 1
    reads = m[notes + NO_READS]
    for i in range(m[reads]):
        m[at] = m[m[reads + 1 + i]]
        at += 1
    codes = m[notes + NO_CODES]
    for i in range(m[codes]):
        m[at] = 1 if truth(m, m[codes + 1 + i], m[H_END] - 1) == TRUE else 0
        at += 1
    gains(m, row)


@kernel
def gains(m: Memory, row: int) -> None:
    """Add to the columns of a row what their counters gained since the last row."""
    pairs = m[m[NOTES] + NO_PAIRS]
    pair = pairs + 1
    for _ in range(m[pairs]):
        now = m[m[pair + PA_COUNTER]]
        if now != m[pair + PA_LAST]:
            m[row + m[pair + PA_COLUMN]] += (now - m[pair + PA_LAST]) * m[pair + PA_WEIGHT]
            m[pair + PA_LAST] = now
        pair += PAIR


@seldom
def absorb(m: Memory) -> None:
    """Take decision and event rows into the digest; rows are summed, so their order does not matter."""
    notes = m[NOTES]
    if m[notes + NO_NAMES] != 0:
        row = m[H_ROWS]
        for _ in range(m[ROWS_COUNT]):
            m[notes + NO_DIGEST] = signed(np.uint64(m[notes + NO_DIGEST]) + decision_hash(m, row))
            row += ROW
        row = m[H_EVENT_ROWS]
        for _ in range(m[EVENTS_COUNT]):
            m[notes + NO_DIGEST] = signed(np.uint64(m[notes + NO_DIGEST]) + event_hash(m, row))
            row += EVENT_ROW
    m[ROWS_COUNT] = m[EVENTS_COUNT] = m[LETTERS_COUNT] = 0
    if 2 * m[m[H_LOST] + LO_COUNT] > m[m[H_LOST] + LO_SIZE]:
        forget_lost(m)


@kernel
def named(m: Memory, table: int, code: int) -> int:
    """The hash of the name that a code stands for: another plan may number it otherwise."""
    return m[m[m[NOTES] + NO_NAMES + table] + code]


@kernel
def decision_hash(m: Memory, row: int) -> np.uint64:
    """One decision row by its names."""
    h = np.uint64(m[row + ROW_TIME]) * K0 + np.uint64(named(m, NA_JOURNEYS, m[row + ROW_JOURNEY])) * K1
    h += np.uint64(named(m, NA_STEPS, m[row + ROW_STEP])) * K2 + np.uint64(m[row + ROW_VISIT]) * K3
    h += np.uint64(named(m, NA_SENDS, m[row + ROW_SEND])) * K4
    h = mix64(h) + np.uint64(named(m, NA_REASONS, m[row + ROW_REASON])) * K0
    h += np.uint64(named(m, NA_WINNERS, m[row + ROW_WINNER])) * K1 + np.uint64(m[row + ROW_UNTIL]) * K2
    h += np.uint64(named(m, NA_CAUSES, m[row + ROW_CAUSE])) * K3 + np.uint64(named(m, NA_ARMS, m[row + ROW_ARM])) * K4
    return mix64(mix64(h) + np.uint64(m[row + ROW_OUTCOME]) * K0 + np.uint64(m[row + ROW_VALUE]) * K1)


@kernel
def event_hash(m: Memory, row: int) -> np.uint64:
    """One event row by its names."""
    key = m[row + 3]
    if 0 <= key < MODEL_KEYS:
        key = named(m, NA_TEXTS, key)
    h = np.uint64(m[row + 1]) * K1 + np.uint64(named(m, NA_EVENTS, m[row + 2])) * K2 + np.uint64(key) * K3
    source = min(m[row + 5], FROM_VISIT)
    return mix64(
        mix64(h) + np.uint64(m[row + 4]) * K4 + np.uint64(named(m, NA_SENDS, m[row + 6])) * K0 + np.uint64(source)
    )


@seldom
def cut_week(m: Memory) -> None:
    """A warm-up ends: a local week that it does not end with belongs to what comes after."""
    week = period(m, PER_WEEK, m[H_END] - 1)
    if m[LIFE] >= m[H_END] or period(m, PER_WEEK, m[H_END]) != week:
        return
    if m[WEEK_SENDS] > 0 and m[WEEK] == week:
        m[WEEK_SENDS] = 0
    m[m[H_PRESSURE]] -= 1
