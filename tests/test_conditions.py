"""The condition language: its tables against a naive walk over the tree, its precedence, its limits, its errors."""

import datetime as dt
import math
from dataclasses import replace
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from condition_oracle import junction, mean
from drawn_conditions import KINDS, NOW, STATE, printed
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bifurque.engine.compile import _zones as zones_of
from bifurque.engine.compile_people import compile_people
from bifurque.engine.compile_scores import compile_scores, score_row
from bifurque.engine.load import loads
from bifurque.engine.names import Names
from bifurque.engine.program import Compiling
from bifurque.engine.texts import Texts
from bifurque.rules import lowering
from bifurque.rules.conditions import truth, word
from bifurque.rules.errors import ConditionError
from bifurque.rules.layout import (
    CELL_KEY,
    CELL_VALUE,
    H_END,
    H_START,
    IN_MESSAGE,
    IN_TEXT,
    IN_TYPE,
    IN_VALUE,
    MISSING,
    PERSONA,
    SCORE_CELLS,
    SEG_TO,
    STAGE,
    ZONE,
    ZONE_KNOWN,
)
from bifurque.rules.lowering import lower, real_word
from bifurque.rules.syntax import parse
from bifurque.rules.types import expression

PLAN = """
plan: names
start: 2025-01-01
stages: [cold, warm, hot]
attributes: {i: int, j: int, x: double, y: double, s: string, u: string, b: bool, d: date, w: timestamp}
events: {bought: {set: {fact.f: true, fact.g: true}}, seen: {}}
segments: {rich: contact.i > 10, warm: 'stage == "warm" || segment.rich'}
scores: {plain: {on: {seen: 1}}, keyed: {by: key, keys: 3, on: {seen: 1}}}
categories: [{name: news, class: promotional}]
channels: {email: {cost: 0}}
messages: {letter: {channel: email, category: news}}
journeys: {one: {trigger: {event: seen}, steps: [{send: letter}]}}
personas: {anna: {share: 50%}, bert: {share: 50%}}
population: {zones: {Europe/Paris: 50%, Asia/Kolkata: 50%}}
"""

UNKNOWN = 0x7FF8000000000123
"""A word no expression here leaves: neither such a number nor a NaN with such a payload."""


class Compiled:
    """A plan's names in a lane's memory, to which expressions are added one at a time."""

    def __init__(self):
        plan = loads(PLAN)
        size = 0
        for _ in range(2):  # the record stands before the tables: the first time only to learn how long it is
            c = self.c = Compiling(plan, Names(plan), size, "off")
            c.tables.words[H_START], c.tables.words[H_END] = NOW, NOW + 86400
            zones_of(c)
            compile_people(c)
            compile_scores(c)
            size = len(c.tables.image)
        self.base, self.tests = len(c.tables.words), len(c.tables.tests)

    def run(self, text, kind, state):
        """What the tables of an expression answer: a value, or None."""
        tables = self.c.tables
        del tables.words[self.base :], tables.tests[self.tests :]
        if kind == "bool":
            code = tables.code(text, Names.event_types)
        else:
            code = tables.put(lower(tables.tree(text, expression, Names.event_types), tables))
        m, texts = self.memory(state)
        with np.errstate(over="ignore", invalid="ignore"):
            if kind == "bool":
                return {0: False, 1: True, 2: None}[truth(m, code, NOW)]
            found = int(word(m, code, UNKNOWN, NOW))
        if found == UNKNOWN:
            return None
        if kind == "double":
            return float(np.int64(found).view(np.float64))
        return texts[found] if kind == "string" else found

    def memory(self, state):
        c, tables = self.c, self.c.tables
        codes = {
            t: tables.text(t) for t in (state["contact.s"], state["contact.u"], state["event.key"]) if t is not None
        }
        codes |= {k: tables.text(k) for k in state["keys"]}
        program = SimpleNamespace(tables=tables, texts=tables.texts)
        m = Texts(program).answers(program, np.array(tables.words, np.int64))
        for name, kind in c.names.attributes.items():
            value = state[f"contact.{name}"]
            if kind == "double":
                m[c.columns[name]] = real_word(math.nan if value is None else value)
            else:
                m[c.columns[name]] = (
                    MISSING if value is None else codes.get(value, value) if kind == "string" else value
                )
        for name in ("fact.f", "fact.g", "consent.marketing.email"):
            _, cell, bit = tables.loads[name]
            m[cell] |= int(state[name]) << bit
        m[c.visits["one"][0]], m[c.visits["one"][1]] = state["visits.one"], int(state["inside.one"])
        m[STAGE], m[PERSONA] = c.names.stages.index(state["stage"]), c.names.personas.index(state["persona"])
        m[ZONE_KNOWN] = int(state["zone"] is not None)
        m[ZONE] = c.names.zones.index(state["zone"] or c.plan.zone)
        m[SEG_TO] = 0
        m[IN_TYPE] = c.event(state["event.type"])
        m[IN_VALUE] = MISSING if state["event.value"] is None else state["event.value"]
        m[IN_TEXT] = MISSING if state["event.key"] is None else codes[state["event.key"]]
        m[IN_MESSAGE] = MISSING if state["event.message"] is None else 1
        m[m[score_row(c, "plain")] + CELL_VALUE] = real_word(state["score.plain"])
        for i in range(3):
            m[m[score_row(c, "keyed")] + i * SCORE_CELLS + CELL_KEY] = -1
        for i, (key, points) in enumerate(state["keys"].items()):
            cell = m[score_row(c, "keyed")] + i * SCORE_CELLS
            m[cell + CELL_KEY], m[cell + CELL_VALUE] = codes[key], real_word(points)
        return m, list(tables.texts)


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
