"""Small tables for dashboards, written with the run so that nobody needs to read its log; weeks since its start."""

from __future__ import annotations

from pathlib import Path as File
from typing import Any

import numpy as np

from bifurque.engine.edges import edge_week
from bifurque.engine.kpi import Counters
from bifurque.engine.ledger import Vocabulary
from bifurque.engine.program import Program
from bifurque.rules.compiled import Words
from bifurque.rules.layout import (
    N_CLICKED,
    N_CONVERTED,
    N_DUE,
    N_FIXED,
    N_OPENED,
    N_REPLACED,
    N_REVENUE,
    N_SENT,
    N_UNSUBSCRIBED,
    N_VALUE,
)


def write_aggregates(folder: File, program: Program, counters: Words) -> None:
    """Write `station_week`, `decision_week`, `pressure_week` and `edge_week` as Parquet."""
    import pyarrow.parquet as parquet

    found = Counters(program, counters)
    for name, table in (
        ("station_week", station_week(program, found)),
        ("decision_week", decision_week(program, found)),
        ("pressure_week", pressure_week(found)),
        ("edge_week", edge_week(program, found)),
    ):
        partial = folder / f"{name}.partial"
        parquet.write_table(table, partial, compression="zstd")
        partial.rename(folder / f"{name}.parquet")


def _rows(program: Program, where: tuple[Any, ...]) -> dict[str, Any]:
    """The week and the names of send rows."""
    weeks, sends = where
    names = program.names
    journeys = [names.journeys[s.journey] for s in program.sends]
    steps = [program.steps[s.step][1] for s in program.sends]
    columns = {"journey": journeys, "step": steps}
    columns |= {"message": [s.message for s in program.sends], "channel": [s.channel for s in program.sends]}
    found: dict[str, Any] = {"week": weeks.astype(np.int32)}
    return found | {k: Vocabulary(v).column(sends) for k, v in columns.items()}


def station_week(program: Program, n: Counters) -> Any:
    """By week, journey, step, message and channel: what was due, sent, opened, clicked, bought, lost."""
    import pyarrow as pa

    any_row = np.nonzero(n.by_week.any(axis=2))
    cells = n.by_week[any_row]
    reasons = (cells.shape[1] - N_FIXED) // 2
    counts = {
        "arrived": cells[:, N_DUE],
        "sent": cells[:, N_SENT],
        "held": cells[:, N_FIXED : N_FIXED + reasons].sum(axis=1),
        "dropped": cells[:, N_FIXED + reasons :].sum(axis=1),
        "opened": cells[:, N_OPENED],
        "clicked": cells[:, N_CLICKED],
        "converted": cells[:, N_CONVERTED],
        "revenue_cents": cells[:, N_REVENUE],
        "unsubscribed": cells[:, N_UNSUBSCRIBED],
        "value_cents": cells[:, N_VALUE],
    }
    return pa.table(_rows(program, any_row) | counts)


def decision_week(program: Program, n: Counters) -> Any:
    """By week, journey, step, message, channel, outcome and reason: how many decisions."""
    import pyarrow as pa

    reasons = program.reasons
    labels = [("sent", "sent", N_SENT), ("replaced", "exited", N_REPLACED)]
    labels += [("held", r, N_FIXED + i) for i, r in enumerate(reasons)]
    labels += [("dropped", r, N_FIXED + len(reasons) + i) for i, r in enumerate(reasons)]
    columns = n.by_week[:, :, [at for _, _, at in labels]]
    weeks, sends, which = np.nonzero(columns)
    found = _rows(program, (weeks, sends))
    found["outcome"] = Vocabulary(outcome for outcome, _, _ in labels).column(which)
    found["reason"] = Vocabulary(reason for _, reason, _ in labels).column(which)
    return pa.table(found | {"count": columns[weeks, sends, which]})


def pressure_week(n: Counters) -> Any:
    """Contact-weeks by number of messages received."""
    import pyarrow as pa

    some = np.nonzero(n.pressure)[0]
    return pa.table({"messages": some.astype(np.int32), "contact_weeks": n.pressure[some]})
