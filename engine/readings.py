"""What the conditions of a compiled plan read, in words: values of a contact's memory by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bifurque.actors.layout import (
    J_MOST,
    J_REENTRY,
    J_VISITS,
    J_WHEN,
    JOURNEY,
    NEVER_AGAIN,
    REACTION,
    RX_ARG,
    RX_EXIT,
    RX_WHERE,
    S_BRANCH,
    ST_ARG,
    ST_KIND,
    STEP,
    TR_JOURNEY,
)
from bifurque.engine.evidence import Judged
from bifurque.engine.program import Program
from bifurque.engine.rulebook import leaves, ranked
from bifurque.engine.texts import Texts
from bifurque.rules import types
from bifurque.rules.conditions import run
from bifurque.rules.features import written
from bifurque.rules.layout import (
    ANY_KEY,
    CAP_REASON,
    CAP_WHEN,
    FALSE,
    H_EVENTS,
    H_JOURNEYS,
    H_RULES,
    H_SCORES,
    H_SENDS,
    KNOWN,
    OP_END,
    RULE_REASON,
    RULE_WHILE,
    SCORE,
    SEND,
    SEND_CAPS,
    SEND_RULES,
    STACK,
    UNKNOWN,
)
from bifurque.rules.rulebook import RU, RU_WHEN
from bifurque.rules.scores import value as score_value
from bifurque.rules.syntax import Node


class Readings:
    """What the conditions of a compiled plan read.

    Attributes:
        parts: by the address of a condition's instructions: what part of the plan it belongs to, and its name.
        branches: by the number of a step: its conditions.
        scores: names of scores by the address of their row.
        program: the compiled plan.
        segments: trees of segments by name.
    """

    def __init__(self, program: Program, texts: Texts) -> None:
        self.program, self._texts = program, texts
        words = program.words
        self.scores = {int(words[H_SCORES]) + i * SCORE: n for i, n in enumerate(program.plan.scores)}
        self.branches: dict[int, list[int]] = {}
        self.parts: dict[int, tuple[str, str]] = {}
        for code, part, name in (*self._entries(), *self._laws(), *self._reactions()):
            if code in program.tables.conditions:
                self.parts.setdefault(code, (part, name))
        for code in program.tables.conditions:
            self.parts.setdefault(code, ("change", ""))
        self.segments = {n: program.tables.tree(text, types.condition) for n, text in program.plan.segments.items()}
        self._leaves: dict[int, list[tuple[str, str, list[int]]]] = {}
        self._known: dict[int, str] = {}

    def segment(self, name: str) -> Node:
        """The tree of a segment."""
        return self.segments[name]

    def _entries(self) -> Iterator[tuple[int, str, str]]:
        """Conditions of journeys, branches and rules."""
        words, program = self.program.words, self.program
        names = program.names.journeys
        for i, name in enumerate(names):
            yield int(words[words[H_JOURNEYS] + i * JOURNEY + J_WHEN]), "when", name
        first = int(words[H_JOURNEYS]) + len(names) * JOURNEY
        for i, (_, name) in enumerate(program.steps):
            row = first + i * STEP
            if words[row + ST_KIND] == S_BRANCH:
                ways = int(words[row + ST_ARG])
                codes = [int(words[ways + 1 + 2 * k]) for k in range(words[ways])]
                self.branches[i + 1] = [c for c in codes if c >= 0]
                yield from ((c, "branch", name) for c in codes)
        for i, rule in enumerate(ranked(program.plan)):
            yield int(words[words[H_RULES] + i * RU + RU_WHEN]), "rule", rule.name

    def _laws(self) -> Iterator[tuple[int, str, str]]:
        """Conditions of caps and of coherence rules."""
        words, reasons = self.program.words, self.program.reasons
        for i in range(len(self.program.sends)):
            row = int(words[H_SENDS]) + i * SEND
            for column, when, named, part in (
                (SEND_CAPS, CAP_WHEN, CAP_REASON, "cap"),
                (SEND_RULES, RULE_WHILE, RULE_REASON, "coherence"),
            ):
                at = int(words[row + column])
                for k in range(words[at]):
                    law = int(words[at + 1 + k])
                    yield int(words[law + when]), part, reasons[words[law + named]].partition(":")[2]

    def _reactions(self) -> Iterator[tuple[int, str, str]]:
        """Conditions on events: of triggers, exits and goals."""
        words, names = self.program.words, self.program.names
        by_row = {int(words[H_JOURNEYS]) + i * JOURNEY: n for i, n in enumerate(names.journeys)}
        for number in range(len(names.events)):
            at = int(words[words[H_EVENTS] + number])
            for k in range(words[at]):
                row = at + 1 + k * REACTION
                target = int(words[row + RX_ARG])
                if words[row + 0] == RX_EXIT:
                    yield int(words[row + RX_WHERE]), "exit", by_row.get(target, "")
                elif 0 < target < len(words) and int(words[target + TR_JOURNEY]) in by_row:
                    yield int(words[row + RX_WHERE]), "trigger", by_row[int(words[target + TR_JOURNEY])]

    def read_by(self, code: int) -> list[tuple[str, str, list[int]]]:
        """What a condition reads: its names, their types, and the instructions that read them."""
        if code not in self._leaves:
            tables = self.program.tables
            found: dict[str, tuple[str, str, list[int]]] = {}
            for node in leaves(tables.conditions[code][1], self.segment):
                key = str(node.args[0].value) if node.op == "name" and node.args else None
                load = tables.feature(node) if node.op == "feature" else tables.load(str(node.value), key)
                found[written(node)] = (written(node), node.type, [*load, OP_END, 0, 0])
            self._leaves[code] = list(found.values())
        return self._leaves[code]

    def values(self, m: Any, code: int, t: int) -> dict[str, Any]:
        """What a condition reads now."""
        return {name: self._value(m, load, kind, t) for name, kind, load in self.read_by(code)}

    def _value(self, m: Any, load: list[int], kind: str, t: int) -> Any:
        run(_Beside(m, load), len(m), t)
        if m[KNOWN] == 0:
            return None
        word = m[STACK : STACK + 1]
        if kind == "double":
            return float(word.view(np.float64)[0])
        if kind == "string":
            return self.text(int(word[0]))
        return bool(word[0]) if kind == "bool" else int(word[0])

    def text(self, code: int) -> str:
        """A text by its code."""
        if code not in self._known:
            self._known[code] = str(self._texts.decode(np.array([code], np.int64))[0].as_py())
        return self._known[code]

    def judged(self, code: int, t: int, values: dict[str, Any], verdict: int) -> Judged:
        """A condition that has been judged."""
        part, name = self.parts[code]
        text, tree = self.program.tables.conditions[code]
        return Judged(part, name, text, int(t), values, None if verdict == UNKNOWN else bool(verdict != FALSE), tree)

    def score(self, m: Any, row: int, t: int) -> float:
        """What a score is worth, of its best key."""
        return float(score_value(m, row, ANY_KEY, t))

    def bound(self, m: Any, journey: int) -> str:
        """Which bound keeps a contact out of a journey whose condition holds."""
        visits = m[m[journey + J_VISITS]]
        if 0 < m[journey + J_MOST] <= visits:
            return "most"
        return "never" if m[journey + J_REENTRY] == NEVER_AGAIN else "inside"


class _Beside:
    """A memory with a few instructions behind its end."""

    def __init__(self, m: Any, code: list[int]) -> None:
        self.m, self.code, self.end = m, code, len(m)

    def __getitem__(self, at: int) -> int:
        return self.code[at - self.end] if at >= self.end else self.m[at]

    def __setitem__(self, at: int, word: int) -> None:
        self.m[at] = word
