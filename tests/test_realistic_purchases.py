"""What realistic people buy, against closed forms: rates, lives, what one message adds, what is spent."""

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from realistic_plans import life, once, people, plan, rate
from scipy import special

from bifurque.engine.simulate import simulate

WEEK = 7 * 86400
CDNOW = {"pareto": {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}}
CDNOW["bg"] = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
MANY = pytest.param(250_000, marks=pytest.mark.slow)


def bought_by(run):
    """Instants of purchases since the start, with who makes them and what they spend."""
    events = run.events()
    events = events.filter(pc.equal(pc.cast(events["type"], pa.string()), "purchase"))
    times = np.asarray(pc.cast(events["time"], pa.int64())) - run.manifest["start"]
    return np.asarray(events["contact"]), times, np.asarray(events["value"])


def by_week(run, week, contacts):
    """How many purchases each contact has made by a week."""
    who, times, _ = bought_by(run)
    return np.bincount(who[times < week * WEEK], minlength=contacts)


def pareto_nbd(t, r, alpha, s, beta):
    """Expected purchases by t (Schmittlein, Morrison & Colombo 1987)."""
    return r * beta / (alpha * (s - 1)) * (1 - (beta / (beta + t)) ** (s - 1))


def bg_nbd(t, r, alpha, a, b):
    """Expected purchases by t (Fader, Hardie & Lee 2005)."""
    fall = (alpha / (alpha + t)) ** r * special.hyp2f1(r, b, a + b - 1, t / (alpha + t))
    return (a + b - 1) / (a - 1) * (1 - fall)


@pytest.mark.parametrize("contacts", [130_000, pytest.param(500_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("name", "expected"), [("pareto", pareto_nbd), ("bg", bg_nbd)])
def test_the_curve_of_repeat_purchases(tmp_path, name, expected, contacts):
    figures = CDNOW[name]
    asked = people(purchases=figures | {"s": figures.get("s", 0)}, lift={"most": 0})
    run = simulate(plan(asked, days=78 * 7), contacts=contacts, ledger="full", out=tmp_path / "run")
    assert len(run.events()) == run.kpis["totals"]["purchases"]
    for week in (1, 4, 13, 39, 78):
        counts = by_week(run, week, contacts)
        error = counts.std() / math.sqrt(contacts)
        assert abs(counts.mean() - expected(week, **figures)) < 4 * error
        if week >= 39:  # other parameters would be seen
            slower = figures | {"alpha": figures["alpha"] * 1.08}
            assert abs(counts.mean() - expected(week, **slower)) > 4 * error


def test_who_has_lived_before_may_have_left(tmp_path):
    """A base of some age: those who left before the run never buy, the others buy on."""
    figures, contacts = CDNOW["pareto"], 60_000
    asked = people(purchases=figures | {"age": 52}, lift={"most": 0})
    run = simulate(plan(asked, days=364), contacts=contacts, ledger="full", out=tmp_path / "run")
    counts = by_week(run, 52, contacts)
    expected = pareto_nbd(104, **figures) - pareto_nbd(52, **figures)
    assert abs(counts.mean() - expected) < 4 * counts.std() / math.sqrt(contacts)


def lifted(tmp_path, contacts, figures, count=1, **more):
    """A run with the effects of messages all opened at once, and one in which they have none: same candidates."""
    names = [f"note{i}" for i in range(count)]
    journeys = {n: once("2026-01-12", n) for n in names}
    found = []
    for factor in (0, 1):
        effect = {k: v * factor for k, v in figures.items() if k in ("opened", "clicked")}
        asked = people(
            purchases=rate(1) | life(10),
            lift=figures | effect,
            channels={"email": {"open": 1, "click": 1 if "clicked" in figures else 0}},
            **more,
        )
        text = plan(asked, messages=names, journeys=journeys, days=84)
        found.append(simulate(text, contacts=contacts, ledger="none", out=tmp_path / f"run{factor}").kpis)
    return found


def extra_purchases(delta, tau, contacts, most=1e9):
    """λΔ/(1/τ + μ) for those alive when they read, a week after the start; and its standard error."""
    rate, mu = 1.0, 0.1
    alive, end = math.exp(-mu), math.exp(-(84 - 7) / 7 * (1 / tau + mu))
    delta = min(delta, most)
    mean = rate * delta / (1 / tau + mu) * (1 - end)
    square = (rate * delta * tau) ** 2 * (1 - 2 * mu / (1 / tau + mu) + mu / (2 / tau + mu))
    variance = alive * (mean + square) - (alive * mean) ** 2
    return contacts * alive * mean, math.sqrt(contacts * variance)


@pytest.mark.parametrize("contacts", [20_000, MANY])
@pytest.mark.parametrize("kind", ["opened", "clicked"])
def test_what_one_message_adds(tmp_path, kind, contacts):
    """λΔ/(1/τ + μ) more purchases; at 20,000 contacts they are told from some 130,000 that happen anyway."""
    without, with_it = lifted(tmp_path, contacts, {"days": 7, kind: 0.8})
    extra = with_it["totals"]["purchases"] - without["totals"]["purchases"]
    expected, error = extra_purchases(0.8, 1.0, contacts)
    assert abs(extra - expected) < 4 * error
    assert abs(extra - extra_purchases(0.8, 1 / math.log(2), contacts)[0]) > 4 * error
    assert with_it["messages"]["note0"]["converted"] == extra
    assert without["messages"]["note0"]["converted"] == 0


@pytest.mark.parametrize("contacts", [20_000, MANY])
def test_more_messages_add_less_and_less(tmp_path, contacts):
    """A second message adds Δ/(1 + A/A_max); a third cannot lift beyond A_max."""
    without, with_them = lifted(tmp_path, contacts, {"days": 7, "opened": 0.8, "most": 1.2}, count=3)
    extra = with_them["totals"]["purchases"] - without["totals"]["purchases"]
    level = 0.0
    for _ in range(3):
        level = min(level + 0.8 / (1 + level / 1.2), 1.2)
    expected, error = extra_purchases(level, 1.0, contacts)
    assert abs(extra - expected) < 4 * error
    assert abs(extra - extra_purchases(3 * 0.8, 1.0, contacts)[0]) > 4 * error


def test_a_message_may_add_more_than_others(tmp_path):
    more = {"messages": {"note0": {"lift": 2}}}
    without, with_it = lifted(tmp_path, 20_000, {"days": 7, "opened": 0.4}, **more)
    extra = with_it["totals"]["purchases"] - without["totals"]["purchases"]
    expected, error = extra_purchases(0.8, 1.0, 20_000)
    assert abs(extra - expected) < 4 * error


def test_personas_buy_and_spend_in_proportion(tmp_path):
    asked = people(
        purchases=rate(0.5) | {"r": 2, "alpha": 4},
        lift={"most": 0},
        spend={"p": 4, "q": 30, "gamma": 200},
        personas={"loyal": {"rate": 3, "spend": 0.5}},
    )
    both = {"loyal": {"share": 0.25}, "rare": {"share": 0.75}}
    text = plan(asked, days=84, personas=both)
    run = simulate(text, contacts=40_000, ledger="full", out=tmp_path / "run")
    who, _, cents = bought_by(run)
    counts = np.bincount(who, minlength=40_000)
    assert abs(counts.mean() - 12 * 0.5 * (0.25 * 3 + 0.75)) < 4 * counts.std() / 200
    spent = np.bincount(who, weights=cents, minlength=40_000)
    expected = 12 * 0.5 * (0.25 * 3 * 0.5 + 0.75) * 100 * 4 * 200 / 29
    assert abs(spent.mean() - expected) < 4 * spent.std() / 200


def test_gamma_gamma_spend(tmp_path):
    """CDNOW's p, q, γ: a mean of 35.17 over people, and how far they and their purchases differ."""
    p, q, gamma, contacts = 6.25, 3.744, 15.444, 60_000
    asked = people(purchases=rate(0.4), lift={"most": 0}, spend={"p": p, "q": q, "gamma": gamma})
    run = simulate(plan(asked, days=70), contacts=contacts, ledger="full", out=tmp_path / "run")
    who, _, cents = bought_by(run)
    assert len(who) > 200_000
    counts, spent = np.bincount(who), np.bincount(who, weights=cents / 100)
    means = (spent / np.maximum(counts, 1))[counts > 0]
    assert abs(means.mean() - p * gamma / (q - 1)) < 4 * means.std() / math.sqrt(len(means))
    # 1/z = ν/p on average over one person's purchases but for a known factor: its mean over people is q/γ times that
    inverse = 1 / (cents / 100)
    by_person = np.bincount(who, weights=inverse)[counts > 0] / counts[counts > 0]
    expected = q / gamma / (p - 1)
    assert abs(by_person.mean() - expected) < 4 * by_person.std() / math.sqrt(len(by_person)) + 1e-4
    logs = np.log(cents / 100)
    within = np.bincount(who, weights=logs**2) - np.bincount(who, weights=logs) ** 2 / np.maximum(counts, 1)
    found = within.sum() / (len(who) - len(means))
    kurtosis = special.polygamma(3, p)
    error = math.sqrt((kurtosis + 2 * special.polygamma(1, p) ** 2) / (len(who) - len(means)))
    assert abs(found - special.polygamma(1, p)) < 4 * error
