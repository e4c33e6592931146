"""Plans whose contacts share something are compared, swept and experimented with; intervals come from replications."""

import json
from statistics import mean, stdev

import numpy as np
import pytest
from click.testing import CliRunner

import bifurque
from bifurque.engine.cli import main
from bifurque.engine.endless import endless
from bifurque.engine.endless_exit import exit_effect
from bifurque.engine.experiment import figure_key, of_run, readout
from bifurque.engine.figures import figures
from bifurque.engine.noted import Noting
from bifurque.engine.setting import prepare
from bifurque.engine.simulate import simulate
from bifurque.engine.sweep import sweep
from bifurque.engine.templates_list import template
from bifurque.engine.together import live_together
from bifurque.engine.trial import factorial, lift, power
from bifurque.rules.layout import NOTES

OFFERS, CALLS = template("best-offer", "en"), template("b2b", "en")
FRIENDS, CART = template("loyalty", "en"), template("cart", "en")
FEW = ["offers.a.stock=20", "offers.b.stock=40"]
BUSY = [
    "channels.call.capacity=1 per business day",
    "journeys.support.trigger.event=purchase",
    "journeys.support.reentry=replace",
]
SCARCE = [
    'channels.email={cost: 0.001, capacity: {max: 3, per: day, from: "00:30", to: "23:30"}}',
    "experiments.subject.enabled=true",
]
PLANS = {
    "offers": (OFFERS, FEW, 500, 120),
    "calls": (CALLS, [], 500, 120),
    "friends and calls": (FRIENDS, BUSY, 300, 200),
}
SMALL = {"contacts": 300, "days": 60}


@pytest.mark.parametrize("name", PLANS)
def test_lives_lived_alone_with_their_answers_add_up_to_the_whole(name):
    """Every figure of contacts, one by one, is that of all together; friends count with who brought them."""
    plan, more, contacts, days = PLANS[name]
    setting = prepare(plan, overrides=more, contacts=contacts, days=days)
    told = live_together(setting, 2)
    assert len(told.answers) > 10
    assert bool(len(told.newcomers)) == (name == "friends and calls")
    counted = figures(setting.program)
    lane = Noting(setting, tuple(counted), counted, rows=64, digest=True, together=told)
    parts = [lane.live(first, min(first + 64, contacts)) for first in range(0, contacts, 64)]
    found = np.concatenate([p.figures for p in parts]).sum(axis=0)
    assert found.tolist() == told.figures(setting, counted, tuple(counted)).tolist()


def test_an_answer_less_is_noticed():
    setting = prepare(OFFERS, overrides=FEW, contacts=64, days=120)
    told, counted = live_together(setting, 1), figures(setting.program)
    short = type(told)(told.contacts[1:], told.answers[1:], told.newcomers, told.roots, told.counters)
    lane = Noting(setting, tuple(counted), counted, rows=64, digest=True, together=short)
    assert lane.lane.words[NOTES] > 0
    with pytest.raises(AssertionError, match="asks for something else"):
        lane.live(0, 64)


@pytest.fixture(scope="module")
def scarce():
    """Fewer of one offer, beside more of it."""
    return bifurque.compare(OFFERS, overrides=["offers.a.stock=5"], contacts=500, days=60, replications=4)


def test_means_and_intervals_are_those_of_whole_runs_by_seed(scarce, tmp_path):
    of_seed = []
    for seed in range(1, 5):
        sides = [
            simulate(OFFERS, overrides=o, contacts=500, days=60, seed=seed, ledger="none", out=tmp_path / f"{i}-{seed}")
            for i, o in enumerate(([], ["offers.a.stock=5"]))
        ]
        of_seed.append([side.kpis["messages"]["offer_a"]["sent"] for side in sides])
    row = scarce.row("sent", "message", "offer_a")
    assert (row["a"], row["b"]) == tuple(mean(side) for side in zip(*of_seed, strict=True))
    differences = [b - a for a, b in of_seed]
    half = 3.182446 * stdev(differences) / 2  # Student's quantile for 3 degrees of freedom
    assert row["difference"] == pytest.approx(mean(differences))
    assert row["high"] - row["difference"] == pytest.approx(half, rel=1e-3)
    assert row["sign_probability"] < 0.01
    assert scarce.data()["replications"] == [1, 2, 3, 4]


def test_by_default_five_seeds_where_contacts_share_something():
    found = bifurque.compare(OFFERS, overrides=["offers.a.stock=5"], contacts=60, days=30)
    assert len(found.replications) == 5
    assert bifurque.compare(CART, overrides=["caps.0.max=2"], contacts=60, days=30).replications == ()


def test_one_seed_alone_gives_no_interval():
    found = bifurque.compare(OFFERS, overrides=["offers.a.stock=5"], **SMALL, replications=1)
    assert {(r["low"], r["high"], r["sign_probability"]) for r in found.rows()} == {(None, None, None)}
    assert found.groups.num_rows


def test_what_one_gets_another_does_not():
    """Other people get the thirty there are: no more, no less. Over contacts that would look like luck."""
    thirty = OFFERS.replace("offer: [a, b, c]", "offer: a").replace("stock: 1000", "stock: 30")
    kept = thirty.replace("reserve: 48h", "reserve: 90d", 1).replace("    fallback: c\n", "", 1)
    found = bifurque.compare(kept, overrides=["offers.a.eligible=segment.likes_b"], **SMALL, replications=3)
    row = found.row("sent", "message", "offer_a")
    assert row["a"] == row["b"] == 30
    assert (row["low"], row["high"], row["sign_probability"]) == (0, 0, None)
    assert row["contacts_differing"] > 20
    at = found.paired.keys.index(("message", "offer_a", "sent"))
    assert found.every.variance("d")[at] > 0.05


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_report_says_where_its_intervals_come_from(tmp_path, lang):
    (tmp_path / "plan.yaml").write_text(OFFERS, encoding="utf-8")
    words = ["compare", str(tmp_path / "plan.yaml"), "--set", "offers.a.stock=5", "--contacts", "200", "--days", "60"]
    said = CliRunner().invoke(main, [*words, "--lang", lang])
    assert said.exit_code == 0, said.output
    shared, by_seed, none = {
        "fr": ("dépend de celle des autres", "5 répétitions, graines 1 à 5", "sans intervalle"),
        "en": ("depends on others", "5 replications, seeds 1 to 5", "no interval"),
    }[lang]
    assert shared in said.output
    assert by_seed in said.output
    one = CliRunner().invoke(main, [*words, "--lang", lang, "--replications", "1"])
    assert none in one.output
    assert "[" not in one.output.partition("\n\n")[2].partition("\n\n")[0]
    told = json.loads(CliRunner().invoke(main, [*words, "--json"]).output)
    assert told["replications"] == [1, 2, 3, 4, 5]


def test_any_number_of_workers_finds_the_same():
    plan, more, _, _ = PLANS["friends and calls"]
    asked = {"contacts": 200, "days": 150, "replications": 2}
    one, three = (bifurque.compare(plan, overrides=more, workers=n, **asked) for n in (1, 3))
    assert one.rows() == three.rows()
    assert one.most_changed == three.most_changed
    assert one.differing > 0


def test_a_plan_that_shares_differs_from_itself_in_nothing():
    found = bifurque.compare(OFFERS, OFFERS, **SMALL, replications=2)
    assert found.differing == 0
    assert {(r["difference"], r["low"], r["high"]) for r in found.rows()} == {(0, 0, 0)}


def test_the_most_changed_contact_is_told_to_the_end():
    """After its first request too: what it was answered in A and in B is known."""
    found = bifurque.compare(OFFERS, overrides=["offers.a.stock=0", "offers.b.stock=0"], contacts=80, days=120)
    contact, _ = found.most_changed[0]
    pairs = found.side_by_side(contact, "en")
    assert len({b for _, b in pairs if "offer_c" in b and "sent" in b}) > 3


def test_a_sweep_tries_whole_populations_by_seed(tmp_path):
    asked = {"contacts": 300, "days": 60, "seed": 4}
    found = sweep(OFFERS, ["offers.a.stock=5,50,1000"], replications=3, **asked)
    rows = {r["variant"]: r for r in found.rows()}
    assert {r["replications"] for r in rows.values()} == {3}
    means = {}
    for stock in (5, 1000):
        of = {"overrides": [f"offers.a.stock={stock}"], "ledger": "none"}
        runs = [simulate(OFFERS, out=tmp_path / f"{stock}-{s}", **of, **asked | {"seed": s}) for s in (4, 5, 6)]
        means[stock] = mean(run.kpis["totals"]["revenue"] for run in runs) / 300
    assert rows[0]["revenue"] == pytest.approx(means[5])
    assert rows[2]["revenue"] == pytest.approx(means[1000]) == pytest.approx(rows[-1]["revenue"])
    assert rows[0]["revenue_low"] < rows[0]["revenue_difference"] < rows[0]["revenue_high"]
    assert (rows[2]["revenue_low"], rows[2]["revenue_high"]) == (0, 0)
    assert all(p["group"] == "total" for p in found.prices())


def test_halving_begins_with_one_seed_never_with_fewer_contacts(tmp_path):
    asked = {"contacts": 200, "days": 60, "objective": "revenue"}
    vary = ["offers.a.stock=0,1,2,5,10,20,50,100,200"]
    whole = sweep(OFFERS, vary, replications=4, **asked)
    found = sweep(OFFERS, vary, replications=4, halving=True, out=tmp_path, **asked)
    sizes = {t.variant: (t.size, t.dropped_after) for t in found.tried}
    assert sorted(set(sizes.values()), key=str) == [(1, 1), (4, None)]
    assert len([1 for size, _ in sizes.values() if size == 4]) == 3
    assert {r["contacts"] for r in found.rows()} == {200}
    kept = {r["variant"]: r for r in found.rows() if r["dropped_after"] is None}
    assert kept == {
        r["variant"]: r | {"pareto": kept[r["variant"]]["pareto"]} for r in whole.rows() if r["variant"] in kept
    }
    again = sweep(OFFERS, vary, replications=4, halving=True, out=tmp_path, **asked)
    assert again.rows() == found.rows()
    with pytest.raises(bifurque.RunError, match="another sweep"):
        sweep(OFFERS, vary, replications=5, halving=True, out=tmp_path, **asked)


def test_a_variant_that_shares_makes_the_sweep_one_by_seed():
    found = sweep(
        CART, ["caps.0.max=1,2", "channels.email.capacity=3 per day"], contacts=100, days=30, replications=None
    )
    assert found.replications == 3


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_sweep_says_so(tmp_path, lang):
    (tmp_path / "plan.yaml").write_text(OFFERS, encoding="utf-8")
    words = ["sweep", str(tmp_path / "plan.yaml"), "--vary", "offers.a.stock=1..9", "--contacts", "100", "--days", "40"]
    said = CliRunner().invoke(main, [*words, "--lang", lang, "--halving", "--replications", "2"])
    assert said.exit_code == 0, said.output
    told = {
        "fr": ("dépend de celle des autres", "2 répétitions, graines 1 à 2", "écartée après 1 répétitions"),
        "en": ("depends on others", "2 replications, seeds 1 to 2", "dropped after 1 replications"),
    }
    assert all(text in said.output for text in told[lang])


def test_experiments_with_something_shared():
    asked = {"contacts": 400, "days": 40}
    found = power(CART, "subject", "purchases", overrides=SCARCE, replications=3, **asked)
    assert (found.contacts, found.replications, found.shared) == (400, 3, True)
    assert found.effect[1] <= found.effect[0] <= found.effect[2]
    rows = lift(CART, overrides=SCARCE, replications=3, **asked)
    sent = next(r for r in rows if (r["journey"], r["figure"]) == ("cart", "sent"))
    assert 0 < sent["low"] <= sent["lift"] <= sent["high"]
    assert sent["held_out"] == 0
    setting = prepare(CART, overrides=SCARCE, **asked)
    told = readout(of_run(setting, "subject", "sent"))
    assert told.shared
    assert sum(a["contacts"] for a in told.arms) == 400
    sums = live_together(setting, 1).figures(setting, figures(setting.program), (figure_key(setting, "sent"),))
    assert sum(a["contacts"] * a["mean"] for a in told.arms) == pytest.approx(sums[0])


def test_factors_with_something_shared():
    plan = CART.replace("enabled: false", "enabled: true")
    found = factorial(
        plan, ["inactivity", "subject"], "purchases", overrides=SCARCE[:1], contacts=200, days=30, replications=2
    )
    assert (found.replications, found.shared) == (2, True)
    assert len(found.effects) == 3


def test_the_endless_day_and_a_way_out_of_it(tmp_path):
    run = simulate(OFFERS, overrides=FEW, contacts=100, days=200, ledger="full", out=tmp_path / "run")
    assert endless(run).journeys[-1]["passes"] > 0
    effect, words = exit_effect(run, "best", replications=2)
    assert words
    assert effect.row("sent")["difference"] < 0
    assert len(effect.replications) == 2


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_experiment_commands_say_so(tmp_path, lang):
    (tmp_path / "plan.yaml").write_text(CART, encoding="utf-8")
    more = [word for text in SCARCE for word in ("--set", text)]
    size = ["--contacts", "200", "--days", "30", "--lang", lang, "--replications", "2"]
    said = {"fr": "dépend de celle des autres", "en": "depends on others"}[lang]
    for words in (["power", "subject"], ["factors", "inactivity", "subject"], ["lift"]):
        command = ["experiment", words[0], str(tmp_path / "plan.yaml"), *words[1:], *more, *size]
        found = CliRunner().invoke(main, command)
        assert found.exit_code == 0, found.output
        assert said in found.output
    run = tmp_path / "run"
    simulate(CART, overrides=SCARCE, contacts=200, days=30, ledger="none", out=run)
    assert said in CliRunner().invoke(main, ["experiment", "read", str(run), "subject", "--lang", lang]).output


def test_a_run_is_repeated_with_what_is_left_of_everything(tmp_path):
    plan, more, _, _ = PLANS["friends and calls"]
    asked = {"overrides": more, "contacts": 150, "days": 150, "ledger": "none"}
    run = simulate(plan, out=tmp_path / "run", replications=2, **asked)
    found = run.kpis["replications"]["figures"]
    others = [simulate(plan, out=tmp_path / str(seed), seed=seed, **asked).kpis for seed in (1, 2)]
    for figure in ("used", "refused"):
        assert found["shared"]["call"][figure]["mean"] == mean(kpis["shared"]["call"][figure] for kpis in others)
    assert found["referral"]["joined"]["mean"] == mean(kpis["referral"]["joined"] for kpis in others)
    assert {k: run.kpis[k] for k in ("shared", "referral")} == {k: others[0][k] for k in ("shared", "referral")}
