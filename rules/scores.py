"""Scores that halve with time: Σ points · 2^(−Δt / half-life), exact at any instant, never polled."""

from __future__ import annotations

from bifurque.rules.compiled import Memory, kernel, real
from bifurque.rules.layout import *
from bifurque.rules.numbers import log, power_of_half


@kernel
def decayed(m: Memory, score: int, cell: int, t: int) -> float:
    """The value at t of the points kept in one cell."""
    value = real(m, cell + CELL_VALUE)
    half = real(m, score + SC_HALF)
    age = t - m[cell + CELL_TIME]
    if value == 0.0 or half == 0.0 or age == 0:
        return value
    return value * power_of_half(float(age) / half)


@kernel
def best(m: Memory, score: int) -> int:
    """The cell of the strongest key: one half-life for all, so the order never changes by itself."""
    cell = m[score + SC_CELLS]
    found, age = cell, 0
    for k in range(1, m[score + SC_KEYS]):
        other = cell + k * SCORE_CELLS
        if m[other + CELL_KEY] == NO_KEY:
            break
        age = max(m[other + CELL_TIME], m[found + CELL_TIME])
        if decayed(m, score, other, age) > decayed(m, score, found, age):
            found = other
    return found


@kernel
def find(m: Memory, score: int, key: int) -> int:
    """The cell that keeps `key`, or -1."""
    cell = m[score + SC_CELLS]
    if m[score + SC_KEYED] == 0:
        return cell
    for k in range(m[score + SC_KEYS]):
        if m[cell + k * SCORE_CELLS + CELL_KEY] == key:
            return cell + k * SCORE_CELLS
    return -1


@kernel
def value(m: Memory, score: int, key: int, t: int) -> float:
    """What a score is worth at t: of one key, or of the best one (`ANY_KEY`)."""
    cell = best(m, score) if key == ANY_KEY else find(m, score, key)
    if cell < 0:
        return 0.0
    return decayed(m, score, cell, t)


@kernel
def place(m: Memory, score: int, key: int) -> int:
    """The cell where points for `key` go, a free one if it is new; -1 when there is none left or no key is known.

    Points without a key go to the key seen last.
    """
    if m[score + SC_KEYED] == 0:
        return m[score + SC_CELLS]
    if key == NO_KEY:
        key = m[m[score + SC_RECENT]]
        if key == NO_KEY:
            return -1
    m[m[score + SC_RECENT]] = key
    cell = find(m, score, key)
    if cell < 0:
        cell = find(m, score, NO_KEY)
        if cell >= 0:
            m[cell + CELL_KEY] = key
    return cell


@kernel
def falls_below(m: Memory, score: int, cell: int, threshold: float) -> int:
    """The first second at which the cell is below a threshold it now reaches; NEVER without decay or at threshold 0.

    v · 2^(−Δt/h) < θ  ⇔  Δt > h · log₂(v/θ); the closed form is then stepped to the exact second.
    """
    held = real(m, cell + CELL_VALUE)
    half = real(m, score + SC_HALF)
    t = m[cell + CELL_TIME]
    if half == 0.0 or threshold <= 0.0 or held < threshold:
        return NEVER
    at = t + int(half * log(held / threshold) * 1.4426950408889634)
    while at > t and decayed(m, score, cell, at) < threshold:
        at -= 1
    while decayed(m, score, cell, at) >= threshold:
        at += 1
    return at
