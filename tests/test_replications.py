"""Intervals over replications, the rule that stops them, and what a warm-up leaves out."""

import json
import math

import pyarrow.parquet as parquet
import pytest
import scipy.stats
from click.testing import CliRunner

import bifurque
from bifurque.engine.cli import main
from bifurque.engine.compare import compare
from bifurque.engine.intervals import chi_square_tail, mean_interval, sign_probability, student, wilson
from bifurque.engine.kpi import Counters
from bifurque.engine.paired import pair
from bifurque.engine.replications import Wanted, again, before, spread
from bifurque.engine.setting import prepare
from bifurque.engine.templates_list import template

CART = template("cart", "en")
FREE = ["caps=[]", "quiet_hours=[]"]
ALL_HELD_OUT = [*FREE, "journeys.cart.holdout=100%"]
BUYS, BUYS_ANYWAY = 0.267528, 0.144460
"""RP-01 without caps and quiet hours: the share who buy, with the journey and without."""


def sides(days=365, contacts=200):
    asked = {"contacts": contacts, "days": days}
    return prepare(CART, overrides=FREE, **asked), prepare(CART, overrides=ALL_HELD_OUT, **asked)


def within(share, trials, wanted, tolerance):
    return abs(share / trials - wanted) <= tolerance


def paired_coverage(runs, first_seed):
    """How often the 95 % interval of a small comparison holds the exact difference."""
    a, b = sides()
    held = 0
    for seed in range(first_seed, first_seed + runs):
        found = pair(a.reseeded(seed), b.reseeded(seed), workers=1)
        at = next(i for i, k in enumerate(found.keys) if (k.group, k.figure) == ("total", "purchases"))
        n = found.every.count
        half = student(0.95, n - 1) * math.sqrt(found.every.variance("d")[at] / n)
        held += abs(found.every.d[at] / n - (BUYS_ANYWAY - BUYS)) <= half
    return held


def replicated_coverage(runs, first_seed, replications=5):
    """How often Student's interval over a few small runs holds the exact share of buyers."""
    setting, _ = sides(contacts=100)
    held = 0
    for run in range(runs):
        values = [purchases(setting.reseeded(first_seed + run * replications + i)) for i in range(replications)]
        assert Wanted(replications).enough(values)
        mean, half, _ = mean_interval(values)
        held += abs(mean - 100 * BUYS) <= half
    return held


def purchases(setting):
    return again(setting, 0, 1)["totals"]["purchases"]


def test_intervals_of_small_comparisons_cover():
    assert within(paired_coverage(500, 10_000), 500, 0.95, 0.03)


def test_intervals_over_few_replications_cover():
    assert within(replicated_coverage(500, 50_000), 500, 0.95, 0.03)


@pytest.mark.slow
def test_intervals_cover_to_a_point_and_a_half():
    assert within(paired_coverage(2000, 200_000), 2000, 0.95, 0.015)
    assert within(replicated_coverage(2000, 500_000), 2000, 0.95, 0.015)


def test_the_exact_difference_is_found():
    found = compare(CART, CART, overrides=FREE, contacts=100, days=365)
    assert found.row("sent")["b"] >= found.row("sent")["a"]  # no caps: no fewer


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 8, 19, 99, 499])
def test_student_is_that_of_scipy(freedom):
    for level in (0.5, 0.8, 0.9, 0.95, 0.99):
        assert student(level, freedom) == pytest.approx(scipy.stats.t.ppf(0.5 + level / 2, freedom), rel=2e-5)


def test_wilson_is_that_of_scipy():
    for successes, trials in ((0, 10), (1, 10), (5, 10), (10, 10), (81, 263), (15, 148), (0, 20), (1, 29)):
        expected = scipy.stats.binomtest(successes, trials).proportion_ci(method="wilson")
        assert wilson(successes, trials) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_is_as_published():
    """Newcombe, Statistics in Medicine 17 (1998), table I, method 3."""
    for successes, trials, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_chi_square_is_that_of_scipy():
    for freedom in range(1, 12):
        for x in (0.1, 1, 3.84, 10, 40):
            assert chi_square_tail(x, freedom) == pytest.approx(scipy.stats.chi2.sf(x, freedom), abs=1e-12)
    assert sign_probability(0, 0) is None
    assert (sign_probability(2, 0), sign_probability(-2, 0), sign_probability(0, 1)) == (1, 0, 0.5)


def test_every_figure_has_an_interval(tmp_path):
    run = bifurque.simulate(CART, contacts=200, replications=4, seed=7, ledger="none", out=tmp_path / "run")
    told = run.kpis["replications"]
    assert (told["count"], told["seeds"]) == (4, [7, 8, 9, 10])
    alone = [
        bifurque.simulate(CART, contacts=200, seed=s, ledger="none", out=tmp_path / str(s)).kpis["totals"]
        for s in told["seeds"]
    ]
    mean, half, _ = mean_interval([k["sent"] for k in alone])
    row = told["figures"]["totals"]["sent"]
    assert (row["mean"], row["low"], row["high"]) == pytest.approx((mean, mean - half, mean + half))
    assert run.kpis["totals"] == alone[0]
    for name, value in run.kpis["totals"].items():
        if isinstance(value, int | float):
            assert told["figures"]["totals"][name]["low"] <= told["figures"]["totals"][name]["mean"]
    assert set(told["figures"]["journeys"]["cart"]) >= {"entered", "sent", "converted", "revenue"}
    rows = parquet.read_table(tmp_path / "run" / "aggregates" / "kpi.parquet").to_pylist()
    assert [r["sent"] for r in rows] == [k["sent"] for k in alone]


def test_it_goes_on_until_it_is_sure_enough(tmp_path):
    rough = bifurque.simulate(CART, contacts=100, until=0.2, ledger="none", out=tmp_path / "a").kpis["replications"]
    fine = bifurque.simulate(CART, contacts=100, until=0.08, ledger="none", out=tmp_path / "b").kpis["replications"]
    assert 5 <= rough["count"] < fine["count"]
    row = fine["figures"]["totals"]["revenue"]
    assert row["high"] - row["mean"] <= 0.08 / 1.08 * row["mean"]
    assert (rough["reached"], fine["reached"]) == (True, True)
    short = bifurque.simulate(CART, contacts=50, until=0.001, most=6, ledger="none", out=tmp_path / "c")
    assert (short.kpis["replications"]["count"], short.kpis["replications"]["reached"]) == (6, False)


def test_a_mean_has_nothing_to_say_of_one():
    assert mean_interval([3.0])[1] == math.inf
    assert spread([{"a": 1, "b": None}, {"a": 3, "b": 2}]) == {
        "a": {"mean": 2, "low": pytest.approx(2 - 12.7062), "high": pytest.approx(2 + 12.7062), "sd": math.sqrt(2)}
    }


def test_a_warm_up_leaves_out_what_happened_in_it(tmp_path):
    asked = {"contacts": 3000, "days": 90, "ledger": "full"}
    demo = template("demo", "en")
    whole = bifurque.simulate(demo, out=tmp_path / "whole", **asked)
    later = bifurque.simulate(demo, out=tmp_path / "later", warm_up=30, **asked)
    since = bifurque.compare(demo, demo, contacts=1, days=90).a.program.start + 30 * 86400
    rows = [r for r in whole.ledger().to_pylist() if r["time"].timestamp() >= since]
    assert later.kpis["totals"]["sent"] == sum(r["outcome"] == "sent" for r in rows)
    assert later.kpis["totals"]["held"] == sum(r["outcome"] == "held" for r in rows)
    for message, figures in later.kpis["messages"].items():
        assert figures["sent"] == sum(r["outcome"] == "sent" and r["message"] == message for r in rows)
    bought = [e for e in whole.events().to_pylist() if e["type"] == "purchase" and e["time"].timestamp() >= since]
    assert later.kpis["totals"]["purchases"] == len(bought)
    assert later.kpis["totals"]["revenue"] == pytest.approx(sum(e["value"] for e in bought) / 100)
    for key in ("reachable", "contacts"):
        assert later.kpis["totals"][key] == whole.kpis["totals"][key]
    assert later.manifest["warm_up"] == 30
    histogram = later.kpis["pressure"]["histogram"]
    assert min(histogram) >= 0
    assert sum(histogram) < sum(whole.kpis["pressure"]["histogram"])


def test_the_week_a_warm_up_ends_in_belongs_to_what_follows():
    """2026-01-31 is a Saturday: its week began on Monday 26, after 25 whole days."""
    paris = ["population.zones={Europe/Paris: 100%}"]
    setting = prepare(template("demo", "en"), contacts=400, days=60, overrides=paris)
    of_25, of_30 = (Counters(setting.program, before(setting, days, 1)).pressure for days in (25, 30))
    assert of_25.sum() > 1000
    assert of_25.tolist() == of_30.tolist()


def test_the_command_and_its_mistakes(tmp_path):
    (tmp_path / "plan.yaml").write_text(CART, encoding="utf-8")
    words = ["simulate", str(tmp_path / "plan.yaml"), "--contacts", "50", "--ledger", "none", "--lang", "en"]
    said = CliRunner().invoke(main, [*words, "--replications", "3", "--out", str(tmp_path / "a")])
    assert said.exit_code == 0, said.output
    assert "3 replications, seeds 1 to 3" in said.output
    assert "For an interval half as wide: about 12 replications" in said.output
    told = json.loads(
        CliRunner().invoke(main, [*words, "--warm-up", "4w", "--out", str(tmp_path / "b"), "--json"]).output
    )
    assert told["days"] == 365 - 28
    for more, text in (
        (["--until", "lots"], "expected a share such as 1%"),
        (["--until", "1%", "--figure", "fun"], "no such word: `fun`"),
        (["--warm-up", "3h"], "expected whole days"),
        (["--warm-up", "400d"], "leave nothing of the 365 days"),
    ):
        wrong = CliRunner().invoke(main, [*words, *more, "--out", str(tmp_path / "c")])
        assert wrong.exit_code == 2
        assert text in wrong.output
        assert not (tmp_path / "c").exists()


def test_what_some_replications_did_not_count_at_all_is_nil_there():
    """A reason, an arm or a stage may not occur in every replication: then it was none, whichever comes first."""
    for values in ([{"by": {"x": 4}}, {}], [{}, {"by": {"x": 4}}]):
        assert spread(values)["by"]["x"]["mean"] == 2


def test_what_contacts_share_has_intervals_too(tmp_path):
    run = bifurque.simulate(template("best-offer", "en"), contacts=200, days=60, replications=3, out=tmp_path / "run")
    told = run.kpis["replications"]["figures"]["shared"]
    assert set(told) == set(run.kpis["shared"])
    spreads = [figure for supply in told.values() for figure in supply.values()]
    assert any(figure["sd"] > 0 for figure in spreads)
    assert all(figure["low"] <= figure["mean"] <= figure["high"] for figure in spreads)
