"""Plans that run, but not as their author most likely meant: each found, and nothing found in a sound one."""

import pytest

from bifurque.engine.load import _inspect
from bifurque.engine.problems import Problems
from bifurque.engine.reader import read_text

PLAN = """\
plan: small
start: 2026-01-01
categories: [{{name: promotion, class: promotional}}]
channels: {{email: {{}}}}
coherence: [{{never: promotion, while: {condition}, policy: {policy}}}]
events: {{upset: {{set: {{fact.upset: true}}}}}}
scores: {{interest: {{on: {{signup: 1}}, half_life: 30d}}}}
messages: {{hello: {{channel: email, category: promotion}}}}
population: {{consent: {{marketing: 100%}}}}
journeys:
  welcome:
    trigger: {{event: signup}}
    steps:
      - {{send: hello}}
      {onward}
  other: {{steps: [{{send: hello}}]}}
"""


def found(onward="- {transfer: other, after: sent}", condition="fact.upset", policy="hold"):
    text = PLAN.format(onward=onward, condition=condition, policy=policy)
    _, problems = _inspect(*read_text(text, Problems("p")), ())
    assert not problems.errors
    said = [(p.line, p.message) for p in problems.sorted()]
    return [(line, m) for line, m in said if "instant" in m or "time alone" in m]


def test_a_sound_plan():
    assert found() == []


@pytest.mark.parametrize(
    "onward",
    [
        "- {transfer: other}",
        "- {set: {fact.upset: false}}\n      - {transfer: other}",
        "- branch: [{if: fact.upset, then: [{transfer: other}]}, {else: [{transfer: other, after: sent}]}]",
    ],
)
def test_a_message_lost_by_leaving(onward):
    (line, message), *rest = found(onward)
    assert rest == []
    assert "`after: sent`" in message
    assert line >= 15


@pytest.mark.parametrize("onward", ["- {transfer: other, wait: 1d}", "- {wait: 1d}\n      - {transfer: other}"])
def test_time_passes(onward):
    assert found(onward) == []


@pytest.mark.parametrize("condition", ["score.interest > 3", "local.hour < 12"])
def test_a_clock_nobody_watches(condition):
    assert [line for line, _ in found(condition=condition)] == [5]
    assert found(condition=condition, policy="drop") == []


def test_the_loss_is_real(world):
    shop = world(PLAN.format(onward="- {transfer: other}", condition="fact.upset", policy="hold"))
    anna = shop.contact()
    anna.at("2026-01-05 10:00").does("signup")
    shop.advance("1d")
    assert anna.told("dropped") == [("hello", "2026-01-05 10:00")]
