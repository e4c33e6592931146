"""Shocks: how much more or less people do, whom they strike and when; and that they touch nothing else."""

import json
import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from realistic_plans import life, people, rate, weekly
from realistic_plans import plan as small

from bifurque.engine.setting import prepare
from bifurque.engine.simulate import simulate
from bifurque.engine.why import replay

DAY, WEEK = 86400, 7 * 86400
START = "2025-01-01"
TOWN = {
    "plan": "town",
    "start": START,
    "days": 364,
    "zone": "UTC",
    "attributes": {"interest": "string"},
    "categories": [{"name": "news", "class": "promotional"}],
    "channels": {"email": {}},
    "messages": {"letter": {"channel": "email", "category": "news"}},
    "journeys": {
        "letter": {
            "trigger": {"schedule": {"every": "week", "on": "wed", "at": "10:00"}},
            "steps": [{"send": "letter"}],
        }
    },
    "population": {
        "zones": {"Europe/Paris": 0.6, "America/New_York": 0.2, "Asia/Tokyo": 0.2},
        "attributes": {"interest": {"choice": {"sport": 0.15, "other": 0.85}}},
        "consent": {"all": 1},
    },
    "behaviour": {
        "kind": "constant",
        "sources": {
            "buys": {"event": "purchase", "per_year": 4, "key": "new", "value": 50},
            "leaves": {"event": "churned", "per_year": 0.6},
        },
        "messages": {"open": 0.25, "open_after": "1h"},
    },
}
CRISIS = {"name": "crisis", "kind": "spectacular", "from": "180d", "for": "14d", "events": {"purchase": 0.3}}
RIVAL = {
    "name": "rival",
    "kind": "accidental",
    "from": "200d",
    "for_whom": 'zone == "America/New_York" && contact.interest == "sport"',
    "events": {"churned": 2},
}
DRIFT = {"name": "weariness", "kind": "progressive", "each": "7d", "open": 0.996}


def town(*shocks, **more):
    return json.dumps(TOWN | {"shocks": list(shocks)} | more, indent=1) + "\n"


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    runs = {}

    def live(text, contacts, **options):
        asked = (text, contacts, *options.items())
        if asked not in runs:
            folder = tmp_path_factory.mktemp("town") / "run"
            runs[asked] = simulate(text, contacts=contacts, ledger="full", out=folder, **options)
        return runs[asked]

    return live


def happened(run, event):
    """Who does something, and so many seconds after the start."""
    events = run.events()
    events = events.filter(pc.equal(pc.cast(events["type"], pa.string()), event))
    return np.asarray(events["contact"]), np.asarray(pc.cast(events["time"], pa.int64())) - run.manifest["start"]


def between(times, first, last):
    """How many of these instants lie in days [first, last)."""
    return int(((times >= first * DAY) & (times < last * DAY)).sum())


N = 20_000


def test_spectacular_purchases_fall_to_three_tenths_for_two_weeks(lived):
    per_day = N * 4 / 365  # 10,958.9 for a million
    control, struck = (happened(lived(town(*s), N), "purchase")[1] for s in ((), (CRISIS,)))
    for times, first, last, expected in (
        (control, 180, 194, 14 * per_day),
        (struck, 180, 194, 14 * per_day * 0.3),
        (struck, 0, 180, 180 * per_day),
        (struck, 194, 364, 170 * per_day),
    ):
        assert abs(between(times, first, last) - expected) < 4 * math.sqrt(expected)
    assert between(struck, 179, 180) == between(control, 179, 180)
    assert between(struck, 194, 195) == between(control, 194, 195)


def sporty(run, contacts):
    """Contacts in New York whose interest is sport."""
    setting = prepare(town(), contacts=contacts)
    rows = setting.people.rows(0, contacts)
    zones, columns = setting.program.names.zones, tuple(setting.program.columns)
    sport = setting.program.texts["sport"]
    return (rows[:, 1] == zones.index("America/New_York")) & (rows[:, 5 + columns.index("interest")] == sport)


def test_accidental_churn_doubles_for_those_it_strikes_and_for_nobody_else(lived):
    run, control = lived(town(RIVAL), N), lived(town(), N)
    some = sporty(run, N)
    assert abs(some.mean() - 0.2 * 0.15) < 4 * math.sqrt(0.03 * 0.97 / N)
    rates = {}
    for name, found in (("struck", run), ("control", control)):
        who, times = happened(found, "churned")
        mine = some[who]
        rates[name] = between(times[mine], 200, 364)
        rates[name, "before"] = between(times[mine], 0, 200)
        rates[name, "others"] = between(times[~mine], 0, 364)
    usual = some.sum() * 0.6 * 164 / 365
    assert abs(rates["control"] - usual) < 4 * math.sqrt(usual)
    assert abs(rates["struck"] - 2 * usual) < 4 * math.sqrt(2 * usual)
    assert rates["struck", "before"] == rates["control", "before"]
    assert rates["struck", "others"] == rates["control", "others"]


def test_progressive_opens_fade_a_little_more_each_week(lived):
    weeks = {}
    for name, shocks in (("control", ()), ("struck", (DRIFT,))):
        _, times = happened(lived(town(*shocks, days=420), N), "opened")
        weeks[name] = np.bincount(times // WEEK, minlength=60)
    for week, expected in ((0, 1.0), (8, 0.9684), (52, 0.8119)):
        assert expected == pytest.approx(0.996**week, abs=5e-5)
        opens = weeks["control"][week]
        assert abs(opens - N / 4) < 4 * math.sqrt(N * 0.25 * 0.75)
        assert abs(weeks["struck"][week] / opens - expected) <= 4 * math.sqrt(expected * (1 - expected) / opens)
    run = lived(town(DRIFT, days=420), N)
    assert run.kpis["messages"]["letter"]["sent"] == 60 * N  # sendings stay as they were


def rows(table, mask):
    plain = [c.cast(c.type.value_type) if pa.types.is_dictionary(c.type) else c for c in table.columns]
    return pa.table(plain, names=table.column_names).filter(pa.array(mask))


@pytest.mark.parametrize("shock", [CRISIS, RIVAL, DRIFT | {"from": "90d"}, CRISIS | {"events": {"purchase": 1.7}}])
def test_outside_a_shock_everything_is_the_same_to_the_bit(lived, shock):
    n = 3000
    shock = shock | {"for_whom": RIVAL["for_whom"]}
    run, control = lived(town(shock), n), lived(town(), n)
    some = sporty(run, n)
    first = int(shock["from"][:-1]) * DAY + run.manifest["start"]
    for table, usual in ((run.events(), control.events()), (run.ledger(), control.ledger())):
        outside, before = (
            [~some[np.asarray(t["contact"])] for t in (table, usual)],
            [np.asarray(pc.cast(t["time"], pa.int64())) < first for t in (table, usual)],
        )
        assert rows(table, outside[0]).equals(rows(usual, outside[1]))
        assert rows(table, before[0]).equals(rows(usual, before[1]))
    assert not run.events().equals(control.events())


def test_what_is_left_out_is_all_that_changes_after_a_shock_too(lived):
    n = 3000
    run, control = lived(town(CRISIS), n), lived(town(), n)
    kept = {tuple(r.items()) for r in run.events().to_pylist()}
    usual = {tuple(r.items()) for r in control.events().to_pylist()}
    assert kept < usual
    times = [dict(r)["time"].timestamp() - run.manifest["start"] for r in usual - kept]
    assert between(np.array(times), 180, 194) == len(times)
    assert {dict(r)["type"] for r in usual - kept} == {"purchase"}


def test_share_is_drawn_once_for_a_contact(lived):
    half = CRISIS | {"share": 0.5, "events": {"purchase": 0}, "from": "0d", "for": "364d"}
    who, _ = happened(lived(town(half), 4000), "purchase")
    buyers = len(set(who.tolist()))
    expected = 4000 * 0.5 * (1 - math.exp(-4 * 364 / 365))
    assert abs(buyers - expected) < 4 * math.sqrt(4000 * 0.25)


REACTIONS = {
    "kind": "constant",
    "sources": {
        "visits": {"event": "visit", "per_week": 1},
        "asks": {"event": "asked", "once": ["0d", "300d"], "chance": 0.3},
    },
    "reactions": {
        "looks": {
            "on": "visit",
            "one_of": [{"event": "page", "chance": 0.2, "after": "1h"}, {"event": "cart", "chance": 0.1}],
        },
        "buys": {"message": "letter", "one_of": [{"event": "purchase", "chance": 0.05, "after": "2h"}]},
    },
    "journeys": {"letter": {"event": "called", "on": {"letter": 0.08}}},
    "messages": {"open": 0.2, "click": 0.4, "unsubscribe": 0.01},
}


def counts(run):
    found = run.kpis["events"]
    return {e: found.get(e, 0) for e in ("visit", "page", "cart", "asked", "purchase", "called", "clicked")}


@pytest.mark.parametrize("factor", [0.0, 0.4, 2.5])
def test_answers_and_things_done_once_follow_too(lived, factor):
    always = {"name": "always", "events": {e: factor for e in ("page", "asked", "purchase", "called")}}
    n = 2000
    usual = counts(lived(town(behaviour=REACTIONS), n))
    found = counts(lived(town(always, behaviour=REACTIONS), n))
    for event in ("page", "asked", "purchase", "called"):
        expected = factor * usual[event]
        error = math.sqrt(expected + factor**2 * usual[event]) or 1
        assert abs(found[event] - expected) < 4 * error, event
    assert (found["visit"], found["cart"], found["clicked"]) == (usual["visit"], usual["cart"], usual["clicked"])


def test_clicks_and_unsubscribes(lived):
    n = 4000
    usual = lived(town(behaviour=REACTIONS), n).kpis["totals"]
    less = lived(town({"name": "click", "click": 0.5}, behaviour=REACTIONS), n).kpis["totals"]
    assert less["opened"] == usual["opened"]
    assert abs(less["clicked"] - usual["clicked"] / 2) < 4 * math.sqrt(usual["clicked"] / 4)
    more = lived(town({"name": "leave", "unsubscribe": 3}, behaviour=REACTIONS), n).kpis["totals"]
    before = usual["unsubscribed"] / usual["opened"]
    assert abs(more["unsubscribed"] / more["opened"] - 3 * before) < 4 * 2 * math.sqrt(3 * before / usual["opened"])


def test_two_shocks_multiply(lived):
    second = {"name": "again", "from": "187d", "for": "14d", "events": {"purchase": 0.5}}
    _, times = happened(lived(town(CRISIS, second), N), "purchase")
    per_week = 7 * N * 4 / 365
    for first, factor in ((180, 0.3), (187, 0.15), (194, 0.5), (201, 1)):
        expected = factor * per_week
        assert abs(between(times, first, first + 7) - expected) < 4 * math.sqrt(expected)


# Realistic people.

BUYERS = people(purchases=rate(0.5) | life(20), lift={"opened": 0.5, "most": 2}, channels={"email": {"open": 0.4}})


def market(*shocks, asked=BUYERS, **more):
    return small(asked, days=140, journeys={"note": weekly()}, shocks=list(shocks), **more)


@pytest.mark.parametrize("factor", [0.3, 1.8])
def test_realistic_purchases(lived, factor):
    n = 6000
    shock = {"name": "s", "from": "28d", "for": "28d", "events": {"purchase": factor}}
    usual, found = (happened(lived(market(*s), n), "purchase")[1] for s in ((), (shock,)))
    expected = factor * between(usual, 28, 56)
    assert abs(between(found, 28, 56) - expected) < 4 * math.sqrt(expected + factor**2 * between(usual, 28, 56))
    assert between(found, 0, 28) == between(usual, 0, 28)
    assert between(found, 56, 140) == between(usual, 56, 140)


def test_regular_purchases(lived):
    """What a shock adds leaves the rhythm of all others as it was."""
    asked = people(purchases=rate(0.5) | {"regularity": 3})
    shock = {"name": "s", "from": "28d", "for": "28d", "share": 0.5, "events": {"purchase": 2}}
    usual, found = (happened(lived(market(*s, asked=asked), 4000), "purchase") for s in ((), (shock,)))
    expected = 1.5 * between(usual[1], 28, 56)
    assert abs(between(found[1], 28, 56) - expected) < 4 * math.sqrt(expected)
    kept = set(zip(*(x.tolist() for x in found), strict=True))
    assert set(zip(*(x.tolist() for x in usual), strict=True)) < kept


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_realistic_lives_end_sooner_or_later(lived, factor):
    """A hazard of 1/20 a week, changed from week 4 to 8: those who are left buy from then on."""
    n = 20_000
    shock = {"name": "s", "from": "28d", "for": "28d", "churn": factor}
    usual, found = (happened(lived(market(*s), n), "purchase")[1] for s in ((), (shock,)))
    assert between(found, 0, 28) == between(usual, 0, 28)
    expected = math.exp(-4 / 20 * (factor - 1)) * between(usual, 56, 140)
    assert abs(between(found, 56, 140) - expected) < 4 * math.sqrt(4 * expected)


def test_realistic_lives_end_later_and_later(lived):
    """A rate that falls by a tenth each week keeps everybody who would have left late."""
    fading = {"name": "s", "kind": "progressive", "churn": 0.9}
    usual, found = (happened(lived(market(*s), 20_000), "purchase")[1] for s in ((), (fading,)))
    hazard = sum(0.9**k for k in range(16)) / 20
    expected = (
        20_000
        * 0.5
        * math.exp(-hazard)
        * sum(
            (1 - math.exp(-(0.9**k) / 20)) / (0.9**k / 20) * math.exp(-sum(0.9**j for j in range(16, k)) / 20)
            for k in range(16, 20)
        )
    )
    lifted = between(usual, 112, 140) / (20_000 * 0.5 * 20 * (math.exp(-16 / 20) - math.exp(-20 / 20)))
    assert abs(between(found, 112, 140) - lifted * expected) < 4 * math.sqrt(4 * expected)


@pytest.mark.parametrize(
    ("shock", "expected"),
    [
        ({"open": 0.5, "click": 0.5}, {"opened": 0.5, "clicked": 0.25}),
        ({"events": {"visit": 0.5, "cart_updated": 2}}, {"visit": 0.5, "cart_updated": 1.0}),
        ({"events": {"visit": 2}}, {"visit": 2, "cart_updated": 2}),
    ],
)
def test_realistic_opens_visits_and_carts(lived, shock, expected):
    asked = people(
        visits={"per_week": 1, "cart": 0.3, "returns": 0.2},
        channels={"email": {"open": 0.4, "click": 0.3 if "open" in shock else 0}},
    )
    usual, found = (lived(market(*s, asked=asked), 3000) for s in ((), (shock | {"name": "s", "from": "28d"},)))
    for event, factor in expected.items():
        mine, other = (happened(run, event)[1] for run in (found, usual))
        there = between(other, 42, 140)
        assert abs(between(mine, 42, 140) - factor * there) < 4 * math.sqrt((factor + factor**2) * there), event
        assert between(mine, 0, 28) == between(other, 0, 28), event


@pytest.mark.parametrize("kind", ["constant", "realistic"])
def test_the_uncompiled_step_writes_the_same_rows(lived, kind):
    shocks = [
        {"name": "a", "from": "20d", "for": "60d", "events": {"purchase": 1.6, "visit": 0.5}, "open": 0.7},
        {"name": "b", "kind": "progressive", "each": "10d", "churn": 1.05 if kind == "realistic" else 1, "click": 0.9},
    ]
    text = market(*shocks) if kind == "realistic" else town(*shocks, behaviour=REACTIONS)
    run = lived(text, 300)
    setting = prepare(text, contacts=300)
    for contact in (3, 17, 204):
        for told, kept in zip(replay(setting, contact), (run.ledger(), run.events()), strict=True):
            assert told.to_pylist() == kept.filter(pc.equal(kept["contact"], contact)).to_pylist()


def test_candidates_that_come_to_nothing_are_no_events_for_rules(lived):
    """A purchase that does not happen must not fire a rule that waits for one."""
    rules = [{"name": "bought", "when": 'event.type == "purchase"', "then": [{"set": "fact.bought"}]}]
    shock = {"name": "s", "events": {"purchase": 0.1}}
    run = lived(market(shock, rules=rules), 2000)
    assert 0 < run.kpis["rules"]["bought"]["fired"] == run.kpis["totals"]["purchases"]
    constant = lived(town(shock, rules=rules), 2000)
    assert 0 < constant.kpis["rules"]["bought"]["fired"] == constant.kpis["totals"]["purchases"]
