"""Opens, clicks, unsubscriptions and fatigue: planted figures found again, though those who open more are sent more."""

import numpy as np
import pytest
from lived_logs import DAY, START, TRUTH, mail_events, mailed, write

from bifurque.engine import fit_messages
from bifurque.engine.fit_log import read_log
from bifurque.engine.fit_sendings import NEVER, sendings


def lived(tmp_path, seed, contacts=700, weeks=26, **how):
    """A log of messages and what was done, read back as sendings."""
    rng = np.random.default_rng(seed)
    m = mailed(rng, contacts, weeks, **how)
    log = read_log(write(tmp_path / f"log{seed}.parquet", *mail_events(rng, m, machines=0.3)))
    return log, sendings(log)


def test_the_pooled_slope_has_the_wrong_sign_and_ours_has_not(tmp_path):
    """A programme that writes to those who open: over everybody the tired seem to open more."""
    _, s = lived(tmp_path, 1, contacts=1500)
    found = fit_messages.opens(s)
    pooled, error = found.pooled
    assert pooled + 5 * error < 0, "tiredness would make people open"
    value, error = found.tired
    assert abs(value - TRUTH["tired"]) < 3 * error
    assert error < 0.1


def test_sending_by_lot_leaves_nothing_to_correct(tmp_path):
    _, s = lived(tmp_path, 2, contacts=1000, engaged=0.0)
    found = fit_messages.opens(s)
    assert abs(found.tired[0] - TRUTH["tired"]) < 3 * found.tired[1]
    assert found.pooled[0] > 0


def test_a_flat_half_life_is_said_to_be_flat(tmp_path):
    _, s = lived(tmp_path, 3, contacts=400, engaged=0.0)
    found = fit_messages.half_life(s)
    assert found.low <= 7 <= found.high
    assert found.low < found.high


def test_messages_differ(tmp_path):
    """One message of six is opened more: the others stand below the mean by as much as makes up for it."""
    rng = np.random.default_rng(4)
    m = mailed(rng, 1200, 26)
    better = (m["message"] == 2) & ~m["opens"] & (rng.random(len(m["opens"])) < 0.3)
    m["opens"] |= better
    s = sendings(read_log(write(tmp_path / "log.parquet", *mail_events(rng, m))))
    found = fit_messages.opens(s).messages
    values = {code: value for code, (value, _) in found.items()}
    best = max(values, key=values.get)
    assert values[best] > 0.7
    assert all(value < 0 for code, value in values.items() if code != best)
    counts = np.bincount(s.message, minlength=6)
    assert sum(values[code] * counts[code] for code in values) == pytest.approx(0, abs=0.05 * counts.sum())


def test_fatigue_is_what_is_left_of_earlier_messages(tmp_path):
    days = [0, 7, 14, 14.5, 40]
    sent = {"contact": [1] * 5, "time": [START + int(d * DAY) for d in days], "message": ["a", "b", "a", "a", "b"]}
    back = {"contact": [1], "time": [START + 7 * DAY + 60], "message": ["b"], "type": "bounced"}
    end = {"contact": [1], "time": [START + 90 * DAY], "type": "seen"}
    s = sendings(read_log(write(tmp_path / "log.parquet", sent | {"type": "sent"}, back, end)))
    half = [0, 0.5, 0.25, (0.25 + 1) * 0.5 ** (0.5 / 7), ((0.25 + 1) * 0.5 ** (0.5 / 7) + 1) * 0.5 ** (25.5 / 7)]
    assert s.tired == pytest.approx(half), "a message that bounced tires nobody"
    assert s.repeats.tolist() == [0, 0, 1, 2, 0]
    assert s.bounced.tolist() == [False, True, False, False, False]


def test_what_follows_which_message(tmp_path):
    """An event goes to the last sending of its message; without a name to the last of all; before any to none."""
    sent = {
        "contact": [1, 1, 1, 2],
        "time": [START + h * 3600 for h in (0, 10, 20, 0)],
        "message": ["a", "b", "a", "a"],
        "type": "sent",
    }
    opened = {
        "contact": [1, 1, 1, 2, 3],
        "time": [START + h * 3600 for h in (5, 21, 30, -1, 5)],
        "message": ["a", "b", "a", "a", "a"],
        "type": "opened",
    }
    clicked = {"contact": [2], "time": [START + 7200], "message": [None], "type": "clicked"}
    s = sendings(read_log(write(tmp_path / "log.parquet", sent, opened, clicked)))
    when = [(t - START) / 3600 if t < NEVER else None for t in s.opened]
    assert when == [5, 21, 30, 2], "a click is an open"
    assert s.strays == 2


def test_machines_are_not_people(tmp_path):
    rng = np.random.default_rng(5)
    m = mailed(rng, 300, 20)
    log = read_log(write(tmp_path / "log.parquet", *mail_events(rng, m, machines=0.5)))
    s = sendings(log)
    assert log.machines_known
    assert (s.opened < NEVER).sum() == m["opens"].sum()
    assert 0.4 < s.machine.mean() < 0.6


def test_too_few_opens_tell_nothing(tmp_path):
    _, s = lived(tmp_path, 6, contacts=5, weeks=8)
    assert fit_messages.opens(s) is None
    assert fit_messages.half_life(s) is None
    assert fit_messages.unsubscribes(s) is None


def test_a_policy_that_reacts_to_the_last_open_is_a_limit(tmp_path):
    """When what was just left closed decides what is sent, a contact's mean is no longer a trait."""
    _, s = lived(tmp_path, 7, contacts=3000, feedback=0.5)
    value, error = fit_messages.opens(s).tired
    assert error < 0.08
    assert abs(value - TRUTH["tired"]) < 0.25
