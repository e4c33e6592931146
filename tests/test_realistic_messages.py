"""What realistic people do with messages, against the shares stated: opens, clicks, bounces, complaints, leaving."""

import datetime as dt
import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from auditor_clock import zone_of
from realistic_plans import once, people, plan, weekly

from bifurque.engine.realistic import Clock
from bifurque.engine.simulate import simulate

CALM = 10
"""After so many weeks with one message F is 1 but for a thousandth."""


def letters(count, first="2026-01-05"):
    """Messages and journeys: one letter a week."""
    start = dt.date.fromisoformat(first)
    names = [f"letter{i}" for i in range(count)]
    return names, {n: once(f"{start + dt.timedelta(weeks=i)}", n) for i, n in enumerate(names)}


def counted(run, kind, source, names, contacts):
    """How many events of a kind each contact has had with some messages."""
    events = run.events()
    kinds, sources, told = (pc.cast(events[c], pa.string()) for c in ("type", "source", "message"))
    keep = pc.and_(pc.and_(pc.equal(kinds, kind), pc.equal(sources, source)), pc.is_in(told, pa.array(names)))
    return np.bincount(np.asarray(events.filter(keep)["contact"]), minlength=contacts)


def near(found, expected):
    """Whether the mean of one figure per contact is as expected, within 4 of its standard errors."""
    return abs(np.mean(found) - expected) < 4 * np.std(found) / math.sqrt(len(found))


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """A weekly letter, and what becomes of it once F is 1: usual people, tired as usual."""
    contacts, (names, journeys) = 26_000, letters(CALM + 9)
    email = {"open": 0.2, "click": 0.15, "open_spread": 1, "click_spread": 0.8, "machine": 0.4}
    asked = people(
        purchases={"r": 2, "taste": 0.2},
        fatigue={"opens": 0.4, "clicks": 0.1},
        channels={"email": email | {"hard": 0.01, "soft": 0.02}},
    )
    text = plan(asked, messages=names, journeys=journeys, days=(CALM + 9) * 7)
    run = simulate(text, contacts=contacts, ledger="full", out=tmp_path_factory.mktemp("read") / "run")
    late = names[CALM:]

    def of(kind, source="model"):
        return counted(run, kind, source, late, contacts)

    return run, late, of


def test_opens_at_one_letter_a_week_are_those_stated(read):
    run, late, of = read
    delivered, opened = len(late) - of("bounced"), of("opened")
    assert delivered.sum() > 220_000
    assert near(opened - 0.2 * delivered, 0)
    assert not near(opened - 0.205 * delivered, 0)
    assert sum(run.kpis["messages"][n]["opened"] for n in late) == opened.sum()


def test_the_first_letters_are_opened_more(read):
    """Nobody is tired yet: F is 0, so the logit is γ·ln 2 higher."""
    run, _, of = read
    first = run.kpis["messages"]["letter0"]
    assert first["opened"] / first["sent"] > 1.1 * of("opened").sum() / (9 * 26_000)


def test_people_differ_as_stated(read):
    """Two letters of one person are both opened more often than by chance: the spread of the logit."""
    _, late, of = read
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    low, high = -5.0, 5.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if weights @ (1 / (1 + np.exp(-middle - nodes))) < 0.2 else (low, middle)
    twice = weights @ (1 / (1 + np.exp(-low - nodes))) ** 2
    delivered, opened = len(late) - of("bounced"), of("opened")
    pairs = delivered * (delivered - 1)
    assert near(opened * (opened - 1) - twice * pairs, 0)


def test_clicks(read):
    run, late, of = read
    opened, clicked = of("opened"), of("clicked")
    assert near(clicked - 0.15 * opened, 0)
    assert not near(clicked - 0.17 * opened, 0)
    assert sum(run.kpis["messages"][n]["clicked"] for n in late) == clicked.sum()


def test_machines_open_everything_and_are_counted_apart(read):
    run, late, of = read
    delivered, machine = len(late) - of("bounced"), of("opened", "machine")
    assert near(machine - 0.4 * delivered, 0)
    assert set(np.unique(machine / np.maximum(delivered, 1))) <= {0.0, 1.0}
    figures = [run.kpis["messages"][n] for n in late]
    assert sum(f["machine_opened"] for f in figures) == machine.sum()
    reported = sum(f["reported_opened"] for f in figures)
    assert reported == np.where(machine > 0, machine, of("opened")).sum()
    assert abs(reported / delivered.sum() - (0.4 + 0.6 * 0.2)) < 4 * 0.5 / math.sqrt(26_000)


def test_bounces(read):
    _, late, of = read
    bounced = of("bounced")
    assert near(bounced / len(late), 0.01 + 0.99 * 0.02)
    assert near(bounced == len(late), 0.01 + 0.99 * 0.02 ** len(late))  # dead addresses


def test_the_share_stated_holds_over_personas_and_tastes(tmp_path):
    """Personas differ in opens and in purchases; those who buy more open more; the mean stays."""
    contacts, (names, journeys) = 26_000, letters(8)
    asked = people(
        purchases={"r": 4, "alpha": 1e6, "taste": 0.5},
        channels={"email": {"open": 0.25, "open_spread": 1}},
        personas={"loyal": {"rate": 9, "open": 0.8}, "dormant": {"rate": 0.1, "open": -1.5}, "never": {"rate": 0}},
    )
    shares = {"loyal": 0.2, "dormant": 0.3, "never": 0.1, "usual": 0.4}
    personas = {k: {"share": v} for k, v in shares.items()}
    text = plan(asked, messages=names, journeys=journeys, days=56, personas=personas)
    run = simulate(text, contacts=contacts, ledger="full", out=tmp_path / "run")
    assert near(counted(run, "opened", "model", names, contacts) / 8, 0.25)


def test_letters_open_more_or_less_than_others(tmp_path):
    asked = people(
        channels={"email": {"open": 0.2, "click": 0.5}}, messages={"b": {"open": 0.7, "click": -0.9}}, fatigue={}
    )
    text = plan(asked, messages=("a", "b"), journeys={"a": once("2026-01-06", "a"), "b": once("2026-01-07", "b")})
    found = simulate(text, contacts=200_000, ledger="none", out=tmp_path / "run").kpis["messages"]
    for name, opens, clicks in (("a", 0.2, 0.5), ("b", 0.2 * math.e**0.7, 0.5 * math.e**-0.9)):
        p = opens / (opens + 0.8)
        assert abs(found[name]["opened"] - 200_000 * p) < 4 * math.sqrt(200_000 * p * (1 - p))
        q, n = clicks / (clicks + 0.5), found[name]["opened"]
        assert abs(found[name]["clicked"] - n * q) < 4 * math.sqrt(n * q * (1 - q))


@pytest.mark.parametrize("contacts", [20_000, pytest.param(200_000, marks=pytest.mark.slow)])
def test_who_is_left_after_n_letters(tmp_path, contacts):
    """(1 − u)^n are still there; each complaint stands beside its share of those who left."""
    u, count = 0.02, 16
    asked = people(channels={"email": {"unsubscribe": u, "complaint": 0.3}})
    run = simulate(
        plan(asked, journeys={"letter": weekly() | {"reentry": {"policy": "parallel"}}}, days=7 * count),
        contacts=contacts,
        ledger="none",
        out=tmp_path / "run",
    )
    totals = run.kpis["totals"]
    survive = (1 - u) ** count
    assert abs(totals["reachable"] - contacts * survive) < 4 * math.sqrt(contacts * survive * (1 - survive))
    assert totals["unsubscribed"] == contacts - totals["reachable"]
    sent = contacts * (1 - survive) / u
    assert abs(totals["sent"] - sent) < 4 * math.sqrt(contacts) * count / math.sqrt(12)
    complained = totals["sent"] * u * 0.3
    assert abs(run.kpis["events"]["complained"] - complained) < 4 * math.sqrt(complained)
    wrong = (1 - 1.1 * u) ** count
    assert abs(totals["reachable"] - contacts * wrong) > 4 * math.sqrt(contacts * wrong * (1 - wrong))


def test_leaving_at_one_letter_a_week_is_as_stated(tmp_path):
    """Tired people leave sooner, who opens stays longer: at F = 1 the share over all is the one stated."""
    contacts, (names, journeys) = 30_000, letters(CALM + 9)
    tired = {"unsubscribes": 0.3, "opened": 0.4}
    asked = people(fatigue=tired, channels={"email": {"open": 0.2, "unsubscribe": 0.01}})
    text = plan(asked, messages=names, journeys=journeys, days=(CALM + 9) * 7)
    found = simulate(text, contacts=contacts, ledger="none", out=tmp_path / "run").kpis["messages"]
    sent, left = (sum(found[n][k] for n in names[CALM:]) for k in ("sent", "unsubscribed"))
    assert sent > 200_000
    assert abs(left - 0.01 * sent) < 4 * math.sqrt(0.01 * 0.99 * sent)
    early = found["letter0"]
    assert early["unsubscribed"] < 0.0085 * early["sent"]


def test_receipts_unsubscribe_nobody(tmp_path):
    asked = people(channels={"email": {"open": 0.5, "unsubscribe": 0.5, "complaint": 0.5}})
    receipts = [{"name": "promotion", "class": "transactional"}]
    run = simulate(
        plan(asked, journeys={"a": once("2026-01-06")}, categories=receipts), contacts=2000, out=tmp_path / "run"
    )
    assert run.kpis["totals"]["sent"] == 2000
    assert run.kpis["totals"]["unsubscribed"] == 0
    assert "complained" not in run.kpis["events"]


def quantile_at(share, start, zone, hours, weights):
    """The instant by which a share of readers has opened: log-logistic in waking time, hour by hour."""
    weights = weights * len(weights) / weights.sum()
    left = 3600 * hours * (share / (1 - share)) ** (1 / 0.8)
    info, t = zone_of(zone), start
    while True:
        here = dt.datetime.fromtimestamp(t, info)
        speed = weights[24 * here.weekday() + here.hour]
        hour = 3600 - here.minute * 60 - here.second
        if left <= speed * hour:
            return t + left / speed
        left, t = left - speed * hour, t + hour


@pytest.mark.parametrize("contacts", [40_000, pytest.param(200_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("due", "leaves"), [("20:00", "2026-03-27 20:00"), ("23:00", "2026-03-28 08:00")])
def test_when_letters_are_opened(tmp_path, due, leaves, contacts):
    """Through the night, the weekend, and the hour that is skipped in March; held in quiet hours or not."""
    asked = people(
        channels={"email": {"open": 1, "hours": 5, "shape": 0.8}},
        clock={"hours": list(Clock().hours), "weekend": 0.85, "spread": 0},
    )
    text = plan(
        asked,
        zone="Europe/Paris",
        start="2026-03-23",
        journeys={"letter": once("2026-03-27", at=due)},
        quiet_hours={"from": "21:00", "to": "08:00"},
    )
    run = simulate(text, contacts=contacts, ledger="full", out=tmp_path / "run")
    events = run.events()
    times = np.asarray(
        pc.cast(events.filter(pc.equal(pc.cast(events["type"], pa.string()), "opened"))["time"], "int64")
    )
    start = int(dt.datetime.fromisoformat(leaves).replace(tzinfo=zone_of("Europe/Paris")).timestamp())
    hours = np.array(Clock().hours)
    week = np.concatenate([np.tile(hours, 5), np.tile(0.85 * hours, 2)])
    for share in (0.05, 0.25, 0.5, 0.75, 0.9, 0.95):
        at, error = quantile_at(share, start, "Europe/Paris", 5, week), math.sqrt(share * (1 - share) / contacts)
        assert abs((times < at).mean() * len(times) / contacts - share) < 4 * error
    awake = quantile_at(0.5, start, "Europe/Paris", 5, np.ones(168))
    assert abs((times < awake).mean() - 0.5) > 4 * 0.5 / math.sqrt(contacts)


def test_clicks_follow_within_a_minute(tmp_path):
    """Log-normal around 20 seconds after the open."""
    asked = people(channels={"email": {"open": 1, "click": 1}})
    run = simulate(
        plan(asked, journeys={"a": once("2026-01-06")}), contacts=20_000, ledger="full", out=tmp_path / "run"
    )
    events = run.events()
    kinds, times = pc.cast(events["type"], pa.string()), np.asarray(pc.cast(events["time"], pa.int64()))
    opened, clicked = (times[np.asarray(pc.equal(kinds, k))] for k in ("opened", "clicked"))
    delay = clicked - opened
    assert delay.min() >= 1
    assert abs((delay <= 20).mean() - 0.5) < 4 * 0.5 / math.sqrt(20_000)
    assert abs((delay <= 54).mean() - 0.8413) < 4 * 0.3654 / math.sqrt(20_000) + 0.01


def test_many_letters_tire(tmp_path):
    """F before a letter is Σ 2^(−age / 7 days), and takes γ·ln(1 + F) off the logit of the open; by channel."""
    days, contacts = (0, 1, 2, 5), 60_000
    names = [f"letter{d}" for d in days]
    journeys = {n: once(f"2026-01-{5 + d:02}", n) for n, d in zip(names, days, strict=True)}
    asked = people(fatigue={"opens": 0.5, "days": 7}, channels={"email": {"open": 0.3}, "sms": {}})
    text = plan(asked, messages=names, journeys=journeys | {"texts": once("2026-01-05", "text")})
    text = text.replace('"messages": {', '"messages": {"text": {"channel": "sms", "category": "promotion"},', 1)
    found = simulate(text, contacts=contacts, ledger="none", out=tmp_path / "run").kpis["messages"]
    for name, day in zip(names, days, strict=True):
        tired = sum(2 ** (-(day - d) / 7) for d in days if d < day)
        odds = 0.3 / 0.7 * ((1 + tired) / 2) ** -0.5
        p = odds / (1 + odds)
        assert abs(found[name]["opened"] - contacts * p) < 4 * math.sqrt(contacts * p * (1 - p))
    assert found["text"]["sent"] == contacts


def test_the_same_letter_again_tires(tmp_path):
    asked = people(fatigue={"repeats": 0.4}, channels={"email": {"open": 0.5}})
    names = [f"j{i}" for i in range(5)]
    journeys = {n: once(f"2026-01-{6 + i:02}") for i, n in enumerate(names)}
    found = simulate(plan(asked, journeys=journeys), contacts=60_000, ledger="none", out=tmp_path / "run").kpis
    for i, name in enumerate(names):
        p = 1 / (1 + math.exp(0.4 * i))
        assert abs(found["journeys"][name]["opened"] - 60_000 * p) < 4 * math.sqrt(60_000 * p * (1 - p))
