"""What `check` proves on the plan alone: each kind of finding, with its place; and nothing found in a sound plan."""

import json
import re

import pytest
from click.testing import CliRunner
from marked import HEAD, marked, problems_of

from bifurque.engine.cli import main
from bifurque.engine.load import load, loads
from bifurque.engine.templates_list import template, template_names

SHOP = HEAD + (
    "channels: {email: {}}\ncategories: [{name: promo, class: promotional}]\n"
    "messages: {hello: {channel: email, category: promo}}\npopulation: {consent: {marketing: 50%}}\n"
)
SOUND = SHOP + "journeys: {hi: {trigger: {event: signup}, steps: [{send: hello}]}}\n"
QUIET = 'quiet_hours: {from: "21:00", to: "08:00"}\n'


def steps(text, trigger="{event: signup}", more="", plan=SHOP):
    return f"{plan}journeys: {{hi: {{trigger: {trigger}, steps: [{text}]{more}}}}}\n"


def valid(time):
    return SHOP.replace("category: promo}", f"category: promo, {time}}}") + QUIET


def journeys(*written):
    return SHOP + "journeys:\n" + "".join(f"  {j}\n" for j in written)


FINDINGS = [
    # steps and journeys
    (
        steps("{exit: true}, ¦{send: hello}"),
        "the step `hello` is never reached: every way to it leaves the journey before",
    ),
    (
        steps("{branch: [{if: 'visit > 1', then: [{exit: true}]}, {else: [{exit: true}]}]}, ¦{send: hello}"),
        "the step `hello` is never reached",
    ),
    (
        journeys("hi: {trigger: {event: signup}, steps: [{send: hello}]}", "¦lost: {steps: [{send: hello}]}"),
        "has no trigger, and no other journey leads to it: nobody ever enters",
    ),
    (steps("{wait: 1d, after: ¦sent}, {send: hello}"), "no message of this journey stands before it"),
    # cycles
    (
        journeys(
            "¦a: {trigger: {event: signup}, steps: [{send: hello}, {wait: 1d}, {transfer: b}]}",
            "b: {steps: [{wait: 1d}, {transfer: a}]}",
        ),
        "an endless day: a → b → … has no exit and no bound; add an `exit`, or `reentry: {most: …}`",
    ),
    # names
    (
        SOUND.replace("}}\npop", "}, ¦other: {channel: email, category: promo}}\npop"),
        "the message `other` is never used: no step sends it",
    ),
    (SOUND.replace("{email: {}}", "{email: {}, ¦sms: {}}"), "the channel `sms` is never used: no message uses it"),
    (
        SOUND.replace("promotional}]", "promotional}, ¦{name: news, class: service}]"),
        "the category `news` is never used",
    ),
    (
        SOUND + "scores: {¦interest: {on: {signup: 1}}}\n",
        "the score `interest` is never used: no stage, trigger or condition",
    ),
    (SOUND + "segments: {¦vip: visits.hi > 3}\n", "the segment `vip` is never used: no condition reads it"),
    (
        SOUND + "experiments: {¦x: {arms: {a: 50%, b: 50%}}}\n",
        "the experiment `x` is never used: nothing asks for its arm",
    ),
    (SOUND + "calendars: {¦sales: [2025-01-08]}\n", "the calendar `sales` is never used: no schedule follows it"),
    (SOUND + "events: {signup: {set: {¦fact.new: true}}}\n", "`fact.new` is set, but no condition reads it"),
    (
        SOUND
        + "events: {purchase: {title: a}}\nbehaviour:\n  sources:\n"
        + "    s: {event: purchase, per_day: 1}\n    t: {event: ¦purchse, per_day: 1}\n",
        "the event `purchse` is mentioned only here; did you mean `purchase`?",
    ),
    # laws
    (
        steps('¦{send: hello, at: "22:00"}', plan=valid("valid_for: 2h")),
        "`hello` never leaves: due at 22:00, its validity lies in quiet hours",
    ),
    (
        steps(
            "¦{send: hello}", '{schedule: {every: week, on: tue, at: "23:00"}}', plan=valid("valid_until: end of day")
        ),
        "`hello` never leaves: due at 23:00, its validity lies in quiet hours",
    ),
    (
        steps(
            "¦{send: hello}",
            '{date: {of: birthday, at: "06:00"}}',
            plan=valid("on_quiet: drop") + "attributes: {birthday: date}\n",
        ),
        "`hello` never leaves: due at 06:00",
    ),
    (
        steps("¦{send: hello}", plan=valid("valid_for: 2h").replace("21:00", "00:00").replace("08:00", "24:00")),
        "`hello` never leaves: whenever it is due, its validity lies in quiet hours",
    ),
    (
        SOUND + QUIET.replace("08:00", "10:00") + "zones: ¦[Europe/Paris, Asia/Tokyo, America/New_York]\n",
        "no hour is outside quiet hours in all of these zones",
    ),
    (
        SOUND.replace("population: {consent: {marketing: 50%}}\n", "").replace("{hello:", "{¦hello:"),
        "`hello` needs the consent `marketing.email`, which nothing in the plan gives",
    ),
    (
        SOUND.replace("marketing: 50%", "marketing: 0%").replace("{hello:", "{¦hello:"),
        "add it to an event's `grant`, or to the population's `consent`",
    ),
    (SOUND + "caps: [{max: ¦0, per: 7d}]\n", "lets nothing leave, ever: raise it, or drop the messages"),
]
SOUND_ONES = [
    SOUND,
    steps('{send: hello, at: "20:59"}', plan=valid("valid_for: 2h")),
    steps('{send: hello, at: "22:00"}', plan=valid("valid_for: 10h1min")),
    steps('{send: hello, at: "22:00"}', plan=valid("on_quiet: hold")),
    SOUND + QUIET + "zones: [Europe/Paris, Asia/Kolkata]\n",
    SOUND.replace("consent: {marketing: 50%}", "contacts: 10") + "events: {signup: {grant: marketing.email}}\n",
    SOUND + "caps: [{max: 0, per: 7d, when: visits.hi > 3}]\n",
    steps("{branch: [{if: 'visit > 1', then: [{exit: true}]}]}, {send: hello}"),
    journeys("a: {trigger: {event: signup}, exit: {event: bye}, steps: [{send: hello}, {wait: 1d}, {transfer: a}]}"),
    journeys(
        "a: {trigger: {event: signup}, reentry: {most: 9}, steps: [{send: hello}, {wait: 1d}, {transfer: a}]}",
    ),
    journeys(
        "hi: {trigger: {event: signup}, steps: [{send: hello}]}",
        "to: {steps: [{send: hello}]}",
        "other: {trigger: {event: x}, exit: {event: z, to: to}, steps: [{send: hello}]}",
    ),
    SOUND
    + "segments: {vip: visits.hi > 3, very: 'segment.vip && local.hour > 3'}\n"
    + "caps: [{max: 1, per: 7d, when: segment.very}]\n",
]


@pytest.mark.parametrize(("text", "said"), FINDINGS, ids=[said[:40] for _, said in FINDINGS])
def test_a_finding(text, said):
    plan, places = marked(text)
    found = problems_of(plan)
    assert [(p.line, p.column, p.level) for p in found] == [(*places[0], "finding")], [str(p) for p in found]
    assert said in found[0].message
    assert loads(plan).plan == "x"  # it runs all the same


def test_a_cycle_without_a_wait():
    """It would also never end: both are said, at their places."""
    plan, places = marked(
        journeys("¦a: {trigger: {event: signup}, steps: [¦{transfer: b}]}", "b: {steps: [{transfer: a}]}")
        + "caps: []\n"
    )
    found = [p for p in problems_of(plan) if "never used" not in p.message]
    assert [(p.line, p.column) for p in found] == places
    assert "an endless day: a → b → …" in found[0].message
    assert "leads back to itself without a wait (to_b → to_a → …)" in found[1].message
    assert "add a wait" in found[1].message


ROUND = "a: {trigger: {event: signup}, MORE steps: [{send: hello}, {wait: 1d}, {set: {fact.done: true}}]}"
AGAIN = "rules: [{name: again, when: fact.done, then: [{clear: fact.done}, {enter: a}]}]\n"


def test_an_endless_day_by_a_rule():
    plan, places = marked(journeys("¦" + ROUND.replace("MORE ", "")) + AGAIN)
    [found] = problems_of(plan)
    assert [(found.line, found.column)] == places
    assert "an endless day: a → … has no exit and no bound" in found.message


def test_a_rule_that_leads_back_without_a_wait():
    turns = "b: {steps: [¦{set: {fact.done: true}}]}"
    rule = "rules: [{name: r, when: fact.done, then: [{clear: fact.done}, {transfer: b}]}]\n"
    plan, places = marked(
        journeys("a: {trigger: {event: signup}, steps: [{send: hello}, {transfer: b}]}", turns) + rule
    )
    found = [p for p in problems_of(plan) if "without a wait" in p.message]
    assert [(p.line, p.column) for p in found] == places
    assert "(set → …)" in found[0].message


@pytest.mark.parametrize(
    "plan",
    [
        journeys(ROUND.replace("MORE", "exit: {event: bye},")) + AGAIN,
        journeys(ROUND.replace("MORE", "reentry: {most: 5},")) + AGAIN,
        journeys(ROUND.replace("MORE ", "")) + AGAIN.replace("fact.done, then", "fact.done && visits.a < 3, then"),
        journeys(ROUND.replace("MORE ", "")) + AGAIN.replace("{clear: fact.done}, ", ""),  # once: nothing changes again
    ],
)
def test_rules_that_do_not_lead_round_for_ever(plan):
    assert [str(p) for p in problems_of(plan)] == []


@pytest.mark.parametrize("plan", SOUND_ONES)
def test_nothing_is_found_in_a_sound_plan(plan):
    assert [str(p) for p in problems_of(plan)] == []


def test_findings_come_with_no_error_only():
    """While a plan cannot run, what it would do is not looked at."""
    plan = SOUND.replace("{email: {}}", "{email: {}, sms: {}}") + "zone: Paris\n"
    assert {p.level for p in problems_of(plan)} == {"error"}


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("name", template_names())
def test_templates_are_clean(name, lang, tmp_path):
    file = tmp_path / "plan.yaml"
    file.write_text(template(name, lang), "utf-8")
    done = CliRunner().invoke(main, ["check", str(file)])
    notes = [line for line in done.output.splitlines() if not line.endswith(" bytes per contact")]  # what rules need
    assert (done.exit_code, notes) == (0, [])
    assert load(file).title.en
    comments = re.findall(r"^\s*#.*", file.read_text("utf-8"), re.MULTILINE)
    assert comments
    assert not [c for c in comments if re.match(r"\s*#(fr|en) ", c)]


@pytest.mark.parametrize(
    ("text", "code", "stdout", "stderr"),
    [
        (SOUND, 0, "", ""),
        (
            SOUND + "caps: [{max: 0, per: 7d}]\n",
            1,
            "plan.yaml:8:14: caps.0.max: lets nothing leave, ever: raise it, or drop the messages\n",
            "",
        ),
        (SOUND + "days: soon\n", 2, "", "plan.yaml:8:7: days: expected a whole number, got `soon`\n"),
        ("", 2, "", "plan.yaml: is empty: `bifurque init` writes a plan to start from\n"),
    ],
)
def test_exit_codes(text, code, stdout, stderr, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.yaml").write_text(text, "utf-8")
    done = CliRunner().invoke(main, ["check", "plan.yaml"])
    assert (done.exit_code, done.stdout, done.stderr) == (code, stdout, stderr)


@pytest.mark.parametrize(
    ("text", "code", "rows"),
    [
        (SOUND, 0, []),
        (SOUND + "caps: [{max: 0, per: 7d}]\n", 1, [(8, 14, ["caps", "0", "max"], "finding")]),
        (SOUND + "days: soon\nzone: Paris\n", 2, [(8, 7, ["days"], "error"), (9, 7, ["zone"], "error")]),
    ],
)
def test_json(text, code, rows, tmp_path):
    file = tmp_path / "plan.yaml"
    file.write_text(text, "utf-8")
    done = CliRunner().invoke(main, ["check", str(file), "--json"])
    found = json.loads(done.stdout)
    assert (done.exit_code, done.stderr) == (code, "")
    assert [(r["line"], r["column"], r["path"], r["level"]) for r in found] == rows
    assert all(r["file"] == str(file) and r["message"] for r in found)


def test_overrides_are_checked_too(tmp_path):
    file = tmp_path / "plan.yaml"
    file.write_text(SOUND, "utf-8")
    done = CliRunner().invoke(main, ["check", str(file), "--set", "caps=[{max: 0, per: 7d}]"])
    assert done.exit_code == 1
    assert done.stdout.startswith("--set caps=[{max: 0, per: 7d}]: caps.0.max: lets nothing leave, ever")
