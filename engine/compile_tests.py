"""Conditions as plain tests of words, for rules: whether one is true is then known without the evaluator.

True is all that matters to a rule, so unknown and false are one here. A condition becomes alternatives, each a list of
tests that must all hold; what has no such form keeps its instructions only.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from bifurque.engine.tables import Tables
from bifurque.rules.layout import MISSING, OP_LOAD, OP_LOAD_BIT, OP_LOAD_REAL, OP_TEXT
from bifurque.rules.lowering import real_word
from bifurque.rules.rulebook import TEST_BITS, TEST_RANGE, TEST_REAL, TEST_SET
from bifurque.rules.syntax import Node

MOST_WAYS, MOST_TESTS = 6, 8
LEAST, MOST = MISSING + 1, 2**63 - 1
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}

Test = tuple[int, int, int, int]
"""Kind, word, and two words that say what it must hold."""
Ways = list[list[Test]]


class NoTest(Exception):  # noqa: N818
    """A condition that needs the evaluator."""


class WordTests:
    """Finds the tests of conditions."""

    def __init__(self, tables: Tables, segment: Callable[[str], Node]) -> None:
        self.tables, self.segment = tables, segment

    def compiled(self, tree: Node) -> int:
        """The address of a condition's alternatives, each with its tests; 0 if it needs the evaluator."""
        try:
            ways = [_merged(way) for way in self.ways(tree, True)]
        except NoTest:
            return 0
        if max(map(len, ways), default=0) > MOST_TESTS:
            return 0
        return self.tables.put(
            [len(ways), *(w for way in ways for w in (len(way), *(x for test in way for x in test)))]
        )

    def ways(self, node: Node, want: bool) -> Ways:
        """The ways in which a condition is true (or false, `want` being False).

        Raises:
            NoTest: there are too many, or some test is not that simple.
        """
        if node.op == "literal":
            return [[]] if node.value == want else []
        if node.op == "name" and str(node.value).startswith("segment."):
            return self.ways(self.segment(str(node.value).removeprefix("segment.")), want)
        if node.op == "!":
            return self.ways(node.args[0], not want)
        if node.op in ("&&", "||"):
            left, right = (self.ways(a, want) for a in node.args)
            found = [a + b for a in left for b in right] if (node.op == "&&") == want else left + right
            if len(found) > MOST_WAYS:
                raise NoTest
            return found
        if node.op == "name" and node.type == "bool":
            return self._truth(node, want)
        if node.op == "in":
            return self._among(node.args[0], [a.value for a in node.args[1].args], want)
        if node.op in _OPPOSITE:
            return self._comparison(node, want)
        raise NoTest

    def _truth(self, node: Node, want: bool) -> Ways:
        code = self._load(node)
        if code[0] == OP_LOAD_BIT:
            bit = 1 << code[2] if code[2] < 63 else MISSING
            return [[(TEST_BITS, code[1], bit, bit if want else 0)]]
        if len(code) > 3:  # a count above zero
            return [[(TEST_RANGE, code[1], 1, MOST) if want else (TEST_RANGE, code[1], LEAST, 0)]]
        return [[(TEST_RANGE, code[1], int(want), int(want))]]

    def _comparison(self, node: Node, want: bool) -> Ways:
        left, right = node.args
        op = node.op if want else _OPPOSITE[node.op]
        if left.op == "literal":
            left, right, op = right, left, _TURNED.get(op, op)
        if left.op != "name" or right.op != "literal" or left.type != right.type:
            raise NoTest
        if left.type == "string":
            if op not in ("==", "!="):
                raise NoTest
            return self._among(left, [right.value], op == "==")
        code = self._load(left)
        if code[0] == OP_LOAD_REAL:
            return [
                [(TEST_REAL, code[1], real_word(low), real_word(high))] for low, high in _reals(op, float(right.value))
            ]
        if code[0] != OP_LOAD or len(code) > 3:
            raise NoTest
        return [[(TEST_RANGE, code[1], low, high)] for low, high in _wholes(op, int(right.value))]

    def _among(self, node: Node, values: list[object], want: bool) -> Ways:
        """Whether a text is one of some; texts of the plan have small codes."""
        if node.op != "name" or node.type != "string":
            raise NoTest
        code = self._load(node)
        codes = {self.tables.text(str(v)) for v in values}
        if len(code) == 6 and code[3] == OP_TEXT:  # a word that numbers texts
            table, count = self.tables.words[code[4]], self.tables.words[code[4] + 1]
            texts = self.tables.words[table : table + count]
            chosen = {i for i in range(count) if (texts[i] in codes) == want}
            if count > 63:
                raise NoTest
            return [[(TEST_SET, code[1], sum(1 << i for i in chosen), 0)]]
        if code[0] != OP_LOAD or len(code) > 3 or not want:
            raise NoTest
        return [[(TEST_RANGE, code[1], c, c)] for c in sorted(codes)]

    def _load(self, node: Node) -> list[int]:
        code = self.tables.loads.get(str(node.value))
        if code is None or node.args or code[0] not in (OP_LOAD, OP_LOAD_REAL, OP_LOAD_BIT):
            raise NoTest
        return code


def _wholes(op: str, value: int) -> list[tuple[int, int]]:
    """The ranges of whole numbers that compare so with one."""
    below, above = (LEAST, value - 1), (value + 1, MOST)
    known = {"==": [(value, value)], "!=": [below, above], "<": [below], "<=": [(LEAST, value)]}
    found = known.get(op) or [above if op == ">" else (value, MOST)]
    return [(low, high) for low, high in found if low <= high]


def _reals(op: str, value: float) -> list[tuple[float, float]]:
    """The same of real numbers; NaN, which marks a missing one, is in none."""
    below, above = math.nextafter(value, -math.inf), math.nextafter(value, math.inf)
    known = {"==": [(value, value)], "!=": [(-math.inf, below), (above, math.inf)], "<": [(-math.inf, below)]}
    known |= {"<=": [(-math.inf, value)], ">": [(above, math.inf)], ">=": [(value, math.inf)]}
    return known[op]


def _merged(way: list[Test]) -> list[Test]:
    """Facts of one word are tested at once, before everything else."""
    bits: dict[int, tuple[int, int]] = {}
    for _, cell, mask, value in (t for t in way if t[0] == TEST_BITS):
        others, values = bits.get(cell, (0, 0))
        if others & mask and values & mask != value:
            return [(TEST_RANGE, cell, 1, 0)]  # true and false at once: never
        bits[cell] = (others | mask, values | value)
    return [*((TEST_BITS, cell, *both) for cell, both in bits.items()), *(t for t in way if t[0] != TEST_BITS)]
