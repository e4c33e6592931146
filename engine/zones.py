"""Time zones: one database, the `tzdata` package, turned into tables of offsets."""

from __future__ import annotations

import datetime as dt
import functools
import importlib.resources
import zoneinfo

from bifurque.rules.errors import nearest
from bifurque.rules.layout import ALWAYS, NEVER

DAY = 86400


def database_version() -> str:
    """The version of the time-zone database, as each run records it."""
    import tzdata

    return str(tzdata.IANA_VERSION)


@functools.cache
def known_zones() -> frozenset[str]:
    """Every zone of the database that a contact may live in."""
    listing = importlib.resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return frozenset(z for z in listing.split() if z not in ("Factory", "localtime", "posixrules"))


def near_zone(text: str) -> str:
    """The end of a message about an unknown time zone: the one that looks most like it, or the one of that town."""
    places = [z for z in sorted(known_zones(), reverse=True) if "/" in z and not z.startswith("Etc/")]
    names = {z.split("/")[-1]: z for z in places} | {z: z for z in places}
    near = nearest(text.replace(" ", "_"), names)
    return f"; did you mean `{names[near]}`?" if near else ""


@functools.cache
def stretches(zone: str, start: int, end: int) -> tuple[tuple[int, int], ...]:
    """The stretches of constant offset of a zone: (first instant, seconds east of UTC), covering [start, end).

    The first reaches back for ever and the last forward for ever: nothing is decided outside the horizon.
    """
    info = read_zone(zone)
    found = [(ALWAYS, _offset(info, start))]
    before = start
    while before < end:
        after = min(before + DAY, end)
        if _offset(info, after) != _offset(info, before):
            at = _change(info, before, after)
            found.append((at, _offset(info, at)))
            before = at
        else:
            before = after
    return tuple(found)


def instant_of(zone: str, local: int) -> int:
    """The instant of a wall-clock reading (seconds since 1970-01-01 there); in a gap the one after it."""
    for at, east in reversed(stretches(zone, local - 2 * DAY, local + 2 * DAY)):
        if local - east >= at:
            return local - east
    raise AssertionError(zone)


def read_zone(name: str) -> zoneinfo.ZoneInfo:
    """A zone read from the `tzdata` package: the system's copy may differ."""
    file = importlib.resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    with file.open("rb") as stream:
        return zoneinfo.ZoneInfo.from_file(stream, key=name)


def _offset(info: zoneinfo.ZoneInfo, t: int) -> int:
    east = dt.datetime.fromtimestamp(t, info).utcoffset()
    assert east is not None
    return int(east.total_seconds())


def _change(info: zoneinfo.ZoneInfo, before: int, after: int) -> int:
    """The first instant in (before, after] whose offset differs from that of `before`."""
    old = _offset(info, before)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(info, middle) == old:
            before = middle
        else:
            after = middle
    return after


def zone_words(zone: str, start: int, end: int) -> list[int]:
    """The table the kernel reads: the stretches, then the end of time."""
    words = [word for pair in stretches(zone, start, end) for word in pair]
    return [*words, NEVER, 0]


def instant_at(moment: str, zone: str) -> int:
    """The instant of a written wall-clock reading; an offset such as +02:00 may say which pass of a repeated hour."""
    found = dt.datetime.fromisoformat(moment)
    if found.tzinfo is None:
        found = found.replace(tzinfo=read_zone(zone if zone in known_zones() else "UTC"))
    return int(found.timestamp())


def reading_at(t: int, zone: str) -> str:
    """An instant on a zone's wall clock, as `2025-03-10 14:00`, with seconds where there are any."""
    local = dt.datetime.fromtimestamp(t, read_zone(zone))
    return f"{local:%Y-%m-%d %H:%M:%S}".removesuffix(":00")
