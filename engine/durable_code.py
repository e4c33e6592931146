"""Rules as durable-rules is told them: the encoding in which it neither crashes nor answers wrongly.

Each rule reads one message of its own, of whole numbers only: what it asks about, as numbers, and for what may be
unknown whether it is known. A condition becomes what must hold for it to be true, negations moved to the comparisons.
What the engine has no words for is worked out first, and given to it as one number more.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bifurque.engine.rule_trial import Book
from bifurque.engine.ruling import derived
from bifurque.rules.features import written
from bifurque.rules.syntax import Node

MOST_RULES = 500
"""The engine compares 512 first conditions, and never ends over one more."""
MOST_CONDITIONS = 48
"""Conditions of one rule, counted as the engine multiplies them out; 64 true at once are more than it can bear."""
_OPS = {"==": "", "!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_NUMBERS = ("bool", "int", "timestamp", "duration")

Cond = dict[str, Any] | bool
"""A condition in the engine's own notation, or a constant."""


def ordered(value: float) -> int:
    """A whole number for a real one, in the same order: the engine never rounds, and infinities are numbers too.

    >>> ordered(-1.5) < ordered(0.0) == ordered(-0.0) < ordered(5e-324) < ordered(float("inf")) < 2**63
    True
    """
    word: int = struct.unpack("<q", struct.pack("<d", value or 0.0))[0]
    return word if word >= 0 else -(word & 0x7FFFFFFFFFFFFFFF)


@dataclass
class RuleCode:
    """One rule: what must hold, and the numbers its message carries."""

    name: str
    condition: Cond
    slots: list[int] = field(default_factory=list)


class Code:
    """The rules of a plan for durable-rules, by rank.

    Attributes:
        book: the rules, with their trees and what each reads.
        slots: what is asked about, by number: a name, a feature, or an expression worked out first.
        rules: what each rule asks.
        first: by rule, the expressions of it that are worked out first.
    """

    def __init__(self, book: Book, texts: Mapping[str, int]) -> None:
        self.book, self.texts = book, dict(texts)
        self.slots: list[Node] = []
        self._numbers: dict[str, int] = {}
        self.first: dict[str, list[Node]] = {}
        self.rules = [self._rule(rank) for rank in range(len(book.rules))]

    def _rule(self, rank: int) -> RuleCode:
        rule, tree = self.book.rules[rank], self.book.trees[rank]
        self._asked: set[int] = set()
        found = self._true(tree, True)
        if size(found)[0] > MOST_CONDITIONS:
            self._asked = set()
            found = {_value(self._slot(tree)): 1}
        first = [self.slots[s] for s in sorted(self._asked) if not _leaf(self.slots[s])]
        if first:
            self.first[rule.name] = first
        return RuleCode(rule.name, found, sorted(self._asked))

    def _slot(self, node: Node) -> int:
        text = written(node)
        if text not in self._numbers:
            self._numbers[text] = len(self.slots)
            self.slots.append(node)
        self._asked.add(self._numbers[text])
        return self._numbers[text]

    def _true(self, node: Node, want: bool) -> Cond:
        """What must hold for a condition to be true (or, `want` being False, to be false; unknown is neither)."""
        if node.op == "literal":
            return bool(node.value) == want
        if node.op == "name" and str(node.value).startswith("segment."):
            return self._true(self.book.segment(str(node.value).removeprefix("segment.")), want)
        if node.op == "!":
            return self._true(node.args[0], not want)
        if node.op in ("&&", "||"):
            return junction("$and" if (node.op == "&&") == want else "$or", [self._true(a, want) for a in node.args])
        if _leaf(node):
            return {_value(self._slot(node)): int(want)}
        if node.op == "call" and node.value == "has" and _leaf(node.args[0]):
            return {_known(self._slot(node.args[0])): int(want)}
        if node.op == "in" and self._countable(node.args[0]):
            wanted = ("==", "$or") if want else ("!=", "$and")
            each = [self._compared(node.args[0], wanted[0], a) for a in node.args[1].args]
            return junction(wanted[1], each)
        if node.op in _OPS and self._comparable(node):
            left, right = node.args
            op = node.op if want else _OPPOSITE[node.op]
            if left.op == "literal":
                return self._compared(right, _TURNED.get(op, op), left)
            return self._compared(left, op, right)
        return {_value(self._slot(node)): int(want)}  # worked out first

    def _countable(self, node: Node) -> bool:
        """Whether what stands there can be a number of a message: reals and texts only as they are known."""
        return _leaf(node) or (node.op != "literal" and node.type in _NUMBERS)

    def _comparable(self, node: Node) -> bool:
        left, right = node.args
        if left.type != right.type or (left.type == "string" and node.op not in ("==", "!=")):
            return False
        if (left.op == "literal" and right.op == "literal") or written(left) == written(right):
            return False
        return all(a.op == "literal" or self._countable(a) for a in node.args)

    def _compared(self, left: Node, op: str, right: Node) -> Cond:
        slot = self._slot(left)
        if right.op == "literal":
            return junction("$and", [{_known(slot): 1}, _test(op, slot, self.number(right, right.value))])
        other = self._slot(right)
        return junction("$and", [{_known(slot): 1}, {_known(other): 1}, _test(op, slot, {"$m": _value(other)})])

    def number(self, node: Node, value: Any) -> int:
        """The number that stands for a value of a node's type."""
        if node.type == "string":
            return self.texts.setdefault(value, -2 - len(self.texts))
        return ordered(value) if node.type == "double" else int(value)

    def refusals(self) -> list[str]:
        """Why the engine cannot run these rules at all."""
        if len(self.rules) > MOST_RULES:
            return [f"{len(self.rules)} rules: durable-rules compares {MOST_RULES} at most"]
        return []

    def ruleset(self) -> dict[str, Any]:
        """The rules in the engine's notation: all priorities differ.

        A rule that derives a fact has a second one of the next priority, for when it is not true.
        """
        found: dict[str, Any] = {"never": _pattern(-1, 65535, {"k": -2})}  # the engine wants one rule at least
        for rank, code in enumerate(self.rules):
            once = " once" if derived(self.book.rules[rank]) else ""
            parts = junction("$and", [{"k": rank}, code.condition])
            if isinstance(parts, dict):
                found[f"{rank}+{once}"] = _pattern(rank, 2 * rank + 1, parts)
            if once:
                found[f"{rank}-{once}"] = _pattern(rank, 2 * rank + 2, {"k": rank})
        return found

    def message(self, rank: int, values: list[int | None]) -> dict[str, int]:
        """The message of a rule, from the numbers of all slots; None where a value is not known."""
        found = {"k": rank}
        for slot in self.rules[rank].slots:
            value = values[slot]
            found[_known(slot)] = int(value is not None)
            if value is not None:
                found[_value(slot)] = value
        return found


def _pattern(rank: int, priority: int, condition: dict[str, Any]) -> dict[str, Any]:
    """A rule whose first pattern is a fact that always holds; no more than 255 rules may begin with the same one."""
    return {"pri": priority, "all": [{"e": {"k": -10 - rank // 100}}, {"m": condition}]}


def _value(slot: int) -> str:
    return f"v{slot}"


def _known(slot: int) -> str:
    return f"p{slot}"


def _leaf(node: Node) -> bool:
    """A name or a feature."""
    return node.op in ("name", "feature") and not str(node.value).startswith("segment.")


def _test(op: str, slot: int, against: Any) -> Cond:
    return {_OPS[op]: {_value(slot): against}} if _OPS[op] else {_value(slot): against}


def junction(op: str, parts: list[Cond]) -> Cond:
    """Several conditions as one, without what is constant."""
    absorbing = op == "$or"
    if absorbing in [p for p in parts if isinstance(p, bool)]:
        return absorbing
    found: list[dict[str, Any]] = []
    for part in parts:
        if isinstance(part, dict):
            found += part.get(op, [part])
    if not found:
        return not absorbing
    return found[0] if len(found) == 1 else {op: found}


def size(condition: Cond) -> tuple[int, int]:
    """How many nodes the engine makes of a condition, and in how many ways it may be true."""
    if isinstance(condition, bool):
        return 0, 1
    nodes, ways = 0, 1
    if "$and" in condition:
        for part in condition["$and"]:
            more, branches = size(part)
            nodes, ways = nodes + ways * more, ways * branches
        return nodes, ways
    if "$or" in condition:
        parts = [size(part) for part in condition["$or"]]
        return sum(p[0] for p in parts), sum(p[1] for p in parts)
    return 1, 1
