"""Figures of a run, all from its counters: per journey, message, channel, arm, stage and step, and in total."""

from __future__ import annotations

from typing import Any

import numpy as np

from bifurque.actors.layout import (
    A_CLICKED,
    A_CONVERTED,
    A_COST,
    A_ENTERED,
    A_INSIDE,
    A_LEFT,
    A_OPENED,
    A_QUARANTINED,
    A_REFUSED,
    A_REVENUE,
    A_SENT,
    A_UNSUBSCRIBED,
    ARM_COUNTS,
    G_CLICKED,
    G_CONVERTED,
    G_COST,
    G_ENTERED,
    G_NOW,
    G_OPENED,
    G_REVENUE,
    G_SENT,
    G_UNSUBSCRIBED,
    MO_COUNTS,
    N_INSIDE,
    N_LEFT,
    N_PASSED,
    N_REACHED,
    N_STOPPED,
    PRESSURE_MOST,
    STAGE_COUNTS,
    STEP_COUNTS,
    TOTALS,
    X_CLICKED,
    X_CONTACTS,
    X_COST,
    X_EVENTS,
    X_FIRST_YEAR,
    X_FIRST_YEAR_COST,
    X_FORGOTTEN,
    X_INDIFFERENT,
    X_OPENED,
    X_PURCHASES,
    X_QUARANTINED,
    X_REACHABLE,
    X_REVENUE,
    X_SENT,
    X_UNSUBSCRIBED,
)
from bifurque.actors.ways import WAY_WEEK
from bifurque.engine.known_figures import trust
from bifurque.engine.kpi_surveys import surveys
from bifurque.engine.program import Program
from bifurque.rules.compiled import Words
from bifurque.rules.layout import (
    H_ARM_COUNTS,
    H_BEHAVIOUR,
    H_EVENT_COUNTS,
    H_MODEL,
    H_PRESSURE,
    H_RULE_COUNTS,
    H_SEND_COUNTS,
    H_STAGE_COUNTS,
    H_STEP_COUNTS,
    H_TOTALS,
    H_WEEKS,
    N_CLICKED,
    N_CONVERTED,
    N_DUE,
    N_FIXED,
    N_OPENED,
    N_PENDING,
    N_REPLACED,
    N_REVENUE,
    N_SENT,
    N_UNSUBSCRIBED,
    N_VALUE,
    REALISTIC,
)
from bifurque.rules.settlement import Books

Figures = dict[str, Any]
BEHAVIOURS = ("off", "constant", "realistic")


def ways_from(program: Program) -> int:
    """Where the counters of ways by week begin: the last block."""
    rules = len(program.plan.rules) + len(program.tables.features)
    return int(program.words[H_RULE_COUNTS]) - program.first_counter + rules


class Counters:
    """The counters of a run by what they count, added up over its lanes."""

    def __init__(self, program: Program, counters: Words) -> None:
        words, start, names = program.words, program.first_counter, program.names
        reasons = len(program.reasons)
        weeks, sends = int(words[H_WEEKS]), len(program.sends)

        def block(header: int, *shape: int) -> Words:
            at = int(words[header]) - start
            return counters[at : at + int(np.prod(shape))].reshape(shape)

        self.by_week = block(H_SEND_COUNTS, weeks, sends, N_FIXED + 2 * reasons)
        self.sends = self.by_week.sum(axis=0)
        self.held = self.sends[:, N_FIXED : N_FIXED + reasons]
        self.dropped = self.sends[:, N_FIXED + reasons :]
        self.steps = block(H_STEP_COUNTS, len(program.steps), STEP_COUNTS)
        self.arms = block(H_ARM_COUNTS, len(names.journeys), len(program.arms), ARM_COUNTS + 2 * reasons)
        self.stages = block(H_STAGE_COUNTS, len(names.stages), STAGE_COUNTS + 2 * reasons)
        self.pressure = block(H_PRESSURE, PRESSURE_MOST + 1)
        self.totals = block(H_TOTALS, TOTALS)
        self.events = block(H_EVENT_COUNTS, len(names.events))
        self.rules = block(H_RULE_COUNTS, len(program.plan.rules) + len(program.tables.features))
        self.ways_by_week = counters[ways_from(program) :].reshape(-1, weeks, WAY_WEEK)
        self.machine: Words | None = None
        if words[H_BEHAVIOUR] == REALISTIC:
            self.machine = block(int(words[H_MODEL]) + MO_COUNTS, sends, 2)


def kpis(program: Program, counters: Words, days: int) -> Figures:
    """Every figure of a run, as `kpi.json` holds them: plain mappings of names to numbers."""
    n = Counters(program, counters)
    names, sends = program.names, program.sends
    journeys = {j: _journey(program, n, i) for i, j in enumerate(names.journeys)}
    messages = {m: _messages(program, n, [s.message == m for s in sends]) for m in names.messages}
    channels = {c: _messages(program, n, [s.channel == c for s in sends]) for c in names.channels}
    return {
        "plan": program.plan.plan,
        "currency": program.plan.currency,
        "contacts": int(n.totals[X_CONTACTS]),
        "days": days,
        "behaviour": BEHAVIOURS[int(program.words[H_BEHAVIOUR])],
        "grade": _grade(program),
        "totals": _totals(program, n),
        "journeys": journeys,
        "messages": messages,
        "channels": channels,
        "arms": _arms(program, n),
        "stages": {s: _stage(program, n.stages[i]) for i, s in enumerate(names.stages)},
        "steps": _steps(program, n),
        "pressure": pressure(n.pressure),
        "events": {e: int(n.events[i]) for i, e in enumerate(names.events) if n.events[i]},
        **surveys(program, counters, n.steps, n.sends),
        **_rules(program, n),
    }


def _rules(program: Program, n: Counters) -> Figures:
    """How often each rule fired, where there are any."""
    rules = program.plan.rules
    return {"rules": {r.name: {"fired": int(n.rules[i])} for i, r in enumerate(rules)}} if rules else {}


def unknown_features(program: Program, counters: Words) -> dict[str, int]:
    """By windowed feature: the events beyond what it remembers, since each of which it was unknown for a time."""
    beyond = Counters(program, counters).rules[len(program.plan.rules) :]
    return {text: int(count) for text, count in zip(program.tables.features, beyond, strict=True)}


def _grade(program: Program) -> str | None:
    """How far to trust the behaviour: A to D, `ungraded` if it was estimated but never compared, or nothing."""
    return trust(program.plan.behaviour.realistic) if int(program.words[H_BEHAVIOUR]) == REALISTIC else None


def _money(cents: Any) -> float:
    return int(cents) / 100


def _cost(millionths: Any) -> float:
    return round(int(millionths) / 1_000_000, 6)


def _roi(revenue: float, cost: float) -> float | None:
    """(revenue − cost) / cost; nothing when nothing was spent."""
    return round((revenue - cost) / cost, 6) if cost > 0 else None


def _reasons(program: Program, counts: Words) -> dict[str, int]:
    return {r: int(c) for r, c in zip(program.reasons, counts, strict=True) if c}


def _messages(program: Program, n: Counters, which: list[bool]) -> Figures:
    """The figures of some send rows: those of a message, or of a channel."""
    rows, held, dropped = n.sends[which], n.held[which], n.dropped[which]
    total = rows.sum(axis=0)
    costs = sum(
        int(row[N_SENT]) * round(program.plan.channels[s.channel].cost * 1_000_000)
        for row, s, on in zip(n.sends, program.sends, which, strict=True)
        if on
    )
    return {
        "candidates": int(total[N_DUE]),
        "sent": int(total[N_SENT]),
        "held": int(held.sum()),
        "dropped": int(dropped.sum()),
        "replaced": int(total[N_REPLACED]),
        "pending": int(total[N_PENDING]),
        "held_by_reason": _reasons(program, held.sum(axis=0)),
        "dropped_by_reason": _reasons(program, dropped.sum(axis=0)),
        "opened": int(total[N_OPENED]),
        "clicked": int(total[N_CLICKED]),
        "converted": int(total[N_CONVERTED]),
        "revenue": _money(total[N_REVENUE]),
        "cost": _cost(costs),
        "unsubscribed": int(total[N_UNSUBSCRIBED]),
        "value": _money(total[N_VALUE]),
        **_machine_opens(n, which),
    }


def _machine_opens(n: Counters, which: list[bool]) -> Figures:
    """Opens by mail programs, and what a sending tool would report: messages opened by either."""
    if n.machine is None:
        return {}
    machine, reported = n.machine[which].sum(axis=0)
    return {"machine_opened": int(machine), "reported_opened": int(reported)}


def _by_reason(program: Program, counts: Words) -> Figures:
    """Held and dropped, in all and by reason, of the words behind the fixed counters of an arm or a stage."""
    held, dropped = counts[: len(program.reasons)], counts[len(program.reasons) :]
    return {
        "held": int(held.sum()),
        "dropped": int(dropped.sum()),
        "held_by_reason": _reasons(program, held),
        "dropped_by_reason": _reasons(program, dropped),
    }


def _arm(program: Program, row: Words) -> Figures:
    revenue, cost = _money(row[A_REVENUE]), _cost(row[A_COST])
    return {
        "entered": int(row[A_ENTERED]),
        "left": int(row[A_LEFT]),
        "inside": int(row[A_INSIDE]),
        "quarantined": int(row[A_QUARANTINED]),
        "refused": int(row[A_REFUSED]),
        "sent": int(row[A_SENT]),
        **_by_reason(program, row[ARM_COUNTS:]),
        "opened": int(row[A_OPENED]),
        "clicked": int(row[A_CLICKED]),
        "converted": int(row[A_CONVERTED]),
        "revenue": revenue,
        "cost": cost,
        "roi": _roi(revenue, cost),
        "unsubscribed": int(row[A_UNSUBSCRIBED]),
    }


def _journey(program: Program, n: Counters, journey: int) -> Figures:
    which = [s.journey == journey for s in program.sends]
    found = _arm(program, n.arms[journey].sum(axis=0))
    sends = _messages(program, n, which)
    keep = ("candidates", "replaced", "pending", "value")
    return found | {k: sends[k] for k in keep}


def _arms(program: Program, n: Counters) -> dict[str, Figures]:
    """Figures by journey and arm, where there is more than one."""
    found = {}
    for j, journey in enumerate(program.names.journeys):
        for a, arm in enumerate(program.arms):
            if arm and n.arms[j, a].any():
                found[f"{journey}/{arm}"] = _arm(program, n.arms[j, a])
        if any(k.startswith(f"{journey}/") for k in found) and n.arms[j, 0].any():
            found[f"{journey}/"] = _arm(program, n.arms[j, 0])
    return dict(sorted(found.items()))


def _stage(program: Program, row: Words) -> Figures:
    return {
        "entered": int(row[G_ENTERED]),
        "now": int(row[G_NOW]),
        "sent": int(row[G_SENT]),
        **_by_reason(program, row[STAGE_COUNTS:]),
        "opened": int(row[G_OPENED]),
        "clicked": int(row[G_CLICKED]),
        "converted": int(row[G_CONVERTED]),
        "revenue": _money(row[G_REVENUE]),
        "cost": _cost(row[G_COST]),
        "unsubscribed": int(row[G_UNSUBSCRIBED]),
    }


def _steps(program: Program, n: Counters) -> dict[str, Figures]:
    found = {}
    for (journey, name), row in zip(program.steps, n.steps, strict=True):
        found[f"{program.names.journeys[journey]}/{name}"] = {
            "entered": int(row[N_REACHED]),
            "passed": int(row[N_PASSED]),
            "left": int(row[N_LEFT]),
            "inside": int(row[N_INSIDE]),
            "quarantined": int(row[N_STOPPED]),
        }
    return found


def _totals(program: Program, n: Counters) -> Figures:
    t = n.totals
    contacts = int(t[X_CONTACTS])
    revenue, cost = _money(t[X_REVENUE]), _cost(t[X_COST])
    sends = _messages(program, n, [True] * len(program.sends))
    first_year = _money(t[X_FIRST_YEAR]) - _cost(t[X_FIRST_YEAR_COST])
    arms = n.arms.sum(axis=(0, 1))
    return {
        "contacts": contacts,
        "entered": int(arms[A_ENTERED]),
        "candidates": sends["candidates"],
        "sent": int(t[X_SENT]),
        "held": sends["held"],
        "dropped": sends["dropped"],
        "replaced": sends["replaced"],
        "pending": sends["pending"],
        "held_by_reason": sends["held_by_reason"],
        "dropped_by_reason": sends["dropped_by_reason"],
        "opened": int(t[X_OPENED]),
        **_machine_opens(n, [True] * len(program.sends)),
        "clicked": int(t[X_CLICKED]),
        "purchases": int(t[X_PURCHASES]),
        "revenue": revenue,
        "cost": cost,
        "roi": _roi(revenue, cost),
        "value": sends["value"],
        "unsubscribed": int(t[X_UNSUBSCRIBED]),
        "quarantined": int(t[X_QUARANTINED]),
        "indifferent": int(t[X_INDIFFERENT]),
        "indifferent_share": round(int(t[X_INDIFFERENT]) / contacts, 6) if contacts else 0.0,
        "reachable": int(t[X_REACHABLE]),
        "reachable_share": round(int(t[X_REACHABLE]) / contacts, 6) if contacts else 0.0,
        "value_12_months": round(first_year / contacts, 4) if contacts else 0.0,
        "sent_per_contact": round(int(t[X_SENT]) / contacts, 6) if contacts else 0.0,
        "events": int(t[X_EVENTS]),
        "forgotten": int(t[X_FORGOTTEN]),
    }


def shared_figures(books: Books) -> Figures:
    """What became of everything contacts share: stocks of offers, capacities and budgets of channels."""
    found: Figures = {}
    for supply, account in zip(books.supplies, books.accounts, strict=True):
        figures: Figures = {"kind": supply.kind, "refused": account.refused, "returned": account.returned}
        if supply.kind == "offer":
            figures |= {"stock": supply.stock, "restocked": account.restocked, "available": account.available}
            figures |= {"reserved": account.reserved, "taken": account.used, "least": account.least}
        else:
            used = account.reserved
            figures |= {"used": used if supply.kind == "capacity" else _cost(used)}
        found[supply.name] = figures
    return found


def pressure(histogram: Words) -> Figures:
    """Lived pressure: messages of all classes per contact and Monday-based local week, weeks without any included."""
    total = int(histogram.sum())
    reached = np.cumsum(histogram)

    def quantile(share: float) -> int:
        return int(np.searchsorted(reached, share * total)) if total else 0

    weighed = int((histogram * np.arange(len(histogram))).sum())
    return {
        "contact_weeks": total,
        "mean": round(weighed / total, 6) if total else 0.0,
        "p50": quantile(0.50),
        "p95": quantile(0.95),
        "p99": quantile(0.99),
        "most": int(np.max(np.nonzero(histogram)[0])) if total else 0,
        "histogram": [int(c) for c in np.trim_zeros(histogram, "b")],
    }
