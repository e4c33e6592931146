"""Conditions are CEL: against Google's own engine, and against the official conformance tests."""

import math
import random
from pathlib import Path

import pytest
from condition_tables import Compiled
from drawn_cel import Drawing
from drawn_conditions import NOW
from text_protocol import read

from bifurque.rules.errors import ConditionError
from bifurque.rules.types import expression

COMPILED = Compiled()


class Google:
    """cel-expr-python: CEL in C++, as Google maintains it."""

    def __init__(self):
        from cel_expr_python import cel

        some = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
        variables = {"contact": some, "event": some, "fact": some, "stage": cel.Type.STRING, "now": cel.Type.TIMESTAMP}
        self.environment = cel.NewEnv(variables=variables)

    def compiled(self, text):
        return self.environment.compile(text.replace("now", f"timestamp({NOW})"))

    def run(self, expression, state):
        """True, False, or None for an error: what is not known is not there."""
        data = {"contact": {}, "event": {}, "fact": {}, "stage": state["stage"]}
        for name, value in state.items():
            root, _, key = name.partition(".")
            if root in ("contact", "event", "fact") and value is not None:
                data[root][key] = value
        found = expression.eval(data=data).plain_value()
        return found if isinstance(found, bool) else None


def compare(seed, conditions, states):
    """How often the answer was true, false, unknown; once it was the same in all of them."""
    drawing, google = Drawing(random.Random(seed)), Google()
    seen = {True: 0, False: 0, None: 0}
    while conditions:
        mine, other = drawing.condition()
        try:
            COMPILED.run(mine, "bool", drawing.state())
        except ConditionError as error:
            if error.message.startswith(("nested deeper", "a condition may have")):
                continue
            raise
        conditions -= 1
        expression = google.compiled(other)
        for _ in range(states):
            state = drawing.state()
            found = COMPILED.run(mine, "bool", state)
            assert found is google.run(expression, state), f"{mine}\n{other}\n{state}: {found}"
            seen[found] += 1
    return seen


def test_1_000_conditions_answer_as_googles_cel():
    pytest.importorskip("cel_expr_python", reason="cel-expr-python is not installed")
    seen = compare(1, 100, 10)
    assert min(seen.values()) > 100


@pytest.mark.slow
def test_50_000_conditions_answer_as_googles_cel():
    pytest.importorskip("cel_expr_python", reason="cel-expr-python is not installed")
    compare(2, 2500, 20)


# The official tests: google/cel-spec, in tests/data/cel.

OFFICIAL = Path(__file__).parent / "data" / "cel"
SUBSET = {
    "basic": 15,
    "comparisons": 76,
    "conversions": 19,
    "fp_math": 29,
    "integer_math": 36,
    "lists": 3,
    "logic": 21,
    "parse": 39,
    "plumbing": 2,
    "string": 36,
    "timestamps": 26,
}
"""How many tests of each file are in the subset: values are written out, the result is a bool, a number or a text.

All others are refused with a message (lists and maps as values, unsigned numbers, bytes, macros but `has`, types as
values), need bindings or protocol buffers, or end in an instant (11). Of those in the subset none is an exception.
"""
ELSEWHERE = {"bindings", "type_env", "container", "typed_result", "disable_macros", "check_only", "unknown"}
RESULTS = {
    "bool_value": lambda word: word == "true",
    "int64_value": lambda word: int(word, 0),
    "double_value": float,
    "string_value": str,
}


def official(name):
    """The tests of a file that need nothing but an expression."""
    sections = read((OFFICIAL / f"{name}.textproto").read_text("utf-8"))["section"]
    return [t for section in sections for t in section.get("test", []) if not ELSEWHERE & set(t)]


def wanted(test):
    """What an official test asks for: a value, None for an error, Ellipsis for what a condition cannot be."""
    if "eval_error" in test:
        return None
    if "value" not in test:
        return True
    [(kind, [word])] = test["value"][0].items()
    return RESULTS[kind](word) if kind in RESULTS else ...


def exactly(a, b):
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    return a == b and type(a) is type(b)


@pytest.mark.parametrize("name", SUBSET)
def test_official_tests_in_the_subset_pass(name):
    state, passed = Drawing(random.Random(1)).state(), 0
    for test in official(name):
        [text] = test["expr"]
        try:
            kind = expression(text, {}).type
        except ConditionError as error:
            assert error.message  # noqa: PT017  # refused in words, whatever it is
            continue
        if kind not in ("bool", "int", "double", "string") or wanted(test) is ...:
            continue
        found = COMPILED.run(text, kind, state)
        assert exactly(found, wanted(test)), f"{text}: {found}"
        passed += 1
    assert passed == SUBSET[name]


def test_the_reader_of_official_tests():
    text = """name: "a" # no
    section {
      test { name: 't' expr: '"\\303\\251' '\\x41\\u00e9"' value { string_value: "\\"" } }
      test: { expr: "x" } }"""
    [section] = read(text)["section"]
    assert [t["expr"] for t in section["test"]] == [['"éAé"'], ["x"]]
    assert section["test"][0]["value"] == [{"string_value": ['"']}]
