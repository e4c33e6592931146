"""Hostile input through both rules engines: no crash of this process, no wrong answer, nothing swallowed."""

import os

import pytest

from bifurque.engine.durable import durable_lane
from bifurque.engine.durable_host import Host
from bifurque.engine.durable_step import Chaining
from bifurque.engine.setting import prepare
from bifurque.engine.simulate import simulate
from bifurque.engine.sink import Nowhere
from bifurque.rules.errors import BifurqueError, DataError, RunError

pytest.importorskip("durable_rules_engine", reason="durable-rules is not installed: it needs gcc")
ENGINES = ("kernel", "durable")

PLAN = """plan: hostile
start: 2026-01-01
days: 3
attributes: {qcnotdhu: {type: int, default: 0}, mnpatitu: {type: int, default: 0}, x: double, s: string, n: int}
events: {e: {}, grow: {set: {x: contact.x * 1e300 * 1e300, n: contact.n * contact.n}}, café: {}}
rules:
  - {name: one, when: contact.qcnotdhu == 1, then: [{set: fact.one}]}
  - {name: other, when: contact.mnpatitu == 1, then: [{set: fact.other}]}
  - {name: vast, when: contact.x > 1e308, then: [{set: fact.vast}]}
  - {name: nothing, when: contact.x - contact.x != contact.x - contact.x, then: [{set: fact.nothing}]}
  - {name: same, when: '!(contact.x - contact.x < 1.0)', then: [{set: fact.same}]}
  - {name: large, when: contact.n > 9223372036854775806, then: [{set: fact.large}]}
  - {name: lost, when: '!has(contact.n) && event.type == "grow"', then: [{set: fact.lost}]}
  - {name: divided, when: 10 / contact.n > 2 || 10 % contact.n == 1, then: [{set: fact.divided}]}
  - {name: été, when: 'event.type == "café" && contact.s == "naïve 日本 😀"', then: [{set: fact.été}]}
  - {name: empty, when: 'contact.s == ""', then: [{set: fact.empty}]}
  - {name: digit, when: 'contact.s == "1"', then: [{set: fact.digit}]}
  - {name: bang, when: 'contact.s == "abc!" || contact.s == "abc\\"\\\\"', then: [{set: fact.bang}]}
  - {name: all, when: fact.one && fact.other, then: [{set: fact.both}]}
  - name: heard
    when: fact.vast || fact.same || fact.large || fact.digit || fact.bang || fact.empty
    then: [{set: {n: 3}}]
"""
COLLIDING = ("ce36c3d3d4d6e6ae", "caca07c250dc3d0b")
"""Two contacts durable-rules would take for one: it compares names by 32 bits of a hash."""


def people(folder, rows):
    folder.mkdir(exist_ok=True)
    columns = ["contact", "qcnotdhu", "mnpatitu", "x", "s", "n"]
    lines = [",".join(columns)]
    lines += [",".join('"' + str(row.get(c, "")).replace('"', '""') + '"' for c in columns) for row in rows]
    (folder / "people.csv").write_text("\n".join(lines), "utf-8")
    events = ["contact,time,type"]
    for row in rows:
        events += [f"{row['contact']},2026-01-02T0{h}:00:00Z,{kind}" for h, kind in enumerate(("e", "grow", "café"))]
    (folder / "events.csv").write_text("\n".join(events), "utf-8")
    return {"population": folder / "people.csv", "events": folder / "events.csv"}


def run_both(folder, rows, **more):
    given = {"ledger": "full", "workers": 1, **people(folder, rows), **more}
    runs = [simulate(PLAN, out=folder / engine, rules_engine=engine, **given) for engine in ENGINES]
    assert runs[0].manifest["digest"] == runs[1].manifest["digest"]
    decisions = [run.ledger().to_pylist() for run in runs]
    assert decisions[0] == decisions[1]
    return decisions[0]


def fired(rows, contact):
    return [
        r["cause"].removeprefix("rule:") for r in rows if r["contact"] == contact and r["cause"].startswith("rule:")
    ]


def test_extreme_values(tmp_path):
    rows = run_both(
        tmp_path,
        [
            {"contact": 1, "x": "1e300", "n": 4},
            {"contact": 2, "x": "1e308", "n": 2**62},
            {"contact": 3, "x": "-1e-320", "n": 0},
            {"contact": 4, "x": "1e-7", "n": 2**63 - 1},
            {"contact": 5, "x": "1e16", "n": -(2**63) + 1},
            {"contact": 6},
        ],
    )
    assert "vast" in fired(rows, 1)
    assert "nothing" in fired(rows, 1)  # inf − inf is NaN, and NaN is not NaN
    assert "lost" in fired(rows, 2)  # 2^124 is not known
    assert "divided" not in fired(rows, 3)  # 10 / 0 is not known
    assert "large" in fired(rows, 4)
    assert "vast" not in fired(rows, 6)


def test_texts(tmp_path):
    texts = {1: "naïve 日本 😀", 2: "1", 3: "abc!", 4: "abc", 5: 'abc"\\', 6: "\\u0031", 7: "e\u0301", 8: "x" * 70_000}
    rows = run_both(tmp_path, [{"contact": c, "s": s, "qcnotdhu": 1} for c, s in texts.items()])
    assert "été" in fired(rows, 1)
    assert [c for c in texts if "digit" in fired(rows, c)] == [2]
    assert [c for c in texts if "bang" in fired(rows, c)] == [3, 5]


def test_attributes_whose_names_collide(tmp_path):
    rows = run_both(tmp_path, [{"contact": 1, "qcnotdhu": 1}, {"contact": 2, "mnpatitu": 1}])
    assert (fired(rows, 1), fired(rows, 2)) == (["one", "lost"], ["other", "lost"])


def test_contacts_whose_ids_collide(tmp_path):
    one, other = COLLIDING
    rows = run_both(tmp_path, [{"contact": one, "qcnotdhu": 1}, {"contact": other, "mnpatitu": 1}])
    told = {(r["contact"], r["cause"]) for r in rows if r["cause"] != "rule:lost"}
    assert sorted(cause for _, cause in told) == ["rule:one", "rule:other"]
    assert len({contact for contact, _ in told}) == 2


def test_2_000_contacts(tmp_path):
    """Twice as many as durable-rules has sessions for."""
    rows = run_both(tmp_path, [{"contact": i, "qcnotdhu": i % 2, "mnpatitu": i % 3 % 2} for i in range(2000)])
    both = {r["contact"] for r in rows if r["cause"] == "rule:all"}
    assert both == {i for i in range(2000) if i % 2 == 1 and i % 3 == 1}


@pytest.mark.parametrize(
    ("column", "value"), [("n", "four"), ("n", "[1, 2]"), ("n", "1.5"), ("x", "inf"), ("x", "{}"), ("n", 2**70)]
)
@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_no_number_is_refused(tmp_path, column, value, engine):
    with pytest.raises(DataError, match=column):
        simulate(PLAN, out=tmp_path / "run", rules_engine=engine, **people(tmp_path, [{"contact": 1, column: value}]))
    assert not (tmp_path / "run").exists()


class Told(Exception):  # noqa: N818
    """What an action raises."""


def test_an_action_that_raises_is_heard_and_leaves_no_process(tmp_path, monkeypatch):
    setting = prepare(PLAN, **people(tmp_path, [{"contact": 1, "qcnotdhu": 1}]))
    made = Chaining.__init__
    hosts = []

    def noted(self, reading, host):
        made(self, reading, host)
        hosts.append(host)

    def fire(m, rule, t):
        raise Told

    monkeypatch.setattr(Chaining, "__init__", noted)
    monkeypatch.setattr(Chaining, "fire", property(lambda self: fire))
    with pytest.raises(Told), durable_lane(setting) as lane:
        lane.live(setting.stretch(0, 0, 1, 1.0), Nowhere())
    assert hosts[0].process is None


def test_a_fault_in_a_run_leaves_no_figures(tmp_path, monkeypatch):
    monkeypatch.setattr(Host, "begin", lambda self, messages: self.go_on({"0": {"k": None}}))
    with pytest.raises(RunError, match="durable-rules failed"):
        simulate(PLAN, out=tmp_path / "run", rules_engine="durable", **people(tmp_path, [{"contact": 1, "n": 1}]))
    assert not (tmp_path / "run" / "kpi.json").exists()


@pytest.mark.parametrize(
    "message",
    [
        {"k": "0"},
        {"k": [0]},
        {"k": float("nan")},
        {"k": float("inf")},
        {"k": 0, "v0": {"a": 1}},
        {"k": 0, "v0": None},
        [1],
        "text",
    ],
)
def test_messages_that_are_none(message):
    """Whatever is said to the process: an error in words, and this process lives."""
    rules = {"0+": {"pri": 1, "all": [{"e": {"k": -1}}, {"m": {"$and": [{"k": 0}, {"v0": 1}]}}]}}
    with Host(rules) as host:
        with pytest.raises(BifurqueError, match=r"durable-rules failed: \w+Error"):
            host.begin({"0": message})
        assert host.process is None
        assert host.begin({"0": {"k": 0, "v0": 1}}) == "0+"
        host.end()
    assert os.getpid()


def test_what_is_divided_by_nothing_or_negated_never_reaches_the_engine():
    """Its own division by zero ends the process; a condition is never told to it that way."""
    from bifurque.engine.durable import coded
    from bifurque.engine.load import loads

    code = coded(loads(PLAN), {})
    assert "$div" not in str(code.ruleset())
    assert "$nex" not in str(code.ruleset())
    assert "$not" not in str(code.ruleset())
