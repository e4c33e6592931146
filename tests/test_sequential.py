"""Looking at experiments: published tables, and intervals that hold however often one looks."""

import math

import numpy as np
import pytest

from bifurque.engine.sequential import always_valid, crossing, inflation, obrien_fleming, per_arm, pocock

Z = 1.959964


@pytest.mark.parametrize(
    ("looks", "published"),
    [(1, 0.050), (2, 0.083), (3, 0.107), (4, 0.126), (5, 0.142), (10, 0.193), (20, 0.248), (50, 0.320)],
)
def test_naive_looks_inflate_as_published(looks, published):
    """Armitage, McPherson & Rowe (1969), table 2, 5 %."""
    assert crossing([Z] * looks)[-1] == pytest.approx(published, abs=0.0007)


@pytest.mark.parametrize(("looks", "bound"), [(2, 2.178), (3, 2.289), (4, 2.361), (5, 2.413)])
def test_pocock_bounds_are_as_published(looks, bound):
    assert pocock(looks)[0] == pytest.approx(bound, abs=5e-4)
    assert crossing(pocock(looks))[-1] == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize(("looks", "last"), [(2, 1.977), (3, 2.004), (4, 2.024), (5, 2.040)])
def test_obrien_fleming_bounds_are_as_published(looks, last):
    bounds = obrien_fleming(looks)
    assert bounds[-1] == pytest.approx(last, abs=6e-4)
    assert bounds[0] == pytest.approx(bounds[-1] * math.sqrt(looks))


def test_what_sequential_designs_cost_is_as_published():
    """Jennison & Turnbull, *Group Sequential Methods* (2000), tables 2.2 and 2.4: 5 looks, power 0.8."""
    assert inflation(5, pocock_bounds=True) == pytest.approx(1.229, abs=0.002)
    assert inflation(5) == pytest.approx(1.028, abs=0.002)


@pytest.mark.parametrize(("base", "other", "contacts"), [(0.04, 0.05, 6743), (0.20, 0.22, 6507), (0.5, 0.6, 385)])
def test_sample_sizes(base, other, contacts):
    assert per_arm(base, other) == contacts
    assert per_arm(other, base) == contacts


def test_a_mean_half_a_deviation_apart_takes_63_contacts():
    """Cohen's table without his t correction (64)."""
    assert per_arm(0, 0.5, sd=1) == 63


def peeked(any_time, runs=1500, looks=60, step=100):
    """How often peeking sees a difference where there is none."""
    rng = np.random.default_rng(11)
    a, b = (rng.random((runs, looks * step)) < 0.1 for _ in range(2))
    n = np.arange(step, looks * step + 1, step)
    pa, pb = (x.reshape(runs, looks, step).sum(axis=2).cumsum(axis=1) / n for x in (a, b))
    variance = (pa * (1 - pa) + pb * (1 - pb)) / n
    if any_time:
        half = np.array(
            [[always_valid(v, 2 * k, looks * step) for v, k in zip(row, n, strict=True)] for row in variance[:300]]
        )
        return (np.abs(pa - pb)[:300] > half).any(axis=1).mean()
    return (np.abs(pa - pb) > Z * np.sqrt(variance)).any(axis=1).mean()


def test_peeking_inflates_naive_intervals_and_not_ours():
    assert peeked(any_time=False) > 0.25
    assert peeked(any_time=True) <= 0.05


def test_the_price_of_any_time_is_bounded():
    """At the planned end the interval is wider than the plain one, but less than twice."""
    ratio = always_valid(1.0, 10_000, 10_000) / Z
    assert 1.3 < ratio < 1.8
    assert always_valid(1.0, 10_000, 10_000) < always_valid(1.0, 10_000, 200_000)
    assert always_valid(0.0, 5, 5) == 0
    assert always_valid(1.0, 0, 5) == math.inf
