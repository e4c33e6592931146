"""Compiles send rows: a message as one step sends it on one channel.

With the laws it answers to and what it may cause.
"""

from __future__ import annotations

from bifurque.engine.compile_laws import cap_lists, policy, quiet_list, rule_lists
from bifurque.engine.names import COMMERCIAL, Names
from bifurque.engine.program import Compiling, SendRow
from bifurque.engine.tables import hash64
from bifurque.rules.layout import (
    SEND_CAP_ROUTE,
    SEND_CAPS,
    SEND_CONSENT,
    SEND_CONSENT_BIT,
    SEND_COST,
    SEND_COUNTS,
    SEND_DECLARED,
    SEND_HELD_OUT,
    SEND_ID,
    SEND_JOURNEY,
    SEND_MARKS,
    SEND_MESSAGE,
    SEND_NEEDS,
    SEND_ON_CAP,
    SEND_ON_QUIET,
    SEND_PRIORITY,
    SEND_PRIORITY_CONST,
    SEND_PURPOSE,
    SEND_QUEUE,
    SEND_QUEUE_CONST,
    SEND_QUIET_ROUTE,
    SEND_QUIETS,
    SEND_RANK,
    SEND_RULES,
    SEND_STEP,
    SEND_VALID_DAY_END,
    SEND_VALID_DAYS,
    SEND_VALID_SECONDS,
    SEND_VALUE,
    SEND_VALUE_CONST,
    SEND_WEIGHT,
)


def compile_sends(c: Compiling) -> None:
    """Fill every send row."""
    for number, send in enumerate(c.sends):
        c.tables.fill(c.send_row(number), _row(c, number, send))


def _row(c: Compiling, number: int, send: SendRow) -> dict[int, int]:
    tables, plan = c.tables, c.plan
    name = c.names.journeys[send.journey]
    journey, message = plan.journeys[name], plan.messages[send.message]
    category = c.names.categories[message.category]
    ranks = [k.name for k in plan.categories]
    purpose = c.names.purpose(message.category)
    cell, bit = c.consent_bits[(purpose, send.channel)] if purpose else (-1, 0)
    limits, counts = cap_lists(c, message, category.kind, send.channel, name, journey)
    stops, starts = rule_lists(c, message, category.kind)
    on_cap, cap_channel = policy(message, "on_cap")
    on_quiet, quiet_channel = policy(message, "on_quiet")
    priority, priority_constant = tables.number(
        journey.priority if message.priority is None else message.priority, Names.message_types
    )
    worth = (priority, priority_constant)
    if message.value is not None:
        worth = tables.number(message.value, {"deadline": "timestamp"})
    validity = message.valid_for
    needs, queue, queue_constant = c.needs[send.channel]  # what it needs, and who goes first
    return {
        SEND_ID: number,
        SEND_STEP: 1 + send.step,
        SEND_JOURNEY: 1 + send.journey,
        SEND_MESSAGE: c.winner(send.message),
        SEND_RANK: ranks.index(category.name) if category.rank is None else category.rank,
        SEND_CONSENT: cell,
        SEND_CONSENT_BIT: bit,
        SEND_QUIETS: tables.listed(quiet_list(c, message, category.kind, send.channel)),
        SEND_CAPS: tables.listed(limits),
        SEND_COUNTS: tables.listed(counts),
        SEND_RULES: tables.listed(stops),
        SEND_MARKS: tables.listed(starts),
        SEND_ON_CAP: on_cap,
        SEND_ON_QUIET: on_quiet,
        SEND_CAP_ROUTE: _route(c, send, cap_channel),
        SEND_QUIET_ROUTE: _route(c, send, quiet_channel),
        SEND_PRIORITY: priority,
        SEND_PRIORITY_CONST: priority_constant,
        SEND_VALUE: worth[0],
        SEND_VALUE_CONST: worth[1],
        SEND_WEIGHT: message.weight,
        SEND_VALID_DAYS: validity.days if validity else 0,
        SEND_VALID_SECONDS: validity.seconds if validity else 0,
        SEND_VALID_DAY_END: 1 if message.valid_until else 0,
        SEND_DECLARED: number,
        SEND_PURPOSE: hash64(name, c.steps[send.step][1]),
        SEND_COST: round(plan.channels[send.channel].cost * 1_000_000),
        SEND_NEEDS: needs,
        SEND_QUEUE: queue,
        SEND_QUEUE_CONST: queue_constant,
        SEND_HELD_OUT: 1 if category.kind in COMMERCIAL else 0,
    }


def _route(c: Compiling, send: SendRow, channel: str | None) -> int:
    """The send row of another channel."""
    if channel is None or channel == send.channel:
        return 0
    return c.send_row(c.sends.index(SendRow(send.journey, send.step, send.message, channel)))
