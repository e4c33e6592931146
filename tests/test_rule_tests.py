"""Conditions as plain tests of words say the same as the evaluator: true, or not."""

import random

import numpy as np
import pytest
from condition_tables import Compiled
from drawn_cel import Drawing
from drawn_conditions import BOOL, NOW, STATE, printed
from hypothesis import HealthCheck, Phase, given, settings

from bifurque.engine.compile_tests import WordTests, _wholes
from bifurque.engine.names import Names
from bifurque.rules import types
from bifurque.rules.chaining import holds, lowest, mask
from bifurque.rules.conditions import truth
from bifurque.rules.errors import ConditionError
from bifurque.rules.layout import TRUE
from bifurque.rules.rulebook import RU, RU_TESTS, RU_WHEN

COMPILED = Compiled()


def verdicts(text, states):
    """By its tests, and by the evaluator; None if it has no such form."""
    tables = COMPILED.c.tables
    del tables.words[COMPILED.base :], tables.tests[COMPILED.tests :]
    tree = tables.tree(text, types.condition, Names.event_types)
    code = tables.code(text, Names.event_types)
    at = WordTests(tables, lambda name: tables.tree(tables.segments[name], types.condition)).compiled(tree)
    rule = tables.put([0] * RU)
    tables.fill(rule, {RU_WHEN: code, RU_TESTS: at})
    found = []
    for state in states if at else ():
        m, _ = COMPILED.memory(state)
        with np.errstate(over="ignore", invalid="ignore"):
            found.append((bool(holds(m, rule, NOW)), truth(m, code, NOW) == TRUE))
    return found if at else None


often = settings(
    max_examples=20_000, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
quickly = settings(often, max_examples=300, phases=[Phase.generate])


def agree(tree, state):
    try:
        found = verdicts(printed(tree), [state])
    except ConditionError:  # too deep, or too long
        return
    assert not found or found[0][0] == found[0][1], printed(tree)


@quickly
@given(tree=BOOL, state=STATE)
def test_tests_and_evaluator_agree(tree, state):
    agree(tree, state)


@pytest.mark.slow
@often
@given(tree=BOOL, state=STATE)
def test_tests_and_evaluator_agree_often(tree, state):
    agree(tree, state)


LEAVES = [
    *("fact.f", "fact.g", "consent.marketing.email", "inside.one", "contact.b", "segment.rich", "segment.warm"),
    *(f"contact.i {op} {n}" for op in ("==", "!=", "<", "<=", ">", ">=") for n in (0, 3, 11, 2**63 - 1, -(2**63) + 1)),
    *(f"contact.x {op} {n}" for op in ("==", "!=", "<", "<=", ">", ">=") for n in (0.0, -0.0, 2.5, -3.0, 1e300)),
    *("3 > contact.i", "2.5 <= contact.x", 'contact.s == "paris"', '"a" != contact.s', 'contact.s in ["a", "zz"]'),
    *(['stage == "warm"', 'stage != "cold"', 'stage in ["cold", "hot"]', 'event.type == "seen"', 'persona != "anna"']),
    *(
        [
            'event.type in ["bought", "clicked"]',
            'event.key == "zz"',
            "event.value > 10",
            "contact.w <= now",
            "true",
            "false",
        ]
    ),
]


def test_random_conditions_of_what_has_such_a_form():
    draw = random.Random(1)
    drawing, have, true = Drawing(draw), 0, 0
    for _ in range(400):
        parts = [draw.choice(["", "!"]) + f"({draw.choice(LEAVES)})" for _ in range(draw.randint(1, 4))]
        text = parts[0]
        for part in parts[1:]:
            text = f"{draw.choice(['', '!'])}({text} {draw.choice(['&&', '||'])} {part})"
        states = [drawing.state() | {"consent.marketing.email": draw.random() < 0.5} for _ in range(8)]
        for state in states:
            state |= {"inside.one": draw.random() < 0.5, "event.type": draw.choice(["bought", "seen", "clicked"])}
        found = verdicts(text, states)
        have += found is not None
        true += sum(a for a, _ in found or ())
        assert all(a == b for a, b in found or ()), text
    assert have > 250
    assert 300 < true < 8 * have - 300


def test_ranges_end_where_numbers_do():
    most = 2**63 - 1
    assert _wholes(">", most) == _wholes("<", -most) == []
    assert _wholes("!=", most) == [(-most, most - 1)]
    assert _wholes(">=", most) == _wholes("==", most) == [(most, most)]


def test_the_lowest_bit_of_every_word():
    with np.errstate(over="ignore"):
        for bit in range(64):
            assert lowest(np.int64(mask(bit))) == bit
            assert lowest(np.int64(mask(63) | mask(bit))) == bit
