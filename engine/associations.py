"""What is bought together: support, confidence and lift of pairs of items in a file of baskets.

Association rules of one item with one other (Agrawal, Imieliński & Swami, "Mining association rules between sets of
items in large databases", 1993). Support: the share of baskets with both. Confidence: of those with the first, the
share with the second. Lift: how many times more than if the two were bought independently.
"""

from __future__ import annotations

from pathlib import Path as File
from typing import Any

import numpy as np
from msgspec import Struct

from bifurque.engine.columns import column, read_table, texts, unused_columns
from bifurque.rules.errors import DataError

SUPPORT, LIFT = 0.01, 1.2
AT_ONCE = 1 << 20


class Association(Struct, frozen=True):
    """Those who take `item` also take `other`, in `baskets` baskets."""

    item: str
    other: str
    baskets: int
    support: float
    confidence: float
    lift: float


class Baskets(Struct, frozen=True):
    """Which item is in which basket, each once; by basket."""

    baskets: Any
    items: Any
    names: list[str]
    count: int


def read_baskets(file: str | File) -> Baskets:
    """Read a CSV or Parquet file with the columns `basket` and `item`, a row per item of a basket.

    Raises:
        DataError: the file cannot be read, a column is missing, or a cell is empty.
    """
    import pyarrow.compute as pc

    table = read_table(file, ("parquet", "csv"))
    unused_columns(table, ("basket", "item"), file)
    codes = []
    for name in ("basket", "item"):
        values = texts(column(table, name, file), file, name)
        empty = pc.or_kleene(pc.is_null(values), pc.equal(values, "")).fill_null(True)
        if pc.any(empty).as_py():
            row = int(np.argmax(np.asarray(empty)))
            raise DataError(f"{file}: row {row + 1}, column `{name}`: is empty")
        names, numbers = np.unique(np.asarray(values.to_pylist(), object), return_inverse=True)
        codes.append((names.tolist(), numbers))
    (every, baskets), (names, items) = codes
    if not every:
        raise DataError(f"{file}: holds no basket")
    pairs = np.unique(np.stack([baskets, items], axis=1), axis=0)
    return Baskets(pairs[:, 0], pairs[:, 1], list(names), len(every))


def associations(found: Baskets, support: float = SUPPORT, lift: float = LIFT) -> list[Association]:
    """Pairs with at least this support and more than this lift, the strongest lift first.

    Args:
        found: the baskets.
        support: share of all baskets that must hold both.
        lift: how many times more often than by chance.
    """
    alone = np.bincount(found.items, minlength=len(found.names))
    least = support * found.count
    frequent = alone >= least - 1e-9
    keep = frequent[found.items]  # no pair is more frequent than either of its items
    first, second, together = _pairs(found.baskets[keep], found.items[keep], len(found.names))
    enough = together >= least - 1e-9
    rows = []
    for a, b, n in zip(first[enough].tolist(), second[enough].tolist(), together[enough].tolist(), strict=True):
        ratio = n * found.count / (int(alone[a]) * int(alone[b]))
        if ratio > lift:
            for one, other in ((a, b), (b, a)):
                confidence = n / int(alone[one])
                rows.append(Association(found.names[one], found.names[other], n, n / found.count, confidence, ratio))
    return sorted(rows, key=lambda r: (-r.lift, -r.confidence, r.item, r.other))


def _pairs(baskets: Any, items: Any, size: int) -> tuple[Any, Any, Any]:
    """Every pair of items (a < b) and in how many baskets it is; baskets are taken by how far apart items stand."""
    codes, counts = np.zeros(0, np.int64), np.zeros(0, np.int64)
    apart = 1
    while apart < len(items):
        same = baskets[apart:] == baskets[:-apart]
        if not same.any():
            break
        more = items[:-apart][same] * np.int64(size) + items[apart:][same]
        new, many = np.unique(more, return_counts=True)
        codes, where = np.unique(np.concatenate([codes, new]), return_inverse=True)
        counts = np.bincount(where, np.concatenate([counts, many]), len(codes)).astype(np.int64)
        apart += 1
    return codes // size, codes % size, counts


def proposal(rows: list[Association], offers: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """`goes_with` by item: what must have been taken before it is offered; only offers of a plan, if there is one.

    Of a pair only the direction of higher confidence, from the rarer item to the other: no circle can come of that.
    """
    confidence = {(row.item, row.other): row.confidence for row in rows}
    found: dict[str, list[str]] = {}
    for row in rows:
        back = confidence[row.other, row.item]
        stronger = row.confidence > back or (row.confidence == back and row.item < row.other)
        if stronger and (not offers or (row.item in offers and row.other in offers)):
            found.setdefault(row.other, []).append(row.item)
    return found
