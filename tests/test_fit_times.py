"""The time to open and the hours people are awake: told apart, in waking time."""

import numpy as np
import pytest
from lived_logs import AWAKE, DAY, HOUR, START, SUNDAY, Clock, write

from bifurque.engine.fit_log import read_log
from bifurque.engine.fit_sendings import sendings
from bifurque.engine.fit_times import times


def posted(tmp_path, seed, count=6000, hours=4.0, shape=0.9, *, at=None, zone=None, **more):
    """A log of messages, all of which are opened some time: at any hour, or all at one."""
    rng = np.random.default_rng(seed)
    sent = START + rng.integers(0, 120, count) * DAY + (rng.integers(0, DAY, count) if at is None else at * HOUR)
    opened = Clock().opened(rng, sent, hours, shape)
    said = {"contact": np.arange(count), "message": "mail", "channel": "email"}
    end = {"contact": [0], "time": [START + 150 * DAY], "type": "seen"}
    tables = [said | {"time": sent, "type": "sent"}, said | {"time": opened, "type": "opened"} | more, end]
    log = read_log(write(tmp_path / f"log{seed}.parquet", *tables), zone=zone)
    return log, sendings(log)


def test_the_law_and_the_hours_are_found_again(tmp_path):
    found = times(*posted(tmp_path, 1, 12_000))
    law = found.laws[0]
    for name, truth in (("hours", 4.0), ("shape", 0.9), ("weekend", SUNDAY)):
        low, high = law.interval(name)
        assert low <= truth <= high, name
    planted = AWAKE / AWAKE.mean()
    assert np.abs(np.array(found.hours) / planted - 1).max() < 0.35, "the rarest hour has some 80 opens"
    assert np.abs(np.array(found.hours) - planted).mean() < 0.06


def test_all_sent_at_nine_and_the_hours_are_the_same(tmp_path):
    """Opens then crowd between nine and noon; that is the sending's doing, not the clock's."""
    log, s = posted(tmp_path, 2, 12_000, at=9)
    crowd = np.bincount((s.opened - START) // HOUR % 24, minlength=24) / len(s)
    assert crowd[9:12].sum() > 0.3
    found = np.array(times(log, s).hours) / 24
    assert abs(found[9:12].sum() - AWAKE[9:12].sum() / AWAKE.sum()) < 0.035


def test_the_zone_moves_the_hours(tmp_path):
    here = np.array(times(*posted(tmp_path, 3)).hours)
    there = np.array(times(*posted(tmp_path, 3, zone="Asia/Kolkata")).hours)  # half past: five hours and a half on
    assert np.corrcoef(np.roll(here, 5) + np.roll(here, 6), there)[0, 1] > 0.97
    assert np.corrcoef(here, there)[0, 1] < 0.6


def test_few_opens_leave_the_clock_as_it_is_assumed(tmp_path):
    found = times(*posted(tmp_path, 4, 300))
    assert found.weekend is None
    assert set(found.laws[0].names) == {"hours", "shape"}
    assert times(*posted(tmp_path, 5, 40)) is None


def test_channels_have_laws_of_their_own(tmp_path):
    rng = np.random.default_rng(6)
    tables = [{"contact": [0], "time": [START + 150 * DAY], "type": "seen"}]
    for channel, hours, shape, count in (("email", 5.0, 0.8, 4000), ("sms", 0.1, 1.4, 1500)):
        sent = START + rng.integers(0, 120 * DAY, count)
        said = {"contact": np.arange(count), "message": channel, "channel": channel}
        opened = Clock().opened(rng, sent, hours, shape)
        tables += [said | {"time": sent, "type": "sent"}, said | {"time": opened, "type": "opened"}]
    log = read_log(write(tmp_path / "log.parquet", *tables))
    found = times(log, sendings(log))
    medians = {log.words["channel"][code]: law.value("hours") for code, law in found.laws.items()}
    assert medians == pytest.approx({"email": 5.0, "sms": 0.1}, rel=0.12)


@pytest.mark.parametrize("told", [True, False])
def test_clicks_stand_in_where_machines_are_not_told_apart(tmp_path, told):
    """Half of the opens are a machine's, seconds after the sending: unflagged, only clicks are people's."""
    rng = np.random.default_rng(7)
    count = 4000
    sent = START + rng.integers(0, 120 * DAY, count)
    looked = Clock().opened(rng, sent, 4.0, 0.9)
    machine = rng.random(count) < 0.5
    said = {"contact": np.arange(count), "message": "mail", "channel": "email"}
    opens = said | {"time": np.where(machine, sent + 30, looked), "type": "opened"}
    tables = [
        said | {"time": sent, "type": "sent"},
        opens | ({"machine": machine} if told else {}),
        said | {"time": looked + 20, "type": "clicked"},
        {"contact": [0], "time": [START + 150 * DAY], "type": "seen"},
    ]
    log = read_log(write(tmp_path / "log.parquet", *tables))
    found = times(log, sendings(log))
    assert found.from_clicks is not told
    low, high = found.laws[0].interval("hours")
    assert low <= 4.0 <= high
