"""Findings about plans that run, but not as their author most likely meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bifurque.engine.journey import (
    ExitStep,
    SendStep,
    Step,
    SurveyStep,
    TransferStep,
    WaitForStep,
)
from bifurque.engine.routes import Station, leads_to, stations
from bifurque.engine.trigger import WaitByArm

if TYPE_CHECKING:
    from bifurque.engine.check import Checker

_CLOCK = re.compile(r"\b(now|local\.\w+|score\.\w+)")


def find_pitfalls(c: Checker) -> None:
    """Note messages lost by leaving at once, and messages held until a clock that nobody watches."""
    for name in c.names.journeys:
        _lost_messages(c, name)
    for i, rule in enumerate(c.plan.coherence):
        told = _CLOCK.search(rule.during or "")
        if rule.policy == "hold" and told:
            text = (
                f"`{told[0]}` changes with time alone: a message held by it is looked at again when something else "
                "happens to the contact, or when its validity ends; use `policy: drop`, `within`, or a fact"
            )
            c.problems.add(("coherence", i, "while"), text, finding=True)


def _lost_messages(c: Checker, name: str) -> None:
    graph = stations(c.plan.journeys[name])
    for i, station in enumerate(graph):
        if not isinstance(station.step, SendStep):
            continue
        leaving = _leaves_at_once(graph, i)
        if leaving is not None:
            text = (
                f"leaves the journey at the instant `{station.name}` is due, which drops its message: write "
                "`after: sent` here, or a wait before"
            )
            c.problems.add(("journeys", name, "steps", *leaving.path), text, finding=True)


def _leaves_at_once(graph: tuple[Station, ...], start: int) -> Station | None:
    """A way out of the journey that is reached from a station without any time passing."""
    seen, todo = {start}, [n for n in leads_to(graph[start]) if n is not None]
    while todo:
        at = todo.pop()
        if at in seen or not _at_once(graph[at].step):
            continue
        seen.add(at)
        if isinstance(graph[at].step, ExitStep | TransferStep):
            return graph[at]
        todo += [n for n in leads_to(graph[at]) if n is not None]
    return None


def _at_once(step: Step) -> bool:
    """Whether a step is due at the instant of the one before it."""
    if isinstance(step, WaitForStep | SurveyStep | SendStep) or isinstance(step.wait, WaitByArm):
        return False
    return step.after == "previous" and not step.wait.elapsed and step.at is None and not step.on
