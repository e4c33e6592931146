"""Linear programs, written one constraint at a time and solved by HiGHS."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from bifurque.rules.errors import BifurqueError

Terms = Iterable[tuple[int, float]]
"""Variables and what they are multiplied by."""
NODES = 2000
"""Where a search over whole numbers stops: counted, not timed, so that the answer is always the same."""


class Problem:
    """A linear program: the least cost under constraints."""

    def __init__(self) -> None:
        self.cost: list[float] = []
        self.bounds: list[tuple[float, float]] = []
        self.whole: list[int] = []
        self.rows: list[int] = []
        self.columns: list[int] = []
        self.factors: list[float] = []
        self.limits: list[tuple[float, float]] = []

    def variable(self, cost: float = 0.0, low: float = 0.0, high: float = math.inf, *, whole: bool = False) -> int:
        """One more variable."""
        self.cost.append(cost)
        self.bounds.append((low, high))
        self.whole.append(int(whole))
        return len(self.cost) - 1

    def between(self, terms: Terms, low: float, high: float) -> None:
        """A sum stays within bounds."""
        for variable, factor in terms:
            self.rows.append(len(self.limits))
            self.columns.append(variable)
            self.factors.append(factor)
        self.limits.append((low, high))

    def at_least(self, terms: Terms, low: float) -> None:
        """A sum is no less than this."""
        self.between(terms, low, math.inf)

    def at_most(self, terms: Terms, high: float) -> None:
        """A sum is no more than this."""
        self.between(terms, -math.inf, high)

    def equal(self, terms: Terms, value: float) -> None:
        """A sum is just this."""
        self.between(terms, value, value)

    def apart(self, later: int, earlier: int, distance: float) -> None:
        """One variable is at least so much more than another."""
        self.at_least(((later, 1.0), (earlier, -1.0)), distance)

    def distance(self, cost: float, a: int, b: int) -> int:
        """A variable that is at least the distance between two others."""
        d = self.variable(cost)
        self.at_least(((d, 1.0), (a, -1.0), (b, 1.0)), 0.0)
        self.at_least(((d, 1.0), (a, 1.0), (b, -1.0)), 0.0)
        return d

    def solve(self, cost: Sequence[float] | None = None) -> list[float] | None:
        """The values of all variables, or nothing if the constraints exclude each other."""
        sparse, optimize = _scipy()
        shape = (len(self.limits), len(self.cost))
        matrix = sparse.coo_matrix((self.factors, (self.rows, self.columns)), shape=shape).tocsr()
        low, high = zip(*self.limits, strict=True) if self.limits else ((), ())
        found = optimize.milp(
            self.cost if cost is None else cost,
            constraints=optimize.LinearConstraint(matrix, low, high) if self.limits else (),
            integrality=self.whole,
            bounds=optimize.Bounds(*zip(*self.bounds, strict=True)),
            options={"node_limit": NODES, "mip_rel_gap": 1e-3},
        )
        return None if found.x is None else [float(x) for x in found.x]


def _scipy() -> Any:
    try:
        from scipy import optimize, sparse
    except ImportError:
        raise BifurqueError("the map is laid out with SciPy: pip install 'bifurque[dashboard]'") from None
    return sparse, optimize
