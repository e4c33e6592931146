"""`edge_week`: how contacts went from step to step, week by week."""

from collections import Counter

import pytest

from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template

PLAN = """
plan: ways
start: 2026-01-01
days: 28
attributes: {big: {type: bool, default: false}}
categories: [{name: news, class: service}]
channels: {email: {}}
messages: {hello: {channel: email, category: news}, gift: {channel: email, category: news}}
events: {comes: {}, pays: {set: {big: "true"}}, goes: {}}
journeys:
  j:
    trigger: {event: comes}
    reentry: after_exit
    exit: {event: goes}
    steps:
      - {send: hello}
      - wait_for: pays
        timeout: 7d
        then: [{wait: 1d}]
        else: []
      - branch:
          - {if: contact.big, then: [{send: gift}, {transfer: k}]}
  k:
    steps: [{wait: 10d}, {send: hello}]
"""
EVENTS = """contact,time,type
1,2026-01-02T10:00:00Z,comes
1,2026-01-04T10:00:00Z,pays
2,2026-01-02T10:00:00Z,comes
3,2026-01-05T10:00:00Z,comes
3,2026-01-06T10:00:00Z,goes
3,2026-01-16T10:00:00Z,comes
4,2026-01-20T10:00:00Z,comes
"""


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("edges")
    (folder / "events.csv").write_text(EVENTS, "utf-8")
    run = simulate(PLAN, out=folder / "run", events=folder / "events.csv", behaviour="off")
    assert run.aggregate("edge_week").column_names == ["week", "journey", "from", "to", "passed"]
    return run.aggregate("edge_week").to_pylist()


def test_every_way_is_counted_in_its_week(rows):
    assert {(r["week"], r["journey"], r["from"], r["to"]): r["passed"] for r in rows} == {
        (0, "j", "", "hello"): 3,
        (0, "j", "hello", "wait_for_pays"): 3,
        (0, "j", "wait_for_pays", "wait"): 1,
        (0, "j", "wait", "branch"): 1,
        (0, "j", "branch", "gift"): 1,
        (0, "j", "gift", "to_k"): 1,
        (0, "k", "", "wait"): 1,
        (1, "j", "wait_for_pays", "branch"): 1,
        (1, "j", "branch", ""): 1,
        (2, "j", "", "hello"): 2,
        (2, "j", "hello", "wait_for_pays"): 2,
        (2, "k", "wait", "hello"): 1,
        (2, "k", "hello", ""): 1,
        (3, "j", "wait_for_pays", "branch"): 2,
        (3, "j", "branch", ""): 2,
    }


@pytest.mark.parametrize("name", ["demo", "sortie", "welcome"])
def test_ways_add_up_to_what_steps_count(tmp_path, name):
    text = template(name, "en")
    run = simulate(text, out=tmp_path / "run", contacts=400, ledger="none")
    entered, gone = Counter(), Counter()
    for row in run.aggregate("edge_week").to_pylist():
        assert row["passed"] > 0
        entered[f"{row['journey']}/{row['to']}"] += row["passed"]
        gone[f"{row['journey']}/{row['from']}"] += row["passed"]
    steps = run.kpis["steps"]
    assert {s: entered[s] for s in steps} == {s: n["entered"] for s, n in steps.items()}
    assert {s: gone[s] for s in steps} == {s: n["passed"] for s, n in steps.items()}
    journeys = run.kpis["journeys"]
    assert {j: gone[f"{j}/"] for j in journeys} == {j: n["entered"] for j, n in journeys.items()}
