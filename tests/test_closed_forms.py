"""Laws of queues and of shot noise, which a plan must obey: rolling caps under Poisson demand, decaying scores."""

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from realistic_plans import plan

from bifurque.engine.simulate import simulate

DAY = 86400


def erlang_b(servers, load):
    """The share that finds all servers busy (Erlang 1917), by its recurrence."""
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def poisson(**source):
    return {"kind": "constant", "sources": {"pings": {"event": "ping"} | source}}


@pytest.mark.parametrize("contacts", [500, pytest.param(3000, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("most", "load"), [(1, 0.7), (3, 4.0), (5, 2.5)])
def test_a_rolling_cap_is_a_queue_that_loses(tmp_path, most, load, contacts):
    """At most N in any window W, the rest dropped: under Poisson demand 1 − ErlangB(N, λW) of it is let through."""
    days = math.ceil(500 / load)
    pings = {"trigger": {"event": "ping"}, "reentry": {"policy": "parallel"}, "steps": [{"send": "note"}]}
    text = plan(
        behaviour=poisson(per_day=load),
        messages=(),
        channels={"email": {}},
        caps=[{"max": most, "per": "24h"}],
        journeys={"pings": pings},
        days=days,
    )
    note = '"messages": {"note": {"channel": "email", "category": "promotion", "on_cap": "drop"}}'
    run = simulate(text.replace('"messages": {}', note), contacts=contacts, ledger="full", out=tmp_path / "run")
    rows = run.ledger()
    outcome = pc.cast(rows["outcome"], pa.string())
    rows = rows.filter(pc.is_in(outcome, pa.array(["sent", "dropped"])))
    sent = np.asarray(pc.equal(pc.cast(rows["outcome"], pa.string()), "sent"))
    late = np.asarray(pc.cast(rows["time"], pa.int64())) - run.manifest["start"] >= 20 * DAY
    who = np.asarray(rows["contact"])[late]
    asked = np.bincount(who, minlength=contacts)
    let = np.bincount(who[sent[late]], minlength=contacts)
    assert asked.sum() > 200_000

    def z(share):
        over = let - share * asked
        return over.sum() / (over.std() * math.sqrt(contacts))

    assert abs(z(1 - erlang_b(most, load))) < 4
    assert abs(z(1 - erlang_b(most, 1.03 * load))) > 4


@pytest.mark.parametrize("contacts", [1600, pytest.param(16_000, marks=pytest.mark.slow)])
def test_mean_and_variance_of_a_decaying_score(tmp_path, contacts):
    """vλτ and v²λτ/2 with τ = half-life / ln 2, read by a message every 14 days: 10 half-lives apart."""
    points, per_day, half_life, days = 10.0, 0.8, 1.4, 364
    watch = {
        "trigger": {"schedule": {"every": "day", "interval": 14, "at": "06:00", "from": "2026-01-19"}},
        "reentry": {"policy": "parallel"},
        "steps": [{"send": "note"}],
    }
    text = plan(
        behaviour=poisson(per_day=per_day),
        messages=(),
        channels={"email": {}},
        scores={"x": {"on": {"ping": points}, "half_life": "33h36min"}},
        journeys={"watch": watch},
        days=days,
    )
    note = '"messages": {"note": {"channel": "email", "category": "promotion", "value": "score.x"}}'
    run = simulate(text.replace('"messages": {}', note), contacts=contacts, ledger="full", out=tmp_path / "run")
    assert run.kpis["events"]["ping"] > 200_000
    rows = run.ledger()
    value = np.asarray(rows.filter(pc.equal(pc.cast(rows["outcome"], pa.string()), "sent"))["value_cents"]) / 100
    assert len(value) == contacts * 25
    tau = half_life / math.log(2)
    mean, variance = points * per_day * tau, points**2 * per_day * tau / 2
    fourth = points**4 * per_day * tau / 4  # the fourth cumulant
    assert abs(value.mean() - mean) < 4 * math.sqrt(variance / len(value))
    assert abs(value.var() - variance) < 4 * math.sqrt((fourth + 2 * variance**2) / len(value))
    assert abs(value.mean() - points * per_day * half_life) > 4 * math.sqrt(variance / len(value))
