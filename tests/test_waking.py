"""Waking time against an integral of its own, second by second: nights, weekends, clocks that are changed."""

import datetime as dt
import random

import numpy as np
import pytest
from auditor_clock import zone_of
from realistic_plans import people, plan

from bifurque.actors.layout import MO_WEEK
from bifurque.actors.waking import awake_after, shift
from bifurque.engine.realistic import Clock
from bifurque.engine.setting import prepare
from bifurque.rules.compiled import real
from bifurque.rules.layout import H_MODEL, KEY, NEVER, SEG_FROM, SEG_TO, ZONE

ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "America/Santiago", "UTC")
ASLEEP = [0] * 6 + [1] * 16 + [0] * 2
WEEK = 7 * 86400
CLOCKS = ({}, {"hours": ASLEEP}, {"hours": list(Clock().hours), "weekend": 0}, {"hours": ASLEEP, "spread": 2})


def memory(zone, clock=None, key=1):
    """The memory of a lane of which one contact of a zone is alive, and its model."""
    usual = {"hours": list(Clock().hours), "weekend": 0.85, "spread": 0}
    setting = prepare(plan(people(clock=usual | (clock or {})), zone=zone), contacts=1, days=365)
    words = setting.words.copy()
    words[KEY], words[ZONE], words[SEG_FROM], words[SEG_TO] = key, 0, 0, 0
    return words, int(words[H_MODEL])


def awoken(words, model, zone, start, end):
    """Waking seconds of [start, end): the weight of each second's hour on the wall clock of that second."""
    table = words[model + MO_WEEK]
    passed = np.array([real(words, table + i) for i in range(169)])
    assert passed[-1] == WEEK
    weights = np.diff(passed) / 3600
    seconds = np.arange(start, end)
    quarters = np.arange(start - start % 900, end + 900, 900)
    info = zone_of(zone)
    east = [int(dt.datetime.fromtimestamp(q, info).utcoffset().total_seconds()) for q in quarters.tolist()]
    local = seconds + np.repeat(east, 900)[start % 900 :][: len(seconds)] - shift(words, model)
    monday = int(dt.datetime(2026, 1, 5, tzinfo=dt.UTC).timestamp())
    return float(weights[(local - monday) % WEEK // 3600].sum())


def starts(zone, count, seed):
    """Instants of a year, half of them shortly before a clock is changed."""
    draw = random.Random(seed)
    first = int(dt.datetime(2026, 1, 3, tzinfo=dt.UTC).timestamp())
    info = zone_of(zone)
    offsets = [dt.datetime.fromtimestamp(first + d * 86400, info).utcoffset() for d in range(300)]
    changed = [first + d * 86400 for d in range(299) if offsets[d] != offsets[d + 1]] or [first]
    for i in range(count):
        yield first + draw.randrange(300 * 86400) if i % 2 else draw.choice(changed) - draw.randrange(-40000, 200000)


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("zone", ZONES)
def test_it_is_the_inverse_of_the_integral(zone, clock):
    words, model = memory(zone, clock)
    draw = random.Random(zone)
    with np.errstate(over="ignore"):
        for t in starts(zone, 12, zone):
            waking = draw.choice([1, 60, 3600, 30_000, 86400, 3 * 86400]) * draw.random()
            found = awake_after(words, model, t, waking)
            assert awoken(words, model, zone, t, found) <= waking + 1e-3 or found == t + 1
            assert awoken(words, model, zone, t, found + 1) >= waking - 1e-3


@pytest.mark.parametrize("zone", ZONES)
def test_it_adds_up(zone):
    """Two waits in turn are one: but for the second that each is rounded down to."""
    words, model = memory(zone)
    draw = random.Random(zone)
    most = 2 * 3.0  # no hour runs faster than that
    with np.errstate(over="ignore"):
        for t in starts(zone, 40, zone):
            a, b = draw.random() * 100_000, draw.random() * 300_000
            in_turn = awake_after(words, model, awake_after(words, model, t, a), b)
            at_once = awake_after(words, model, t, a + b)
            assert in_turn <= at_once + 1
            assert awoken(words, model, zone, in_turn, at_once) <= most


@pytest.mark.parametrize("clock", CLOCKS)
def test_on_average_it_is_as_fast_as_any_clock(clock):
    words, model = memory("UTC", clock)
    with np.errstate(over="ignore"):
        for weeks in (1, 3, 52):
            noon = int(dt.datetime(2026, 2, 3, 12, tzinfo=dt.UTC).timestamp())
            assert abs(awake_after(words, model, noon, float(weeks * WEEK)) - noon - weeks * WEEK) <= 1


def test_it_never_stands_still_and_never_overflows():
    words, model = memory("Europe/Paris", {"hours": ASLEEP})
    night = int(dt.datetime(2026, 2, 3, 1, tzinfo=dt.UTC).timestamp())
    with np.errstate(over="ignore"):
        assert awake_after(words, model, night, 0.0) > night
        assert awake_after(words, model, night, 1.0) >= night + 4 * 3600  # asleep until 6 in Paris
        for long in (1e9, 1e14, 1e15, 1e300):
            assert night + 1e9 <= awake_after(words, model, night, long) + WEEK <= NEVER


def test_people_live_earlier_and_later():
    """The standard deviation of the hours is the one stated."""
    words, model = memory("UTC", {"spread": 2})
    with np.errstate(over="ignore"):
        found = []
        for key in range(4000):
            words[KEY] = key * 7919
            found.append(shift(words, model))
    assert abs(np.mean(found)) < 4 * 7200 / 4000**0.5
    assert abs(np.std(found) - 7200) < 4 * 7200 / 8000**0.5
