"""The condition language: its tables against a naive walk over the tree, its precedence, its limits, its errors."""

import datetime as dt
import math
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from condition_oracle import junction, mean
from condition_tables import Compiled
from drawn_conditions import KINDS, NOW, STATE, printed
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bifurque.rules import lowering
from bifurque.rules.errors import ConditionError
from bifurque.rules.syntax import parse


def known(state):
    """What the oracle knows."""
    local = dt.datetime.fromtimestamp(NOW, ZoneInfo(state["zone"] or "UTC"))
    i = state["contact.i"]
    rich = None if i is None else i > 10
    found = dict(state) | {"now": NOW, "segment.rich": rich}
    found["contact.d"] = None if state["contact.d"] is None else state["contact.d"] * 86400
    found["segment.warm"] = junction([state["stage"] == "warm", rich], True)
    found |= {"local.hour": local.hour, "local.day": local.day}
    found |= {"local.weekday": local.isoweekday(), "local.month": local.month}
    found["score.keyed"] = max(state["keys"].values(), default=0.0)
    return found | {("score.keyed", k): state["keys"].get(k, 0.0) for k in ("a", "zz", "other")}


def same(a, b):
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    return a == b and type(a) is type(b) and (not isinstance(a, float) or math.copysign(1, a) == math.copysign(1, b))


COMPILED = Compiled()
TYPED = st.sampled_from(sorted(KINDS)).flatmap(lambda k: st.tuples(st.just(k), KINDS[k]))


def plain(node):
    """A parsed tree without places and types."""
    return (node.op, node.value, *(plain(a) for a in node.args))


def agree(typed, state):
    kind, tree = typed
    text = printed(tree)
    try:
        parsed = parse(text)
    except ConditionError as error:
        if not error.message.startswith(("nested deeper", "a condition may have")):
            raise
        return
    assert plain(parsed) == tree
    expected = mean(parsed, known(state))
    found = COMPILED.run(text, kind, state)
    assert same(found, expected), f"{text}: {found} by the tables, {expected} by the tree"


often = settings(
    max_examples=20_000, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
quickly = settings(often, max_examples=300, phases=[Phase.generate])


@quickly
@given(typed=TYPED, state=STATE)
def test_tables_and_tree_agree(typed, state):
    agree(typed, state)


@pytest.mark.slow
@often
@given(typed=TYPED, state=STATE)
def test_tables_and_tree_agree_often(typed, state):
    agree(typed, state)


WRONG = {
    "and is or": ("_junction", lambda n, p, was: was(replace(n, op={"&&": "||", "||": "&&"}[n.op]), p)),
    "a jump too short": (
        "_junction",
        lambda n, p, was: [w - 3 * (i == jump_of(n, p) + 1) for i, w in enumerate(was(n, p))],
    ),
    "then is else": ("_conditional", lambda n, p, was: was(replace(n, args=(n.args[0], n.args[2], n.args[1])), p)),
    "sides of an operator": ("_binary", lambda n, p, was: was(replace(n, args=n.args[::-1]), p)),
    "a value for whether it is known": ("_call", lambda n, p, was: was(n, p)[: -3 if n.value == "has" else None]),
}


def jump_of(node, places):
    return len(lowering._lower(node.args[0], places))


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_lowering_is_caught(monkeypatch, wrong):
    name, change = WRONG[wrong]
    was = getattr(lowering, name)
    monkeypatch.setattr(lowering, name, lambda node, places: change(node, places, was))

    @quickly
    @given(typed=TYPED, state=STATE)
    def look(typed, state):
        agree(typed, state)

    with pytest.raises(AssertionError, match="by the tables"):
        look()


SETS = """
plan: sets
start: 2025-01-01
attributes: {a: double, b: double, n: int, s: string, d: date, away: bool}
events:
  go:
    set:
      a: contact.b * 2.0
      n: 1 / 0
      s: event.key
      d: timestamp("2025-05-31T12:00:00Z")
      away: 'zone != "UTC"'
categories: [{name: news, class: service}]
channels: {email: {cost: 0}}
messages: {letter: {channel: email, category: news}}
journeys: {one: {trigger: {event: go}, steps: [{send: letter}]}}
"""


def test_an_attribute_set_to_what_is_not_known_is_missing(world):
    anna = world(SETS).contact(a=3.0, n=5, s="x", away=True, zone="Nowhere/At_all")
    anna.at("2025-02-01 10:00").does("go")
    assert [anna.attribute(name) for name in ("a", "n", "s", "away")] == [None] * 4
    assert anna.attribute("d") == dt.date(2025, 5, 31).toordinal() - dt.date(1970, 1, 1).toordinal()
    anna.does("go", key="x")
    assert anna.attribute("s") == "x"


def test_an_attribute_set_to_what_is_known(world):
    anna = world(SETS).contact(b=-0.0, zone="UTC")
    anna.at("2025-02-01 10:00").does("go", key="é")
    assert str(anna.attribute("a")) == "-0.0"
    assert (anna.attribute("s"), anna.attribute("away")) == ("é", False)
