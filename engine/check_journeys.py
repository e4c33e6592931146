"""Checks of journeys: triggers, steps, exits, groups, experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bifurque.engine.check_sharing import check_offer_step
from bifurque.engine.journey import (
    BranchStep,
    ExperimentStep,
    Journey,
    MessageByArm,
    OfferStep,
    ScoreStep,
    SendStep,
    SetStep,
    Step,
    SurveyStep,
    TaskStep,
    TransferStep,
    WaitForStep,
)
from bifurque.engine.names import Names, answers, event_refs, exits, listed
from bifurque.engine.problems import Path
from bifurque.engine.trigger import (
    AbsenceTrigger,
    ChangeTrigger,
    CrossingTrigger,
    DateOf,
    DateTrigger,
    EventTrigger,
    FirstTrigger,
    Schedule,
    ScheduleTrigger,
    StageTrigger,
    TogetherTrigger,
    WaitByArm,
)
from bifurque.engine.values import Duration, shown

if TYPE_CHECKING:
    from bifurque.engine.check import Checker

VISIT = {"visit": "int"}


def check_journeys(c: Checker) -> None:
    """Every journey, then the exclusive groups they share."""
    for name, journey in c.plan.journeys.items():
        path: Path = ("journeys", name)
        _trigger(c, journey, (*path, "trigger"))
        c.condition(journey.when, (*path, "when"), VISIT)  # type: ignore[arg-type]
        c.number(journey.priority, (*path, "priority"), Names.message_types)
        for i, exit_ in enumerate(exits(journey)):
            here = (*path, "exit", i) if isinstance(journey.exit, tuple) else (*path, "exit")
            c.condition(exit_.where, (*here, "where"), Names.event_types)
            if exit_.to is not None:
                c.known(exit_.to, c.names.journeys, "journey", (*here, "to"))
        if journey.goal:
            c.condition(journey.goal.where, (*path, "goal", "where"), Names.event_types)
            if journey.goal.within.elapsed == 0:
                c.problems.add((*path, "goal", "within"), "a goal needs some time to be reached")
        if len(journey.group) > 1:
            c.problems.add((*path, "group"), "a journey belongs to one exclusive group at most")
        if not journey.steps:
            c.problems.add((*path, "steps"), "a journey needs at least one step")
        _steps(c, name, path)
    _groups(c)


def _groups(c: Checker) -> None:
    for group, journeys in c.names.groups.items():
        policies = {c.plan.journeys[j].group[group] for j in journeys}
        for journey in journeys[1:] if len(policies) > 1 else ():
            text = f"the journeys of group `{group}` must agree on its policy; `{journeys[0]}` says "
            text += f"`{c.plan.journeys[journeys[0]].group[group]}`"
            c.problems.add(("journeys", journey, "group", group), text)


def _trigger(c: Checker, journey: Journey, path: Path) -> None:
    trigger = journey.trigger
    if isinstance(trigger, EventTrigger | FirstTrigger):
        c.condition(trigger.where, (*path, "where"), Names.event_types)
        _refs(c, trigger.event if isinstance(trigger, EventTrigger) else trigger.first, path)
    elif isinstance(trigger, AbsenceTrigger):
        _absence(c, trigger, (*path, "absence"))
    elif isinstance(trigger, TogetherTrigger):
        _refs(c, trigger.together.of, (*path, "together", "of"))
        if len(trigger.together.of) < 2 or len(trigger.together.of) > 8:
            c.problems.add((*path, "together", "of"), "two to eight events come together")
        if trigger.together.within.elapsed == 0:
            c.problems.add((*path, "together", "within"), "a window must last some time")
    elif isinstance(trigger, ChangeTrigger):
        change = trigger.change
        name = change if isinstance(change, str) else change.attribute
        c.known(name, c.names.attributes, "attribute", (*path, "change"))
        if not isinstance(change, str):
            c.condition(change.where, (*path, "change", "where"))
    elif isinstance(trigger, CrossingTrigger):
        c.known(trigger.crossing.score, c.plan.scores, "score", (*path, "crossing", "score"))
        if (trigger.crossing.above is None) == (trigger.crossing.below is None):
            c.problems.add((*path, "crossing"), "say either `above` or `below`")
        elif (trigger.crossing.above or trigger.crossing.below or 0) <= 0:
            c.problems.add((*path, "crossing"), "a threshold lies above 0: a score never falls below")
    elif isinstance(trigger, DateTrigger):
        name = trigger.date.of if isinstance(trigger.date, DateOf) else trigger.date
        _dated(c, name, (*path, "date"), "date")
    elif isinstance(trigger, ScheduleTrigger):
        _schedule(c, trigger.schedule, (*path, "schedule"))
    elif isinstance(trigger, StageTrigger):
        for word in listed(trigger.stage):
            c.known(word, c.names.stages, "stage", (*path, "stage"))


def _refs(c: Checker, events: Any, path: Path) -> None:
    for ref in event_refs(events):
        c.condition(ref.where, (*path, "where"), Names.event_types)


def _absence(c: Checker, trigger: AbsenceTrigger, path: Path) -> None:
    absence = trigger.absence
    _refs(c, absence.of, (*path, "of"))
    _wait(c, absence.wait, (*path, "for"), positive=True)
    if absence.since is not None:
        _dated(c, absence.since, (*path, "since"), "date")
        if absence.after is not None:
            c.problems.add((*path, "since"), "`since` is for silences that no event starts: leave `after` out")
    if trigger.key is not None and absence.after is None:
        c.problems.add(path, "a silence by key needs the event it is counted from: add `after`")


def _dated(c: Checker, name: str, path: Path, *kinds: str) -> None:
    if c.known(name, c.names.attributes, "attribute", path) and c.names.attributes[name] not in kinds:
        kind = c.names.attributes[name]
        c.problems.add(path, f"`{name}` is of type {kind}; {' or '.join(kinds)} is needed here")


def _schedule(c: Checker, schedule: Schedule, path: Path) -> None:
    given = [schedule.every is not None, bool(schedule.dates), schedule.calendar is not None]
    if sum(given) != 1:
        c.problems.add(path, "say one of `every`, `dates` and `calendar`")
        return
    if schedule.calendar is not None:
        c.known(schedule.calendar, c.plan.calendars, "calendar", (*path, "calendar"))
    if schedule.every is None:
        return
    if schedule.at is None:
        c.problems.add(path, "say at what time of day: `at`")
    if schedule.every == "month":
        if not isinstance(schedule.on, int) or not 1 <= schedule.on <= 31:
            c.problems.add((*path, "on"), "say on which day of the month, 1 to 31")
    elif isinstance(schedule.on, int):
        c.problems.add((*path, "on"), "expected weekdays such as `tue`")
    elif schedule.every == "week" and not schedule.on:
        c.problems.add((*path, "on"), "say on which weekdays, such as `tue`")


def _wait(c: Checker, wait: Any, path: Path, *, positive: bool = False) -> None:
    waits = [wait]
    if isinstance(wait, WaitByArm):
        waits = list(wait.arms.values())
        _arms(c, wait.by, tuple(wait.arms), path)
    if positive and any(w.elapsed == 0 for w in waits):
        c.problems.add(path, "must last some time")


def _arms(c: Checker, experiment: str, arms: tuple[str, ...], path: Path, *, all_of_them: bool = True) -> None:
    if not c.known(experiment, c.plan.experiments, "experiment", path):
        return
    known = tuple(c.plan.experiments[experiment].arms)
    for arm in arms:
        c.known(arm, known, f"arm of `{experiment}`", path)
    missing = [a for a in known if a not in arms]
    if all_of_them and missing:
        c.problems.add(path, f"the arm `{missing[0]}` of `{experiment}` is missing here")


def _steps(c: Checker, journey: str, path: Path) -> None:
    seen: set[str] = set()
    for here, step in c.names.steps(journey):
        if step.name is not None and step.name in seen:
            c.problems.add((*here, "name"), f"two steps of this journey are called `{step.name}`")
        seen.add(step.name or "")
        _timing(c, step, here)
        _step(c, step, here)


def _timing(c: Checker, step: Step, path: Path) -> None:
    _wait(c, step.wait, (*path, "wait"))
    on_the_spot = isinstance(step, SurveyStep) and step.message is None
    if isinstance(step, WaitForStep) or on_the_spot:
        length = "within" if on_the_spot else "timeout"
        said = {"wait": step.wait != Duration(0, 0), "at": step.at is not None, "on": bool(step.on)}
        for key in (key for key, there in said.items() if there):
            text = f"has no effect here: `{length}` says how long; put a `wait` step before this one"
            c.problems.add((*path, key), text, at_key=True)
    if step.after not in ("trigger", "previous", "sent"):
        known = ("trigger", "previous", "sent", *c.names.attributes)
        if c.known(step.after, known, "anchor", (*path, "after")):
            _dated(c, step.after, (*path, "after"), "date", "timestamp")


def _step(c: Checker, step: Step, path: Path) -> None:
    if isinstance(step, SendStep):
        messages = [step.send] if isinstance(step.send, str) else list(step.send.arms.values())
        if isinstance(step.send, MessageByArm):
            _arms(c, step.send.by, tuple(step.send.arms), (*path, "send"))
        for message in messages:
            c.known(message, c.names.messages, "message", (*path, "send"))
    elif isinstance(step, WaitForStep):
        _refs(c, step.wait_for, (*path, "wait_for"))
        _wait(c, step.timeout, (*path, "timeout"), positive=True)
    elif isinstance(step, BranchStep):
        _branch(c, step, path)
    elif isinstance(step, ExperimentStep):
        _arms(c, step.experiment, tuple(step.arms), (*path, "experiment"), all_of_them=False)
    elif isinstance(step, SurveyStep):
        if step.message is not None:
            c.known(step.message, c.names.messages, "message", (*path, "message"))
        if step.sets is not None and c.known(step.sets, c.names.attributes, "attribute", (*path, "sets")):
            _dated(c, step.sets, (*path, "sets"), "string" if step.scale is None else "int")
        _scale(c, step, path)
    elif isinstance(step, TaskStep):
        c.known(step.task, c.names.messages, "message", (*path, "task"))
    elif isinstance(step, OfferStep):
        check_offer_step(c, step, path)
    elif isinstance(step, ScoreStep):
        for score, points in step.score.items():
            c.known(score, c.plan.scores, "score", (*path, "score", score), at_key=True)
            c.number(points, (*path, "score", score), VISIT)  # type: ignore[arg-type]
    elif isinstance(step, SetStep):
        c.assignments(step.set, (*path, "set"), VISIT)  # type: ignore[arg-type]
        c.consents(step.grant, (*path, "grant"))
        c.consents(step.withdraw, (*path, "withdraw"))
    elif isinstance(step, TransferStep):
        c.known(step.transfer, c.names.journeys, "journey", (*path, "transfer"))


def _scale(c: Checker, step: SurveyStep, path: Path) -> None:
    """A survey has answers of its own, or a scale: the same wherever it is asked."""
    if not step.answers and step.scale is None:
        c.problems.add((*path, "answers"), "a survey needs answers, or a scale")
    if step.answers and step.scale is not None:
        c.problems.add((*path, "scale"), "a survey has answers of its own or a scale, not both")
    if answers(c.names)[step.survey].scale != step.scale:
        c.problems.add((*path, "scale"), f"`{shown(step.survey)}` is asked with another scale elsewhere", at_key=True)


def _branch(c: Checker, step: BranchStep, path: Path) -> None:
    if not step.branch:
        c.problems.add((*path, "branch"), "a branch needs at least one way")
    for i, way in enumerate(step.branch):
        here = (*path, "branch", i)
        if (way.when is None) == (way.otherwise is None):
            c.problems.add(here, "say either `if` and `then`, or `else`")
        elif way.otherwise is not None and (way.then or i < len(step.branch) - 1):
            c.problems.add(here, "`else` stands alone, and last")
        c.condition(way.when, (*here, "if"), VISIT)  # type: ignore[arg-type]
