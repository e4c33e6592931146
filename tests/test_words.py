"""Every fixed word of a lane's memory has a place of its own."""

import ast
from pathlib import Path

import pytest

from bifurque.rules import layout

SOURCE = Path(layout.__file__).read_text("utf-8")


def places(source):
    """Names of fixed words: those assigned from a range, or a number, under the stack's, before the stack begins."""
    found = {}
    for node in ast.parse(source).body:
        if not isinstance(node, ast.Assign):
            continue
        target = node.targets[0]
        names = [e.id for e in target.elts] if isinstance(target, ast.Tuple) else [target.id]
        if names[0] == "STACK":
            return found
        values = eval(ast.unparse(node.value), dict(found))  # constants of this module alone
        values = list(values) if isinstance(target, ast.Tuple) else [values]
        found |= {n: v for n, v in zip(names, values, strict=False) if isinstance(v, int)}
    raise AssertionError("no stack")


def shared(source):
    words = {}
    for name, at in places(source).items():
        code = name in ("OFF", "CONSTANT", "REALISTIC", "LANE_WORDS", "LANE_WORDS_END")
        if 0 <= at < layout.STACK and not code:
            words.setdefault(at, []).append(name)
    return [names for names in words.values() if len(names) > 1]


def test_no_two_words_share_a_place():
    assert len(places(SOURCE)) > 100
    assert shared(SOURCE) == []


@pytest.mark.parametrize("name", ["H_SHOCKS", "NOTES"])
def test_a_word_in_the_place_of_another_is_seen(name):
    planted = SOURCE.replace("\nSTACK, STACK_SIZE", f"\nPLANTED = {getattr(layout, name)}\nSTACK, STACK_SIZE")
    assert shared(planted) == [[name, "PLANTED"]]
