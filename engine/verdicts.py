"""A condition judged again on recorded values, by the one evaluator; and each of its parts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from bifurque.rules.conditions import run
from bifurque.rules.features import written
from bifurque.rules.layout import KNOWN, MISSING, MODEL_KEYS, OP_LOAD, OP_LOAD_REAL, STACK, TABLES, TRUE
from bifurque.rules.lowering import TEXT_FUNCTIONS, Code, lower, real_word
from bifurque.rules.syntax import Node

Values = Mapping[str, Any]
"""What was read, by name or feature as a condition writes it; None where nothing was known."""
Segment = Callable[[str], Node]
_MADE = re.compile(r"#\d+")


def judge(tree: Node, values: Values, segment: Segment) -> bool | None:
    """The verdict of a condition on some values: true, false, or None where it is unknown."""
    bench = _Bench(values, segment)
    words = bench.ready(lower(tree, bench))
    with np.errstate(over="ignore"):
        run(words, bench.code, 0)
    if words[KNOWN] == 0:
        return None
    return bool(words[STACK] == TRUE)


class _Bench:
    """A memory that holds nothing but one condition and the values it reads."""

    def __init__(self, values: Values, segment: Segment) -> None:
        self.values, self.segment = values, segment
        self.words: list[int] = [0] * TABLES
        self.cells: dict[str, int] = {}
        self.texts: dict[str, int] = {}
        self.tests: list[tuple[int, str, str]] = []
        self.code = 0

    def ready(self, code: Code) -> Any:
        """The memory, once everything is in it."""
        self.code = self._put(code)
        for at, function, argument in self.tests:
            table = _answers(function, argument, list(self.texts))
            self.words[at], self.words[at + 1] = self._put(table), len(table)
        return np.array(self.words, np.int64)

    def _put(self, words: Iterable[int]) -> int:
        at = len(self.words)
        self.words += words
        return at

    def load(self, name: str, key: str | None) -> Code:
        """A name: a segment in full, anything else from its cell."""
        if name.startswith("segment."):
            return lower(self.segment(name.removeprefix("segment.")), self)[:-3]
        inner = (Node("literal", (), key, 0, "string"),) if key is not None else ()
        return self._cell(written(Node("name", inner, name)))

    def feature(self, node: Node) -> Code:
        """A windowed feature, as it was read."""
        return self._cell(written(node))

    def _cell(self, name: str) -> Code:
        value = self.values.get(name)
        real = isinstance(value, float)
        if name not in self.cells:
            self.cells[name] = self._put([self._word(value)])
        return [OP_LOAD_REAL if real else OP_LOAD, self.cells[name], 0]

    def _word(self, value: Any) -> int:
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return MISSING
        if isinstance(value, str):
            return MODEL_KEYS + int(value[1:]) if _MADE.fullmatch(value) else self.text(value)
        return real_word(value) if isinstance(value, float) else int(value)

    def text(self, text: str) -> int:
        """The code of a text."""
        return self.texts.setdefault(text, len(self.texts))

    def words_of(self, words: Iterable[int]) -> int:
        """A list: its length, then its words."""
        found = list(words)
        return self._put([len(found), *found])

    def answers(self, test: str, argument: str) -> int:
        """Room for the address and length of what a text function answers."""
        at = self._put([0, 0])
        self.tests.append((at, test, argument))
        return at


def _answers(function: str, argument: str, texts: list[str]) -> list[int]:
    if function != ".matches":
        return [TEXT_FUNCTIONS[function](text, argument) for text in texts]
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.match_substring_regex(pa.array(texts, pa.string()), argument)
    return [int(yes) for yes in found.to_pylist()]
