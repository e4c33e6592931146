"""`edge_week`: how contacts went from step to step, week by week."""

import random
from collections import Counter
from unittest import mock

import pytest

from bifurque.actors.ways import WAITS, length_of
from bifurque.engine import ways
from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template

COLUMNS = ["week", "journey", "from", "to", "passed", "contacts", "median_wait"]
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
    assert run.aggregate("edge_week").column_names == COLUMNS
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


def test_lengths_of_time_stand_where_they_belong():
    assert len(WAITS) == 32
    assert list(WAITS) == sorted(set(WAITS))
    for i, seconds in enumerate(WAITS):
        assert length_of(seconds) == i
        assert length_of(seconds - 1) == max(i - 1, 0)
    assert length_of(10**9) == len(WAITS) - 1


def test_waits_are_the_middle_ones(rows):
    waits = {(r["week"], r["journey"], r["from"], r["to"]): r["median_wait"] for r in rows}
    assert waits[0, "j", "", "hello"] is None
    assert waits[0, "j", "hello", "wait_for_pays"] == 0
    assert waits[0, "j", "wait_for_pays", "wait"] == 2 * 86400
    assert waits[0, "j", "wait", "branch"] == 86400
    assert waits[1, "j", "wait_for_pays", "branch"] == 7 * 86400
    assert waits[2, "k", "wait", "hello"] == 10 * 86400


MESSAGES_ONLY = """
plan: messages_only
start: 2026-01-01
days: 90
categories: [{name: news, class: service}]
channels: {email: {}}
quiet_hours: {from: "20:00", to: "08:00"}
messages:
  a: {channel: email, category: news}
  b: {channel: email, category: news}
  c: {channel: email, category: news}
events: {comes: {}, goes: {}, jumps: {}}
journeys:
  j:
    trigger: {event: comes}
    reentry: {policy: parallel, at_once: 4}
    exit: {event: goes}
    steps:
      - {send: a, wait: 90min}
      - {send: b, wait: 2d}
      - {send: c, wait: 11h, after: sent}
rules:
  - {name: hurry, when: event.type == "jumps" && inside.j, then: [{transfer: j, from: j, step: c}]}
"""
FROM_THE_LEDGER = """WITH
    starts AS (SELECT contact, visit, time FROM ledger WHERE step = '' AND starts_with(cause, 'entry')),
    firsts AS (SELECT contact, visit, step, min(time) AS time FROM ledger WHERE message <> '' GROUP BY ALL),
    ways AS (
      SELECT contact, time, '' AS "from", 'a' AS "to", NULL AS wait FROM starts
      UNION ALL SELECT f.contact, f.time, 'a', 'b', epoch(f.time - s.time) FROM firsts AS f
        JOIN starts AS s USING (contact, visit) WHERE step = 'a'
      UNION ALL SELECT f.contact, f.time, 'b', 'c', epoch(f.time - s.time) FROM firsts AS f
        JOIN firsts AS s USING (contact, visit) WHERE f.step = 'b' AND s.step = 'a'
      UNION ALL SELECT f.contact, f.time, 'c', '', epoch(f.time - s.time) FROM firsts AS f
        JOIN firsts AS s USING (contact, visit) WHERE f.step = 'c' AND s.step = 'b')
    SELECT (epoch(time)::BIGINT - $start) // 604800 AS week, 'j' AS journey, "from", "to", count(*),
      count(DISTINCT contact), list_max(list_filter($waits, lambda w: w <= quantile_disc(wait, 0.5)))
    FROM ways GROUP BY ALL"""


@pytest.fixture(scope="module")
def strolled(tmp_path_factory):
    """A run of random entries, exits and jumps."""
    folder, draw = tmp_path_factory.mktemp("strolled"), random.Random(7)
    lines = ["contact,time,type"]
    for contact in range(150):
        for _ in range(draw.randint(0, 20)):
            day, hour, minute = draw.randint(1, 31), draw.randint(0, 23), draw.randint(0, 59)
            kind = draw.choice(["comes"] * 5 + ["goes", "jumps"])
            lines.append(f"{contact},2026-0{draw.randint(1, 2)}-{min(day, 28):02}T{hour:02}:{minute:02}:00Z,{kind}")
    (folder / "events.csv").write_text("\n".join(lines), "utf-8")

    def run(events):
        (folder / f"{len(events)}.csv").write_text("\n".join(events), "utf-8")
        options = {"out": folder / f"run{len(events)}", "behaviour": "off", "ledger": "full", "workers": 2}
        return simulate(MESSAGES_ONLY, events=folder / f"{len(events)}.csv", **options)

    return run([line for line in lines if "jumps" not in line]), run(lines)


def both(run):
    """The table of a run, and what its ledger adds up to."""
    duckdb = pytest.importorskip("duckdb")
    con = duckdb.connect()
    con.sql(f"CREATE VIEW ledger AS SELECT * FROM '{run.folder}/ledger/*.parquet'")
    told = con.sql(f"SELECT * FROM '{run.folder}/aggregates/edge_week.parquet'").fetchall()
    counted = con.sql(FROM_THE_LEDGER, params={"start": run.manifest["start"], "waits": list(WAITS)}).fetchall()
    return sorted(told, key=str), sorted(counted, key=str)


def test_equal_to_the_ledger_added_up_in_sql(strolled):
    told, counted = both(strolled[0])
    assert told == counted
    assert sum(r[4] > r[5] for r in told) > 10, "one contact, twice in a week"
    assert len({r[6] for r in told}) > 3


def test_a_fault_is_seen(strolled, tmp_path):
    """Bits that say who came by in a week, put where the week itself stands."""
    events = strolled[0].folder.parent / strolled[0].manifest["inputs"]["events"]["file"]
    with mock.patch.object(ways, "WEEK_BITS", 0):
        options = {"out": tmp_path / "run", "behaviour": "off", "ledger": "full", "workers": 1}
        told, counted = both(simulate(MESSAGES_ONLY, events=events, **options))
    assert [r[:5] for r in told] == [r[:5] for r in counted]
    assert told != counted


def test_a_rule_leads_from_anywhere_to_a_step(strolled):
    run = strolled[1]
    rows = run.aggregate("edge_week").to_pylist()
    ways = {(r["from"], r["to"]) for r in rows}
    assert ways >= {("a", "c"), ("b", "c"), ("c", "c")}
    into, out = Counter(), Counter()
    for r in rows:
        into[r["to"]] += r["passed"]
        out[r["from"]] += r["passed"]
    assert {s: into[s.partition("/")[2]] for s in run.kpis["steps"]} == {
        s: n["entered"] for s, n in run.kpis["steps"].items()
    }
    assert {s: out[s.partition("/")[2]] for s in run.kpis["steps"]} == {
        s: n["passed"] for s, n in run.kpis["steps"].items()
    }
