"""One broken entry does not hide what is wrong elsewhere, and invents nothing."""

import pytest

from bifurque.engine.load import _inspect
from bifurque.engine.problems import Problems
from bifurque.engine.reader import read_text
from bifurque.engine.templates_list import template, template_names

PLAN = """\
plan: small
start: 2026-01-01
categories: [{name: promotion, class: promotional}, {name: greeting, class: relational}]
channels: {email: {cost: 0.001}, sms: {cost: 0.06}}
caps: [{max: 2, per: 7d, channel: sms}, {max: 1, per: calendar day}]
messages:
  reminder: {channel: email, category: promotion}
  text: {channel: sms, category: greeting}
journeys:
  cart: {trigger: {event: cart_filled}, steps: [{send: reminder}, {wait: 1d}, {send: text}]}
  hello: {trigger: {event: signup}, steps: [{send: reminder}]}
"""


def said(text):
    _, problems = _inspect(*read_text(text, Problems("p")), ())
    return [f"{p.line}:{p.column}: {p.message}" for p in problems.sorted() if p.level == "error"]


def test_the_plan_is_clean():
    assert said(PLAN) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            [("per: calendar day", "per: calendar dya"), ("send: reminder}]}", "send: remindr}]}")],
            ["5:55: ", "11:52: no message is called `remindr`; did you mean `reminder`?"],
        ),
        (
            [("max: 2,", ""), ("{wait: 1d}", "{wait: 1x}"), ("{send: text}", "{send: txt}")],
            ["5:8: missing key `max`", "10:74: ", "10:86: no message is called `txt`; did you mean `text`?"],
        ),
        # what the broken entry declared is not missed elsewhere
        ([("sms: {cost: 0.06}", "sms: {csot: 0.06}")], ["4:40: unknown key `csot`; did you mean `cost`?"]),
        (
            [("channel: email, category", "chanel: email, category")],
            ["7:14: unknown key `chanel`; did you mean `channel`?"],
        ),
    ],
)
def test_all_at_once(changes, expected):
    text = PLAN
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    found = said(text)
    assert len(found) == len(expected), found
    for got, start in zip(found, expected, strict=True):
        assert got.startswith(start), found


@pytest.mark.parametrize("name", template_names())
def test_one_typing_error_is_one_problem(name):
    """Keys of every template, misspelt: nothing is said further down, but of keys only another kind of step has."""
    lines = template(name, "en").splitlines()
    for number, line in enumerate(lines):
        key = line.strip().removeprefix("- ").partition(":")[0]
        if not line.strip() or not key.isidentifier() or number % 5:
            continue
        wrong = [*lines[:number], line.replace(f"{key}:", f"{key}zz:", 1), *lines[number + 1 :]]
        for problem in said("\n".join(wrong)):
            place, _, message = problem.partition(": ")
            below = int(place.split(":")[0]) > number + 1
            assert not below or key in message or message.startswith("unknown key"), problem
