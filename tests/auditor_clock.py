"""The auditor's own wall clocks: zoneinfo, slow and plain. Nothing of the product."""

import datetime as dt
import functools
import importlib.resources
import zoneinfo

DAY = 86400
MIDNIGHT = dt.time()


@functools.cache
def zone_of(name):
    """A zone of the tzdata package, or None if there is no such zone."""
    known = importlib.resources.files("tzdata").joinpath("zones").read_text("utf-8").split()
    if name not in known or name == "Factory":
        return None
    with importlib.resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return zoneinfo.ZoneInfo.from_file(file, key=name)


@functools.lru_cache(1 << 16)
def wall(t, zone):
    """What a clock on the wall shows at an instant."""
    return dt.datetime.fromtimestamp(t, zone).replace(tzinfo=None, fold=0)


def east(t, zone):
    """Seconds by which a zone's wall clock is ahead of UTC at an instant."""
    return int(dt.datetime.fromtimestamp(t, zone).utcoffset().total_seconds())


@functools.lru_cache(1 << 16)
def instant(reading, zone):
    """The instant of a wall-clock reading: the first pass of two, the first instant after a gap."""
    t = int(reading.replace(tzinfo=zone, fold=0).timestamp())
    if wall(t, zone) == reading:
        return t
    low, high = t - 2 * DAY, t  # the clock jumps over the reading between these two
    while high - low > 1:
        middle = (low + high) // 2
        if wall(middle, zone) < reading:
            low = middle
        else:
            high = middle
    return high


def later(t, days, seconds, zone):
    """Calendar days at the same wall time, then elapsed seconds."""
    if days:
        t = instant(wall(t, zone) + dt.timedelta(days=days), zone)
    return t + seconds


def seconds_of_day(reading):
    """How far into its day a wall-clock reading is."""
    return reading.hour * 3600 + reading.minute * 60 + reading.second


def due(base, wait, at, weekdays, zone):
    """When a step is due: its wait from `base`, then moved to a time of day, then to an allowed weekday."""
    if at is None and not weekdays:
        return later(base, wait.days, wait.seconds, zone)
    base += wait.seconds
    start = wall(base, zone)
    time = seconds_of_day(start) if at is None else at
    days = wait.days
    while True:
        found = instant(dt.datetime.combine(start.date(), MIDNIGHT) + dt.timedelta(days=days, seconds=time), zone)
        late_enough = found >= base or days > wait.days
        if late_enough and (not weekdays or wall(found, zone).strftime("%a").lower() in weekdays):
            return found
        days += 1


def end_of_validity(message, due_at, zone):
    """The first instant at which a message is no longer worth sending, or None."""
    wait = message.valid_for
    if message.valid_until:
        if wait is not None:
            due_at = later(due_at, wait.days, wait.seconds, zone)
        return instant(dt.datetime.combine(wall(due_at, zone).date(), MIDNIGHT) + dt.timedelta(days=1), zone)
    return None if wait is None else later(due_at, wait.days, wait.seconds, zone)


def is_quiet(window, t, zone):
    """Whether one window of quiet hours holds an instant, on one wall clock."""
    reading = wall(t, zone)
    time, today = seconds_of_day(reading), reading.date()
    days = (window.days,) if isinstance(window.days, str) else window.days
    if window.start < window.end:
        inside, began = window.start <= time < window.end, today
    else:
        inside = time >= window.start or time < window.end
        began = today if time >= window.start else today - dt.timedelta(days=1)
    return inside and (not days or began.strftime("%a").lower() in days)


@functools.lru_cache(1 << 16)
def same_period(per, a, b, zone):
    """Whether two instants fall into one local day, Monday-based week, month or year."""
    x, y = wall(a, zone).date(), wall(b, zone).date()
    if per == "calendar day":
        return x == y
    if per == "calendar week":
        return x.isocalendar()[:2] == y.isocalendar()[:2]
    return x.year == y.year and (per == "calendar year" or x.month == y.month)
