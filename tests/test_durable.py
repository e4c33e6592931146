"""durable-rules as a second engine: the same bytes, the same life told, a shadow check, a watched process."""

import itertools
import json
import os
import signal
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from rule_programs import Durable, Kernel, draw_life, draw_program

from bifurque.actors.lane import run_lane
from bifurque.engine import durable_code
from bifurque.engine.cli import main
from bifurque.engine.durable_code import MOST_CONDITIONS, MOST_RULES, junction, ordered, size
from bifurque.engine.durable_host import CHILD, Host
from bifurque.engine.lives import every_row
from bifurque.engine.load import loads
from bifurque.engine.run import open_run
from bifurque.engine.setting import prepare
from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template
from bifurque.engine.why import why
from bifurque.rules.compiled import compiled
from bifurque.rules.errors import DataError, RunError
from bifurque.rules.layout import H_LOST, LO_COUNT, LO_SIZE

PLAN = """plan: shop
start: 2026-01-01
days: 25
zone: Europe/Paris
stages: [prospect, customer]
attributes: {orders: {type: int, default: 0}, city: string, income: double, born: date}
segments: {rich: contact.income > 50.0, far: '!(contact.city in ["Paris", "Lyon"]) && segment.rich'}
scores: {interest: {half_life: 10d, on: {}}, theme: {by: key, keys: 3, on: {seen: 2}}}
categories: [{name: care, class: service}, {name: promotion, class: promotional}]
channels: {email: {}}
events: {bought: {set: {orders: contact.orders + 1}}, seen: {}, complaint: {}}
messages: {apology: {channel: email, category: care}, offer: {channel: email, category: promotion}}
journeys:
  sale: {trigger: {event: seen}, reentry: parallel, steps: [{send: offer, wait: 1d}]}
  service: {steps: [{send: apology, wait: 1h}]}
rules:
  - {name: loyal, when: 'count(bought, "10d") >= 2 || sum(bought.value, "20d") > 30000', then: [{derive: fact.loyal}]}
  - {name: dear, when: fact.loyal && segment.rich, then: [{derive: fact.dear}]}
  - {name: dear too, when: 'visits.service > 1 || contact.city == "Paris"', then: [{derive: fact.dear}]}
  - name: upset
    when: event.type == "complaint"
    then: [{set: fact.upset}, {pause: [promotion], for: 3d}, {transfer: service}, {score: {interest: 4.5}}]
    salience: 9
  - {name: calm, when: fact.upset && inside.service, then: [{clear: fact.upset}, {set: fact.calm}, {clear: fact.calm}]}
  - {name: buyer, when: contact.orders * 2 + 1 > 4 && !fact.upset && has(contact.income), then: [{stage: customer}]}
  - {name: hot, when: score.interest >= 4.5 || score.theme > 5.0, then: [{set: fact.hot}, {score: {theme: 1}}]}
  - {name: night, when: local.hour < 6 && fact.hot, then: [{set: fact.owl}], salience: 2}
  - {name: day, when: '!(local.hour < 6) && fact.owl', then: [{clear: fact.owl}]}
  - {name: old, when: 'now - contact.born > duration("14000d") && !fact.old', then: [{set: fact.old}, {leave: sale}]}
  - {name: hiker, when: 'event.key == "hiking" && score.theme["hiking"] * 2.0 > 3.0', then: [{set: fact.hiker}]}
  - {name: capital, when: 'contact.city.startsWith("P") || contact.city > "X" || segment.far', then: [{enter: sale}]}
  - {name: grown, when: fact.hiker == fact.hot && stage != "prospect", then: [{set: {orders: 0}}, {score: {theme: -2}}]}
  - {name: back, when: 'last(seen) > timestamp("2026-01-09T00:00:00Z") && fact.dear', then: [{resume: promotion}]}
population:
  contacts: 40
  zones: {Europe/Paris: 70%, America/New_York: 30%}
  consent: {marketing: 80%}
behaviour:
  sources:
    {b: {event: bought, per_week: 2, value: 100}, s: {event: seen, per_week: 3}, c: {event: complaint, per_week: 1}}
"""
pytest.importorskip("durable_rules_engine", reason="durable-rules is not installed: it needs gcc")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The plan, and people who know some things of themselves."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "plan.yaml").write_text(PLAN, "utf-8")
    rows = ["contact,zone,city,income,born,consent"]
    cities, incomes = ["Paris", "Lyon", "", "Šibenik", "Xi'an"], ["", "12.5", "50", "1e308", "-0.0", "nan"]
    zones = ["Europe/Paris", "America/New_York"]
    for i in range(15):
        born = "" if i % 4 == 3 else f"19{60 + i}-03-31"
        rows.append(f"{i},{zones[i % 2]},{cities[i % 5]},{incomes[i % 6]},{born},all")
    (folder / "people.csv").write_text("\n".join(rows), "utf-8")
    days = [f"2026-01-{d:02}T{h:02}:30:00+01:00" for d in range(2, 24, 4) for h in (3, 15)]
    events = ["contact,time,type,key,value"]
    for i in range(15):
        for k, day in enumerate(days):
            kind = ("seen", "bought", "seen", "complaint", "bought")[(i + k) % 5]
            events.append(f"{i},{day},{kind},{('hiking', 'baby', '')[(i * k) % 3]},{100 * k}")
    (folder / "events.csv").write_text("\n".join(events), "utf-8")
    return folder


def bytes_of(folder):
    return {
        str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file() and f.suffix != ".json"
    }


def lived(files, out, **more):
    given = {"population": files / "people.csv", "events": files / "events.csv", "ledger": "full", "workers": 1}
    return simulate(files / "plan.yaml", out=out, **{**given, **more})


@pytest.fixture(scope="module")
def kernel_run(files):
    return lived(files, files / "kernel")


def test_a_run_with_durable_rules_has_the_same_bytes(files, kernel_run, tmp_path):
    run = lived(files, tmp_path / "durable", rules_engine="durable")
    assert run.manifest["rules_engine"] == "durable"
    assert run.manifest["digest"] == kernel_run.manifest["digest"]
    assert bytes_of(run.folder) == bytes_of(kernel_run.folder)
    assert (run.folder / "kpi.json").read_bytes() == (kernel_run.folder / "kpi.json").read_bytes()
    fired = {name: rule["fired"] for name, rule in run.kpis["rules"].items()}
    assert sum(count > 0 for count in fired.values()) > 9
    assert fired["dear"] + fired["dear too"] > 2


def test_drawn_people_too(tmp_path):
    runs = [
        simulate(PLAN, out=tmp_path / engine, ledger="full", workers=1, days=12, contacts=25, rules_engine=engine)
        for engine in ("kernel", "durable")
    ]
    assert runs[0].manifest["digest"] == runs[1].manifest["digest"]
    assert bytes_of(runs[0].folder) == bytes_of(runs[1].folder)


def test_why_tells_the_same_life(kernel_run):
    for contact in ("0", "7", "13"):
        told = why(open_run(kernel_run.folder), contact, rules_engine="durable")
        assert told.rows == why(open_run(kernel_run.folder), contact).rows
        assert any(row["cause"].startswith("rule:") for row in told.rows)


def test_a_shadow_finds_everything_the_same(files, tmp_path):
    run = lived(files, tmp_path / "run", shadow=0.2)
    [note] = [n for n in run.manifest["notes"] if "lived with durable-rules too" in n]
    assert "the same with both engines" in note


def test_a_life_goes_on_once_its_table_of_decisions_not_to_send_is_full():
    setting = prepare(template("world", "en"), contacts=40, days=60)
    stretch = setting.stretch(0, 0, 40, 1.0)
    rows, events = every_row(setting.words.copy(), compiled(run_lane), stretch)
    crowded, calls = setting.words.copy(), itertools.count()
    lost = crowded[H_LOST]
    crowded[lost + LO_COUNT] = crowded[lost + LO_SIZE]

    def lane(*given):
        assert next(calls) < 100
        return compiled(run_lane)(*given)

    found = every_row(crowded, lane, stretch)
    assert next(calls) > 1
    assert np.array_equal(found[0], rows)
    assert np.array_equal(found[1], events)


def test_a_shadow_stops_at_a_fault_and_tells_what_both_did(files, tmp_path, monkeypatch):
    monkeypatch.setitem(durable_code._OPS, ">=", "$gt")
    with pytest.raises(RunError) as stopped:
        lived(files, tmp_path / "run", shadow=1.0)
    lines = str(stopped.value).splitlines()
    assert lines[0].startswith("the rules engines disagree about contact ")
    assert lines[1].startswith("  kernel fires:        ")
    assert lines[2].startswith("  durable-rules fires: ")
    assert lines[1].partition(":")[2] != lines[2].partition(":")[2]
    assert any(" = " in line for line in lines[3:])
    assert not (tmp_path / "run").exists()


def test_a_shadow_sees_what_the_compiled_kernel_does_otherwise(files, tmp_path, monkeypatch):
    from bifurque.engine import durable_shadow

    compiled = durable_shadow.compiled

    def other(function):
        def lane(words, people, events, bounds):
            return compiled(function)(words, people, events[:0], bounds * 0)

        return lane

    monkeypatch.setattr(durable_shadow, "compiled", other)
    with pytest.raises(RunError, match="different lives of contact"):
        lived(files, tmp_path / "run", shadow=1.0)


def test_a_large_run_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"200,000 contact-days at most, this run has 250,000: fewer --contacts"):
        simulate(PLAN, out=tmp_path / "run", contacts=10_000, rules_engine="durable")
    with pytest.raises(DataError, match="--shadow: expected a share above 0 %"):
        simulate(PLAN, out=tmp_path / "run", contacts=10, shadow=0.0)
    assert not (tmp_path / "run").exists()


def bifurque(*words, code=0):
    done = CliRunner().invoke(main, [str(w) for w in words])
    assert done.exit_code == code, done.output + str(done.exception)
    return done


def test_the_command_line(files, tmp_path):
    plan, given = files / "plan.yaml", ["--contacts", 8, "--days", 6, "--lang", "en", "--ledger", "full"]
    one = bifurque("simulate", plan, *given, "--out", tmp_path / "a", "--shadow", "50%")
    assert "contacts lived with durable-rules too" in one.stderr
    two = bifurque("simulate", plan, *given, "--out", tmp_path / "b", "--rules-engine", "durable")
    assert one.stdout.splitlines()[:-1] == two.stdout.splitlines()[:-1]
    told = [
        bifurque("why", tmp_path / "a", 3, "--rules-engine", e, "--lang", "fr").stdout for e in ("kernel", "durable")
    ]
    assert told[0] == told[1]
    bifurque("simulate", plan, *given, "--out", tmp_path / "c", "--shadow", "much", code=2)


def test_check_lists_what_is_worked_out_first_and_why(files):
    plan = files / "plan.yaml"
    text = bifurque("check", plan, "--rules-engine", "durable", "--lang", "en", code=1).stdout
    lines = {line.split("`")[1]: line for line in text.splitlines() if line.startswith("durable-rules: rule ")}
    assert list(lines) == ["buyer", "old", "hiker", "capital"]
    assert "`((contact.orders * 2) + 1)` (it has no arithmetic left of a comparison)" in lines["buyer"]
    assert "round this arithmetic differently" in lines["hiker"]
    assert 'rule `capital` has this worked out first, and is given it as a fact: `contact.city.startsWith("P")`' in text
    assert "it does not order texts" in text
    assert (
        "il n'ordonne pas les textes"
        in bifurque("check", plan, "--rules-engine", "durable", "--lang", "fr", code=1).stdout
    )
    assert "durable-rules" not in bifurque("check", plan, code=1).stdout


def test_check_refuses_more_rules_than_it_can_bear(tmp_path):
    rules = [{"name": f"r{i}", "when": f"contact.n == {i}", "then": [{"set": {"m": i}}]} for i in range(MOST_RULES + 1)]
    attributes = {"n": {"type": "int", "default": 0}, "m": {"type": "int", "default": 0}}
    plan = {"plan": "many", "start": "2026-01-01", "days": 3, "attributes": attributes, "rules": rules}
    (tmp_path / "plan.yaml").write_text(json.dumps(plan))
    text = bifurque("check", tmp_path / "plan.yaml", "--rules-engine", "durable", code=1).stdout
    assert "501 rules: durable-rules compares 500 at most" in text
    with pytest.raises(DataError, match="501 rules"):
        simulate(tmp_path / "plan.yaml", out=tmp_path / "run", contacts=1, rules_engine="durable")


def test_as_many_rules_as_it_can_bear():
    pattern = durable_code._pattern
    rules = {"never": pattern(-1, 65535, {"k": -2})}
    for r in range(MOST_RULES):
        rules[f"{r}+ once"] = pattern(r, 2 * r + 1, {"$and": [{"k": r}, {"p0": 1}, {"$gte": {"v0": 3}}]})
        rules[f"{r}- once"] = pattern(r, 2 * r + 2, {"k": r})
    with Host(rules) as host:
        fired = [host.begin({str(r): {"k": r, "p0": 1, "v0": r % 7} for r in range(MOST_RULES)})]
        while fired[-1] is not None:
            fired.append(host.go_on({}))
        host.end()
        assert fired == [*(f"{r}{'+' if r % 7 >= 3 else '-'}" for r in range(MOST_RULES)), None]
        assert host.restarts == 0


def test_long_conditions_are_worked_out_as_a_whole():
    pairs = " && ".join(f"(fact.a{i} || fact.b{i})" for i in range(6))
    plan = loads(
        "plan: long\nstart: 2026-01-01\ndays: 3\nevents: {e: {set: {"
        + ", ".join(f"fact.{c}{i}: true" for i in range(6) for c in "ab")
        + "}}}\nrules: [{name: all, when: '"
        + pairs
        + "', then: [{set: fact.done}]}]\n"
    )
    code = durable_code.Code(durable_code.Book(plan), {})
    assert list(code.first) == ["all"]
    assert code.rules[0].condition == {"v12": 1}
    part = {"$or": [{"v0": 1}, {"v1": 1}]}
    assert size(part) == (2, 2)
    assert size(junction("$and", [part] * 6))[0] > MOST_CONDITIONS


def test_reals_keep_their_order():
    values = [float("-inf"), -1e308, -1.5, -5e-324, 0.0, 5e-324, 1.0, 1e16, 1e300, float("1e308")]
    numbers = [ordered(v) for v in values]
    assert numbers == sorted(set(numbers))
    assert ordered(-0.0) == ordered(0.0) == 0
    assert all(-(2**63) < n < 2**63 for n in numbers)


# The process.

RULES = {"0+": durable_code._pattern(0, 1, {"$and": [{"k": 0}, {"p0": 1}, {"v0": 1}]})}
READ = {"0": {"k": 0, "p0": 1, "v0": 1}}


def test_a_process_that_is_killed_is_started_again_with_the_same_answers():
    with Host(RULES) as host:
        assert host.begin(READ) == "0+"
        os.kill(host.process.pid, signal.SIGKILL)
        assert host.go_on({}) is None
        os.kill(host.process.pid, signal.SIGKILL)
        assert host.go_on(READ) == "0+"
        host.end()
        os.kill(host.process.pid, signal.SIGKILL)
        host.process.wait()
        assert host.begin(READ) == "0+"
        assert host.restarts == 3


@pytest.mark.parametrize("seed", [6])
def test_a_life_goes_on_while_the_process_is_killed_again_and_again(seed, monkeypatch):
    drawing = draw_program(seed, derives=True)
    kernel, durable = Kernel(drawing), Durable(drawing)
    go_on, count = Host.go_on, [0]

    def unlucky(self, changes):
        count[0] += 1
        if count[0] % 9 == 0:
            self.process.kill()
        return go_on(self, changes)

    monkeypatch.setattr(Host, "go_on", unlucky)
    for life in range(4):
        numbers, events = draw_life(f"{seed}/{life}")
        assert durable.run(numbers, events) == kernel.run(numbers, events)
    assert durable.host.restarts > 1
    durable.close()


def test_a_process_that_does_not_answer_is_given_up():
    with Host(RULES, patience=0.1, command=(sys.executable, "-c", "import time; time.sleep(60)")) as host:
        with pytest.raises(RunError, match=r"did not answer within 0\.1 s, 3 times on the same request"):
            host.begin(READ)
        assert host.process is None


def test_a_process_that_always_ends_is_given_up():
    with (
        Host(RULES, command=(sys.executable, "-c", "import os; input(); os.abort()")) as host,
        pytest.raises(RunError, match=r"was ended by signal 6, 3 times"),
    ):
        host.begin(READ)


def test_what_goes_wrong_in_the_engine_is_told():
    with Host({"wrong": {"all": [{"e": {"k": -1}}, {"m": {"$what": {"v0": 1}}}]}}) as host:
        with pytest.raises(RunError, match="durable-rules failed: "):
            host.begin(READ)
        assert host.process is None


def test_a_missing_package_is_told_with_its_remedy():
    command = (sys.executable, "-P", "-S", str(CHILD))
    with Host(RULES, command=command) as host, pytest.raises(RunError) as missing:
        host.begin(READ)
    assert str(missing.value).startswith("the rules engine durable-rules cannot be loaded (No module named")
    assert "pip install durable-rules" in str(missing.value)
    assert "gcc" in str(missing.value)


def test_nothing_is_left_of_a_conversation():
    """Sessions are used again: what was asserted in one must not be there the next time."""
    with Host(RULES) as host:
        for turn in range(40):
            assert host.begin(READ if turn % 3 else {}) == ("0+" if turn % 3 else None)
            host.end()
        assert host.restarts == 0
