"""Wall clocks: every zone of the database, every change of its clock from 2024 to 2030, against zoneinfo.

Then days, windows and quiet hours to the second through the real step, in zones whose clocks are unlike others.
"""

import datetime as dt
import functools
import importlib.resources
from types import SimpleNamespace

import pytest
from auditor_clock import DAY, MIDNIGHT, due, east, instant, is_quiet, later, same_period, wall, zone_of

from bifurque.actors.steps import later as step_due
from bifurque.engine.values import Duration
from bifurque.engine.zones import known_zones, zone_words
from bifurque.rules import localtime
from bifurque.rules.layout import (
    H_QUIET,
    H_ZONES,
    PER_DAY,
    PER_MONTH,
    PER_WEEK,
    PER_YEAR,
    TABLES,
    ZONE,
    ZONE_KNOWN,
)

START, END = (int(dt.datetime(year, 1, 1, tzinfo=dt.UTC).timestamp()) for year in (2024, 2031))
PERIODS = {"calendar day": PER_DAY, "calendar week": PER_WEEK, "calendar month": PER_MONTH, "calendar year": PER_YEAR}
EPOCH = dt.datetime(1970, 1, 1)


def memory(*zones, span=(START - 40 * DAY, END + 400 * DAY)):
    """A memory that knows some zones; its contact lives in the first."""
    m = [0] * TABLES
    rows = []
    for zone in zones:
        rows += [len(m), 0]
        m += zone_words(zone, *span)
    m[H_ZONES], m[ZONE], m[ZONE_KNOWN] = len(m), 0, 1
    return m + rows


@functools.cache
def by_file():
    """Zones by the bytes of their file: many are links to one."""
    found = {}
    root = importlib.resources.files("tzdata").joinpath("zoneinfo")
    for name in sorted(known_zones()):
        found.setdefault(root.joinpath(*name.split("/")).read_bytes(), []).append(name)
    return found


@functools.cache
def jumps(name):
    """Every change of a zone's clock: the instant, the offset before and after."""
    zone, found, t = zone_of(name), [], START
    while t < END:
        low, high = t, t + 7 * DAY // 2
        old, new = east(low, zone), east(high, zone)
        while high - low > 1 and old != new:
            middle = (low + high) // 2
            low, high = (middle, high) if east(middle, zone) == old else (low, middle)
        if old != new:
            found.append((high, old, east(high, zone)))
        t = high
    return found


def moving():
    """One zone of each file whose clock ever changes."""
    return [names[0] for names in by_file().values() if jumps(names[0])]


def reading(local):
    """A wall-clock reading from the kernel's seconds."""
    return EPOCH + dt.timedelta(seconds=local)


def around(jump):
    """Instants near a change of the clock: to the second, and as far away as the clock jumps."""
    at, before, after = jump
    size = abs(after - before)
    return sorted({at + k for k in (-DAY, -size - 1, -size, -1, 0, 1, size - 1, size, size + 1, DAY)})


def test_every_zone_of_the_database_is_known():
    listed = importlib.resources.files("tzdata").joinpath("zones").read_text("utf-8").split()
    assert sorted(known_zones()) == sorted(set(listed) - {"Factory"})
    assert sum(map(len, by_file().values())) >= 590
    assert sum(len(jumps(name)) for names in by_file().values() for name in names) > 2500


def test_offsets_and_readings_at_every_change_of_every_clock():
    for name in moving():
        zone, m = zone_of(name), memory(name)
        for jump in jumps(name):
            for t in around(jump):
                assert localtime.offset(m, t) == east(t, zone), (name, t)
                for local in {t + jump[1], t + jump[2]}:
                    expected = instant(reading(local), zone)
                    assert localtime.instant(m, local) == expected, (name, reading(local))
                    assert localtime.instant_in(m, 0, local) == expected, (name, reading(local))


def test_days_and_periods_at_every_change_of_every_clock():
    for name in moving():
        zone, m = zone_of(name), memory(name)
        for jump in jumps(name):
            for t in around(jump):
                for days in (1, -1, 2, 7):
                    assert localtime.after(m, t, days, 90) == later(t, days, 90, zone), (name, t, days)
                day = wall(t, zone).date()
                midnight = dt.datetime.combine(day + dt.timedelta(days=1), MIDNIGHT)
                assert localtime.at_time(m, t, 1, 0) == instant(midnight, zone), (name, t)
                for per, number in PERIODS.items():
                    period = localtime.period(m, number, t)
                    end = localtime.period_end(m, number, period)
                    assert end > t, (name, t, per)
                    assert same_period(per, t, end - 1, zone), (name, t, per)
                    assert not same_period(per, t, end, zone), (name, t, per)


def quiet_memory(name, start, end):
    """A memory with one window of quiet hours, and the address of the list of those that apply."""
    m = memory(name)
    m[H_QUIET] = len(m)
    return [*m, start, end, 127, 1, 0], len(m) + 3


def first_awake(window, t, jump, zone):
    """The first instant from t on that a window does not hold: it ends by the clock, or because the clock jumps."""
    found = [t, jump[0]]
    for days in range(-2, 4):
        midnight = dt.datetime.combine(wall(t, zone).date() + dt.timedelta(days=days), MIDNIGHT)
        end = midnight + dt.timedelta(seconds=window.end)
        found += [instant(end, zone), int(end.replace(tzinfo=zone, fold=1).timestamp())]
    return min(x for x in found if x >= t and not is_quiet(window, x, zone))


def test_quiet_hours_at_every_change_of_every_clock():
    """Boundaries inside a gap and in a repeated hour, for windows that begin and end there."""
    for name in moving():
        zone = zone_of(name)
        for jump in jumps(name):
            inside = (jump[0] + min(jump[1:]) + abs(jump[2] - jump[1]) // 2) % DAY
            for start, end in ((inside, (inside + 9000) % DAY), ((inside - 9000) % DAY, inside), (21 * 3600, 8 * 3600)):
                window = SimpleNamespace(start=start, end=end, days=())
                m, quiets = quiet_memory(name, start, end)
                size = abs(jump[2] - jump[1])
                for t in (jump[0] - size, jump[0] - 1, jump[0], jump[0] + size // 2, jump[0] + size):
                    expected = first_awake(window, t, jump, zone)
                    assert localtime.awake(m, quiets, t) == expected, (name, wall(t, zone), start, end)


def test_a_step_is_due_at_its_time_of_day_at_every_change_of_every_clock():
    """Waits that are moved to a time of day and a weekday: in a gap the first instant after it, else the first pass."""
    for name in moving():
        zone, m = zone_of(name), memory(name)
        row = len(m)
        m += [0] * 4
        for jump in jumps(name):
            base = jump[0] - DAY - 7
            gap = (jump[0] + min(jump[1:]) + abs(jump[2] - jump[1]) // 2) % DAY
            for days, seconds, at, weekdays in ((1, 0, gap, ()), (0, 3600, None, ("sun", "mon")), (2, 0, 0, ("sun",))):
                bits = sum(1 << ("mon", "sun").index(d) * 6 for d in weekdays)
                m[row : row + 4] = [days, seconds, -1 if at is None else at, bits]
                expected = due(base, Duration(days, seconds), at, weekdays, zone)
                assert step_due(m, row, base) == expected, (name, wall(base, zone), days, seconds, at, weekdays)


# Through the real step, to the second.

PLAN = """
plan: boundaries
start: 2023-12-01
days: 1100
zone: {zone}
zones: [Europe/Paris, Asia/Kolkata, America/Los_Angeles]
categories: [{{name: news, class: promotional}}]
channels: {{email: {{}}}}
{laws}
messages: {{letter: {{channel: email, category: news}}}}
journeys: {{news: {{trigger: {{event: go}}, reentry: {{policy: parallel, at_once: 64}}, steps: [{{send: letter}}]}}}}
"""
NIGHT = 'quiet_hours: {from: "21:00", to: "08:00"}'
NASTY = [
    "Australia/Lord_Howe",  # half an hour
    "Africa/Cairo",  # at midnight
    "America/Santiago",
    "Asia/Beirut",
    "America/Asuncion",  # gave it up in 2024
    "Africa/Casablanca",  # around Ramadan
    "Antarctica/Troll",  # two hours
    "Pacific/Apia",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Europe/Paris",
    "America/New_York",
    "Asia/Tokyo",
]


def days_of(name):
    """Local days worth a look: those of each change of the clock, and an ordinary one."""
    zone = zone_of(name)
    found = {wall(at - 1, zone).date() for at, _, _ in jumps(name) if at < START + 2 * 366 * DAY}
    return sorted(found | {dt.date(2025, 6, 11)})


def sent_at(world, zone, *instants):
    """When the messages of one contact left, whose events happen at some instants."""
    contact = world.contact(zone=zone)
    for t in instants:
        contact.at(dt.datetime.fromtimestamp(t, dt.UTC).isoformat()).does("go")
    world.advance("40d")
    world.now = world.program(world.plan.zone).start  # each contact lives on its own
    return sorted(int(r["time"].timestamp()) for r in contact.decisions if r["outcome"] == "sent")


def at(day, time, zone):
    """The instant of a time of day, the seconds counted from midnight; beyond 24 h it is the next day."""
    return instant(dt.datetime.combine(day, MIDNIGHT) + dt.timedelta(seconds=time), zone)


@pytest.mark.parametrize("name", NASTY)
def test_quiet_hours_to_the_second(world, name):
    zone, shop = zone_of(name), world(PLAN.format(zone=name, laws=NIGHT))
    for day in days_of(name):
        evening, morning = at(day, 21 * 3600, zone), at(day, 32 * 3600, zone)
        assert sent_at(shop, name, evening - 1) == [evening - 1], day
        for t in (evening, evening + 1, at(day, DAY, zone), morning - 1, morning):
            assert sent_at(shop, name, t) == [morning], (day, t)
        assert sent_at(shop, name, morning + 1) == [morning + 1], day


@pytest.mark.parametrize("name", NASTY)
def test_calendar_caps_to_the_second(world, name):
    zone, shop = zone_of(name), world(PLAN.format(zone=name, laws="caps: [{max: 1, per: calendar day}]"))
    for day in days_of(name):
        noon, midnight, third = (at(day, time, zone) for time in (DAY // 2, DAY, 2 * DAY))
        assert wall(midnight - 1, zone).date() == day
        assert sent_at(shop, name, noon, noon + 1) == [noon, midnight], day
        assert sent_at(shop, name, midnight - 1, midnight) == [midnight - 1, midnight], day
        assert sent_at(shop, name, midnight - 2, midnight - 1) == [midnight - 2, midnight], day
        assert sent_at(shop, name, midnight, third - 1, third) == [midnight, third, at(day, 3 * DAY, zone)], day


@pytest.mark.parametrize("name", NASTY[:5])
def test_rolling_caps_to_the_second(world, name):
    zone, shop = zone_of(name), world(PLAN.format(zone=name, laws="caps: [{max: 2, per: 1d}]"))
    for day in days_of(name):
        t = at(day, DAY // 2, zone)
        assert sent_at(shop, name, t, t + 5, t + DAY - 1) == [t, t + 5, t + DAY], day
        assert sent_at(shop, name, t, t + 5, t + DAY) == [t, t + 5, t + DAY], day
        assert sent_at(shop, name, t, t + 5, t + DAY, t + DAY + 4) == [t, t + 5, t + DAY, t + DAY + 5], day


@pytest.mark.parametrize(("start", "end"), [("02:30", "09:00"), ("20:00", "02:30"), ("02:10", "02:50")])
def test_boundaries_inside_a_jump_of_the_clock(world, start, end):
    """Paris: a boundary inside the gap moves to its end; both passes of the repeated hour are quiet."""
    zone, name = zone_of("Europe/Paris"), "Europe/Paris"
    shop = world(PLAN.format(zone=name, laws=f'quiet_hours: {{from: "{start}", to: "{end}"}}'))
    quiet = shop.plan.quiet_hours
    for jump in jumps(name)[2:4]:
        for t in range(jump[0] - 2 * 3600, jump[0] + 2 * 3600, 599):
            found = first_awake(quiet, t, jump, zone)
            assert sent_at(shop, name, t) == [found], (wall(t, zone), start, end)


def test_who_lives_in_no_known_zone_is_written_to_when_nobody_sleeps(world):
    shop = world(PLAN.format(zone="Europe/Paris", laws=NIGHT))
    zones = [zone_of(z) for z in shop.plan.zones]
    start = int(dt.datetime(2025, 3, 28, tzinfo=dt.UTC).timestamp())
    for t in range(start, start + 3 * DAY, 4447):
        instants = [t, *range(t + -t % 1800, t + 3 * DAY, 1800)]  # these clocks strike together every half hour
        awake = next(x for x in instants if not any(is_quiet(shop.plan.quiet_hours, x, z) for z in zones))
        assert sent_at(shop, "Nowhere/Land", t) == [awake], t
