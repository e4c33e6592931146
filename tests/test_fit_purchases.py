"""Purchases: closed forms against lives drawn here, planted figures found again, drop-out only when it is told."""

import numpy as np
import pytest
from lived_logs import START, WEEK, Coverage, dropping_lives, pareto_lives, write

from bifurque.engine.fit_log import read_log
from bifurque.engine.fit_purchases import (
    MODELS,
    customers,
    expected_curve,
    fit,
    fit_all,
    grouped,
    lived_curve,
    pareto_nbd,
)
from bifurque.rules.errors import BifurqueError

PLANTED = {"r": 0.9, "alpha": 6.0, "s": 0.8, "beta": 14.0}


def within(lived, expected, errors=4.0):
    """The mean of independent counts is what is expected, within some standard errors."""
    return abs(lived.mean() - expected) < errors * lived.std(ddof=1) / np.sqrt(len(lived))


@pytest.mark.parametrize("weeks", [4.0, 20.0, 80.0])
def test_expected_repeats_of_pareto_nbd(weeks):
    rng = np.random.default_rng(1)
    p = np.array([0.9, 6.0, 0.8, 14.0])
    x = pareto_lives(rng, 400_000, *p, weeks=weeks, joining=0)[0]
    assert within(x, float(MODELS["Pareto/NBD"].repeats(weeks, p)))


@pytest.mark.parametrize(("name", "at_once"), [("BG/NBD", False), ("MBG/NBD", True)])
@pytest.mark.parametrize("p", [(0.6, 4.0, 0.8, 2.5), (1.4, 5.0, 1.7, 3.0)])
def test_expected_repeats_with_drop_out_after_purchases(name, at_once, p):
    x, _, _ = dropping_lives(np.random.default_rng(2), 300_000, *p, weeks=40.0, at_once=at_once)
    assert within(x, float(MODELS[name].repeats(40.0, np.array(p))))


def test_expected_repeats_where_the_formula_has_a_hole():
    near, at = (float(MODELS["Pareto/NBD"].repeats(30.0, np.array([0.9, 6.0, s, 14.0]))) for s in (1.0 + 1e-7, 1.0))
    assert near == pytest.approx(at, rel=1e-6)


def test_pareto_nbd_is_the_published_formula():
    """The integral against the two hypergeometric functions of Fader & Hardie (2005), where those can be computed."""
    from scipy.special import gammaln, hyp2f1

    r, alpha, s, beta = 0.55, 10.6, 0.61, 11.7
    x, last, watched = np.array([0.0, 1, 4, 12, 30]), np.array([0.0, 3, 20, 38, 38.5]), np.full(5, 39.0)

    def part(t):  # for alpha < beta
        top = hyp2f1(r + s + x, r + x, r + s + x + 1, (beta - alpha) / (beta + t))
        return top / (beta + t) ** (r + s + x)

    inside = (alpha + watched) ** -(r + x) * (beta + watched) ** -s + s / (r + s + x) * (part(last) - part(watched))
    published = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + np.log(inside)
    ours = pareto_nbd(grouped(x, last, watched), np.array([r, alpha, s, beta]))
    assert ours == pytest.approx(published, rel=1e-9)


def test_a_log_gives_the_figures_that_count(tmp_path):
    week = WEEK
    rows = [(7, 0), (7, 0), (7, 2 * week), (9, week), (7, 5 * week), (9, 8 * week)]  # one basket stands in two lines
    file = write(
        tmp_path / "log.parquet",
        {"contact": [c for c, _ in rows], "time": [START + t for _, t in rows], "type": "purchase"},
        {"contact": [8], "time": [START + 4 * week], "type": "joined"},
    )
    log = read_log(file)
    cohort = customers(log, log.of("purchase"))
    assert list(zip(cohort.x, cohort.last, cohort.watched, strict=True)) == [(1, 7, 7), (2, 5, 8)]
    assert cohort.again.tolist() == [2, 5, 8]
    everybody = customers(log, log.of("purchase"), "start")
    found = sorted(zip(everybody.x, everybody.last, everybody.watched, strict=True))
    assert found == [(0, 0, 4), (2, 8, 8), (3, 5, 8)]


def test_without_drop_out_there_is_none():
    """Lives that never end: of six logs, none is told from customers who buy rarely; NBD is found again."""
    coverage = Coverage()
    for seed in range(6):
        x, last, watched, _, _ = pareto_lives(np.random.default_rng(seed), 1000, 0.9, 6.0, 0.0, 1.0)
        found = fit_all(grouped(x, last, watched))
        assert found.chosen == "NBD", (seed, found.gain)
        for name, truth in (("r", 0.9), ("alpha", 6.0)):
            coverage.add(name, truth, *found.fits["NBD"].interval(name))
    assert min(coverage.shares().values()) >= 0.8


def test_with_drop_out_it_is_told_and_nbd_goes_wrong():
    rng = np.random.default_rng(3)
    x, last, watched, _, _ = pareto_lives(rng, 3000, *PLANTED.values())
    c = grouped(x, last, watched)
    found = fit_all(c)
    assert (found.chosen, found.gain > 20) == ("Pareto/NBD", True)
    ahead = pareto_lives(rng, 200_000, *PLANTED.values(), weeks=200.0, joining=0)[0].mean()
    expected = {name: float(MODELS[name].repeats(200.0, found.fits[name].values)) for name in MODELS}
    assert abs(expected["Pareto/NBD"] / ahead - 1) < 0.12
    assert expected["NBD"] / ahead > 1.5


def test_the_curve_is_the_sum_over_customers(tmp_path):
    rng = np.random.default_rng(5)
    p = np.array(list(PLANTED.values()))
    _, _, watched, who, when = pareto_lives(rng, 4000, *p, weeks=60.0)
    start = np.round((60.0 - watched) * WEEK).astype(np.int64)
    first = {"contact": np.arange(4000), "time": START + start, "type": "purchase"}
    more = {"contact": who, "time": START + start[who] + np.round(when * WEEK).astype(np.int64) + 1, "type": "purchase"}
    end = {"contact": [0], "time": [START + 60 * WEEK], "type": "seen"}
    log = read_log(write(tmp_path / "log.parquet", first, more, end))
    c = customers(log, log.of("purchase"))
    weeks = np.array([15.0, 30.0, 60.0])
    lived, expected = lived_curve(c, weeks), expected_curve("Pareto/NBD", p, c, weeks)
    assert lived[-1] == len(who)
    assert abs(lived / expected - 1).max() < 0.06


def test_nobody_who_buys_again_is_an_error():
    with pytest.raises(BifurqueError, match="nobody bought a second time"):
        fit("NBD", grouped(np.zeros(3), np.zeros(3), np.full(3, 10.0)))
