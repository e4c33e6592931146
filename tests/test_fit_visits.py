"""Visits and carts: what people do of themselves, told from what messages make them do."""

import numpy as np
import pytest
from lived_logs import DAY, HOUR, START, write

from bifurque.engine.fit_log import read_log
from bifurque.engine.fit_visits import carts_per_visit, own_purchases, returns, visits_per_week


def carts(seed, count=4000, share=0.25, mailed=0.0, last=60):
    """Carts left by as many contacts: some are bought within a week, unless a message comes first."""
    rng = np.random.default_rng(seed)
    who = np.arange(count)
    left = START + rng.integers(0, last * DAY, count)
    back = rng.random(count) < share
    due = left + HOUR + rng.exponential(20 * HOUR, count).astype(int) % (6 * DAY)
    mail = rng.random(count) < mailed
    sent = left + rng.integers(2, 30, count) * HOUR
    key = who.astype(str)
    tables = [
        {"contact": who, "time": left, "type": "cart_updated", "key": key},
        {"contact": who[back], "time": due[back], "type": "purchase", "key": key[back]},
        {"contact": who[mail], "time": sent[mail], "type": "sent", "message": "reminder"},
        {"contact": [0], "time": [START + 70 * DAY], "type": "seen"},
    ]
    return tables


@pytest.mark.parametrize(("mailed", "last"), [(0.0, 60), (0.5, 60), (0.0, 69)])
def test_the_share_that_returns_unaided(tmp_path, mailed, last):
    """Whether or not half of them are sent a message some hours later, or the log ends before their week is over."""
    log = read_log(write(tmp_path / "log.parquet", *carts(1, mailed=mailed, last=last)))
    found = returns(log, "cart_updated", "purchase")
    value, error = found.share
    assert abs(value - 0.25) < 4 * error
    assert error < 0.02


def test_all_carts_get_a_message(tmp_path):
    tables = carts(2, mailed=1.0)
    log = read_log(write(tmp_path / "log.parquet", *tables))
    found = returns(log, "cart_updated", "purchase")
    assert found.share is None
    assert 20 < found.watched < 31


def test_counting_only_those_without_a_message_would_be_wrong(tmp_path):
    """Those who came back at once were sent nothing: without them in the risk set too few seem to return."""
    tables = carts(3, count=8000, mailed=0.0)
    bought = dict(zip(tables[1]["contact"].tolist(), tables[1]["time"].tolist(), strict=True))
    left = tables[0]["time"]
    sent = [(c, t + 24 * HOUR) for c, t in enumerate(left.tolist()) if c % 2 and bought.get(c, 1 << 40) > t + 24 * HOUR]
    tables[2] = {"contact": [c for c, _ in sent], "time": [t for _, t in sent], "type": "sent", "message": "reminder"}
    log = read_log(write(tmp_path / "log.parquet", *tables))
    value, error = returns(log, "cart_updated", "purchase").share
    assert abs(value - 0.25) < 4 * error


def test_a_cart_bought_at_once_was_never_left(tmp_path):
    left = {"contact": np.arange(50), "time": np.full(50, START), "type": "cart_updated", "key": "k"}
    at_once = {"contact": np.arange(50), "time": np.full(50, START + 600), "type": "purchase", "key": "k"}
    log = read_log(write(tmp_path / "log.parquet", left, at_once))
    assert returns(log, "cart_updated", "purchase") is None
    assert len(own_purchases(log, "cart_updated", "purchase")) == 50


def test_purchases_that_bring_a_cart_home_have_another_rhythm(tmp_path):
    left = {"contact": [1, 2], "time": [START, START], "type": "cart_updated", "key": ["a", "b"]}
    bought = {
        "contact": [1, 1, 2, 3],
        "time": [START + 5 * HOUR, START + 9 * DAY, START + 9 * DAY, START],
        "type": "purchase",
        "key": ["a", "c", "b", None],
    }
    log = read_log(write(tmp_path / "log.parquet", left, bought))
    mine = own_purchases(log, "cart_updated", "purchase")
    assert [(log.ids[c], (t - START) // DAY) for c, t in zip(log.contact[mine], log.time[mine], strict=True)] == [
        (1, 9),
        (2, 9),
        (3, 0),
    ]


def test_visits_a_click_led_to_are_not_the_persons_own(tmp_path):
    count = 200
    who = np.arange(count)
    tables = [
        {"contact": who, "time": np.full(count, START), "type": "visit"},
        {"contact": who, "time": np.full(count, START + DAY), "type": "clicked", "message": "mail"},
        {"contact": who, "time": np.full(count, START + DAY + 3), "type": "visit"},
        {"contact": who, "time": np.full(count, START + 3 * DAY), "type": "visit"},
        {"contact": who[:100], "time": np.full(100, START + 4 * DAY), "type": "purchase"},
        {"contact": who[:60], "time": np.full(60, START + 4 * DAY), "type": "cart_updated", "key": "x"},
        {"contact": who[:20], "time": np.full(20, START + DAY + 200), "type": "cart_updated", "key": "y"},
    ]
    log = read_log(write(tmp_path / "log.parquet", *tables))
    value, error = visits_per_week(log, "visit", log.of("purchase"), 0.5, np.zeros(count))
    assert value == 2.0, "four for each purchase"
    assert 0.1 < error < 0.3
    share, _ = carts_per_visit(log, "visit", "cart_updated", "purchase")
    assert share == pytest.approx(60 / 400), "the carts of visits a click led to are not counted either"
    assert visits_per_week(log, "nothing", log.of("purchase"), 0.5, np.zeros(count)) is None
