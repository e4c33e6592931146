"""A recorded condition judged again, against the naive oracle; and written again as a plan writes it."""

from dataclasses import replace

import pytest
from condition_oracle import mean
from drawn_conditions import KINDS, STATE, printed
from hypothesis import HealthCheck, Phase, given, settings
from test_conditions import COMPILED, known

from bifurque.engine import verdicts
from bifurque.engine.names import Names
from bifurque.engine.phrases import phrase, ticked
from bifurque.engine.rulebook import leaves
from bifurque.engine.verdicts import judge
from bifurque.rules.errors import ConditionError
from bifurque.rules.features import written
from bifurque.rules.syntax import parse
from bifurque.rules.types import condition, expression

PLAN = COMPILED.c.plan
TYPES, WORDS = {**COMPILED.c.names.types, **Names.event_types}, COMPILED.c.names.words
SEGMENTS = {name: condition(text, TYPES, WORDS) for name, text in PLAN.segments.items()}
often = settings(
    max_examples=10_000, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
quickly = settings(often, max_examples=300, phases=[Phase.generate])


def read(tree, state):
    """The values a condition reads, as a witness records them."""
    facts = known(state)
    found = {}
    for leaf in leaves(tree, SEGMENTS.__getitem__):
        name = str(leaf.value)
        found[written(leaf)] = facts[(name, leaf.args[0].value) if leaf.args else name]
    return found


def typed(text, read_as=condition):
    try:
        return read_as(text, TYPES, WORDS)
    except ConditionError as error:
        if not error.message.startswith(("nested deeper", "a condition may have")):
            raise
        return None


def agree(drawn, state):
    tree = typed(printed(drawn))
    if tree is None:
        return
    values = read(tree, state)
    expected = mean(parse(printed(drawn)), known(state))
    assert judge(tree, values, SEGMENTS.__getitem__) is expected, (printed(drawn), values)
    part = ticked(tree, values, SEGMENTS.__getitem__)
    assert part.verdict is expected
    joined = {"all": all, "one": any, "not": lambda parts: not any(parts)}
    if part.parts and all(p.verdict is not None for p in part.parts):
        assert part.verdict is joined[part.join](p.verdict for p in part.parts)


@quickly
@given(drawn=KINDS["bool"], state=STATE)
def test_the_oracle_says_the_same(drawn, state):
    agree(drawn, state)


@pytest.mark.slow
@often
@given(drawn=KINDS["bool"], state=STATE)
def test_the_oracle_says_the_same_often(drawn, state):
    agree(drawn, state)


def test_a_wrong_value_would_be_seen(monkeypatch):
    was = verdicts._Bench._word
    monkeypatch.setattr(verdicts._Bench, "_word", lambda bench, value: was(bench, 1 if value is None else value))

    @quickly
    @given(drawn=KINDS["bool"], state=STATE)
    def look(drawn, state):
        agree(drawn, state)

    with pytest.raises(AssertionError):
        look()


def bare(node):
    """A tree without places."""
    return replace(node, at=0, args=tuple(bare(a) for a in node.args))


@quickly
@given(drawn=KINDS["bool"])
def test_a_phrase_reads_as_the_tree_it_was_made_of(drawn):
    tree = typed(printed(drawn))
    again = typed(phrase(tree), expression) if tree is not None else None
    assert again is None or bare(again) == bare(tree), f"{printed(drawn)} became {phrase(tree)}"


@pytest.mark.parametrize(
    "text",
    [
        "contact.i > 10 && !(fact.f || fact.g)",
        "(contact.b ? contact.i : contact.j) * 2 >= 10 - (contact.i - contact.j)",
        'contact.s in ["a", "b"] || contact.s.startsWith("x\\"y")',
        'now - contact.d > duration("14d12h") || contact.w < timestamp("2025-06-01T09:00:00Z")',
        'now - contact.d > duration("-30m") && has(contact.x)',
    ],
)
def test_phrases_have_no_needless_parentheses(text):
    assert phrase(condition(text, TYPES, WORDS)) == text
