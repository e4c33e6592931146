"""The uncompiled step, with another engine in the place of its own chaining.

The step is not touched: twins of its functions are made, `infer` being another one. What durable-rules is told at the
start of a chaining is what armed rules read; it says which rule fires; the step does what that rule does; what then
reads otherwise is told, and so on until nothing fires.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bifurque.actors import firing
from bifurque.engine.durable_code import Code
from bifurque.engine.durable_host import Host
from bifurque.engine.possible import MISSING as UNKNOWN
from bifurque.engine.possible import evaluate
from bifurque.engine.program import Program
from bifurque.engine.ruling import derived
from bifurque.engine.texts import Texts
from bifurque.engine.twins import Hands, Part
from bifurque.rules import chaining
from bifurque.rules.compiled import Words
from bifurque.rules.conditions import word
from bifurque.rules.features import written
from bifurque.rules.layout import (
    FIRINGS,
    H_ARMED,
    H_CLOCK_RULES,
    H_RULE_WORDS,
    H_RULES,
    KNOWN,
    LOOPING,
    MISSING,
    QUARANTINED,
    STACK,
    TABLES,
)
from bifurque.rules.rulebook import MOST_FIRINGS, RU, RU_FACT, RU_NAME
from bifurque.rules.syntax import Node


class Reading:
    """What rules ask about, read from a lane's memory: words by the kernel's own loads, the rest worked out here."""

    def __init__(self, program: Program, texts: Texts, code: Code, words: Words) -> None:
        self.program, self.texts, self.code = program, texts, code
        leaves = {t: n for names in code.book.reads for t, n in names.items()}
        self.leaves = list(leaves.values())
        self.places = {text: i for i, text in enumerate(leaves)}
        self.readers = [code.book.readers[text] for text in leaves]
        at, more = len(words), [0]
        self.codes: list[int] = []
        for node in self.leaves:
            self.codes.append(at + len(more))
            more += [*_load(program, node), 0, 0, 0]
        self.words = np.concatenate([words, np.array(more, np.int64)])
        self._said: dict[int, str] = {}

    def read(self, m: Any, t: int) -> list[int | None]:
        """The words of everything that rules read; None for what is not known."""
        kept = m[STACK:TABLES].copy()
        found = [self._word(m, at, t) for at in self.codes]
        m[STACK:TABLES] = kept
        return found

    def _word(self, m: Any, at: int, t: int) -> int | None:
        value = int(word(m, at, MISSING, t))
        return value if m[KNOWN] else None

    def values(self, words: list[int | None]) -> dict[str, Any]:
        """What rules read, by how it is written."""
        return {text: self._value(self.leaves[i], words[i]) for text, i in self.places.items()}

    def numbers(self, words: list[int | None]) -> list[int | None]:
        """The numbers of every slot."""
        values = self.values(words)

        def look(node: Node) -> Any:
            return values[written(node)]

        found: list[int | None] = []
        for slot in self.code.slots:
            at = self.places.get(written(slot))
            if slot.type == "string":
                found.append(words[at] if at is not None else None)
                continue
            value = evaluate(slot, look, self.code.book.segment)
            found.append(None if value is UNKNOWN else self.code.number(slot, value))
        return found

    def _value(self, leaf: Node, found: int | None) -> Any:
        """What a word means."""
        if found is None:
            return UNKNOWN
        if leaf.type == "string":
            if found not in self._said:
                self._said[found] = self.texts.decode(np.array([found]))[0].as_py()
            return self._said[found]
        if leaf.type == "double":
            return float(np.int64(found).view(np.float64))
        return bool(found) if leaf.type == "bool" else found


def _load(program: Program, leaf: Node) -> list[int]:
    """The instructions that load what a rule reads; they are there already, and need no other tables."""
    if leaf.op == "feature":
        return program.tables.feature(leaf)
    return program.tables.load(str(leaf.value), str(leaf.args[0].value) if leaf.args else None)


class Chaining:
    """Forward chaining as durable-rules does it, for the step of one lane.

    It is told which rules are armed when a chaining begins. From then on it is on its own: what a rule reads and
    whether that has changed is looked up here, what fires and when it has fired often enough is up to the engine.
    """

    def __init__(self, reading: Reading, host: Host) -> None:
        self.reading, self.host, self.code = reading, host, reading.code
        self.derives = [derived(r) != "" for r in self.code.book.rules]
        self.fired: list[int] = []
        self._active = False
        self._t = 0
        self._known: list[int | None] = []
        self._changed: set[int] = set()
        self._own: Any = None
        self.derive: Part = chaining.derive

    @property
    def hands(self) -> Hands:
        """The parts of the step that this takes in hand."""
        changing = (chaining.touch, chaining.touch_bits, chaining.compare_values)
        hands: dict[Part, Callable[[Part], Part]] = {firing.infer: self._instead, chaining.derive: self._deriving}
        return hands | {part: self._told for part in changing}

    def look_again(self, words: Words) -> Words:
        """The contact's memory stands elsewhere now; it grows by what is read."""
        old = self.reading
        self.reading = Reading(old.program, old.texts, old.code, words)
        return self.reading.words

    def _instead(self, own: Part) -> Part:
        self._own = own
        return self.infer

    def _told(self, own: Part) -> Part:
        def told(m: Any, *args: int) -> None:
            own(m, *args)
            if self._active:
                self._note(m)

        return told

    @property
    def fire(self) -> Part:
        """What a rule does, by the same family of twins."""
        found: Part = self._own.__globals__["fire"]
        return found

    def _deriving(self, own: Part) -> Part:
        self.derive = own
        return own

    def _note(self, m: Any) -> None:
        """Note what reads otherwise than a moment ago; what changes and changes back has changed."""
        now = self.reading.read(m, self._t)
        self._changed |= {i for i, value in enumerate(now) if value != self._known[i]}
        self._known = now

    def infer(self, m: Any, t: int) -> None:
        """Fire rules to quiescence, in the place of the step's own."""
        self.fired = []
        armed = self._armed(m)
        if m[QUARANTINED] or not armed:
            return
        self._t, self._known, self._changed = t, self.reading.read(m, t), set()
        numbers = self.reading.numbers(self._known)
        self._active, true = True, set[int]()
        found = self.host.begin({str(r): self.code.message(r, numbers) for r in sorted(armed)})
        while found is not None and not self._acted(m, found, t):
            self._note(m)
            again = {r for i in self._changed for r in self.reading.readers[i]}
            rank = int(found[:-1])
            true = (true | {rank}) - again
            armed |= again
            self._changed = set()
            numbers = self.reading.numbers(self._known) if again else numbers
            found = self.host.go_on({str(r): self.code.message(r, numbers) for r in sorted(again)})
        self._active = False
        self.host.end()
        self._rest(m, armed, true)

    def _acted(self, m: Any, found: str, t: int) -> bool:
        """Do what the rule does that fires; whether that was once too often."""
        rank = int(found[:-1])
        rule = int(m[H_RULES]) + rank * RU
        if self.derives[rank] and not self.derive(m, int(m[rule + RU_FACT]), found[-1] == "+", t):
            return False
        m[FIRINGS] += 1
        if m[FIRINGS] > MOST_FIRINGS:
            m[QUARANTINED], m[LOOPING] = 1, m[rule + RU_NAME]
            return True
        self.fired.append(rank)
        self.fire(m, rule, t)
        return bool(m[QUARANTINED])

    def _armed(self, m: Any) -> set[int]:
        cells = int(m[H_ARMED])
        return {r for r in range(len(self.derives)) if int(m[cells + r // 64]) >> (r % 64) & 1}

    def _rest(self, m: Any, armed: set[int], true: set[int]) -> None:
        """Nothing is armed any more; of rules that time alone may make true it is noted whether they still are."""
        words, cells, clock = int(m[H_RULE_WORDS]), int(m[H_ARMED]), int(m[H_CLOCK_RULES])
        m[cells : cells + words] = 0
        for rank in armed if clock else ():
            w, mask = rank // 64, chaining.mask(rank % 64)
            if m[clock + w] & mask:
                held = cells + words + w
                m[held] = m[held] | mask if rank in true else m[held] & ~mask
