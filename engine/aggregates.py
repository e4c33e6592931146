"""Small tables for dashboards, written with the run so that nobody needs to read its log; weeks since its start."""

from __future__ import annotations

from pathlib import Path as File
from typing import Any

import numpy as np

from bifurque.engine.edges import edge_week
from bifurque.engine.group_tables import Books, branch, kpi, loop, pressure_week, stage_day, stage_move
from bifurque.engine.kpi import Counters
from bifurque.engine.ledger import Vocabulary
from bifurque.engine.program import Program
from bifurque.engine.run import write_table
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


def write_aggregates(folder: File, program: Program, counters: Words, lost: Words) -> None:
    """Write the tables as Parquet.

    Args:
        folder: where.
        program: the plan of the run.
        counters: the sum of what its lanes counted.
        lost: decisions not to send, rows of (key, week, how many, cents).
    """
    found, books = Counters(program, counters), Books(program, counters)
    write_table(folder, "station_week", station_week(program, found))
    write_table(folder, "decision_week", decision_week(program, found, lost))
    for name, table in (
        ("pressure_week", pressure_week(books)),
        ("stage_day", stage_day(books)),
        ("stage_move", stage_move(books)),
        ("branch", branch(books)),
        ("loop", loop(books)),
        ("group_kpi", kpi(books)),
        ("edge_week", edge_week(program, found)),
    ):
        write_table(folder, name, table)


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
        "lost": cells[:, N_FIXED + reasons :].sum(axis=1) + cells[:, N_REPLACED],
        "opened": cells[:, N_OPENED],
        "clicked": cells[:, N_CLICKED],
        "converted": cells[:, N_CONVERTED],
        "revenue_cents": cells[:, N_REVENUE],
        "unsubscribed": cells[:, N_UNSUBSCRIBED],
        "value_cents": cells[:, N_VALUE],
    }
    return pa.table(_rows(program, any_row) | counts)


def decision_week(program: Program, n: Counters, lost: Words) -> Any:
    """By week, journey, step, message, channel, outcome, reason and winner: how many decisions, and their value."""
    import pyarrow as pa

    reasons = program.reasons
    labels = [("sent", "sent"), ("replaced", "exited"), *(("held", r) for r in reasons)]
    labels += [("dropped", r) for r in reasons]
    final = n.by_week[:, :, [N_SENT, N_REPLACED]]
    weeks, sends, which = np.nonzero(final)
    count = final[weeks, sends, which]
    cents = np.where(which == 0, n.by_week[weeks, sends, N_VALUE], 0)
    key, week, more, worth = _added(lost)
    key, winner = np.divmod(key - 1, 65536)
    send, law = np.divmod(key, 2 * len(reasons))
    weeks, sends, which = (np.concatenate(two) for two in ((weeks, week), (sends, send), (which, law + 2)))
    journeys = 1 + len(program.names.messages) + np.array([s.journey for s in program.sends], np.int64)
    renewed = np.where(which[: len(count)] == 1, journeys[sends[: len(count)]], 0)  # replaced by a newer visit
    winners = np.concatenate([renewed, winner])
    order = np.lexsort((winners, which, sends, weeks))
    weeks, sends, which, winners = weeks[order], sends[order], which[order], winners[order]
    found = _rows(program, (weeks, sends))
    found["outcome"] = Vocabulary(outcome for outcome, _ in labels).column(which)
    found["reason"] = Vocabulary(reason for _, reason in labels).column(which)
    found["winner"] = Vocabulary(program.winners).column(winners)
    found["count"] = np.concatenate([count, more])[order]
    found["value_cents"] = np.concatenate([cents, worth])[order]
    return pa.table(found)


def _added(lost: Words) -> tuple[Words, Words, Words, Words]:
    """Rows of several lanes as one row per key and week."""
    keys, places = np.unique(lost[:, :2], axis=0, return_inverse=True)
    sums = np.zeros((len(keys), 2), np.int64)
    np.add.at(sums, places.reshape(-1), lost[:, 2:])
    return keys[:, 0], keys[:, 1], sums[:, 0], sums[:, 1]
