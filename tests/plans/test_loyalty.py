"""RP-11, retention: tiers over a rolling year, referral, churn prevented, win-back, detractors muted."""

import math

import pytest

from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template

SEEDS = 3000
STAY = ["behaviour.sources.wonders.per_year=0"]
ALONE = ["behaviour.reactions.brings.one_of.0.chance=0"]
TIERS = {"bronze": 0.151204, "silver": 0.592776, "gold": 0.235928, "platinum": 0.020092}


def within_four_errors(share, expected, count):
    return abs(share - expected) < 4 * math.sqrt(expected * (1 - expected) / count)


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    def of(days, overrides, **more):
        out = tmp_path_factory.mktemp("loyalty") / "run"
        text = template("loyalty", "en")
        given = {"contacts": SEEDS, "seed": 11, "workers": 2, "ledger": "none"} | more
        return simulate(text, out=out, days=days, overrides=overrides, **given)

    return of


@pytest.fixture(scope="module")
def two_years(lived):
    return lived(730, STAY)


@pytest.mark.parametrize("days", [550, 730])
def test_tiers_of_the_second_year(lived, two_years, days):
    run = two_years if days == 730 else lived(days, STAY + ALONE)
    table = run.where().to_pydict()
    stages = {c: s for c, s in zip(table["contact"], table["stage"], strict=True) if c < SEEDS}
    assert len(stages) == SEEDS
    for tier, expected in TIERS.items():
        share = sum(s == tier for s in stages.values()) / SEEDS
        assert within_four_errors(share, expected, SEEDS), (tier, share)


def test_a_seed_brings_three_tenths_and_these_three_tenths_in_turn(two_years):
    figures = two_years.kpis["referral"]
    total = 1 + figures["joined"] / SEEDS
    error = math.sqrt(0.27 / 0.7**3 / SEEDS)  # of the total progeny: variance of the offspring over (1 − k)³
    assert abs(total - 1 / 0.7) < 4 * error
    assert two_years.kpis["totals"]["contacts"] == SEEDS + figures["joined"]
    assert figures["rewards"] == pytest.approx(20 * figures["joined"])


@pytest.mark.parametrize(("prevention", "expected"), [("true", 0.673165), ("false", 0.640689)])
def test_twelve_months_of_survival(lived, prevention, expected):
    overrides = [f"journeys.prevention.enabled={prevention}", "behaviour.reactions.comes_back.one_of.0.chance=0"]
    run = lived(365, ALONE + overrides, contacts=4000)
    assert within_four_errors(1 - run.kpis["stages"]["gone"]["now"] / 4000, expected, 4000)


def buyer(world, *orders):
    shop = world("loyalty", set=['journeys.nps.when="false"'])
    anna = shop.contact("anna", risk=0.1)
    for moment in orders:
        anna.at(moment).does("purchase", value=6000)
    return shop, anna


def test_four_orders_make_silver_and_the_year_takes_it_back(world):
    shop, anna = buyer(world, "2025-01-10 12:00", "2025-02-10 12:00", "2025-03-10 12:00")
    assert anna.stage == "bronze"
    anna.at("2025-04-10 12:00").does("purchase", value=6000)
    shop.advance("1s")
    assert anna.stage == "silver"
    assert anna.sent == [("tier_up", "2025-04-10 12:00")]


def test_a_tier_is_lost_when_an_old_order_leaves_the_window(tmp_path):
    rows = [f"1,2025-0{m}-10T12:00:00+01:00,purchase,,6000" for m in (1, 2, 3)]
    rows.append("1,2025-03-20T12:00:00+01:00,purchase,,6000")
    (tmp_path / "people.csv").write_text("contact,zone,consent\n1,Europe/Paris,all\n")
    (tmp_path / "events.csv").write_text("\n".join(["contact,time,type,key,value", *rows]))
    run = simulate(
        template("loyalty", "en"),
        population=tmp_path / "people.csv",
        events=tmp_path / "events.csv",
        behaviour="off",
        days=400,
        ledger="full",
        out=tmp_path / "run",
    )
    sent = [(r["message"], f"{r['time']:%Y-%m-%d %H:%M}") for r in run.ledger().to_pylist() if r["outcome"] == "sent"]
    tiers = [(m, t) for m, t in sent if m.startswith("tier")]
    assert tiers == [("tier_up", "2025-03-20 11:00"), ("tier_down", "2026-01-11 09:00")]
    assert run.contact(1, "2026-01-10 23:00").stage == "silver"
    assert run.contact(1, "2026-01-12").stage == "bronze"


def test_who_leaves_is_asked_back_three_times(world):
    shop = world("loyalty")
    anna = shop.contact("anna", risk=0.1)
    anna.at("2025-03-03 12:00").does("churned")
    shop.until("2025-07-01")
    assert anna.stage == "gone"
    assert anna.sent == [
        ("winback_1", "2025-04-02 10:00"),
        ("winback_2", "2025-05-02 10:00"),
        ("winback_3", "2025-06-01 10:00"),
    ]
    anna.does("purchase", value=30000)
    assert anna.stage == "silver"


def test_a_detractor_is_muted_for_thirty_days_and_called(world):
    shop = world("loyalty")
    anna = shop.contact("anna", risk=0.1)
    anna.at("2025-01-06 12:00").does("purchase", value=6000)
    anna.at("2025-03-10 12:00").does("churned")  # win-back on 9 April: within the thirty days
    shop.until("2025-04-01")
    assert anna.visits("nps") == 1
    bert = shop.contact("bert", risk=0.1)
    bert.does("purchase", value=6000)
    shop.until("2025-06-30 18:00")
    assert ("nps_survey", "2025-06-30 18:00") in bert.sent
    bert.at("2025-07-01 09:00").does("answered", key="3", message="nps_survey")
    bert.does("churned")
    shop.until("2025-10-01")
    sent = dict(bert.sent)
    assert sent["support_call"] == "2025-07-02 10:00"
    assert ("winback_1", "suppressed") not in [(m, r) for m, r, _ in bert.reasons]  # +30 d at 10:00: an hour after
    assert sent["winback_1"] == "2025-07-31 10:00"


def test_those_most_at_risk_are_looked_after_every_month(world):
    shop = world("loyalty")
    anna, bert = shop.contact("anna", risk=0.8), shop.contact("bert", risk=0.6)
    shop.until("2025-03-15")
    assert anna.sent == [("prevention", f"2025-0{m}-01 10:00") for m in (1, 2, 3)]
    assert bert.sent == []
