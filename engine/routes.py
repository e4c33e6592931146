"""A journey as a graph: its steps as stations in reading order, each knowing where it leads."""

from __future__ import annotations

from msgspec import Struct

from bifurque.engine.journey import (
    BranchStep,
    ExitStep,
    ExperimentStep,
    Journey,
    OfferStep,
    ScoreStep,
    SendStep,
    SetStep,
    Step,
    SurveyStep,
    TaskStep,
    TransferStep,
    WaitForStep,
    WaitStep,
)
from bifurque.engine.names import event_refs, listed, walk
from bifurque.engine.problems import Path


class Station(Struct, frozen=True):
    """One step of a journey, with the stations it may lead to; None is the end of the journey.

    A survey is three stations: its message (if any), the wait for an answer, the keeping of the answer. A task is two:
    asked for, and done.
    """

    name: str
    path: Path
    step: Step
    part: str  # "" for the step itself; "ask", "answer", "keep" of a survey; "done" of a task
    first: bool  # of the stations of its step
    onward: int | None
    ways: tuple[int | None, ...] = ()  # of a branch, in order; of an experiment, by arm; of a wait: then, else


def step_names(journey: Journey) -> dict[Path, str]:
    """The name of every step: its own, or one after what it does, made unique by a number."""
    names: dict[Path, str] = {}
    taken: set[str] = set()
    for path, step in walk(journey.steps, ()):
        base = step.name or default_name(step)
        name, n = base, 1
        while name in taken:
            n += 1
            name = f"{base}_{n}"
        taken.add(name)
        names[path] = name
    return names


def default_name(step: Step) -> str:
    """What a step is called when it has no name of its own."""
    if isinstance(step, SendStep):
        return str(step.send if isinstance(step.send, str) else next(iter(step.send.arms.values()), "send"))
    if isinstance(step, SurveyStep):
        return str(step.survey)
    if isinstance(step, ExperimentStep):
        return str(step.experiment)
    if isinstance(step, TaskStep):
        return str(step.task)
    if isinstance(step, OfferStep):
        return f"offer_{listed(step.offer)[0]}"
    if isinstance(step, TransferStep):
        return f"to_{step.transfer}"
    if isinstance(step, WaitForStep):
        return f"wait_for_{event_refs(step.wait_for)[0].event}"
    kinds = {WaitStep: "wait", BranchStep: "branch", ScoreStep: "score", SetStep: "set", ExitStep: "exit"}
    return kinds[type(step)]


def stations(journey: Journey) -> tuple[Station, ...]:
    """The graph of a journey; the first station is where a visit starts."""
    names = step_names(journey)
    order: list[tuple[Path, Step, str]] = []
    first: dict[Path, int] = {}
    for path, step in walk(journey.steps, ()):
        first[path] = len(order)
        parts: tuple[str, ...] = ("",)
        if isinstance(step, SurveyStep):
            parts = ("ask", "answer", "keep") if step.message else ("answer", "keep")
        if isinstance(step, TaskStep):
            parts = ("", "done")
        order += [(path, step, part) for part in parts]
    onward = _onward(journey.steps, (), None, first)
    found = []
    for index, (path, step, part) in enumerate(order):
        leads = index == first[path]
        name = names[path] if leads else f"{names[path]}_{part}"
        after = onward[path]
        if part == "ask" or (part == "" and isinstance(step, TaskStep)):
            found.append(Station(name, path, step, part, leads, index + 1))
        elif part == "answer":
            found.append(Station(name, path, step, part, leads, after, (index + 1, after)))
        else:
            found.append(Station(name, path, step, part, leads, after, _ways(step, path, after, first)))
    return tuple(found)


def _onward(steps: tuple[Step, ...], path: Path, after: int | None, first: dict[Path, int]) -> dict[Path, int | None]:
    """Where each step leads when it is done: the next one, or what follows the block it ends."""
    found: dict[Path, int | None] = {}
    for i, step in enumerate(steps):
        here = (*path, i)
        following = first[(*path, i + 1)] if i + 1 < len(steps) else after
        found[here] = following
        for inside, where in _blocks(step, here):
            found |= _onward(inside, where, following, first)
    return found


def _blocks(step: Step, here: Path) -> list[tuple[tuple[Step, ...], Path]]:
    if isinstance(step, BranchStep):
        blocks = []
        for k, way in enumerate(step.branch):
            key = "else" if way.otherwise is not None else "then"
            blocks.append((way.otherwise if way.otherwise is not None else way.then, (*here, "branch", k, key)))
        return blocks
    if isinstance(step, OfferStep):
        return [(step.otherwise, (*here, "else"))]
    if isinstance(step, WaitForStep):
        return [(step.then, (*here, "then")), (step.otherwise, (*here, "else"))]
    if isinstance(step, ExperimentStep):
        return [(inside, (*here, "arms", arm)) for arm, inside in step.arms.items()]
    return []


def _ways(step: Step, here: Path, after: int | None, first: dict[Path, int]) -> tuple[int | None, ...]:
    return tuple(first[(*where, 0)] if inside else after for inside, where in _blocks(step, here))


def leads_to(station: Station) -> tuple[int | None, ...]:
    """Every station a visit may go to next."""
    step = station.step
    if isinstance(step, ExitStep | TransferStep):
        return ()
    if isinstance(step, WaitForStep) or station.part == "answer":
        return station.ways
    if isinstance(step, BranchStep):
        certain = any(way.otherwise is not None for way in step.branch)
        return station.ways if certain else (*station.ways, station.onward)
    if isinstance(step, ExperimentStep | OfferStep):
        return (*station.ways, station.onward)
    return (station.onward,)
