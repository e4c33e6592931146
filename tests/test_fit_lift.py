"""Natural and caused conversion: only from arms drawn by lot, with intervals that hold."""

import json
import re

import numpy as np
import pytest
from lived_logs import DAY, START, Coverage, write

from bifurque.engine.calibrate import calibrate
from bifurque.engine.calibrate_report import report
from bifurque.engine.fit_lift import lifts, predictions, write_predictions
from bifurque.engine.fit_log import read_log
from bifurque.rules.errors import DataError


def trial(rng, count=3000, natural=0.06, caused=0.04, *, names=("holdout", "mail"), before=0.3, skew=0.0):
    """Contacts in two arms: what they buy in the 30 days after, and what they had bought before."""
    arm = (rng.random(count) < 0.5).astype(int)
    bought = rng.random(count) < natural + caused * arm
    early = rng.random(count) < before + skew * arm
    who = np.arange(count)
    start = START + 30 * DAY

    def at(which, days, kind, **more):
        return {"contact": who[which], "time": np.full(which.sum(), start + days * DAY), "type": kind} | more

    everybody = np.ones(count, bool)
    label = np.array(names)[arm]
    return [
        at(everybody, 0, "assigned", arm=label),
        at(arm == 1, 0, "sent", message="offer"),
        at(bought, 9, "purchase", value=rng.integers(1000, 9000, bought.sum())),
        at(early, -9, "purchase", value=np.full(early.sum(), 2000)),
        {"contact": [0], "time": [start + 30 * DAY], "type": "seen"},
    ]


def found(tmp_path, *args, **how):
    log = read_log(write(tmp_path / "log.parquet", *trial(*args, **how)))
    return lifts(log, "visit", "purchase")


def test_the_difference_of_the_arms(tmp_path):
    (lift,) = found(tmp_path, np.random.default_rng(1), 20_000)
    assert (lift.base, lift.control, lift.random) == ("holdout", True, True)
    natural, effect = lift.arms["conversions"]["holdout"], lift.effects["conversions"]["mail"]
    assert abs(natural.value - 0.06) < 4 * natural.error
    assert abs(effect.value - 0.04) < 4 * effect.error
    assert effect.relative[0] == pytest.approx(effect.value / natural.value)
    assert lift.sends == {"holdout": 0.0, "mail": 1.0}
    assert "visits" not in lift.arms, "nobody visited: there is nothing to say"


def covered(tmp_path, seeds, count):
    coverage = Coverage()
    for seed in seeds:
        rng = np.random.default_rng(seed)
        (lift,) = found(tmp_path, rng, count)
        coverage.add("caused", 0.04, *lift.effects["conversions"]["mail"].interval())
        coverage.add("natural", 0.06, *lift.arms["conversions"]["holdout"].interval())
        told = predictions(lift)["mail"]["conversions"]
        another = (rng.random(told["contacts"]) < 0.10).mean()
        coverage.add("another group", another, told["low"], told["high"])
    return coverage.shares()


def test_intervals_hold_what_they_are_of(tmp_path):
    shares = covered(tmp_path, range(60), 2000)
    assert min(shares.values()) >= 0.87, shares


@pytest.mark.slow
def test_intervals_hold_the_truth_in_95_of_100_trials(tmp_path):
    shares = covered(tmp_path, range(1000, 1500), 3000)
    assert all(0.92 <= share <= 0.98 for share in shares.values()), shares


def test_arms_that_differed_before_are_pointed_out(tmp_path):
    (lift,) = found(tmp_path, np.random.default_rng(2), skew=0.15)
    assert not lift.random
    noted = calibrate(tmp_path / "log.parquet").notes
    assert any("do not look drawn by lot" in note for note in noted)


def test_arms_too_small_are_left_out(tmp_path):
    assert found(tmp_path, np.random.default_rng(3), 50) == []


def test_without_arms_no_causal_figure_is_printed(tmp_path):
    """The same log without its column of arms: those who were sent something bought more, and nothing is said of it."""
    tables = [{k: v for k, v in t.items() if k != "arm"} for t in trial(np.random.default_rng(4))]
    calibration = calibrate(write(tmp_path / "log.parquet", *tables))
    text = report(calibration)
    assert calibration.lifts == []
    assert calibration.behaviour.lift.opened.status == "assumed"
    assert "What messages cause cannot be told" in text
    assert "a column `arm`" in text
    assert "natural" not in text
    assert not re.search(r"caused[^\n]*\d", text)
    with pytest.raises(DataError, match="no arms drawn by lot"):
        write_predictions(tmp_path / "predictions.json", calibration.lifts)


def test_with_arms_they_are(tmp_path):
    rng = np.random.default_rng(5)
    calibration = calibrate(write(tmp_path / "log.parquet", *trial(rng, 20_000)))
    text = report(calibration)
    assert "caused" in text
    assert "natural" in text
    assert calibration.behaviour.lift.opened.status == "estimated"
    assert calibration.behaviour.lift.opened.value > 0.15, "the whole effect of one message, as far as it is opened"
    write_predictions(tmp_path / "predictions.json", calibration.lifts)
    (told,) = json.loads((tmp_path / "predictions.json").read_text("utf-8"))
    low, high = (told["effects"]["conversions"]["mail"][k] for k in ("low", "high"))
    assert low < 0.04 < high
    assert set(told["predictions"]) == {"holdout", "mail"}


def test_the_base_without_a_control_is_the_arm_sent_least(tmp_path):
    (lift,) = found(tmp_path, np.random.default_rng(6), names=("a", "b"))
    assert (lift.base, lift.control) == ("a", False)


def test_a_contact_in_two_arms_is_an_error(tmp_path):
    tables = trial(np.random.default_rng(7), 100)
    tables.append({"contact": [5, 5], "time": [START, START + 1], "type": "visit", "arm": ["mail", "holdout"]})
    with pytest.raises(DataError, match="one and the same arm in all rows of a contact"):
        read_log(write(tmp_path / "log.parquet", *tables))
