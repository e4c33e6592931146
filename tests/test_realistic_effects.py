"""What else moves opens, clicks, leaving and purchases: each effect as stated, and gone when its figure is 0."""

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from realistic_plans import life, once, people, plan, rate

from bifurque.engine.load import inspect, loads
from bifurque.engine.realistic import Clock
from bifurque.engine.simulate import simulate
from bifurque.rules.errors import PlanError

WEEK = 7 * 86400


def odds(share, by):
    """A share moved on the logit scale."""
    moved = share / (1 - share) * math.exp(by)
    return moved / (1 + moved)


def near(count, total, share):
    """Whether a count is as expected of so many draws, within 4 standard errors."""
    return abs(count - total * share) < 4 * math.sqrt(total * share * (1 - share))


def instants(run, kind):
    """Who does something, and how many seconds after the start."""
    events = run.events()
    events = events.filter(pc.equal(pc.cast(events["type"], pa.string()), kind))
    return np.asarray(events["contact"]), np.asarray(pc.cast(events["time"], pa.int64())) - run.manifest["start"]


@pytest.mark.parametrize("slope", [0.0, 0.6])
def test_many_letters_tire_of_clicking(tmp_path, slope):
    """F before a letter takes γ′·ln(1 + F) off the logit of the click; the share stated holds at F = 1."""
    days, contacts = (0, 1, 2, 5), 60_000
    names = [f"letter{d}" for d in days]
    journeys = {n: once(f"2026-01-{5 + d:02}", n) for n, d in zip(names, days, strict=True)}
    asked = people(fatigue={"clicks": slope, "days": 7}, channels={"email": {"open": 1, "click": 0.3}})
    text = plan(asked, messages=names, journeys=journeys)
    found = simulate(text, contacts=contacts, ledger="none", out=tmp_path / "run").kpis["messages"]
    for name, day in zip(names, days, strict=True):
        tired = sum(2 ** (-(day - d) / 7) for d in days if d < day)
        assert near(found[name]["clicked"], contacts, odds(0.3, -slope * math.log((1 + tired) / 2)))


def test_who_opens_stays_longer(tmp_path):
    """An open takes ω′ off the logit of leaving; over all the share is the one stated, once F is 1."""
    contacts, tired = 200_000, {"unsubscribes": 0.3, "opened": 1.2}
    asked = people(fatigue=tired, channels={"email": {"open": 0.4, "unsubscribe": 0.05}})
    run = simulate(
        plan(asked, journeys={"a": once("2026-01-06")}), contacts=contacts, ledger="full", out=tmp_path / "run"
    )
    opened, left = (set(instants(run, kind)[0].tolist()) for kind in ("opened", "unsubscribed"))
    low, high = 0.0, 1.0
    for _ in range(60):  # the share of those who leave unopened, at F = 1
        middle = (low + high) / 2
        total = 0.4 * odds(middle, -1.2) + 0.6 * middle
        low, high = (middle, high) if total < 0.05 else (low, middle)
    fresh = odds(low, -0.3)  # nobody is tired yet
    assert near(len(left - opened), contacts - len(opened), fresh)
    assert near(len(left & opened), len(opened), odds(fresh, -1.2))
    assert not near(len(left & opened), len(opened), fresh)


def test_two_letters_a_day_drive_people_away(tmp_path):
    """κ·F on the logit of leaving, F by channel."""
    contacts, count = 100_000, 4
    names = [f"letter{i}" for i in range(count)]
    journeys = {n: once(f"2026-01-0{6 + i}", n) for i, n in enumerate(names)}
    asked = people(fatigue={"unsubscribes": 0.5}, channels={"email": {"open": 0, "unsubscribe": 0.02}})
    text = plan(asked, messages=names, journeys=journeys)
    found = simulate(text, contacts=contacts, ledger="none", out=tmp_path / "run").kpis["messages"]
    for i, name in enumerate(names):
        tired = sum(2 ** (-(i - j) / 7) for j in range(i))
        assert near(found[name]["unsubscribed"], found[name]["sent"], odds(0.02, 0.5 * (tired - 1)))


@pytest.mark.parametrize("slope", [0.0, 0.8])
@pytest.mark.parametrize("hour", [3, 10, 21])
def test_the_hour_of_sending_may_decide_whether(tmp_path, slope, hour):
    """σ·(κ − 1) on the logit of the open, κ the weight of that hour on the reader's wall clock."""
    hours, contacts = np.array(Clock().hours), 60_000
    usual = {"hours": hours.tolist(), "weekend": 0.85, "spread": 0, "sending": slope}
    asked = people(clock=usual, channels={"email": {"open": 0.3}})
    text = plan(asked, journeys={"a": once("2026-01-07", at=f"{hour:02}:30")}, zone="America/New_York")
    run = simulate(text, contacts=contacts, ledger="none", out=tmp_path / "run")
    weights = np.concatenate([np.tile(hours, 5), 0.85 * np.tile(hours, 2)])
    speed = hours[hour] / weights.mean()
    later = 0.3 * 0.001  # opened after the end of the run
    share = odds(0.3, slope * (speed - 1))
    assert abs(run.kpis["totals"]["opened"] - contacts * share) < 4 * math.sqrt(contacts * 0.25) + contacts * later


@pytest.mark.parametrize(("opens", "clicks"), [(0.0, 0.0), (0.5, 0.0), (0.0, -0.4)])
def test_who_has_been_active_opens_otherwise(tmp_path, opens, clicks):
    """ζ·ln(1 + G): G rises by one with each visit and purchase, and falls by e every `days`."""
    contacts = 60_000
    interest = {"days": 20, "opens": opens, "clicks": clicks}
    asked = people(interest=interest, channels={"email": {"open": 0.3, "click": 0.5}})
    asked["visits"] |= {"event": "shop_visit"}
    asked["purchases"] |= {"event": "order"}
    # the plan leaves visits out, as people make them themselves: a file brings them
    text = plan(asked, journeys={"a": once("2026-01-15")})
    rows = ["contact,time,type"]
    for contact in range(0, contacts, 2):
        rows += [f"{contact},2026-01-{day:02}T00:00:00Z,{kind}" for day, kind in ((5, "shop_visit"), (10, "order"))]
    (tmp_path / "events.csv").write_text("\n".join(rows) + "\n", "utf-8")
    options = {"contacts": contacts, "events": tmp_path / "events.csv", "ledger": "full"}
    run = simulate(text, out=tmp_path / "run", **options)
    active = math.log(1 + math.exp(-10 / 20) + math.exp(-5 / 20))
    opened, clicked = (instants(run, kind)[0] for kind in ("opened", "clicked"))
    for part, level in ((0, active), (1, 0.0)):
        seen, done = (opened % 2 == part).sum(), (clicked % 2 == part).sum()
        assert near(seen, contacts / 2, odds(0.3, opens * level))
        assert near(done, seen, odds(0.5, clicks * level))


def test_a_message_matters_to_some(tmp_path):
    """`when` holds: `relevance` is added to the logits of opens and clicks; unknown is no."""
    people_of = {"city": {"choice": {"paris": 0.5, "lyon": 0.5}}}
    effect = {"note": {"when": 'contact.city == "paris"', "relevance": 0.7}}
    asked = people(messages=effect, channels={"email": {"open": 0.3, "click": 0.4}})
    told = plan(
        asked,
        journeys={"a": once("2026-01-06")},
        attributes={"city": "string"},
        population={"consent": {"all": 1}, "attributes": people_of},
    )
    contacts = 120_000
    run = simulate(told, contacts=contacts, ledger="none", out=tmp_path / "run")
    shares = [odds(0.3, by) for by in (0, 0.7)]
    assert near(run.kpis["totals"]["opened"], contacts, sum(shares) / 2)
    share = sum(s * odds(0.4, by) for s, by in zip(shares, (0, 0.7), strict=True)) / 2
    assert near(run.kpis["totals"]["clicked"], contacts, share)


def test_to_whom_a_message_matters_is_checked(tmp_path):
    with pytest.raises(PlanError) as told:
        loads(plan(people(messages={"note": {"when": "contact.town == 1", "relevance": 1}})))
    assert "contact.town" in str(told.value.problems[0])
    file = tmp_path / "plan.yaml"
    other = {"other": {"when": "contact.town == 1", "relevance": 1}}
    file.write_text(plan(people(messages=other), journeys={"a": once("2026-01-06")}), "utf-8")
    _, problems = inspect(file)
    assert not problems.errors


def test_personas_click_as_stated(tmp_path):
    contacts, shares = 100_000, {"keen": 0.3, "cool": 0.7}
    asked = people(personas={"keen": {"click": 1.0}}, channels={"email": {"open": 1, "click": 0.2}})
    personas = {k: {"share": v} for k, v in shares.items()}
    text = plan(asked, journeys={"a": once("2026-01-06")}, personas=personas)
    run = simulate(text, contacts=contacts, ledger="none", out=tmp_path / "run")
    assert near(run.kpis["totals"]["clicked"], contacts, 0.2)


def test_personas_leave_as_stated(tmp_path):
    contacts = 100_000
    asked = people(personas={"loyal": {"unsubscribe": 0.5}}, channels={"email": {"unsubscribe": 0.04}})
    both = {"loyal": {"share": 0.5}, "rare": {"share": 0.5}}
    text = plan(asked, journeys={"a": once("2026-01-06")}, personas=both)
    run = simulate(text, contacts=contacts, ledger="none", out=tmp_path / "run")
    halved = odds(0.04, math.log(0.5))
    assert near(run.kpis["totals"]["unsubscribed"], contacts, (0.04 + halved) / 2)


def test_what_bounces_is_answered_by_nobody(tmp_path):
    """The plan's reactions to a message follow only where it has arrived."""
    reactions = {"calls": {"message": "note", "one_of": [{"event": "called", "chance": 1, "after": "1h"}]}}
    asked = people(channels={"email": {"hard": 0.3, "soft": 0.2}})
    behaviour = {"kind": "realistic", "realistic": asked, "reactions": reactions}
    text = plan(behaviour=behaviour, channels={"email": {}}, journeys={"a": once("2026-01-06")})
    found = simulate(text, contacts=20_000, ledger="none", out=tmp_path / "run").kpis["events"]
    assert found["called"] + found["bounced"] == 20_000
    assert near(found["bounced"], 20_000, 0.3 + 0.7 * 0.2)


def test_a_persona_s_figures_may_say_where_they_come_from(tmp_path):
    """Each is a figure like any other: with its error, its status and its source."""
    known = {"value": 2.0, "error": 0.1, "status": "estimated", "source": "orders of 2025"}
    text = {"loyal": {k: known for k in ("rate", "open", "click", "unsubscribe", "spend")}}
    both = {"loyal": {"share": 0.5}, "rare": {"share": 0.5}}
    runs = []
    for number, temper in enumerate((text, {"loyal": dict.fromkeys(text["loyal"], 2.0)})):
        asked = people(purchases=rate(1), personas=temper, channels={"email": {"open": 0.3, "unsubscribe": 0.01}})
        told = plan(asked, journeys={"a": once("2026-01-06")}, personas=both)
        runs.append(simulate(told, contacts=2000, ledger="full", out=tmp_path / str(number)))
    assert (runs[0].kpis["grade"], runs[1].kpis["grade"]) == ("ungraded", None)  # data told the figures of one
    assert runs[0].kpis | {"grade": None} == runs[1].kpis
    assert runs[0].events().equals(runs[1].events())
    assert loads(told).behaviour.realistic.personas["loyal"].rate == 2.0


@pytest.mark.parametrize("k", [1, 2, 4])
def test_regular_purchases(tmp_path, k):
    """Gaps are Erlang(k): none in 1.5 mean gaps with .223, .199, .151; as many as otherwise, from the first day on."""
    contacts, weeks = 20_000, 26
    asked = people(purchases=rate(1) | {"regularity": k})
    run = simulate(plan(asked, days=7 * weeks), contacts=contacts, ledger="full", out=tmp_path / "run")
    who, times = instants(run, "purchase")
    order = np.lexsort((times, who))
    who, times = who[order], times[order]
    inside = (who[1:] == who[:-1]) & (times[:-1] < (weeks - 14) * WEEK)
    gaps = np.diff(times)[inside] / WEEK
    assert len(gaps) > 200_000
    none = math.exp(-1.5 * k) * sum((1.5 * k) ** j / math.factorial(j) for j in range(k))
    assert none == pytest.approx({1: 0.223, 2: 0.199, 4: 0.151}[k], abs=5e-4)
    assert near((gaps > 1.5).sum(), len(gaps), none)
    for week in (1, 2, 13):
        counts = np.bincount(who[times < week * WEEK], minlength=contacts)
        assert abs(counts.mean() - week) < 4 * math.sqrt(week / contacts)
        assert counts.var() < week * (1.05 if k == 1 else 0.75)


def test_one_message_adds_as_much_to_regular_purchases(tmp_path):
    """λΔ/(1/τ + μ) whatever k: candidates that happen are k times as many, and so is what the lift adds to them."""
    contacts, found = 40_000, []
    for factor in (0, 1):
        asked = people(
            purchases=rate(1) | life(10) | {"regularity": 3},
            lift={"days": 7, "opened": 0.8 * factor},
            channels={"email": {"open": 1}},
        )
        text = plan(asked, journeys={"a": once("2026-01-12")}, days=84)
        run = simulate(text, contacts=contacts, ledger="full", out=tmp_path / f"run{factor}")
        found.append(np.bincount(instants(run, "purchase")[0], minlength=contacts))
    extra = found[1] - found[0]
    assert extra.min() >= 0
    alive, decay = math.exp(-0.1), 1 + 0.1
    expected = alive * 0.8 / decay * (1 - math.exp(-11 * decay))
    assert abs(extra.mean() - expected) < 4 * extra.std() / math.sqrt(contacts)
    assert abs(extra.mean() - 1.1 * expected) > 4 * extra.std() / math.sqrt(contacts)


@pytest.mark.parametrize("k", [0, 2.5, 21])
def test_regularity_is_a_whole_number(k):
    with pytest.raises(PlanError, match=r"purchases\.regularity"):
        loads(plan(people(purchases={"regularity": k})))
