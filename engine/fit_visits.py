"""Visits people make of themselves, the carts they leave, and those they come back to unaided."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bifurque.engine.fit_likelihood import SURE, Reals, scipy
from bifurque.engine.fit_log import CLICKED, HOUR, SENT, WEEK, Log
from bifurque.rules.compiled import Words

LED_BY_CLICK = 1800
"""A visit this soon after a click is the click's, not the person's own."""
LEFT_AFTER = 1800
"""A cart is left when it has not been bought within this time of its last change."""
LEAST = 30


@dataclass(frozen=True)
class Returns:
    """Carts left that were bought later, with no message in between.

    Attributes:
        share: within a week: value and standard error; None if no cart could be watched so long.
        carts: how many were left.
        watched: for how many hours some could be watched.
    """

    share: tuple[float, float] | None
    carts: int
    watched: float


def ratio(top: Reals, bottom: Reals) -> tuple[float, float]:
    """A ratio of two sums over contacts, and its standard error: contacts differ, so they are what varies."""
    value = float(top.sum() / bottom.sum())
    rest = top - value * bottom
    error = float(np.sqrt((rest**2).sum() * len(top) / max(len(top) - 1, 1)) / bottom.sum())
    return value, error


def own_purchases(log: Log, cart: str, purchase: str) -> Words:
    """The rows of purchases that do not bring a cart home that was left: those have a rhythm of their own."""
    rows, carts = log.of(purchase), log.of(cart)
    keyed = log.key[rows] >= 0
    if not len(carts) or not keyed.any():
        return rows
    size = len(log.words["key"]) + 1
    mine = log.contact[rows] * size + log.key[rows]
    since = _next(mine, -log.time[rows], log.contact[carts] * size + log.key[carts], -log.time[carts])
    return rows[~(keyed & (since > LEFT_AFTER) & (since <= WEEK))]


def visits_per_week(log: Log, visit: str, purchases: Words, rate: float, moves: Reals) -> tuple[float, float] | None:
    """How many visits of their own people make a week while they are alive: for each purchase, times their rate.

    Args:
        log: what was lived.
        visit: the event a visit is.
        purchases: the rows of purchases that have a rhythm; they end with the person, as visits do.
        rate: purchases a week.
        moves: by how much each contact moves the logarithm of the rate: it errs with the number of purchases.
    """
    own = _own(log, log.of(visit))
    came = np.bincount(log.contact[own], minlength=len(moves)).astype(float)
    bought = np.bincount(log.contact[purchases], minlength=len(moves)).astype(float)
    if len(own) < LEAST or bought.sum() < LEAST:
        return None
    value = float(came.sum() / bought.sum() * rate)
    each = came / came.sum() - bought / bought.sum() + moves
    return value, value * float(np.sqrt((each**2).sum() * len(each) / max(len(each) - 1, 1)))


def carts_per_visit(log: Log, visit: str, cart: str, purchase: str) -> tuple[float, float] | None:
    """Share of visits of people's own in which a cart is filled and left."""
    visits = np.bincount(log.contact[_own(log, log.of(visit))], minlength=log.count).astype(float)
    rows, bought = _carts(log, cart, purchase)
    rows = _own(log, rows[bought - log.time[rows] > LEFT_AFTER])
    if len(rows) < LEAST or visits.sum() < len(rows):
        return None
    return ratio(np.bincount(log.contact[rows], minlength=log.count).astype(float), visits)


def _own(log: Log, rows: Words) -> Words:
    """The rows that no click has led to."""
    return rows[_since(log, log.of(CLICKED), log.contact[rows], log.time[rows]) > LED_BY_CLICK]


def returns(log: Log, cart: str, purchase: str) -> Returns | None:
    """Carts bought within a week of being left, by Kaplan and Meier: watched until a message, another cart or purchase.

    What messages bring back is another matter; a log in which all carts get one soon says little of this.
    """
    rows, bought = _carts(log, cart, purchase)
    left = log.time[rows]
    until = (_until(log, log.of(kind), log.contact[rows], left) for kind in (SENT, cart, purchase))
    end = np.minimum(left + np.minimum.reduce([np.full(len(rows), WEEK), *until]), log.end)
    back = bought <= end
    spent = np.minimum(bought, end) - left
    stays = spent > LEFT_AFTER
    if stays.sum() < LEAST:
        return None
    hours, censored = spent[stays] / HOUR, ~back[stays]
    watched = float(hours.max())
    whole = int((hours >= WEEK / HOUR - 1e-9).sum())
    if whole < LEAST // 3:
        return Returns(None, int(stays.sum()), watched)
    stats = scipy("stats")
    curve = stats.ecdf(stats.CensoredData.right_censored(hours, censored)).sf
    at = WEEK / HOUR - 1e-6
    interval = curve.confidence_interval(0.95)
    half = float(interval.high.evaluate(at) - interval.low.evaluate(at)) / 2
    return Returns((1 - float(curve.evaluate(at)), half / SURE), int(stays.sum()), watched)


def _carts(log: Log, cart: str, purchase: str) -> tuple[Words, Words]:
    """The last change of each cart before it was bought, and when that was; a cart is a contact's key."""
    rows, sales = log.of(cart), log.of(purchase)
    keyed = (log.key[rows] >= 0).any()
    size = len(log.words["key"]) + 1
    name = log.contact[rows] * size + (log.key[rows] if keyed else -1)
    known = keyed and (log.key[sales] >= 0).any()
    sold = log.contact[sales] * size + (log.key[sales] if known else -1)
    mine = name if known else log.contact[rows] * size - 1
    bought = log.time[rows] + _next(mine, log.time[rows], sold, log.time[sales])
    order = np.lexsort((log.time[rows], name))
    last = np.ones(len(rows), bool)
    same = name[order][1:] == name[order][:-1]
    last[:-1] = ~same if keyed else True
    last[:-1] |= bought[order][:-1] < log.time[rows][order][1:]
    return rows[order][last], bought[order][last]


def _next(keys: Words, times: Words, other: Words, when: Words) -> Words:
    """Seconds until something next happens to each key; a very long time if nothing does."""
    never = np.full(len(keys), 1 << 40, np.int64)
    if not len(keys) or not len(other):
        return never
    names = np.unique(np.concatenate([keys, other]))
    low = min(int(times.min()), int(when.min()))
    span = max(int(times.max()), int(when.max())) - low + 2
    joint = np.sort(np.searchsorted(names, other) * span + (when - low))
    own = np.searchsorted(names, keys) * span + (times - low)
    at = np.searchsorted(joint, own, side="right")
    found = joint[np.minimum(at, len(joint) - 1)]
    return np.where((at < len(joint)) & (found // span == own // span), found - own, never)


def _until(log: Log, rows: Words, contact: Words, time: Words) -> Words:
    """Seconds until the next of some events of the same contact."""
    return _next(contact, time, log.contact[rows], log.time[rows])


def _since(log: Log, rows: Words, contact: Words, time: Words) -> Words:
    """Seconds since the last of some events of the same contact."""
    return _next(contact, -time, log.contact[rows], -log.time[rows])
