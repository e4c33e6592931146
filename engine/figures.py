"""The figures of one contact: their names, units, and the counters of a lane that each adds up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bifurque.actors.layout import (
    A_CLICKED,
    A_CONVERTED,
    A_COST,
    A_ENTERED,
    A_OPENED,
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
    STAGE_COUNTS,
    X_CLICKED,
    X_COST,
    X_INDIFFERENT,
    X_OPENED,
    X_PURCHASES,
    X_QUARANTINED,
    X_REACHABLE,
    X_REVENUE,
    X_SENT,
    X_UNSUBSCRIBED,
)
from bifurque.engine.program import Program
from bifurque.rules.layout import (
    H_ARM_COUNTS,
    H_EVENT_COUNTS,
    H_REASONS,
    H_SEND_COUNTS,
    H_STAGE_COUNTS,
    H_TOTALS,
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


class Key(NamedTuple):
    """A figure of something: of a group (`total`, `journey`, `message`, …), one of its names, and which."""

    group: str
    name: str
    figure: str


Counted = list[tuple[int, int]]
"""Counters of a lane, each by its address and how much one of it adds."""

GROUPS = ("total", "journey", "message", "channel", "stage", "arm", "event")
UNITS = {"revenue": 100, "value": 100, "cost": 1_000_000, "net": 1_000_000}
"""How many of what is counted make one of the figure; 1 of all others. `net` is revenue less cost."""
CENT = UNITS["net"] // UNITS["revenue"]
_TOTAL = {
    "sent": X_SENT,
    "opened": X_OPENED,
    "clicked": X_CLICKED,
    "purchases": X_PURCHASES,
    "revenue": X_REVENUE,
    "cost": X_COST,
    "unsubscribed": X_UNSUBSCRIBED,
    "reachable": X_REACHABLE,
    "indifferent": X_INDIFFERENT,
    "quarantined": X_QUARANTINED,
}
_SENDS = {
    "candidates": N_DUE,
    "sent": N_SENT,
    "replaced": N_REPLACED,
    "opened": N_OPENED,
    "clicked": N_CLICKED,
    "converted": N_CONVERTED,
    "revenue": N_REVENUE,
    "unsubscribed": N_UNSUBSCRIBED,
    "value": N_VALUE,
}
_ARM = {
    "entered": A_ENTERED,
    "sent": A_SENT,
    "opened": A_OPENED,
    "clicked": A_CLICKED,
    "converted": A_CONVERTED,
    "revenue": A_REVENUE,
    "cost": A_COST,
    "unsubscribed": A_UNSUBSCRIBED,
}
_STAGE = {
    "entered": G_ENTERED,
    "now": G_NOW,
    "sent": G_SENT,
    "opened": G_OPENED,
    "clicked": G_CLICKED,
    "converted": G_CONVERTED,
    "revenue": G_REVENUE,
    "cost": G_COST,
    "unsubscribed": G_UNSUBSCRIBED,
}


def unit(figure: str) -> int:
    """How many of what is counted make one of a figure."""
    return UNITS.get(figure, 1)


def figures(program: Program, groups: Iterable[str] = GROUPS) -> dict[Key, Counted]:
    """Every figure of some groups, with the counters it adds up.

    Counters by week and send row must stand in one week, as `bifurque.engine.noted` arranges.
    """
    wanted = frozenset(groups)
    found: dict[Key, Counted] = {}
    for group, make in _MAKERS.items():
        if group in wanted:
            found |= dict(make(program))
    return found


def _totals(program: Program) -> Iterator[tuple[Key, Counted]]:
    at = int(program.words[H_TOTALS])
    for figure, counter in _TOTAL.items():
        yield Key("total", "", figure), [(at + counter, 1)]
    yield Key("total", "", "net"), [(at + X_REVENUE, CENT), (at + X_COST, -1)]
    everything = range(len(program.sends))
    for figure in ("held", "dropped"):
        yield Key("total", "", figure), _reasons(program, everything, figure)


def _send(program: Program, send: int) -> int:
    return int(program.words[H_SEND_COUNTS]) + send * (N_FIXED + 2 * int(program.words[H_REASONS]))


def _reasons(program: Program, sends: Iterable[int], outcome: str) -> Counted:
    """Messages held or dropped, for whatever reason."""
    reasons = int(program.words[H_REASONS])
    first = N_FIXED + (reasons if outcome == "dropped" else 0)
    return [(_send(program, s) + first + r, 1) for s in sends for r in range(1, reasons)]


def _messages(program: Program, group: str, names: Iterable[str], of: list[str]) -> Iterator[tuple[Key, Counted]]:
    """The figures of messages or channels: of all send rows of each."""
    for name in names:
        sends = [i for i, own in enumerate(of) if own == name]
        for figure, counter in _SENDS.items():
            yield Key(group, name, figure), [(_send(program, s) + counter, 1) for s in sends]
        costs = [round(program.plan.channels[program.sends[s].channel].cost * UNITS["cost"]) for s in sends]
        counted = [(_send(program, s) + N_SENT, c) for s, c in zip(sends, costs, strict=True) if c]
        yield Key(group, name, "cost"), counted
        for figure in ("held", "dropped"):
            yield Key(group, name, figure), _reasons(program, sends, figure)


def _by_message(program: Program) -> Iterator[tuple[Key, Counted]]:
    return _messages(program, "message", program.names.messages, [s.message for s in program.sends])


def _by_channel(program: Program) -> Iterator[tuple[Key, Counted]]:
    return _messages(program, "channel", program.names.channels, [s.channel for s in program.sends])


def _arm_row(program: Program, journey: int, arm: int) -> int:
    width = ARM_COUNTS + 2 * int(program.words[H_REASONS])
    return int(program.words[H_ARM_COUNTS]) + (journey * len(program.arms) + arm) * width


def _journeys(program: Program) -> Iterator[tuple[Key, Counted]]:
    every = range(len(program.arms))
    for j, journey in enumerate(program.names.journeys):
        for figure, counter in _ARM.items():
            yield Key("journey", journey, figure), [(_arm_row(program, j, a) + counter, 1) for a in every]
        sends = [i for i, s in enumerate(program.sends) if s.journey == j]
        for figure in ("held", "dropped"):
            yield Key("journey", journey, figure), _reasons(program, sends, figure)


def _arms(program: Program) -> Iterator[tuple[Key, Counted]]:
    for j, journey in enumerate(program.names.journeys):
        for a, arm in enumerate(program.arms):
            for figure, counter in _ARM.items():
                yield Key("arm", f"{journey}/{arm}", figure), [(_arm_row(program, j, a) + counter, 1)]


def _stages(program: Program) -> Iterator[tuple[Key, Counted]]:
    width = STAGE_COUNTS + 2 * int(program.words[H_REASONS])
    for s, stage in enumerate(program.names.stages):
        at = int(program.words[H_STAGE_COUNTS]) + s * width
        for figure, counter in _STAGE.items():
            yield Key("stage", stage, figure), [(at + counter, 1)]


def _events(program: Program) -> Iterator[tuple[Key, Counted]]:
    at = int(program.words[H_EVENT_COUNTS])
    for i, event in enumerate(program.names.events):
        yield Key("event", event, "count"), [(at + i, 1)]


_MAKERS = {
    "total": _totals,
    "journey": _journeys,
    "message": _by_message,
    "channel": _by_channel,
    "stage": _stages,
    "arm": _arms,
    "event": _events,
}
