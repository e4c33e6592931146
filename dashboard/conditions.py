"""Conditions a plan could ask, by which later buyers differ from others: a small tree over the lives kept whole.

Each contact counts once, with one of its visits; a condition is told only if chance alone would hardly make such a
difference, however many were tried.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from bifurque.dashboard.runs import Rows, Store
from bifurque.engine.plan import Plan, Stage

DAYS, LEAST, LEVEL, MOST_DEEP = 30, 25, 0.05, 2
"""Days looked back and ahead; on either side of a condition so many contacts at least; the risk that one condition of
a tree is there by chance; how many conditions one below the other."""
COUNTS = (1, 2, 4)
"""An event is asked for so many times at least."""
Bools = npt.NDArray[np.bool_]


@dataclass
class Leaf:
    """Some of the contacts: those for whom conditions hold, in order, and how many of them bought later.

    Attributes:
        path: the conditions, each with whether it holds.
        contacts: how many.
        bought: of them.
        end: nothing more tells them apart.
    """

    path: tuple[tuple[str, bool], ...]
    contacts: int
    bought: int
    end: bool


def visits(store: Store, journey: str) -> Rows:
    """One visit of each contact to a journey: what happened in the days before, and whether it bought after."""
    money = store.money_events
    bought = f"type IN ({', '.join('?' for _ in money) or chr(39) * 2})"
    return store.rows(
        f"""WITH entries AS (SELECT contact, visit, min(time) AS moment FROM sample_walks
              WHERE journey = ? AND visit > 0 GROUP BY ALL),
            whole AS (SELECT * FROM entries WHERE epoch(moment) < ? - {DAYS} * 86400),
            one AS (SELECT contact, arg_min(moment, hash(contact, visit)) AS moment,
              arg_min(visit, hash(contact, visit)) AS nth FROM whole GROUP BY contact),
            before AS (SELECT contact, type, count(*) AS n FROM one JOIN sample_events AS e USING (contact)
              WHERE e.time <= moment AND e.time > moment - INTERVAL {DAYS} DAY GROUP BY ALL),
            lists AS (SELECT contact, map_from_entries(list({{'k': type, 'v': n}})) AS counts FROM before GROUP BY ALL),
            stages AS (SELECT contact, arg_max(step, w.time) AS stage FROM one JOIN sample_walks AS w USING (contact)
              WHERE cause = 'stage' AND w.time <= moment GROUP BY ALL),
            later AS (SELECT contact, count(*) AS n FROM one JOIN sample_events AS e USING (contact)
              WHERE e.time > moment AND e.time <= moment + INTERVAL {DAYS} DAY AND {bought} GROUP BY ALL)
            SELECT contact, nth, counts, stage, coalesce(n, 0) > 0 AS bought
            FROM one LEFT JOIN lists USING (contact) LEFT JOIN stages USING (contact) LEFT JOIN later USING (contact)
            ORDER BY contact""",
        journey,
        int(store.run.manifest["end"]),
        *money,
    )


def asked(plan: Plan, rows: Rows) -> dict[str, Bools]:
    """Every condition that is tried, as a plan writes it, and for whom it holds."""
    counts = [dict(row["counts"] or {}) for row in rows]
    found: dict[str, Bools] = {}
    for event in sorted({name for one in counts for name in one}):
        n = np.array([one.get(event, 0) for one in counts])
        found |= {f'count({event}, "{DAYS}d") >= {least}': n >= least for least in COUNTS}
    names = [s.name if isinstance(s, Stage) else s for s in plan.stages]
    at = np.array([names.index(row["stage"]) if row["stage"] in names else 0 for row in rows])
    found |= {f"stage in {json.dumps(names[n:])}": at >= n for n in range(1, len(names))}
    return found


def tree(rows: Rows, conditions: dict[str, Bools]) -> list[Leaf]:
    """The contacts, told apart again and again by the condition that does it best; in the order of a tree."""
    bought = np.array([row["bought"] for row in rows], bool)
    limit = NormalDist().inv_cdf(1 - LEVEL / 2 / max(len(conditions), 1) / (2**MOST_DEEP - 1))
    found: list[Leaf] = []
    _grow(found, (), np.ones(len(rows), bool), bought, conditions, limit)
    return found


def _grow(
    found: list[Leaf],
    path: tuple[tuple[str, bool], ...],
    among: Bools,
    bought: Bools,
    conditions: dict[str, Bools],
    limit: float,
) -> None:
    scores = {name: difference(bought[among], holds[among]) for name, holds in conditions.items()}
    best = max(scores, key=lambda name: scores[name], default="")
    end = len(path) == MOST_DEEP or not best or scores[best] < limit
    found.append(Leaf(path, int(among.sum()), int(bought[among].sum()), end))
    for holds in () if end else (True, False):
        _grow(found, (*path, (best, holds)), among & (conditions[best] == holds), bought, conditions, limit)


def difference(bought: Bools, holds: Bools) -> float:
    """How many standard errors the shares of buyers with and without a condition are apart; 0 with too few people."""
    n, m = int(holds.sum()), int((~holds).sum())
    if min(n, m) < LEAST:
        return 0.0
    share = float(bought.mean())
    error = (share * (1 - share) * (1 / n + 1 / m)) ** 0.5
    return abs(float(bought[holds].mean() - bought[~holds].mean())) / error if error else 0.0


def in_plan(plan_text: str, condition: str) -> bool:
    """Whether the plan asks for the same event or for stages somewhere."""
    word = condition.split(",")[0] if condition.startswith("count(") else "stage"
    return any(f"{word}{sign}" in plan_text for sign in (",", ")", " ==", " in", " !="))
