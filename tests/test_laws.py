"""DESIGN 5: whatever the plan and whatever people do, no law is broken. The judge is `auditor`, not the product."""

import datetime as dt
import random
from collections import Counter

import pytest
from auditor import audit, blind_spots
from drawn_plans import ZONES, case, with_rules
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lived import lived

from bifurque.engine.load import loads
from bifurque.engine.templates_list import template

numbers = st.integers(0, 2**40)
stable = settings(
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def check(folder, number):
    """One drawn plan, lived and audited."""
    story = lived(folder, *case(number))
    assert blind_spots(story.plan) == []
    assert audit(story) == []


@given(number=numbers)
@settings(stable, max_examples=100)
def test_no_plan_breaks_a_law(tmp_path_factory, number):
    check(tmp_path_factory.mktemp("run"), number)


@pytest.mark.slow
@given(number=numbers)
@settings(stable, max_examples=2000, derandomize=False)
def test_no_plan_breaks_a_law_at_length(tmp_path_factory, number):
    check(tmp_path_factory.mktemp("run"), number)


@given(number=numbers)
@settings(stable, max_examples=40)
def test_no_plan_with_rules_breaks_a_law(tmp_path_factory, number):
    """Rules let people in and out, and keep things back: every other law holds all the same, and the books balance."""
    text, *lives = case(number)
    story = lived(tmp_path_factory.mktemp("run"), with_rules(text, number), *lives)
    assert audit(story) == []
    rows = Counter(r["cause"] for r in story.ledger if r["cause"].startswith("rule:"))
    assert {f"rule:{name}": row["fired"] for name, row in story.kpis["rules"].items() if row["fired"]} == rows


def neighbours(plan):
    """A few people for a template: anywhere, of any persona, born on any day, nearly all consenting."""
    dice, people = random.Random(3), []
    dates = [n for n, kind in plan.attributes.items() if getattr(kind, "type", kind) == "date"]
    for contact in range(30):
        person = {"contact": contact, "zone": dice.choice(ZONES), "consent": dice.choice(["all"] * 9 + ["none"])}
        if plan.personas:
            person["persona"] = dice.choice(list(plan.personas))
        days = (dt.date(1960, 1, 1) + dt.timedelta(dice.randrange(14000)) for _ in dates)
        people.append(person | {n: day.isoformat() for n, day in zip(dates, days, strict=True)})
    return people


@pytest.mark.parametrize("name", ["cart", "nurturing", "pile-up", "recovery", "welcome"])
def test_no_template_breaks_a_law(tmp_path, name):
    """With people who behave: events of their own, answers to messages, unsubscriptions."""
    text = template(name, "en")
    story = lived(tmp_path, text, neighbours(loads(text)), [], behaviour="constant", days=90)
    assert blind_spots(story.plan) == []
    assert len(story.ledger) > 20
    assert audit(story) == []


ENDLESS = """
plan: endless
start: 2025-03-01
days: 20
categories: [{name: news, class: service}]
channels: {email: {}}
messages: {letter: {channel: email, category: news}}
journeys:
  there: {trigger: {event: spin}, steps: [{send: letter}, {transfer: back}]}
  back: {reentry: parallel, steps: [{transfer: there}]}
  calm: {trigger: {event: visit}, reentry: {policy: parallel, at_once: 64}, steps: [{send: letter, wait: 1d}]}
"""


def test_who_never_comes_to_rest_is_stopped_and_all_others_go_on(tmp_path):
    """Law 9: a plan that spins, and more events in one second than anybody can answer."""
    people = [{"contact": c, "zone": "UTC", "consent": "all"} for c in range(4)]
    deeds = [(0, "visit")] * 3 + [(0, "spin")] + [(1, "visit")] * 80 + [(2, "visit")] * 60 + [(3, "visit")]
    events = [{"contact": c, "time": "2025-03-02T10:00:00Z", "type": kind} for c, kind in deeds]
    events.append({"contact": 0, "time": "2025-03-05T10:00:00Z", "type": "visit"})
    story = lived(tmp_path, ENDLESS, people, events)
    assert audit(story) == []
    stopped = {r["contact"] for r in story.ledger if r["reason"] == "quarantined"}
    assert stopped == {0, 1}
    assert story.kpis["totals"]["quarantined"] == 2
    sent = Counter(r["contact"] for r in story.ledger if r["outcome"] == "sent" and r["journey"] == "calm")
    assert sent == {2: 60, 3: 1}
