"""Instants and wall clocks: offsets by zone, calendar days, quiet hours.

Whole seconds, in the proleptic Gregorian calendar. A zone is a row of stretches (first instant, offset), sorted,
ending with (NEVER, 0). Rules where a wall clock jumps: a time that does not exist becomes the first instant after the
gap; a time that happens twice means its first pass; quiet hours hold in both passes.
"""

from __future__ import annotations

from bifurque.rules.compiled import Memory, kernel
from bifurque.rules.layout import *

DAY = 86400
SAFE = 26 * 3600
"""No wall clock ever jumps further than this."""


@kernel
def stretch(m: Memory, zone: int, t: int) -> int:
    """The address of the stretch of constant offset that holds t."""
    at = m[m[H_ZONES] + 2 * zone]
    while m[at + 2] <= t:
        at += 2
    return at


@kernel
def offset(m: Memory, t: int) -> int:
    """Seconds to add to t for the contact's wall clock."""
    if t < m[SEG_FROM] or t >= m[SEG_TO]:
        at = stretch(m, m[ZONE], t)
        m[SEG_FROM], m[SEG_OFFSET], m[SEG_TO] = m[at], m[at + 1], m[at + 2]
    return m[SEG_OFFSET]


@kernel
def instant_in(m: Memory, zone: int, local: int) -> int:
    """The instant of a wall-clock reading in a zone."""
    at = stretch(m, zone, local - SAFE)
    while local - m[at + 1] >= m[at + 2]:
        at += 2
    return max(local - m[at + 1], m[at])


@kernel
def instant(m: Memory, local: int) -> int:
    """The instant of a wall-clock reading for the contact."""
    t = local - m[SEG_OFFSET]
    if t >= m[SEG_FROM] + SAFE and t < m[SEG_TO]:
        return t
    return instant_in(m, m[ZONE], local)


@kernel
def after(m: Memory, t: int, days: int, seconds: int) -> int:
    """Calendar days later at the same wall time, then elapsed seconds."""
    if days != 0:
        t = instant(m, t + offset(m, t) + days * DAY)
    return t + seconds


@kernel
def at_time(m: Memory, t: int, days: int, time: int) -> int:
    """The instant of a time of day, some days after t's local date."""
    local = t + offset(m, t)
    return instant(m, local - local % DAY + days * DAY + time)


@kernel
def civil(day: int) -> tuple[int, int, int]:
    """Year, month, day of a day number (0 is 1970-01-01); Howard Hinnant, "chrono-compatible date algorithms"."""
    z = day + 719468
    era = z // 146097
    doe = z - era * 146097
    yoe = (doe - doe // 1460 + doe // 36524 - doe // 146096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    month = mp + 3 if mp < 10 else mp - 9
    return yoe + era * 400 + (1 if month <= 2 else 0), month, doy - (153 * mp + 2) // 5 + 1


@kernel
def day_number(year: int, month: int, day: int) -> int:
    """The day number of a date; the reverse of `civil`."""
    y = year - 1 if month <= 2 else year
    era = y // 400
    yoe = y - era * 400
    doy = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return era * 146097 + yoe * 365 + yoe // 4 - yoe // 100 + doy - 719468


@kernel
def period(m: Memory, kind: int, t: int) -> int:
    """The number of the local day, Monday-based week, month or year that holds t."""
    day = (t + offset(m, t)) // DAY
    if kind == PER_DAY:
        return day
    if kind == PER_WEEK:
        return (day + 3) // 7
    year, month, _ = civil(day)
    return year * 12 + month - 1 if kind == PER_MONTH else year


@kernel
def period_end(m: Memory, kind: int, number: int) -> int:
    """The first instant after a local day, week, month or year."""
    if kind == PER_DAY:
        day = number + 1
    elif kind == PER_WEEK:
        day = (number + 1) * 7 - 3
    elif kind == PER_MONTH:
        day = day_number((number + 1) // 12, (number + 1) % 12 + 1, 1)
    else:
        day = day_number(number + 1, 1, 1)
    return instant(m, day * DAY)


@kernel
def awake(m: Memory, quiets: int, t: int) -> int:
    """The first instant from t on that no quiet hours of a list hold; NEVER when they leave no gap within a month.

    A contact without a known zone must be awake in every fallback zone at once.
    """
    if m[quiets] == 0:
        return t
    known = m[ZONE_KNOWN] == 1
    zones = m[H_FALLBACK]
    limit = t + 31 * DAY
    while t < limit:
        was = t
        for q in range(m[quiets]):
            window = m[H_QUIET] + m[quiets + 1 + q] * QUIET
            if known:
                seconds_east = offset(m, t)
                t = quiet_until(m, window, t, seconds_east, m[SEG_TO])
                continue
            for z in range(m[zones]):
                at = stretch(m, m[zones + 1 + z], t)
                t = quiet_until(m, window, t, m[at + 1], m[at + 2])
        if t == was:
            return t
    return NEVER


@kernel
def quiet_until(m: Memory, window: int, t: int, seconds_east: int, jump: int) -> int:
    """The end of one window of quiet hours if it holds t, or the clock's next jump if that is sooner; otherwise t."""
    start, end, days = m[window + Q_FROM], m[window + Q_TO], m[window + Q_DAYS]
    local = t + seconds_east
    day, time = local // DAY, local % DAY
    today = (days >> ((day + 3) % 7)) & 1
    if start < end:
        if today == 0 or time < start or time >= end:
            return t
    elif time >= start and today == 1:
        day += 1
    elif time >= end or (days >> ((day + 2) % 7)) & 1 == 0:
        return t
    return min(day * DAY + end - seconds_east, jump)
