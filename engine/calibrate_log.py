"""What in a log is not what it seems: said before anything is estimated from it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from bifurque.engine.fit_log import SENT, VOCABULARY, WEEK, Log
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError
from bifurque.rules.layout import MISSING

if TYPE_CHECKING:
    from bifurque.engine.calibrate import Calibration

ENOUGH, STRETCH = 100, 0.15
"""Purchases enough to see that there are none in the last of so large a share of the log."""
REFUND = "refund"
NAME = r"[^\W\d][\w-]{0,62}"
WANTED = "letters, digits, `_` and `-`, not starting with a digit"


def look(c: Calibration, purchase: str, visit: str, cart: str) -> None:
    """Say what is odd: types nothing reads, refunds, rows twice, a log that goes on when purchases have stopped.

    Raises:
        DataError: nothing in the log is of a type that is read.
    """
    log, read = c.log, {*VOCABULARY, purchase, visit, cart}
    for option, name in (("purchase", purchase), ("visit", visit), ("cart", cart)):
        if not re.fullmatch(NAME, name):
            raise DataError(f"--{option} {name}: a plan could not call it so: rename it in the log: {WANTED}")
    kinds = _kinds(log)
    if not read & set(kinds):
        there = ", ".join(f"`{k}`" for k in list(kinds)[:8]) + (", …" if len(kinds) > 8 else "")
        wanted = ", ".join(f"`{k}`" for k in (purchase, visit, SENT))
        raise DataError(
            f"{log.file}: column `type`: nothing to estimate from: it has {there}, and none of {wanted}, …"
            "; rename them, or name yours with --purchase, --visit, --cart"
        )
    if purchase not in kinds and (others := [k for k in kinds if k not in read]):
        c.note("unread", ", ".join(f"`{k}`" for k in others[:8]))
    _refunds(c, purchase)
    if repeated := _repeated(log):
        c.note("repeated", c.number(repeated))


def nameable(c: Calibration, found: dict[str, Any], what: str) -> dict[str, Any]:
    """What has a name that a plan can use; the rest is left out, and said so."""
    odd = [name for name in found if not re.fullmatch(NAME, name)]
    if odd:
        c.note(f"odd_{what}", ", ".join(f"`{name}`" for name in odd[:6]) + (", …" if len(odd) > 6 else ""))
    return {name: value for name, value in found.items() if name not in odd}


def _kinds(log: Log) -> dict[str, int]:
    """The types of events there are, the commonest first."""
    counts = np.bincount(log.kind, minlength=len(log.words["type"]))
    order = np.argsort(-counts, kind="stable").tolist()
    return {log.words["type"][i]: int(counts[i]) for i in order if counts[i]}


def _refunds(c: Calibration, purchase: str) -> None:
    """A purchase of less than nothing is money paid back: it becomes a type of its own."""
    log = c.log
    rows = log.of(purchase)
    back = rows[(log.value[rows] < 0) & (log.value[rows] != MISSING)]
    if not len(back):
        return
    if REFUND not in log.words["type"]:
        log.words["type"].append(REFUND)
    log.kind[back] = log.words["type"].index(REFUND)
    c.note("refunds", c.number(len(back)))


def _repeated(log: Log) -> int:
    """How many rows are, column by column, like another. Only rows of one contact at one instant can be."""
    same = (log.contact[1:] == log.contact[:-1]) & (log.time[1:] == log.time[:-1])
    rows = np.nonzero(np.r_[same, False] | np.r_[False, same])[0]
    if not len(rows):
        return 0
    columns = [a[rows] for a in (log.channel, log.message, log.value, log.key, log.kind, log.time, log.contact)]
    order = np.lexsort(columns)
    alike = np.ones(len(rows) - 1, bool)
    for values in columns:
        alike &= values[order][1:] == values[order][:-1]
    return int(alike.sum())


def watched(c: Calibration, purchases: Words, read: set[str]) -> None:
    """Say when a few stray rows make a log longer than purchases were watched: nobody would seem to buy any more.

    A last row of a type nothing reads, such as `seen`, is there to say how long the log was watched.
    """
    log = c.log
    if len(purchases) < ENOUGH:
        return
    times = np.sort(log.time[purchases])
    some = len(times) // 1000 + 1
    last = log.words["type"][log.kind[np.argmax(log.time)]]
    first, until = int(times[some - 1]), int(times[-some])
    late = last in read and log.end - until > max(STRETCH * (until - first), WEEK)
    early = c.life_from == "start" and first - log.start > max(STRETCH * (until - first), WEEK)
    if late or early:
        days = np.array([first, until, log.start, log.end]).astype("datetime64[s]").astype("datetime64[D]")
        c.note("stretched", *days)
