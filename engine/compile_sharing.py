"""Compiles what contacts share: stocks and the offers made from them, capacities and budgets of channels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from bifurque.actors.layout import RX_REFERRED, RX_TAKEN
from bifurque.engine.journey import OfferStep
from bifurque.engine.names import candidates, listed
from bifurque.engine.program import Compiling
from bifurque.engine.sharing import Budget, Capacity, Offer, read_capacity
from bifurque.engine.values import EPOCH
from bifurque.engine.zones import instant_of
from bifurque.rules.layout import H_END, H_START, R_BUDGET, R_CAPACITY, R_OFFER
from bifurque.rules.lowering import real_word
from bifurque.rules.settlement import Supply
from bifurque.rules.sharing import (
    OC_TAKEN,
    OFFER,
    OFR_CAUSE,
    OFR_CELLS,
    OFR_CHANCE,
    OFR_CHANCE_CONST,
    OFR_DAYS,
    OFR_PARTNERS,
    OFR_RESOURCE,
    OFR_SECONDS,
    OFR_UPGRADES,
    OFR_VALUE,
    OFR_VALUE_CONST,
    OFR_WHEN,
    RES_ID,
    RES_OPEN,
    RES_REASON,
    RES_SETTLE,
    RESOURCE,
)

DAY = 86400
ORDER_TAKEN = 25
Stretch = tuple[int, int, int, int]


def compile_sharing(c: Compiling) -> None:
    """Rows of resources and of offers, and what each channel needs."""
    tables = c.tables
    cells = {name: tables.cells(2) for name in c.plan.offers}
    for name in c.plan.offers:
        tables.name_positive(f"taken.{name}", cells[name] + OC_TAKEN)
    for name, offer in c.plan.offers.items():
        c.offers[name] = tables.put([0] * OFFER)
        value, value_constant = tables.number(offer.value)
        chance, chance_constant = tables.number(offer.propensity)
        row = {
            OFR_RESOURCE: _stock(c, name, offer),
            OFR_VALUE: value,
            OFR_VALUE_CONST: value_constant,
            OFR_CHANCE: chance,
            OFR_CHANCE_CONST: chance_constant,
            OFR_WHEN: tables.code(offer.eligible),
            OFR_DAYS: offer.reserve.days,
            OFR_SECONDS: offer.reserve.seconds,
            OFR_CELLS: cells[name],
            OFR_UPGRADES: tables.listed(cells[o] for o in listed(offer.upgrade_of)),
            OFR_PARTNERS: tables.listed(cells[o] for o in listed(offer.goes_with)),
        }
        tables.fill(c.offers[name], row)
    for name in c.plan.channels:
        c.needs[name] = _needs(c, name)


def finish_sharing(c: Compiling) -> None:
    """Causes of offers, once all others are known."""
    for name, row in c.offers.items():
        c.tables.fill(row, {OFR_CAUSE: c.offer_cause(name)})


def react_to_takers(c: Compiling) -> None:
    """The events that take an offer: their key is its name, or that of its message; those that bring a friend."""
    for name, offer in c.plan.offers.items():
        for key in dict.fromkeys((name, offer.message)):
            c.react(offer.taken, ORDER_TAKEN, [RX_TAKEN, c.offers[name], -1, 0, c.tables.text(key)])
    if c.plan.referral is not None:
        c.react(c.plan.referral.rewarded, ORDER_TAKEN, [RX_REFERRED, 0, -1, 0, 0])


def offer_list(c: Compiling, step: OfferStep) -> int:
    """How many offers a step names, how many there are with those that stand in, and their rows."""
    found = candidates(c.plan.offers, step.offer)
    return c.tables.put([len(set(listed(step.offer))), len(found), *(c.offers[o] for o in found)])


def _resource(c: Compiling, supply: Supply, reason: int) -> int:
    row = c.tables.put([0] * RESOURCE)
    stretches = [w for start, end, _, _ in supply.stretches for w in (start, end)]
    fields = {
        RES_ID: len(c.supplies),
        RES_REASON: reason,
        RES_SETTLE: c.plan.settle.elapsed,
        RES_OPEN: 0 if supply.kind == "offer" else c.tables.listed(stretches, 2),
    }
    c.tables.fill(row, fields)
    c.supplies.append(supply)
    return row


def _stock(c: Compiling, name: str, offer: Offer) -> int:
    if offer.stock is None:
        return 0
    restocks = tuple((instant_of(c.plan.zone, day * DAY), many) for day, many in sorted(offer.restock.items()))
    return _resource(c, Supply(name, "offer", offer.stock, restocks), R_OFFER)


def _needs(c: Compiling, name: str) -> tuple[int, int, int]:
    channel = c.plan.channels[name]
    needs, queue = [], None
    if channel.capacity is not None:
        capacity = read_capacity(channel.capacity)
        supply = Supply(name, "capacity", stretches=tuple(_open(c, capacity)))
        needs += [_resource(c, supply, R_CAPACITY), 1]
        queue = capacity.queue
    if channel.budget is not None:
        supply = Supply(f"{name} budget", "budget", stretches=tuple(_spending(c, channel.budget)))
        needs += [_resource(c, supply, R_BUDGET), round(channel.cost * 1_000_000)]
        queue = channel.budget.queue if queue in (None, 0.0) else queue
    if not needs:
        return 0, -1, real_word(0.0)
    return c.tables.listed(needs, 2), *c.tables.number(queue or 0.0)


def _days(c: Compiling) -> range:
    """Days of the horizon in the plan's zone, and a week more: what is open beyond it is never asked for."""
    last = (c.tables.words[H_END] - c.tables.words[H_START]) // DAY
    return range(c.plan.start, c.plan.start + last + 8)


def period_of(per: str, day: int) -> int:
    """The number of the period a day (from 1970-01-01) belongs to."""
    date = dt.date.fromordinal(EPOCH + day)
    if per == "week":
        return (day + 3) // 7
    if per == "month":
        return date.year * 12 + date.month - 1
    if per == "quarter":
        return date.year * 4 + (date.month - 1) // 3
    return date.year if per == "year" else day


def _open(c: Compiling, capacity: Capacity) -> Iterator[Stretch]:
    zone, limit = c.plan.zone, capacity.max * capacity.people
    closed = {moment // DAY for moment in c.plan.calendars.get(capacity.closed or "", ())}
    number = 0
    for day in _days(c):
        if day in closed or (capacity.per == "business day" and (day + 3) % 7 >= 5):
            continue
        first, last = day * DAY + capacity.start, day * DAY + capacity.end
        if capacity.per != "hour":
            yield instant_of(zone, first), instant_of(zone, last), limit, period_of(capacity.per, day)
            continue
        for at in range(first, last, 3600):
            number += 1
            yield instant_of(zone, at), instant_of(zone, min(at + 3600, last)), limit, number


def _spending(c: Compiling, budget: Budget) -> Iterator[Stretch]:
    """By period; or, paced evenly, by day with what may have been spent by then."""
    amount = round(budget.amount * 1_000_000)
    days: dict[int, list[int]] = {}
    first = c.plan.start
    for day in range(first - 400, _days(c).stop + 400):
        days.setdefault(period_of(budget.per, day), []).append(day)
    for period, those in days.items():
        if those[-1] < first or those[0] >= _days(c).stop:
            continue
        steps = [(those[0], those[-1] + 1, amount)]
        if budget.pacing == "even":
            steps = [(d, d + 1, amount * (k + 1) // len(those)) for k, d in enumerate(those)]
        for start, end, limit in steps:
            yield instant_of(c.plan.zone, start * DAY), instant_of(c.plan.zone, end * DAY), limit, period
