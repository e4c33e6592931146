"""What realistic people do of themselves, and think: visits, carts, satisfaction, answers, invitations."""

import datetime as dt
import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from auditor_clock import zone_of
from realistic_plans import once, people, plan, rate

from bifurque.actors.lane import run_lane
from bifurque.actors.layout import ME_MOOD, MO_CELLS
from bifurque.engine.realistic import Clock
from bifurque.engine.setting import prepare
from bifurque.engine.simulate import simulate
from bifurque.rules.compiled import real
from bifurque.rules.layout import CONTACT, H_MODEL, MISSING

HOUR, WEEK = 3600, 7 * 86400


def happened(run, kind):
    """The events of one kind: who, when, key."""
    events = run.events()
    events = events.filter(pc.equal(pc.cast(events["type"], pa.string()), kind))
    return np.asarray(events["contact"]), np.asarray(pc.cast(events["time"], pa.int64())), events["key"].to_pylist()


def test_visits(tmp_path):
    """So many a week on average, half of them in proportion to the purchase rate; by the clock's hours."""
    contacts, r = 40_000, 0.8
    usual = {"hours": list(Clock().hours), "weekend": 0.7, "spread": 0}
    asked = people(purchases={"r": r, "alpha": 1e9}, visits={"per_week": 0.6, "cart": 0}, clock=usual)
    text = plan(asked, days=70, zone="America/New_York")
    run = simulate(text, contacts=contacts, ledger="full", out=tmp_path / "run")
    who, times, _ = happened(run, "visit")
    counts = np.bincount(who, minlength=contacts)
    assert abs(counts.mean() - 6) < 4 * counts.std() / 200
    spread = 6 + 9 / r
    fourth = ((counts - counts.mean()) ** 4).mean()
    assert abs(counts.var() - spread) < 4 * math.sqrt((fourth - counts.var() ** 2) / contacts)
    info = zone_of("America/New_York")
    east = int(dt.datetime(2026, 2, 1, tzinfo=info).utcoffset().total_seconds())  # clocks change in March: left out
    march = dt.datetime(2026, 3, 2, tzinfo=info).timestamp()
    local = times[times < march] + east
    hours = np.bincount((local // HOUR + 72) % 168, minlength=168)
    weights = np.concatenate([np.tile(usual["hours"], 5), 0.7 * np.tile(usual["hours"], 2)])
    expected = hours.sum() * weights / weights.sum()
    assert np.all(np.abs(hours - expected) < 4.5 * np.sqrt(expected))


def test_carts_are_bought_unaided_as_stated(tmp_path):
    """The share and the delays stated, but for carts that another cart has replaced in the meantime."""
    carts_a_week, contacts = 0.25, 35_000
    asked = people(purchases=rate(1e-9), visits={"per_week": 0.5, "cart": 0.5, "returns": 0.2})
    run = simulate(plan(asked, days=189), contacts=contacts, ledger="full", out=tmp_path / "run")
    first = {}
    for who, t, key in zip(*happened(run, "cart_updated"), strict=True):
        if t < run.manifest["end"] - 8 * 86400:
            first[who, key] = t
    bought = {(who, key): t for who, t, key in zip(*happened(run, "purchase"), strict=True)}
    assert len(first) > 200_000
    delays = np.array([bought[cart] - first[cart] for cart in first if cart in bought])
    a = carts_a_week / WEEK

    def still(low, high):
        return (math.exp(-a * low) - math.exp(-a * high)) / (a * (high - low))

    parts = [0.29 * still(0, 7200), 0.42 * still(7200, 86400), 0.29 * still(86400, WEEK)]
    share, error = 0.2 * sum(parts) * math.exp(-a * 240), 0.4 / math.sqrt(len(first))
    assert abs(len(delays) / len(first) - share) < 4 * error
    assert abs(0.21 * sum(parts) - share) > 4 * error
    for seconds, passed in ((7201, parts[0]), (86401, parts[0] + parts[1])):
        expected = passed / sum(parts)
        error = math.sqrt(expected * (1 - expected) / len(delays))
        assert abs((delays < seconds).mean() - expected) < 4 * error
    assert delays.max() <= WEEK


@pytest.mark.parametrize("hours", [1, 24, 72])
def test_a_click_may_bring_a_cart_back(tmp_path, hours):
    """.25 after an hour, less by e every 48 hours; and each click is a visit."""
    asked = people(
        purchases=rate(1e-9),
        visits={"per_week": 0.02, "cart": 1, "returns": 0, "completes": 0.25, "hours": 48},
        channels={"email": {"open": 1, "click": 1}},
    )
    reminder = {"trigger": {"event": "cart_updated"}, "steps": [{"send": "note", "wait": f"{hours * 60 - 4}min"}]}
    text = plan(asked, days=360, journeys={"cart": reminder})
    run = simulate(text, contacts=40_000, ledger="full", out=tmp_path / "run")
    clicks, counts = run.kpis["totals"]["clicked"], run.kpis["events"]
    late = 20 * math.exp(0.5) + 2
    share = 0.25 * math.exp((HOUR - hours * HOUR - late) / (48 * HOUR))
    assert clicks > 35_000
    assert abs(counts["purchase"] - clicks * share) < 4 * math.sqrt(clicks * share * (1 - share))
    assert run.kpis["messages"]["note"]["converted"] == counts["purchase"]
    assert abs(counts["visit"] - counts["cart_updated"] - clicks) <= 40_000 * 0.001
    keys = list(zip(*happened(run, "purchase")[::2], strict=True))
    assert len(set(keys)) == len(keys)


def felt(good=(), bad=(), **opinion):
    """Satisfaction after one day for each experience, `kind` some days after the start."""
    sources = {
        f"{k}{d}": {"event": k, "once": [f"{d}d", f"{d}d"]}
        for k, days in (("nice", good), ("awful", bad))
        for d in days
    }
    asked = people(opinion={"good": "nice", "bad": "awful"} | opinion)
    return {"kind": "realistic", "realistic": asked, "sources": sources}


@pytest.mark.parametrize(
    ("good", "bad", "step"),
    [((), (), 0.2), ((1,), (), 0.2), ((3,), (1, 2), 0.2), ((1, 2, 4), (3,), 0.35), ((), (1,), 1)],
)
def test_experiences_move_satisfaction(good, bad, step):
    """Q ← Q + step·(x − Q), one after the other."""
    expected = 0.6
    for day in sorted([*good, *bad]):
        expected += step * ((day in good) - expected)
    setting = prepare(plan(behaviour=felt(good, bad, step=step), channels={"email": {}}), contacts=1)
    stretch, words = setting.stretch(0, 0, 1, 0.0), setting.lane().words
    words[CONTACT] = MISSING
    with np.errstate(over="ignore"):
        run_lane(words, stretch.people, stretch.events, stretch.bounds)
    assert real(words, words[words[H_MODEL] + MO_CELLS] + ME_MOOD) == pytest.approx(expected, abs=1e-12)


SURVEY = {
    "trigger": {"schedule": {"dates": ["2026-01-14 00:00"]}},
    "steps": [{"survey": "how_was_it", "message": "note", "answers": ["good", "so_so", "poor"], "within": "7d"}],
}
SHARES = {"good": 0.3, "so_so": 0.2, "poor": 0.1}


@pytest.mark.parametrize(("bad", "asks"), [((), True), ((1, 2), True), ((1, 2, 3, 4), True), ((1, 2), False)])
def test_answers_follow_satisfaction(tmp_path, bad, asks):
    """The share of answers at least as good moves by 4·(Q − start) on the logit scale; who does not answer, stays."""
    behaviour = felt((), bad, surveys=["how_was_it"] if asks else []) | {"answers": {"how_was_it": SHARES}}
    text = plan(behaviour=behaviour, channels={"email": {}}, journeys={"asks": SURVEY})
    run = simulate(text, contacts=100_000, ledger="full", out=tmp_path / "run")
    keys = happened(run, "answered")[2]
    by = 4 * (0.6 * 0.8 ** len(bad) - 0.6) if asks else 0.0

    def moved(share):
        odds = share / (0.6 - share) * math.exp(by)
        return 0.6 * odds / (1 + odds)

    shares = {"good": moved(0.3), "so_so": moved(0.5) - moved(0.3), "poor": 0.6 - moved(0.5)}
    assert abs(len(keys) - 60_000) < 4 * math.sqrt(24_000)
    for answer, share in shares.items():
        assert abs(keys.count(answer) - 100_000 * share) < 4 * math.sqrt(100_000 * share * (1 - share))


@pytest.mark.parametrize(("good", "bad"), [((), ()), ((1, 2, 3), ()), ((), (1, 2))])
def test_invitations_follow_satisfaction(tmp_path, good, bad):
    """λ a month from those who would score 9 or 10: 42 % at Q = 0.6, moved by 8·(Q − 0.6) on the logit scale."""
    behaviour = felt(good, bad, referrals=0.5)
    text = plan(behaviour=behaviour, channels={"email": {}}, days=200)
    run = simulate(text, contacts=60_000, ledger="full", out=tmp_path / "run")
    _, times, _ = happened(run, "referred")
    late = times[times >= run.manifest["start"] + 5 * 86400]
    mood = 0.6
    for day in (*good, *bad):
        mood += 0.2 * ((day in good) - mood)
    share = 1 / (1 + 0.58 / 0.42 * math.exp(-8 * (mood - 0.6)))
    expected = 60_000 * 0.5 * 12 * 195 / 365 * share
    assert abs(len(late) - expected) < 4 * math.sqrt(expected)
    assert abs(len(late) - 1.05 * expected) > 4 * math.sqrt(expected)


@pytest.mark.parametrize(("good", "bad"), [((), ()), ((), (1, 2)), ((1, 2, 3), ())])
def test_who_is_content_stays(tmp_path, good, bad):
    """Leaving: the logit falls by satisfaction − start."""
    behaviour = felt(good, bad)
    behaviour["realistic"]["channels"]["email"] |= {"unsubscribe": 0.02}
    text = plan(behaviour=behaviour, channels={"email": {}}, journeys={"a": once("2026-01-12")})
    run = simulate(text, contacts=200_000, ledger="none", out=tmp_path / "run")
    mood = 0.6
    for day in (*good, *bad):
        mood += 0.2 * ((day in good) - mood)
    odds = 0.02 / 0.98 * math.exp(0.6 - mood)
    share = odds / (1 + odds)
    assert abs(run.kpis["totals"]["unsubscribed"] - 200_000 * share) < 4 * math.sqrt(200_000 * share)


def test_who_has_left_does_nothing_more(tmp_path):
    """With BG/NBD people leave at a purchase: no visit, no cart, no invitation comes after the last one."""
    asked = people(
        purchases={"r": 1e6, "alpha": 1e6, "a": 1e6, "b": 1e-3},
        visits={"per_week": 3, "cart": 0.5},
        opinion={"referrals": 10},
    )
    run = simulate(plan(asked, days=70), contacts=2000, ledger="full", out=tmp_path / "run")
    who, times, _ = happened(run, "purchase")
    last = dict(zip(who, times, strict=True))
    assert len(last) == len(who) > 1900
    later = 0
    for kind in ("visit", "referred"):
        mine = zip(*happened(run, kind)[:2], strict=True)
        later += sum(t > last.get(contact, t) for contact, t in mine)
    assert later == 0
