"""Compiles windowed features: what is remembered of which events, and how conditions read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bifurque.actors.layout import RX_REMEMBER
from bifurque.engine.rulebook import DEFAULT_BOUND
from bifurque.rules.features import events_of, filter_of, window_of, written
from bifurque.rules.layout import ALWAYS, MISSING, OP_AND, OP_COUNT, OP_LOAD, OP_SUM, OP_WITHIN
from bifurque.rules.lowering import Code, lower_condition
from bifurque.rules.rulebook import (
    MEM_FIRST,
    MEM_LAST,
    MEM_RING,
    MEM_SIZE,
    MEM_SUMS,
    MEM_VALUES,
    MEM_WINDOWS,
    MEMORY_ROW,
    RING_FIRST,
    RING_LOST,
    VALUE_ROW,
)
from bifurque.rules.syntax import Node

if TYPE_CHECKING:
    from bifurque.engine.program import Compiling
    from bifurque.engine.tables import Tables

ORDER_MEMORY = 1
"""Before anything else looks at an event, it counts."""
WINDOWED = ("count", "sum")


def load_feature(tables: Tables, node: Node) -> Code:
    """The instructions that put a feature on the stack; what they need is remembered from now on."""
    tables.features.setdefault(written(node), node)
    rows = [_memory(tables, event, node) for event in events_of(node)]
    if node.value in WINDOWED:
        return [OP_SUM if node.value == "sum" else OP_COUNT, _ring(tables, rows[0], node), window_of(node)]
    if node.value != "both":
        return [OP_LOAD, _instant(tables, rows[0], MEM_FIRST if node.value == "first" else MEM_LAST), 0]
    a, b = (_instant(tables, row, MEM_LAST) for row in rows)
    return [OP_WITHIN, a, window_of(node), OP_WITHIN, b, window_of(node), OP_AND, 0, 0]


def _memory(tables: Tables, event: str, node: Node) -> int:
    """The row of the memory of an event and a filter; sums keep values, so they have their own."""
    where = filter_of(node)
    key = (event, written(where) if where else "", node.value == "sum")
    if key not in tables.memories:
        tables.memories[key] = tables.put([0] * MEMORY_ROW)
        tables.filters[key] = tables.put(lower_condition(where, tables)) if where else -1
    return tables.memories[key]


def _instant(tables: Tables, row: int, column: int) -> int:
    if tables.words[row + column] == 0:
        tables.words[row + column] = tables.cells(1, MISSING)
    return tables.words[row + column]


def _ring(tables: Tables, row: int, node: Node) -> int:
    if tables.words[row + MEM_RING] == 0:
        size, sums = tables.bounds.get(events_of(node)[0], DEFAULT_BOUND), node.value == "sum"
        cells = tables.cells(RING_FIRST)
        tables.start_with(cells + RING_LOST, ALWAYS)
        tables.cells(size, ALWAYS)
        tables.cells(size if sums else 0)
        tables.fill(row, {MEM_RING: cells, MEM_SIZE: size, MEM_SUMS: int(sums)})
    return row


def finish_features(c: Compiling, readers: dict[str, int]) -> None:
    """Tell every memory which windows look at it and which rules read what changes; let events fill them.

    Args:
        c: the plan under way.
        readers: masks of rules, by feature.
    """
    tables = c.tables
    numbers = {text: len(c.plan.rules) + i for i, text in enumerate(tables.features)}
    values = {t: tables.put(_ending(load_feature(tables, n))) for t, n in tables.features.items() if t in readers}
    for key, row in tables.memories.items():
        mine = {t: n for t, n in tables.features.items() if _reads(n, key)}
        windows = [w for t, n in mine.items() if n.value in WINDOWED for w in (window_of(n), numbers[t])]
        changing = [w for t in mine if t in readers for w in (values[t], readers[t], 0)]
        tables.fill(row, {MEM_WINDOWS: tables.listed(windows, 2), MEM_VALUES: tables.listed(changing, VALUE_ROW)})
        c.react(key[0], ORDER_MEMORY, [RX_REMEMBER, row, tables.filters[key], 0, 0])


def _reads(node: Node, key: tuple[str, str, bool]) -> bool:
    where = filter_of(node)
    return key[0] in events_of(node) and key[1:] == (written(where) if where else "", node.value == "sum")


def _ending(code: Code) -> Code:
    return [*code, 0, 0, 0]


def feature_bytes(node: Node, bounds: dict[str, int]) -> int:
    """The bytes per contact one feature takes, if nothing else asks for the same."""
    if node.value not in WINDOWED:
        return 8 * len(events_of(node))
    size = bounds.get(events_of(node)[0], DEFAULT_BOUND)
    return 8 * (RING_FIRST + size * (2 if node.value == "sum" else 1))
