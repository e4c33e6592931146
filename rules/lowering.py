"""Lowers a checked condition to the instructions that the evaluator runs."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from bifurque.rules.layout import (
    OP_ADD,
    OP_ADD_REAL,
    OP_AND,
    OP_BRANCH,
    OP_CONST,
    OP_DIV,
    OP_DIV_REAL,
    OP_END,
    OP_EQ,
    OP_EQ_REAL,
    OP_GE,
    OP_GE_REAL,
    OP_GT,
    OP_GT_REAL,
    OP_HAS,
    OP_IN,
    OP_JUMP,
    OP_JUMP_FALSE,
    OP_JUMP_TRUE,
    OP_LE,
    OP_LE_REAL,
    OP_LOAD_BIT,
    OP_LT,
    OP_LT_REAL,
    OP_MOD,
    OP_MUL,
    OP_MUL_REAL,
    OP_NE,
    OP_NE_REAL,
    OP_NEG,
    OP_NEG_REAL,
    OP_NOT,
    OP_OR,
    OP_REAL,
    OP_SUB,
    OP_SUB_REAL,
    OP_TEST_BIT,
    OP_TEXT,
    OP_WHOLE,
    STACK_SIZE,
)
from bifurque.rules.syntax import Node

Code = list[int]
_WHOLE = dict(zip(("==", "!=", "<", "<=", ">", ">="), (OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE), strict=True))
_REAL = dict(zip(_WHOLE, (OP_EQ_REAL, OP_NE_REAL, OP_LT_REAL, OP_LE_REAL, OP_GT_REAL, OP_GE_REAL), strict=True)) | {
    "+": OP_ADD_REAL,
    "-": OP_SUB_REAL,
    "*": OP_MUL_REAL,
    "/": OP_DIV_REAL,
}
_WHOLE |= {"+": OP_ADD, "-": OP_SUB, "*": OP_MUL, "/": OP_DIV, "%": OP_MOD}


class Places(Protocol):
    """Where names, texts and lists stand in a lane's memory."""

    def load(self, name: str, key: str | None) -> Code:
        """The instructions that put a name's value on the stack."""

    def text(self, text: str) -> int:
        """The code of a text."""

    def words_of(self, words: Iterable[int]) -> int:
        """The address of a list: its length, then its words."""

    def feature(self, node: Node) -> Code:
        """The instructions that put a windowed feature on the stack."""

    def answers(self, test: str, argument: str) -> int:
        """The address of two words: a table of a text function's results by code of text, and its length."""


def lower(tree: Node, places: Places) -> Code:
    """The instructions of a checked tree, ending with OP_END; the result is left at the bottom of the stack."""
    assert depth(tree, {}) < STACK_SIZE
    return [*_lower(tree, places), OP_END, 0, 0]


def lower_condition(tree: Node, places: Places) -> Code:
    """The same for a condition; one that is a single fact or consent, or its negation, becomes one instruction."""
    code = lower(tree, places)
    if code[0] == OP_LOAD_BIT and len(code) == 6:
        return [OP_TEST_BIT, code[1], code[2] << 1 | 1]
    if code[0] == OP_LOAD_BIT and len(code) == 9 and code[3] == OP_NOT:
        return [OP_TEST_BIT, code[1], code[2] << 1]
    return code


def real_word(value: float) -> int:
    """The bits of a float64 as an int64."""
    return int(struct.unpack("<q", struct.pack("<d", value))[0])


def depth(node: Node, segments: Mapping[str, int]) -> int:
    """How much of the stack a tree needs; `segments` says how much each of those it reads does."""
    if node.op == "name":
        return segments.get(str(node.value), 1)
    if node.op == "list":
        return 0  # a list stands in the tables
    beside = 0 if node.op == "?:" else 1  # the ways of a choice take the place of its condition
    return max((beside * i + depth(a, segments) for i, a in enumerate(node.args)), default=1)


def _lower(node: Node, places: Places) -> Code:
    if node.op == "literal":
        return [OP_CONST, _word(node, places), 0]
    if node.op == "name":
        return places.load(str(node.value), str(node.args[0].value) if node.args else None)
    if node.op == "feature":
        return places.feature(node)
    if node.op in ("&&", "||"):
        return _junction(node, places)
    if node.op == "?:":
        return _conditional(node, places)
    if node.op == "call":
        return _call(node, places)
    if node.op == "in":
        return _in(node, places)
    if node.op == "!":
        return [*_lower(node.args[0], places), OP_NOT, 0, 0]
    if node.op == "negate":
        return [*_lower(node.args[0], places), OP_NEG_REAL if node.type == "double" else OP_NEG, 0, 0]
    return _binary(node, places)


def _word(node: Node, places: Places) -> int:
    """A literal as a word of memory."""
    if node.type == "string":
        return places.text(str(node.value))
    if node.type == "double":
        return real_word(float(node.value))
    return int(node.value)


def _junction(node: Node, places: Places) -> Code:
    left, right = (_lower(a, places) for a in node.args)
    join = OP_AND if node.op == "&&" else OP_OR
    jump = OP_JUMP_FALSE if node.op == "&&" else OP_JUMP_TRUE
    return [*left, jump, len(right) + 3, 0, *right, join, 0, 0]


def _conditional(node: Node, places: Places) -> Code:
    test, yes, no = (_lower(a, places) for a in node.args)
    yes = [*yes, OP_JUMP, len(no), 0]
    return [*test, OP_BRANCH, len(yes), len(yes) + len(no), *yes, *no]


def _in(node: Node, places: Places) -> Code:
    """Lists hold words: adding 0.0 makes the two zeros of real numbers one."""
    sought, listed = node.args
    if sought.type != "double":
        return [*_lower(sought, places), OP_IN, places.words_of(_word(a, places) for a in listed.args), 0]
    reals = places.words_of(real_word(float(a.value) + 0.0) for a in listed.args)
    return [*_lower(sought, places), OP_CONST, 0, 0, OP_ADD_REAL, 0, 0, OP_IN, reals, 0]


def _call(node: Node, places: Places) -> Code:
    name, subject = str(node.value), _lower(node.args[0], places)
    if name == "has":
        return [*subject, OP_HAS, 0, 0]
    if name in ("double", "int"):
        if node.type == node.args[0].type:
            return subject
        return [*subject, OP_REAL if name == "double" else OP_WHOLE, 0, 0]
    argument = str(node.args[1].value) if len(node.args) > 1 else ""
    return [*subject, OP_TEXT, places.answers(name, argument), 0]


def _binary(node: Node, places: Places) -> Code:
    a, b = node.args
    if a.type == "string" and node.op in ("<", "<=", ">", ">="):
        return _text_order(node, places)
    real = "double" in (a.type, b.type)

    def side(n: Node) -> Code:
        code = _lower(n, places)
        return [*code, OP_REAL, 0, 0] if real and n.type == "int" else code

    return [*side(a), *side(b), (_REAL if real else _WHOLE)[node.op], 0, 0]


def _text_order(node: Node, places: Places) -> Code:
    """The order of a text that varies and one that is written out."""
    a, b = node.args
    if b.op == "literal":
        return [*_lower(a, places), OP_TEXT, places.answers(node.op, str(b.value)), 0]
    mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[node.op]
    return [*_lower(b, places), OP_TEXT, places.answers(mirrored, str(a.value)), 0]


TEXT_FUNCTIONS: dict[str, Callable[[str, str], int]] = {
    ".contains": lambda text, part: int(part in text),
    ".startsWith": lambda text, part: int(text.startswith(part)),
    ".endsWith": lambda text, part: int(text.endswith(part)),
    "size": lambda text, _: len(text),
    "<": lambda text, other: int(text < other),
    "<=": lambda text, other: int(text <= other),
    ">": lambda text, other: int(text > other),
    ">=": lambda text, other: int(text >= other),
}
"""What functions of texts answer; `.matches` is RE2's, see `bifurque.engine.texts`."""
