"""Builds a lane's memory: tables that the kernel reads, the record of a contact, room to work, counters."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from bifurque.rules import types
from bifurque.rules.layout import (
    ANY_KEY,
    KEY,
    OP_CONST,
    OP_GT,
    OP_LOAD,
    OP_LOAD_BIT,
    OP_LOAD_REAL,
    OP_MUL,
    OP_SCORE,
    OP_TEXT,
    TABLES,
)
from bifurque.rules.lowering import Code, lower, lower_condition, real_word
from bifurque.rules.syntax import Node, Type

NAN = real_word(float("nan"))
assert KEY < TABLES


def hash64(*path: str) -> int:
    """A cause or purpose by its name path, as 64 bits: the first eight bytes of BLAKE2b."""
    return int.from_bytes(hashlib.blake2b("/".join(path).encode(), digest_size=8).digest(), "little", signed=True)


class Tables:
    """A lane's memory while it is built.

    The record of a contact comes first, then the tables. How long the record is, is known once everything has been
    built; so a plan is built twice, the first time only to learn that.
    """

    def __init__(self, record_size: int) -> None:
        self.words: list[int] = [0] * (TABLES + record_size)
        self.room = 0  # zero words behind the tables
        self.image: list[int] = []  # the record of a contact who has lived nothing
        self.texts: dict[str, int] = {}
        self.tests: list[tuple[int, str, str]] = []  # where answers by text go, the function, its argument
        self.loads: dict[str, Code] = {}  # the instructions that load each name
        self.names: dict[str, Type] = {}
        self.known_words: Mapping[str, tuple[str, ...]] = {}
        self.segments: Mapping[str, str] = {}
        self.features: dict[str, Node] = {}  # windowed features by how they are written
        self.memories: dict[tuple[str, str, bool], int] = {}  # rows by event, filter, and whether values are kept
        self.filters: dict[tuple[str, str, bool], int] = {}
        self.bounds: Mapping[str, int] = {}
        self.conditions: dict[int, tuple[str, Node]] = {}  # by the address of its instructions: a condition, its tree
        self.arms: dict[str, int] = {}  # by experiment: the word of the record that holds the arm

    def cells(self, count: int, initial: int = 0) -> int:
        """Room in the record; its address."""
        at = TABLES + len(self.image)
        self.image += [initial] * count
        return at

    def start_with(self, cell: int, initial: int) -> None:
        """What a word of the record holds when a life begins."""
        self.image[cell - TABLES] = initial

    def put(self, words: Iterable[int]) -> int:
        """Append a row to the tables; its address."""
        assert not self.room
        at = len(self.words)
        self.words += words
        return at

    def reserve(self, count: int) -> int:
        """Room to work, or counters: zero words behind all tables, once these are complete; their address."""
        at = len(self.words) + self.room
        self.room += count
        return at

    def reals(self, values: Iterable[float]) -> int:
        """Append a table of real numbers."""
        return self.put(real_word(v) for v in values)

    def listed(self, words: Iterable[int], width: int = 1) -> int:
        """Append a list: its length in rows, then its words."""
        found = list(words)
        return self.put([len(found) // width, *found])

    def fill(self, at: int, row: Mapping[int, int]) -> None:
        """Write the columns of a row."""
        for column, word in row.items():
            self.words[at + column] = word

    # What a condition needs to know: see `bifurque.rules.lowering.Places`.

    def load(self, name: str, key: str | None) -> Code:
        """The instructions that put a name's value on the stack."""
        if name.startswith("segment."):
            return lower(self.tree(self.segments[name.removeprefix("segment.")], types.condition), self)[:-3]
        code = list(self.loads[name])
        if code[0] == OP_SCORE:
            code[2] = ANY_KEY if key is None else self.text(key)
        return code

    def text(self, text: str) -> int:
        """The code of a text: texts of the plan first, those of its data later."""
        return self.texts.setdefault(text, len(self.texts))

    def words_of(self, words: Iterable[int]) -> int:
        """The address of a list of words."""
        return self.listed(words)

    def feature(self, node: Node) -> Code:
        """The instructions that put a windowed feature on the stack."""
        from bifurque.engine.compile_features import load_feature

        return load_feature(self, node)

    def answers(self, test: str, argument: str) -> int:
        """Room for the address and length of a table that is made once all texts are known."""
        at = self.put([0, 0])
        self.tests.append((at, test, argument))
        return at

    def tree(self, text: str, read: Any, more: Mapping[str, Type] | None = None) -> Node:
        """The checked tree of an expression."""
        tree: Node = read(text, {**self.names, **(more or {})}, self.known_words)
        return tree

    def code(self, text: str | None, more: Mapping[str, Type] | None = None) -> int:
        """The address of a condition's instructions, or -1 if there is none."""
        if text is None:
            return -1
        tree = self.tree(text, types.condition, more)
        at = self.put(lower_condition(tree, self))
        self.conditions[at] = (text, tree)
        return at

    def number(self, value: float | str, more: Mapping[str, Type] | None = None) -> tuple[int, int]:
        """A number as (address of instructions or -1, the bits of a constant)."""
        if not isinstance(value, str):
            return -1, real_word(float(value))
        tree = self.tree(value, types.number, more)
        if tree.type == "int":
            tree = Node("call", (tree,), "double", tree.at, "double")
        return self.put(lower(tree, self)), NAN

    def value(self, text: str, kind: str, more: Mapping[str, Type] | None = None) -> int:
        """The address of an expression whose word is kept in an attribute."""
        tree = self.tree(text, types.expression, more)
        if kind == "double" and tree.type == "int":
            tree = Node("call", (tree,), "double", tree.at, "double")
        if kind == "date":
            tree = Node("/", (tree, Node("literal", (), 86400, 0, "int")), "/", tree.at, "int")
        return self.put(lower(tree, self))

    # How names are loaded.

    def name_attribute(self, name: str, cell: int, kind: str) -> None:
        """An attribute; a date is read as the instant it starts, in UTC."""
        load = [OP_LOAD_REAL if kind == "double" else OP_LOAD, cell, 0]
        if kind == "date":
            load += [OP_CONST, 86400, 0, OP_MUL, 0, 0]
        self.loads[name] = load

    def name_bit(self, name: str, cell: int, bit: int) -> None:
        """A fact or a consent."""
        self.loads[name] = [OP_LOAD_BIT, cell, bit]

    def name_positive(self, name: str, cell: int) -> None:
        """Whether a count is above zero."""
        self.loads[name] = [OP_LOAD, cell, 0, OP_CONST, 0, 0, OP_GT, 0, 0]

    def name_coded(self, name: str, cell: int, texts: Iterable[str]) -> None:
        """A word that numbers one of some texts."""
        codes = [self.text(t) for t in texts]
        table = self.put(codes)
        self.loads[name] = [OP_LOAD, cell, 0, OP_TEXT, self.put([table, len(codes)]), 0]
