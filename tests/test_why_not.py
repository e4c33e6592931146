"""`why --not`: what stood in the way, and the smallest single change that would have let the message go; it does."""

import datetime as dt
import json

import pytest
from click.testing import CliRunner
from explained import run_of

from bifurque.engine.changes import ALONE
from bifurque.engine.cli import main
from bifurque.engine.run import open_run
from bifurque.engine.simulate import simulate
from bifurque.engine.why_not import told_why_not, why_not
from bifurque.rules.errors import DataError

HEAD = """
plan: absent
start: 2026-01-01
days: 30
categories: [{name: care, class: service}, {name: promotion, class: promotional}]
channels: {email: {cost: 0.001}}
attributes: {orders: {type: int, default: 2}, city: string, birthday: date, seen: date}
messages:
  note: {channel: email, category: promotion, valid_for: 12h}
  other: {channel: email, category: promotion, priority: 80}
  sorry: {channel: email, category: care}
  heavy: {channel: email, category: promotion, valid_for: 12h, weight: 3}
"""
PEOPLE = ("contact,consent", "7,all")
SIMPLE = "journeys: {one: {trigger: {event: go}, steps: [{send: note, wait: 1h}]}}\n"
GO = ("7,2026-01-05T10:00:00Z,go,,",)
BOTH = """
journeys:
  one: {trigger: {event: go}, steps: [{send: note}]}
  two: {trigger: {event: go}, steps: [{send: other}]}
"""


def case(tail, events=GO, people=PEOPLE, at=None, message="note"):
    return HEAD + tail, events, people, at, message


CASES = {
    "attribute": (
        case("journeys: {one: {trigger: {event: go}, when: contact.orders >= 5, steps: [{send: note}]}}"),
        ("refused", "attribute", "orders", 5),
    ),
    "attribute of a segment": (
        case(
            'segments: {near: "contact.city in [\\"Lyon\\", \\"Paris\\"]"}\n'
            "journeys: {one: {trigger: {event: go}, when: segment.near, steps: [{send: note}]}}"
        ),
        ("refused", "attribute", "city", "Lyon"),
    ),
    "attribute in a trigger": (
        case('journeys: {one: {trigger: {event: go, where: contact.city == "Lyon" }, steps: [{send: note}]}}'),
        ("refused", "attribute", "city", "Lyon"),
    ),
    "date": (
        case("journeys: {one: {trigger: {date: birthday}, steps: [{send: note}]}}", at="2026-01-09"),
        ("silent", "attribute", "birthday", "2026-01-09"),
    ),
    "value of an event": (
        case(
            "journeys: {one: {trigger: {event: go, where: event.value > 4000}, steps: [{send: note}]}}",
            events=("7,2026-01-05T10:00:00Z,go,,1000",),
        ),
        ("refused", "event", "go", 4001),
    ),
    "branch": (
        case(
            "journeys: {one: {trigger: {event: go}, steps: "
            "[{branch: [{if: contact.orders < 2, then: [{send: note}]}]}]}}"
        ),
        ("passed", "attribute", "orders", 1),
    ),
    "consent": (
        case(SIMPLE, people=("contact,consent", "7,none")),
        ("law", "consent", "consent.marketing.email", None),
    ),
    "consent withdrawn": (
        case(SIMPLE, events=("7,2026-01-04T10:00:00Z,unsubscribed,,", *GO)),
        ("law", "no_event", "unsubscribed", None),
    ),
    "exit": (
        case(
            "journeys: {one: {trigger: {event: go}, exit: {event: purchase}, steps: [{send: note, wait: 3h}]}}",
            events=(*GO, "7,2026-01-05T11:00:00Z,purchase,,"),
        ),
        ("left", "no_event", "purchase", None),
    ),
    "event": (case(SIMPLE, events=("7,2026-01-05T10:00:00Z,purchase,,",)), ("silent", "event", "go", None)),
    "holdout": (case("holdout: 99%\n" + SIMPLE), ("law", "held_in", "", None)),
    "journey holdout": (
        case("journeys: {one: {holdout: 99%, trigger: {event: go}, steps: [{send: note}]}}"),
        ("law", "held_in", "", None),
    ),
    "arm": (
        case(
            "experiments: {words: {arms: {a: 99%, b: 1%}}}\n"
            "journeys: {one: {trigger: {event: go}, steps: [{send: {by: words, arms: {a: other, b: note}}}]}}"
        ),
        ("passed", "arm", "words", "b"),
    ),
    "time": (
        case(
            "journeys: {one: {trigger: {event: go}, exit: {event: opted, where: contact.orders == 2}, "
            "steps: [{send: note, wait: 4h}]}}\nevents: {opted: {set: {city: '\"here\"'}}}",
            events=(*GO, "7,2026-01-05T12:30:00Z,opted,,"),
        ),
        ("left", "attribute", "orders", 3),
    ),
    "cap": (
        case("caps: [{name: one a week, max: 1, per: 7d}]\n" + SIMPLE, events=("7,2026-01-04T10:00:00Z,go,,", *GO)),
        ("law", "validity", "messages.note.valid_for", "145h"),
    ),
    "cap, valid for ever": (
        case(
            "caps: [{name: two ever, max: 2, per: 365d}]\n" + SIMPLE.replace("go}", "go}, reentry: parallel"),
            events=("7,2026-01-02T10:00:00Z,go,,", "7,2026-01-04T10:00:00Z,go,,", *GO),
        ),
        ("law", "cap", "caps.0.max", 3),
    ),
    "weight": (
        case(
            "caps: [{name: two ever, max: 2, per: 365d, by: weight}]\n" + SIMPLE.replace("note", "heavy"),
            message="heavy",
        ),
        ("law", "weight", "messages.heavy.weight", 2),
    ),
    "priority": (
        case("caps: [{name: one ever, max: 1, per: 365d}]\n" + BOTH),
        ("law", "priority", "messages.note.priority", "81"),
    ),
    "quiet hours": (
        case(
            'quiet_hours: {from: "21:00", to: "23:30"}\n' + SIMPLE,
            events=("7,2026-01-05T20:05:00Z,go,,",),
            at="2026-01-05",
        ),
        None,
    ),
    "coherence": (
        case(
            "coherence: [{name: later, never: promotion, within: 3d, of: care}]\njourneys:\n"
            "  one: {trigger: {event: go}, steps: [{send: note, at: '10:00'}]}\n"
            "  two: {trigger: {event: hurt}, steps: [{send: sorry}]}",
            events=("7,2026-01-03T10:00:00Z,hurt,,", *GO),
        ),
        ("law", "time", "journeys.one.steps.0.wait", None),
    ),
    "reentry": (
        case(
            "journeys: {one: {trigger: {event: go}, reentry: never, steps: [{send: note}]}}",
            events=(*GO, "7,2026-01-09T10:00:00Z,go,,"),
            at="2026-01-09",
        ),
        ("refused", "reentry", "journeys.one.reentry", "after_exit"),
    ),
    "stronger journey": (
        case(
            "journeys:\n"
            "  one: {trigger: {event: go}, group: {g: preempt}, priority: 10, steps: [{send: note}]}\n"
            "  two: {trigger: {event: come}, group: {g: preempt}, priority: 70, steps: [{send: other}, {wait: 20d}]}",
            events=("7,2026-01-03T10:00:00Z,come,,", *GO),
        ),
        ("refused", "priority", "journeys.one.priority", "71"),
    ),
    "suppressed": (
        case(
            SIMPLE + "rules: [{name: hush, when: event.type == 'go' && contact.orders > 1, then: [{suppress: note}]}]"
        ),
        ("law", "attribute", "orders", 1),
    ),
    "rule that leads there": (
        case(
            "events: {go: {}}\njourneys: {one: {steps: [{send: note}]}}\n"
            "rules: [{name: lead, when: event.type == 'go' && contact.orders > 3, then: [{enter: one}]}]"
        ),
        ("silent", "attribute", "orders", 4),
    ),
    "switched off": (
        case("journeys: {one: {trigger: {event: go}, enabled: false, steps: [{send: note}]}}"),
        ("silent", "enabled", "journeys.one.enabled", "true"),
    ),
}
FOUND = {name: (given, found) for name, (given, found) in CASES.items() if found is not None}


@pytest.mark.parametrize("name", FOUND)
def test_the_smallest_change_is_found_and_works(tmp_path, name):
    (plan, events, people, at, message), (kind, changed, what, value) = CASES[name]
    run = run_of(tmp_path, plan, events, people)
    answer = why_not(run, "7", message, at)
    assert answer.absence.kind == kind
    found = answer.change
    assert found is not None, told_why_not(answer, "en")
    assert (found.change.kind, found.change.name) == (changed, what)
    if value is not None:
        shown = found.change.said("en", dt.UTC)
        assert str(value) in shown
    assert all(not t.sent for t in answer.tried[:-1])
    if found.change.override:
        again(tmp_path, plan, found, message)
    for lang in ("fr", "en"):
        assert len(told_why_not(answer, lang)) >= 4


def again(folder, plan, found, message):
    """A simulation with the override says the same as the life that was tried."""
    files = {"events": folder / "events.csv", "population": folder / "people.csv", "behaviour": "off"}
    run = simulate(plan, out=folder / "again", ledger="full", overrides=[found.change.override], **files)
    rows = [r for r in run.ledger().to_pylist() if r["message"] == message and r["outcome"] == "sent"]
    assert set(found.sent) <= {int(r["time"].timestamp()) for r in rows}


def test_no_single_change_is_said_clearly(tmp_path):
    """Neither consent nor the attribute alone lets it go."""
    plan = HEAD + "journeys: {one: {trigger: {event: go}, when: contact.orders > 9, steps: [{send: note}]}}"
    run = run_of(tmp_path, plan, GO, ("contact,consent", "7,none"))
    answer = why_not(run, "7", "note")
    assert answer.change is None
    assert answer.tried
    assert all(t.change.reach == ALONE for t in answer.tried if t.change.kind == "attribute")
    assert told_why_not(answer, "en")[-1] == f"no single change would have let it go ({len(answer.tried)} tried)"
    assert told_why_not(answer, "fr")[-1] == f"aucun changement unique ne suffit ({len(answer.tried)} essayés)"


def test_what_was_sent_is_said(tmp_path):
    run = run_of(tmp_path, HEAD + SIMPLE, GO, PEOPLE)
    answer = why_not(run, "7", "note")
    assert (answer.absence, answer.tried) == (None, [])
    assert told_why_not(answer, "en") == ["`note` was sent on 2026-01-05 11:00"]
    assert told_why_not(why_not(run, "7", "note", "2026-01-05"), "fr") == ["`note` est parti le 2026-01-05 11:00"]
    other = why_not(run, "7", "note", "2026-01-08")
    assert told_why_not(other, "en")[0] == "`note` was not sent on 2026-01-08"
    assert other.change.change.kind == "event"


def test_the_day_that_is_asked_about(tmp_path):
    """Held until the next morning is not sent that evening: the quiet hours are named, and a way around them."""
    (plan, events, people, at, _), _ = CASES["quiet hours"]
    answer = why_not(run_of(tmp_path, plan, events, people), "7", "note", at)
    assert told_why_not(answer, "en") == ["`note` was sent on 2026-01-05 23:30"]
    plan = plan.replace("23:30", "08:00")
    (tmp_path / "next").mkdir()
    answer = why_not(run_of(tmp_path / "next", plan, events, people), "7", "note", at)
    lines = told_why_not(answer, "en")
    assert lines[:2] == [
        "`note` was not sent on 2026-01-05",
        "  2026-01-05 21:05:00 UTC  note (email, one): held — quiet hours, until 2026-01-06 08:00",
    ]
    assert lines[2] == "      ✗ quiet hours 21:00–08:00: it is 21:05 UTC"
    assert lines[3] == "the smallest change that would have let it go: --set journeys.one.steps.0.wait=45min"
    assert lines[4] == "  ✓ verified: sent on 2026-01-05 20:50"


def test_on_the_command_line(tmp_path):
    (plan, events, people, *_), _ = CASES["cap"]
    run = run_of(tmp_path, plan, events, people)
    ran = CliRunner().invoke(main, ["why", str(run.folder), "7", "--not", "note", "--json"], catch_exceptions=False)
    found = json.loads(ran.output)
    assert found["kind"] == "law"
    assert found["row"]["reason"] == "expired"
    assert found["change"]["set"] == "messages.note.valid_for=145h"
    assert found["change"]["sent"] == ["2026-01-11T11:00:00Z"]
    assert [t["set"] for t in found["tried"]][-1] == found["change"]["set"]
    assert [a["law"] for a in found["because"]["asked"]] == ["cap:one a week"]
    wrong = CliRunner().invoke(main, ["why", str(run.folder), "7", "--not", "noted"])
    assert (wrong.exit_code, wrong.stderr) == (2, "no message is called `noted`; did you mean `note`?\n")
    for day in ("soon", "2027-01-01"):
        assert CliRunner().invoke(main, ["why", str(run.folder), "7", "--not", "note", "--at", day]).exit_code == 2
    with pytest.raises(DataError, match="no contact `8`"):
        why_not(open_run(run.folder), "8", "note")
