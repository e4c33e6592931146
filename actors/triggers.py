"""Triggers that wait for the clock: absence of an event, dates of a person or of the calendar, schedules.

And events seen together.
"""

from __future__ import annotations

from bifurque.actors.layout import *
from bifurque.actors.mailbox import propose, set_timer
from bifurque.rules.compiled import Memory, kernel
from bifurque.rules.layout import *
from bifurque.rules.localtime import DAY, after, civil, day_number, instant_in, offset


@kernel
def wait_row(m: Memory, waits: int, arm: int) -> int:
    """The row of waits of this contact's arm."""
    return waits if arm < 0 else waits + m[arm] * WAIT


@kernel
def arm_absence(m: Memory, trigger: int, key: int, t: int) -> None:
    """The event an absence is counted from has happened: its clock starts (anew) for this key.

    Only the instant is noted: a timer that is set already fires too early, and is set right then.
    """
    cells, size = m[trigger + TR_CELLS], m[trigger + TR_SIZE]
    cell = cells
    if size > 1:
        cell = pending_cell(m, cells, size, key)
    m[cell], m[cell + 1] = t, key
    timer = m[H_TIMERS] + m[trigger + TR_TIMER]
    if m[timer] == NEVER or size > 1:
        m[timer] = min(m[timer], absent_at(m, trigger, t))


@kernel
def absent_at(m: Memory, trigger: int, since: int) -> int:
    """When a silence that began at an instant has lasted."""
    row = wait_row(m, m[trigger + TR_WAITS], m[trigger + TR_WAIT_ARM])
    return after(m, since, m[row + W_DAYS], m[row + W_SECONDS])


@kernel
def pending_cell(m: Memory, cells: int, size: int, key: int) -> int:
    """Where a key's silence is kept: its own place, a free one, or that of the oldest, which is forgotten."""
    free, oldest = -1, cells
    for i in range(size):
        cell = cells + 2 * i
        if m[cell] == NEVER:
            free = cell if free < 0 else free
        elif m[cell + 1] == key:
            return cell
        elif m[cell] < m[oldest] or m[oldest] == NEVER:
            oldest = cell
    if free >= 0:
        return free
    m[m[H_TOTALS] + X_FORGOTTEN] += 1
    return oldest


@kernel
def disarm_absence(m: Memory, trigger: int, key: int) -> None:
    """An event that ends the silence of a key, or of all keys when it has none."""
    cells, size = m[trigger + TR_CELLS], m[trigger + TR_SIZE]
    for i in range(size):
        cell = cells + 2 * i
        if key == NO_KEY or m[trigger + TR_KEYED] == 0 or m[cell + 1] == key:
            m[cell] = NEVER


@kernel
def absent(m: Memory, trigger: int, t: int) -> None:
    """The timer of an absence fires: every key whose silence has lasted triggers; the next one sets the timer."""
    cells, size = m[trigger + TR_CELLS], m[trigger + TR_SIZE]
    due = NEVER
    for i in range(size):
        cell = cells + 2 * i
        if m[cell] == NEVER:
            continue
        at = absent_at(m, trigger, m[cell])
        if at <= t:
            m[cell] = NEVER
            propose(m, m[trigger + TR_JOURNEY], m[cell + 1], t, m[trigger + TR_CAUSE])
        else:
            due = min(due, at)
    set_timer(m, m[trigger + TR_TIMER], due)


@kernel
def seen(m: Memory, trigger: int, which: int, key: int, t: int) -> None:
    """One of the events that together trigger has happened; it does when all fall in (t − window, t]."""
    cells, size = m[trigger + TR_CELLS], m[trigger + TR_SIZE]
    m[cells + which] = t
    row = m[trigger + TR_WAITS]
    for i in range(size):
        last = m[cells + i]
        if last == ALWAYS or after(m, last, m[row + W_DAYS], m[row + W_SECONDS]) <= t:
            return
    for i in range(size):
        m[cells + i] = ALWAYS
    propose(m, m[trigger + TR_JOURNEY], key, t, m[trigger + TR_CAUSE])


@kernel
def reading(m: Memory, trigger: int, local: int) -> int:
    """The instant of a wall-clock reading: of the contact, or of the plan."""
    return instant_in(m, m[ZONE] if m[trigger + TR_LOCAL] == 1 else 0, local)


@kernel
def next_date(m: Memory, trigger: int, t: int) -> int:
    """The first instant from t on of a date of the contact, each year or once; NEVER when the date is not known."""
    date = m[m[trigger + TR_ATTRIBUTE]]
    if date == MISSING:
        return NEVER
    shift, time = m[trigger + TR_DAYS], m[trigger + TR_AT]
    if m[trigger + TR_EVERY] != EVERY_YEAR:
        due = reading(m, trigger, (date + shift) * DAY + time)
        return due if due >= t else NEVER
    _, month, day = civil(date)
    year, _, _ = civil((t + offset(m, t)) // DAY)
    for y in range(year - 1, year + 10):
        if month == 2 and day == 29 and day_number(y, 3, 1) - day_number(y, 2, 1) == 28:
            if m[trigger + TR_LEAP] == 0:
                continue
            on = day_number(y, 2, 28) if m[trigger + TR_LEAP] == 28 else day_number(y, 3, 1)
        else:
            on = day_number(y, month, day)
        due = reading(m, trigger, (on + shift) * DAY + time)
        if due >= t:
            return due
    return NEVER


@kernel
def next_schedule(m: Memory, trigger: int, t: int) -> int:
    """The first instant from t on of a schedule; NEVER after its end."""
    dates = m[trigger + TR_DATES]
    low, end = dates + 1, dates + 1 + m[dates]
    high = end
    while low < high:  # no zone is a day away from UTC
        middle = (low + high) // 2
        if m[middle] < t - DAY:
            low = middle + 1
        else:
            high = middle
    for at in range(low, end):
        due = reading(m, trigger, m[at])
        if due >= t:
            return due
    return NEVER


@kernel
def rearm_date(m: Memory, trigger: int, t: int) -> None:
    """The date a trigger waits for has changed."""
    set_timer(m, m[trigger + TR_TIMER], next_date(m, trigger, t))


@kernel
def begin_absence(m: Memory, trigger: int, t: int) -> None:
    """An absence that counts from the start of a life, or from a date known before the run.

    One already over fires at once. Who arrives during the run has no date before it.
    """
    if m[trigger + TR_AFTER] == 1:
        return
    since = t
    known = m[trigger + TR_ATTRIBUTE]
    if t == m[H_START] and known > 0 and m[known] != MISSING:
        since = min(t, instant_in(m, m[ZONE], m[known] * DAY))
    arm_absence(m, trigger, NO_KEY, since)
    set_timer(m, m[trigger + TR_TIMER], max(t, absent_at(m, trigger, since)))
