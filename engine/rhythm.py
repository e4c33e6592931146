"""The days of a rhythm: every so many days, weeks or months."""

from __future__ import annotations

import calendar
import datetime as dt

from bifurque.engine.names import listed
from bifurque.engine.trigger import Schedule
from bifurque.engine.values import weekday_bits

EPOCH = dt.date(1970, 1, 1).toordinal()


def rhythm(schedule: Schedule, first: int, start: int, end: int) -> list[int]:
    """The days from `start` to before `end` a schedule falls on; intervals are counted from the day `first`.

    Days are numbered from 1970-01-01. A month that lacks the day has it on its last.
    """
    start = max(start, first)
    end = end if schedule.until is None else min(end, schedule.until)
    return [day for day in range(start, end) if _falls_on(schedule, day, first)]


def _falls_on(schedule: Schedule, day: int, first: int) -> bool:
    if schedule.every == "day":
        return (day - first) % schedule.interval == 0
    if schedule.every == "week":
        on = weekday_bits(listed(schedule.on)) >> (day + 3) % 7 & 1 == 1
        return on and ((day + 3) // 7 - (first + 3) // 7) % schedule.interval == 0
    assert isinstance(schedule.on, int)
    date, begun = dt.date.fromordinal(EPOCH + day), dt.date.fromordinal(EPOCH + first)
    months = (date.year - begun.year) * 12 + date.month - begun.month
    last = calendar.monthrange(date.year, date.month)[1]
    return date.day == min(schedule.on, last) and months % schedule.interval == 0
