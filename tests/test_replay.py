"""`why` lives a contact's life again and finds the rows of the ledger; a contact that never rests is stopped alone."""

import datetime as dt

import numpy as np
import pyarrow.compute as pc
import pytest

from bifurque.engine import living
from bifurque.engine.load import inspect
from bifurque.engine.people import kept
from bifurque.engine.run import open_run
from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template
from bifurque.engine.why import replay, setting_of, told, why
from bifurque.rules.errors import DataError, RunError

RUNS = {
    "cart": {"contacts": 400, "seed": 7, "overrides": ["experiments.subject.enabled=true", "holdout=20%"]},
    "welcome": {"contacts": 400},
    "nurturing": {"contacts": 200, "days": 120},
    "recovery": {"contacts": 200, "days": 90, "behaviour": "constant"},
    "pile-up": {"contacts": 100, "days": 40, "overrides": ["arbitration=look_ahead"]},
    "sortie": {"contacts": 300, "seed": 2**62},
    "sunset": {"contacts": 100, "days": 200, "overrides": ["attributes.patience.default=5"]},
}


def of(table, contact):
    return table.filter(pc.equal(table["contact"], contact)).to_pylist()


@pytest.mark.parametrize("name", RUNS)
def test_why_finds_the_rows_of_the_ledger(tmp_path, monkeypatch, name):
    plan = template(name, "en")
    full = simulate(plan, out=tmp_path / "full", ledger="full", **RUNS[name])
    monkeypatch.setattr(living, "LEAST", 0)
    sample = simulate(plan, out=tmp_path / "sample", ledger="sample", **RUNS[name])
    ledger, events = full.ledger(), full.events()
    setting = setting_of(open_run(full.folder))
    told_of = 0
    for contact in range(3, RUNS[name]["contacts"], RUNS[name]["contacts"] // 6):
        decisions, happened = replay(setting, contact)
        assert decisions.to_pylist() == of(ledger, contact)
        assert happened.to_pylist() == of(events, contact)
        told_of += decisions.num_rows
    assert told_of > 0
    numbers = np.arange(RUNS[name]["contacts"])
    left_out = numbers[kept(sample.manifest["seed"], numbers, living.SAMPLE) == 0]
    contact = next(int(c) for c in left_out if of(ledger, int(c)))
    answer = why(open_run(sample.folder), str(contact))
    assert answer.rows == of(ledger, contact)
    for lang in ("fr", "en"):
        assert len(told(answer, lang)) == len(answer.rows)
    message = next((r["message"] for r in answer.rows if r["message"]), None)
    if message is not None:
        rows = why(open_run(sample.folder), str(contact), message).rows
        assert rows == [r for r in answer.rows if r["message"] == message]


def test_people_and_events_of_files(tmp_path):
    people, events = tmp_path / "people.csv", tmp_path / "events.csv"
    people.write_text("contact,zone,consent\nanna,Europe/Paris,all\nbert,Asia/Tokyo,all\n7,,none\n", "utf-8")
    events.write_text(
        "contact,time,type,key,value\n"
        "anna,2025-03-10T13:30:00+01:00,cart_updated,c1,\n"
        "bert,2025-03-10T21:30:00+09:00,cart_updated,c2,\n"
        "anna,2025-03-10T16:00:00+01:00,purchase,c1,5000\n"
        "7,2025-03-11T09:00:00Z,cart_updated,c3,\n",
        "utf-8",
    )
    files = {"population": people, "events": events, "behaviour": "off"}
    run = simulate(template("cart", "en"), out=tmp_path / "run", ledger="full", **files)
    rows = {name: why(run, name).rows for name in ("anna", "bert", "7")}
    assert sum(map(len, rows.values())) == len(run.ledger())
    assert [r["message"] for r in rows["anna"] if r["outcome"] == "sent"] == ["cart_reminder"]
    assert {r["contact"] for r in rows["7"]} == {7}
    assert rows["bert"] == of(run.ledger(), rows["bert"][0]["contact"])
    lines = told(why(run, "anna"), "en")
    assert lines[0].startswith("2025-03-10 14:00:00")
    assert "enters `cart`" in lines[0]
    with pytest.raises(DataError, match="no contact `clara` in this run"):
        why(run, "clara")
    people.write_text(people.read_text("utf-8") + "clara,UTC,all\n", "utf-8")
    with pytest.raises(RunError, match="the population file has changed since the run"):
        why(run, "anna")
    events.unlink()
    people.write_text(people.read_text("utf-8").replace("clara,UTC,all\n", ""), "utf-8")
    with pytest.raises(RunError, match="the events of this run is no longer there"):
        why(run, "anna")


SPIN = """
plan: spin
start: 2025-01-06
days: 20
attributes: {wild: {type: bool, default: false}}
categories: [{name: news, class: service}]
channels: {email: {cost: 1}}
quiet_hours: {from: "21:00", to: "08:00"}
messages:
  letter: {channel: email, category: news}
  note: {channel: email, category: news}
journeys:
  calm:
    trigger: {event: seen}
    reentry: {policy: parallel, at_once: 8}
    steps: [{send: letter}, {send: note, after: trigger, wait: 2d}]
  ping:
    trigger: {event: spun}
    when: contact.wild
    steps: [{transfer: pong}]
  pong:
    steps: [{transfer: ping}]
"""
WILD = (3, 8)


@pytest.fixture
def spun(tmp_path):
    """A run in which two of ten contacts spin while a message of theirs is held, and one where nobody does."""
    people = ["contact,consent,wild", *(f"{c},all,{'yes' if c in WILD else 'no'}" for c in range(10))]
    (tmp_path / "people.csv").write_text("\n".join(people), "utf-8")
    lines = ["contact,time,type"]
    for contact in range(10):
        times = [("08T10:00", "seen"), ("09T22:00", "seen"), ("09T23:00", "spun"), ("14T10:00", "seen")]
        lines += [f"{contact},2025-01-{at}:00Z,{kind}" for at, kind in times]
    (tmp_path / "events.csv").write_text("\n".join(lines), "utf-8")
    files = {"population": tmp_path / "people.csv", "events": tmp_path / "events.csv", "ledger": "full"}
    wild = simulate(SPIN, out=tmp_path / "wild", **files)
    return wild, simulate(SPIN, out=tmp_path / "tame", overrides=["journeys.ping.enabled=false"], **files)


def test_a_contact_that_never_rests_is_stopped_and_all_others_go_on(spun):
    wild, tame = (run.ledger() for run in spun)
    for contact in set(range(10)) - set(WILD):
        assert of(wild, contact) == of(tame, contact)
    at = dt.datetime(2025, 1, 9, 23, tzinfo=dt.UTC)
    for contact in WILD:
        rows, before = of(wild, contact), of(tame, contact)
        assert [r for r in rows if r["time"] < at] == [r for r in before if r["time"] < at]
        assert max(r["time"] for r in rows) == at
        assert rows[-1]["reason"] == "quarantined"
        assert (rows[-1]["journey"], rows[-1]["message"], rows[-1]["outcome"]) == ("", "", "")
        spins = [r for r in rows if r["time"] == at and r["journey"] in ("ping", "pong") and not r["reason"]]
        assert len(spins) <= 2 * 64
        dropped = [r for r in rows if r["outcome"] == "dropped"]
        assert [(r["message"], r["reason"]) for r in dropped] == [("letter", "quarantined")]
        assert (
            len([r for r in rows if r["journey"] == "calm" and not r["message"] and r["reason"] == "quarantined"]) == 2
        )


def test_counts_add_up_all_the_same(spun):
    kpis = spun[0].kpis
    assert kpis["totals"]["quarantined"] == len(WILD)
    assert kpis["totals"]["contacts"] == 10
    for figures in kpis["journeys"].values():
        assert figures["entered"] == figures["inside"] + figures["left"] + figures["quarantined"]
    for figures in kpis["steps"].values():
        onward = ("passed", "left", "inside", "quarantined")
        assert figures["entered"] == sum(figures[k] for k in onward)
    for figures in (*kpis["messages"].values(), kpis["totals"], *kpis["journeys"].values()):
        assert figures["candidates"] == sum(figures[k] for k in ("sent", "dropped", "replaced", "pending"))
    assert kpis["journeys"]["calm"]["quarantined"] == 2 * len(WILD)
    assert kpis["totals"]["dropped_by_reason"] == {"quarantined": len(WILD)}


def test_why_says_so(spun):
    run, _ = spun
    answer = why(run, "3")
    assert answer.rows == of(run.ledger(), 3)
    assert "quarantined: more than 64 transitions" in told(answer, "en")[-1]
    assert "mis en quarantaine : plus de 64 transitions" in told(answer, "fr")[-1]


def test_check_foresees_it(tmp_path):
    (tmp_path / "plan.yaml").write_text(SPIN, "utf-8")
    plan, problems = inspect(tmp_path / "plan.yaml")
    assert plan is not None
    assert any("a contact would spin and be quarantined" in p.message for p in problems.sorted())


def test_sixty_four_transitions_at_one_instant_are_still_allowed(world):
    steps = ", ".join("{wait: 0min}" for _ in range(63))
    plan = SPIN.replace("[{transfer: pong}]", f"[{steps}]").replace("[{transfer: ping}]", "[{send: letter}]")
    for count, stopped in ((63, False), (64, True)):
        anna = world(plan.replace(steps, ", ".join("{wait: 0min}" for _ in range(count)))).contact(wild=True)
        anna.at("2025-01-08 10:00").does("spun")
        assert any(r["reason"] == "quarantined" for r in anna.decisions) == stopped
