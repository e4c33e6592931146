"""The endless day: RP-08's detector, and an oracle that goes through the rows one by one."""

import json
import math
from collections import defaultdict

import pyarrow.parquet as parquet
import pytest
from click.testing import CliRunner

import bifurque
from bifurque.engine.cli import main
from bifurque.engine.endless import SIGNALS, YEAR, endless
from bifurque.engine.endless_exit import exit_effect, with_exit
from bifurque.engine.templates_list import template

QUARTERS = ", ".join(f'"{y}-{m:02d}-07 10:00"' for y in (2025, 2026, 2027) for m in (1, 4, 7, 10))
LINE = f"""
plan: quarterly
start: 2025-01-01
days: 1095
categories: [{{name: news, class: promotional}}]
channels: {{email: {{cost: 0.001}}}}
calendars: {{quarters: [{QUARTERS}]}}
messages:
  one: {{channel: email, category: news}}
  two: {{channel: email, category: news}}
  three: {{channel: email, category: news}}
  four: {{channel: email, category: news}}
journeys:
  line:
    trigger: {{schedule: {{calendar: quarters}}}}
    steps: [{{send: one}}, {{send: two, wait: 7d}}, {{send: three, wait: 7d}}, {{send: four, wait: 7d}}, {{wait: 2d}}]
personas: {{dead: {{share: 40%}}, live: {{share: 60%}}}}
population: {{contacts: 700, consent: {{marketing.email: 100%}}}}
behaviour: {{messages: {{open: {{dead: 0%, live: 25%}}, open_after: 2h}}}}
"""


@pytest.fixture(scope="module")
def quarterly(tmp_path_factory):
    run = bifurque.simulate(LINE, ledger="full", out=tmp_path_factory.mktemp("endless") / "run")
    return run, endless(run)


def test_the_dead_are_flagged_at_the_end_of_the_third_pass(quarterly):
    run, found = quarterly
    opened = {r["contact"] for r in run.events().to_pylist() if r["type"] == "opened"}
    dead = set(range(700)) - opened
    flags = found.flags.to_pylist()
    first = {}
    for row in flags:
        first.setdefault(row["contact"], row)
    assert dead <= set(first)
    for contact in dead:
        assert first[contact]["visit"] == 3
        assert f"{first[contact]['time']:%Y-%m}" == "2025-07"  # month 7, when the quarter's four stations are behind
        assert sum(r["contact"] == contact for r in flags) == 1  # nothing ever clears it
    total = found.journeys[-1]
    assert total["passes"] == 700 * 12
    assert total["flagged_at_end"] >= len(dead)


def test_the_living_are_flagged_as_often_as_they_sleep_through_three_passes(quarterly):
    run, found = quarterly
    opened = {r["contact"] for r in run.events().to_pylist() if r["type"] == "opened"}
    third = [r for r in found.flags.to_pylist() if r["visit"] == 3 and r["contact"] in opened]
    chance = 0.75**12
    spread = math.sqrt(len(opened) * chance * (1 - chance))
    assert abs(len(third) - chance * len(opened)) < 4 * spread


def oracle(run, journey, passes=3):
    """Flags, row by row: contact, visit; and sends while flagged, sends to the silent, sends that are new."""
    rows = defaultdict(list)
    for row in run.ledger().to_pylist():
        rows[row["contact"]].append((row["time"].timestamp(), 1, row))
    for row in run.events().to_pylist():
        if row["source"] != "machine" and row["type"] in SIGNALS:
            rows[row["contact"]].append((row["time"].timestamp(), 0, row))
    flags, looped, silent, new, sent = [], 0, 0, 0, 0
    for contact in sorted(rows):
        streak, current, flagged, got, opens, first = [], [], False, set(), [], None
        for t, kind, row in sorted(rows[contact], key=lambda x: x[:2]):
            if kind == 0:
                streak, flagged = [], False
                current = None
                opens += [t] if row["type"] == "opened" else []
            elif row["journey"] != journey:
                continue
            elif row["outcome"] == "sent":
                sent += 1
                looped += flagged
                first = t if first is None else first
                silent += first <= t - YEAR and not [o for o in opens if o > t - YEAR]
                new += row["message"] not in got
                got.add(row["message"])
                if current is not None:
                    current.append(row["message"])
            elif row["cause"].startswith("entry"):
                current = []
            elif (row["cause"] in ("end", "replaced") or row["cause"].startswith("exit")) and current:
                streak.append(tuple(current))
                if len(streak) >= passes and len(set(streak[-passes:])) == 1:
                    flags += [] if flagged else [(contact, row["visit"])]
                    flagged = True
    return flags, looped, silent, new, sent


def test_an_oracle_finds_the_same(quarterly):
    run, found = quarterly
    flags, looped, silent, new, sent = oracle(run, "line")
    assert [(r["contact"], r["visit"]) for r in found.flags.to_pylist()] == flags
    row = found.journeys[0]
    assert (row["sent"], row["sent_in_endless_day"], row["sent_to_indifferent"]) == (sent, looped, silent)
    assert row["novelty"] == pytest.approx(new / sent)
    for name in ("sent", "sent_in_endless_day", "sent_to_indifferent"):
        assert sum(m[name] for m in found.months) == row[name]
    assert found.months[0]["novelty"] == 1
    assert found.months[-1]["novelty"] == 0


def test_a_way_out_and_what_it_does(quarterly):
    run, _ = quarterly
    effect, words = exit_effect(run, "line", workers=1)
    assert any("when" in w for w in words)
    assert effect.row("sent")["high"] < 0
    assert effect.row("purchases")["difference"] == 0
    dead = [g for g in effect.groups.to_pylist() if (g["group"], g["name"], g["figure"]) == ("persona", "dead", "sent")]
    assert dead[0]["b"] == dead[0]["a"] / 4  # three passes of twelve
    text, _ = with_exit(LINE, [], "line")
    plan = bifurque.loads(text)
    assert "passes_of_line" in plan.attributes
    with pytest.raises(bifurque.DataError, match="did you mean `line`"):
        with_exit(LINE, [], "lime")


@pytest.mark.parametrize("name", ["demo", "sunset", "sortie"])
def test_a_way_out_of_any_journey_is_a_plan(name):
    text = template(name, "en")
    for journey in bifurque.loads(text).journeys:
        bifurque.loads(with_exit(text, [], journey)[0])


def test_of_the_sunset_plan_the_naive_one_never_ends(tmp_path):
    """RP-08: a dead contact is sent 156 issues without a way out, 52 + 3 with one; the dead buy nothing."""
    found = bifurque.compare(template("sunset", "en"), overrides=["journeys.reengagement.enabled=false"], contacts=400)
    dead = {g["figure"]: g for g in found.groups.to_pylist() if (g["group"], g["name"]) == ("persona", "silent")}
    contacts = dead["sent"]["contacts"]
    assert dead["sent"]["b"] == 156 * contacts
    assert dead["sent"]["a"] == 55 * contacts
    assert found.row("purchases")["difference"] == 0
    assert found.row("sent")["low"] > 0


def test_the_exit_page_keeps_people(tmp_path):
    """RP-09: reachable 0.855359 without the exit page, 0.947885 with; 48.2138 and 49.6338 sends per contact."""
    plan, n = template("sortie", "en"), 20_000
    found = bifurque.compare(plan, overrides=["journeys.sortie.enabled=false"], contacts=n, days=364)
    newsletter = found.row("sent", "message", "newsletter")
    for side, reachable, sent in (("a", 0.947885, 49.6338), ("b", 0.855359, 48.2138)):
        share = found.row("reachable")[side] / n
        assert abs(share - reachable) < 4 * math.sqrt(reachable * (1 - reachable) / n)
        assert abs(newsletter[side] / n - sent) < 0.2
    row = found.row("reachable")
    assert row["low"] <= (0.855359 - 0.947885) * n <= row["high"]
    assert newsletter["low"] <= (48.2138 - 49.6338) * n <= newsletter["high"]
    assert found.row("purchases")["difference"] == 0


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_command(tmp_path, lang, quarterly):
    run, _ = quarterly
    words = ["endless", str(run.folder), "--lang", lang]
    said = CliRunner().invoke(main, [*words, "--exit-from", "worst", "-o", str(tmp_path / "out")])
    assert said.exit_code == 0, (said.output, said.exception)
    assert {"fr": "Une sortie de `line`", "en": "A way out of `line`"}[lang] in said.output
    assert {f.stem for f in (tmp_path / "out").glob("*.parquet")} == {"flags", "journeys", "months"}
    assert parquet.read_table(tmp_path / "out" / "flags.parquet").num_rows
    assert json.loads(CliRunner().invoke(main, [*words, "--json"]).output)["ledger"] == "full"


def test_a_run_without_a_ledger_is_refused(tmp_path):
    run = bifurque.simulate(LINE, contacts=10, ledger="none", out=tmp_path / "run")
    with pytest.raises(bifurque.RunError, match="kept no ledger"):
        endless(run)
