"""Spend: Gamma-Gamma found again, and the check of what it takes for granted."""

import numpy as np
import pytest
from lived_logs import DAY, START, write

from bifurque.engine.fit_log import read_log
from bifurque.engine.fit_spend import amounts, fit
from bifurque.rules.errors import BifurqueError

PLANTED = {"p": 5.0, "q": 4.0, "gamma": 20.0}


def baskets(seed, count=600, related=0.0):
    """Of each customer how many purchases, and their mean; with `related` those who buy more spend more."""
    rng = np.random.default_rng(seed)
    x = 1 + rng.poisson(rng.gamma(1.2, 2.0, count))
    nu = rng.gamma(PLANTED["q"], 1 / PLANTED["gamma"], count) / (x / x.mean()) ** related
    mean = rng.gamma(PLANTED["p"] * x, 1 / nu) / x
    return x.astype(float), mean


def test_unrelated_frequency_and_spend_pass_the_check():
    passed = [fit(*baskets(seed)) for seed in range(20)]
    assert all(found.independent for found in passed)
    assert sum(low <= 0 <= high for low, high in (f.interval for f in passed)) >= 17


def test_related_frequency_and_spend_fail_it():
    found = fit(*baskets(1, 2000, related=0.8))
    assert not found.independent
    assert found.interval[0] > 0.2


def test_the_first_purchase_and_lines_of_one_basket(tmp_path):
    rows = [(1, 0, 9900), (1, 5, 1000), (1, 5, 500), (1, 9, 2500), (2, 3, 4000), (3, 1, 100), (3, 2, None), (3, 4, 700)]
    columns = {
        "contact": [c for c, _, _ in rows],
        "time": [START + d * DAY for _, d, _ in rows],
        "value": [v for _, _, v in rows],
        "type": "purchase",
    }
    log = read_log(write(tmp_path / "log.parquet", columns))
    x, mean = amounts(log, "purchase")
    assert (x.tolist(), mean.tolist()) == ([2, 1], [20.0, 7.0])
    x, mean = amounts(log, "purchase", repeats_only=False)
    assert (x.tolist(), mean.tolist()) == ([3, 1, 2], [pytest.approx(139 / 3), 40.0, 4.0])


def test_few_amounts_are_an_error():
    with pytest.raises(BifurqueError, match="only 29 customers"):
        fit(np.ones(29), np.ones(29))
