"""Planted figures are found again, and the 95 % intervals printed for them hold the truth as often as they say.

The long proof makes 500 fits of each family and asks for 95 ± 3 of 100, figure by figure. The short one makes few small
fits and asks that a figure is missed no oftener than chance would in 1 of 10,000 tests. Intervals half as wide, as a
control, fail both.
"""

from collections import defaultdict

import numpy as np
import pytest
import recoveries
from recoveries import PURCHASES, mail_truth

FITS = range(1000, 1500)
FAMILIES = {
    **{model: (recoveries.purchases, 2500, 600) for model in PURCHASES},
    "spend": (recoveries.spend, 1500, 500),
    "visits": (recoveries.visits, 1000, 500),
    "mail": (recoveries.mail, 1500, 350),
    "trial": (recoveries.trial, 6000, 3000),
}
"""By family how it is drawn, and the size of its logs in the long and in the short proof."""
SHORT = {"visits": 8, "mail": 6, "trial": 20}
CHANCE = 1e-4


def drawn(family, seeds, size, folder):
    """By figure, the truth and the ends of its interval, one row for each fit."""
    first = {"spend": (), "mail": (mail_truth(26, 0.6), folder)}.get(family, (folder,))
    first = (family,) if family in PURCHASES else first
    found = defaultdict(list)
    for seed in seeds:
        for name, row in FAMILIES[family][0](*first, np.random.default_rng(seed), size).items():
            found[name] += [] if np.isnan(row[1]) else [row]
    return {name: np.array(rows) for name, rows in found.items()}


def inside(rows, width=1.0):
    """In how many fits the truth lies inside the interval, or inside one around its middle so much narrower."""
    truth, low, high = rows.T
    middle, half = (low + high) / 2, width * (high - low) / 2
    return int((np.abs(truth - middle) <= half).sum())


def missed_too_often(found, width=1.0):
    """The figures missed oftener than chance allows at 95 %."""
    from scipy.stats import binom

    return {
        name: f"{inside(rows, width)} of {len(rows)}"
        for name, rows in found.items()
        if len(rows) - inside(rows, width) > binom.ppf(1 - CHANCE, len(rows), 0.05)
    }


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recovery")
    return {f: drawn(f, range(SHORT.get(f, 30)), small, folder) for f, (_, _, small) in FAMILIES.items()}


@pytest.mark.parametrize("family", FAMILIES)
def test_intervals_hold_the_truth(few, family):
    assert not missed_too_often(few[family])


def test_all_figures_together(few):
    """Figures of one fit are not independent, so the bound is wider than a binomial one: 3 of 100 either way."""
    rows = [(inside(r), len(r)) for found in few.values() for r in found.values()]
    held, fits = np.sum(rows, axis=0)
    assert fits > 500
    assert 0.92 <= held / fits <= 0.98


def test_intervals_half_as_wide_would_be_seen(few):
    """The control: with standard errors halved the same test fails, family by family."""
    assert sum(bool(missed_too_often(found, 0.5)) for found in few.values()) >= 5
    rows = [(inside(r, 0.5), len(r)) for found in few.values() for r in found.values()]
    held, fits = np.sum(rows, axis=0)
    assert held / fits < 0.8


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_intervals_hold_the_truth_in_95_of_100_fits(family, tmp_path):
    found = drawn(family, FITS, FAMILIES[family][1], tmp_path)
    assert all(len(rows) > 0.95 * len(FITS) for rows in found.values()), "hardly any is left untold"
    shares = {name: inside(rows) / len(rows) for name, rows in found.items()}
    print({name: round(share, 3) for name, share in shares.items()})
    assert all(0.92 <= share <= 0.98 for share in shares.values()), shares
    assert all(inside(rows, 0.5) / len(rows) < 0.85 for rows in found.values()), "the control"
