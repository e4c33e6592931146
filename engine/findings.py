"""What can be proved of a plan without running it. Each finding says where, why, and what would mend it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bifurque.engine.cycles import find_cycles
from bifurque.engine.journey import (
    ExperimentStep,
    Journey,
    MessageByArm,
    OfferStep,
    SendStep,
    SetStep,
    SurveyStep,
    TaskStep,
    TransferStep,
)
from bifurque.engine.names import COMMERCIAL, Names, candidates, exits, listed
from bifurque.engine.pitfalls import find_pitfalls
from bifurque.engine.plan import BUILT_IN_EVENTS, Message, Plan, QuietHours, Stage
from bifurque.engine.problems import Path
from bifurque.engine.routes import leads_to, stations
from bifurque.engine.rule_graph import find_rules
from bifurque.engine.ruling import ClearAction, DeriveAction, EnterAction, SetAction, TransferAction
from bifurque.engine.trigger import (
    CrossingTrigger,
    DateOf,
    DateTrigger,
    ScheduleTrigger,
    WaitByArm,
)
from bifurque.engine.values import weekday_bits
from bifurque.rules.errors import nearest

if TYPE_CHECKING:
    from bifurque.engine.check import Checker

DAY = 86400
MOST_PAIRS = 100_000
"""So many pairs of events are compared: a plan with more has other worries than a slip."""


def find(c: Checker) -> None:
    """Note every finding."""
    entered = {x.to for journey in c.plan.journeys.values() for x in exits(journey)}
    entered |= {s.transfer for j in c.names.journeys for _, s in c.names.steps(j) if isinstance(s, TransferStep)}
    for action in (a for rule in c.plan.rules for a in rule.then):
        entered |= set(listed(action.enter)) if isinstance(action, EnterAction) else set()
        entered |= {action.transfer} if isinstance(action, TransferAction) else set()
    for name, journey in c.plan.journeys.items():
        _unreachable(c, name, journey)
        if journey.trigger is None and name not in entered:
            text = "has no trigger, and no other journey leads to it: nobody ever enters"
            c.problems.add(("journeys", name), text, at_key=True, finding=True)
        _late_sent(c, name, journey)
    find_cycles(c)
    find_pitfalls(c)
    find_rules(c)
    _unused(c)
    _events(c)
    _quiet(c)
    _zones(c)
    _consent(c)
    for i, cap in enumerate(c.plan.caps):
        if cap.max == 0 and cap.when is None:
            c.problems.add(("caps", i, "max"), "lets nothing leave, ever: raise it, or drop the messages", finding=True)


def _unreachable(c: Checker, name: str, journey: Journey) -> None:
    graph = stations(journey)
    seen: set[int] = set()
    todo = [0] if graph else []
    while todo:
        at = todo.pop()
        if at not in seen:
            seen.add(at)
            todo += [n for n in leads_to(graph[at]) if n is not None]
    for i, station in enumerate(graph):
        if i not in seen and station.part in ("", "ask"):
            text = f"the step `{station.name}` is never reached: every way to it leaves the journey before"
            c.problems.add(("journeys", name, "steps", *station.path), text, finding=True)


def _late_sent(c: Checker, name: str, journey: Journey) -> None:
    sent = False
    for path, step in c.names.steps(name):
        if step.after == "sent" and not sent:
            text = "is counted from a sending, but no message of this journey stands before it"
            c.problems.add((*path, "after"), text, finding=True)
        sent = sent or bool(messages_of(step, c.plan))


def _parts(value: Any) -> Iterator[Any]:
    """Every text inside a plan, where conditions may stand, and everything that holds some."""
    yield value
    if isinstance(value, dict):
        for inside in value.values():
            yield from _parts(inside)
    elif isinstance(value, tuple):
        for inside in value:
            yield from _parts(inside)
    elif isinstance(value, ClearAction | DeriveAction) or (isinstance(value, SetAction) and isinstance(value.set, str)):
        return  # names a fact, reads nothing
    elif hasattr(value, "__struct_fields__"):
        for field in value.__struct_fields__:
            yield from _parts(getattr(value, field))


def _unused(c: Checker) -> None:
    plan = c.plan
    everything = list(_parts(plan))
    words = set(re.findall(r"[\w.-]+", " ".join(p for p in everything if isinstance(p, str))))
    asked = {p.by for p in everything if isinstance(p, WaitByArm | MessageByArm)}
    asked |= {p.experiment for p in everything if isinstance(p, ExperimentStep)}
    sent = {m for j in c.names.journeys for _, s in c.names.steps(j) for m in messages_of(s, plan)}
    makes = [s.offer for j in c.names.journeys for _, s in c.names.steps(j) if isinstance(s, OfferStep)]
    offered = {o for names in makes for o in candidates(plan.offers, names)}
    _never(c, ("offers",), [o for o in plan.offers if o not in offered], "offer", "no step makes it")
    _never(c, ("messages",), [m for m in plan.messages if m not in sent], "message", "no step sends it")
    reroutes = {getattr(p, "reroute", None) for m in plan.messages.values() for p in (m.on_cap, m.on_quiet)}
    channels = {m.channel for m in plan.messages.values()} | reroutes
    _never(c, ("channels",), [x for x in plan.channels if x not in channels], "channel", "no message uses it")
    used = {m.category for m in plan.messages.values()}
    for i, category in enumerate(plan.categories):
        if category.name not in used:
            text = f"the category `{category.name}` is never used: no message is of it"
            c.problems.add(("categories", i), text, finding=True)
    read = {w.removeprefix("score.") for w in words if w.startswith("score.")}
    read |= {s.score for s in plan.stages if isinstance(s, Stage) and s.score}
    triggers = [j.trigger for j in plan.journeys.values()]
    read |= {t.crossing.score for t in triggers if isinstance(t, CrossingTrigger)}
    _never(
        c, ("scores",), [s for s in plan.scores if s not in read], "score", "no stage, trigger or condition reads it"
    )
    segments = [s for s in plan.segments if f"segment.{s}" not in words]
    _never(c, ("segments",), segments, "segment", "no condition reads it")
    _never(
        c, ("experiments",), [e for e in plan.experiments if e not in asked], "experiment", "nothing asks for its arm"
    )
    used_calendars = {t.schedule.calendar for t in triggers if isinstance(t, ScheduleTrigger)}
    used_calendars |= {getattr(x.capacity, "closed", None) for x in plan.channels.values()}
    calendars = [x for x in plan.calendars if x not in used_calendars]
    _never(c, ("calendars",), calendars, "calendar", "no schedule follows it")
    for path, targets in c.names.sets:
        for target in targets:
            if target.startswith("fact.") and target not in words:
                c.problems.add(
                    (*path, target), f"`{target}` is set, but no condition reads it", at_key=True, finding=True
                )


def _never(c: Checker, path: Path, names: list[str], what: str, why: str) -> None:
    for name in names:
        c.problems.add((*path, name), f"the {what} `{name}` is never used: {why}", at_key=True, finding=True)


def messages_of(step: Any, plan: Plan) -> tuple[str, ...]:
    """The messages a step may send; of an offer step, one for each offer it may make."""
    if isinstance(step, OfferStep):
        return tuple(plan.offers[o].message for o in candidates(plan.offers, step.offer))
    if isinstance(step, TaskStep):
        return (step.task,)
    if isinstance(step, SendStep):
        return (step.send,) if isinstance(step.send, str) else tuple(step.send.arms.values())
    return (step.message,) if isinstance(step, SurveyStep) and step.message else ()


def _events(c: Checker) -> None:
    """An event mentioned once, almost like another one, is most likely a slip."""
    mentions = c.names.mentions
    often = [e for e, places in mentions.items() if len(places) > 1]
    once = [e for e, places in mentions.items() if len(places) == 1 and e not in BUILT_IN_EVENTS]
    if len(once) * len(often) > MOST_PAIRS:
        return
    for event in once:
        near = nearest(event, often, 0.85)
        if near:
            text = f"the event `{event}` is mentioned only here; did you mean `{near}`?"
            c.problems.add(mentions[event][0], text, finding=True)


def _applies(names: Names, quiet: QuietHours, message: Message) -> bool:
    kind = names.categories[message.category].kind
    if kind == "reply" or {message.category, kind} & set(listed(quiet.exempt)):
        return False
    within = not quiet.of or {message.category, kind} & set(listed(quiet.of))
    return bool(within) and (not quiet.channel or message.channel in listed(quiet.channel))


def _silent(quiets: list[QuietHours], weekday: int, time: int) -> bool:
    """Whether a minute of the week lies in quiet hours."""
    for q in quiets:
        bits = weekday_bits(listed(q.days))
        today, before = bits >> weekday & 1, bits >> ((weekday - 1) % 7) & 1
        if q.start < q.end:
            if today and q.start <= time < q.end:
                return True
        elif (today and time >= q.start) or (before and time < q.end):
            return True
    return False


def _quiet(c: Checker) -> None:
    from bifurque.engine.check import quiet_hours

    quiets = [q for _, q in quiet_hours(c.plan)]
    for name in c.names.journeys:
        for path, step in c.names.steps(name):
            for message in messages_of(step, c.plan):
                _always_quiet(c, name, path, step, message, quiets)


def _always_quiet(c: Checker, journey: str, path: Path, step: Any, name: str, quiets: list[QuietHours]) -> None:
    message = c.plan.messages[name]
    quiets = [q for q in quiets if _applies(c.names, q, message)]
    times = _times(c.plan.journeys[journey], path, step)
    length = message.valid_for.elapsed if message.valid_for else 0
    if message.valid_until and not length:
        length = DAY
    if message.on_quiet == "drop":
        length = 60
    elif not length:
        return
    for weekday in range(7):
        for start in times if times is not None else range(0, DAY, 900):
            end = min(start + length, DAY) if message.valid_until and not message.valid_for else start + length
            if not all(_silent(quiets, (weekday + m // DAY) % 7, m % DAY) for m in range(start, end, 60)):
                return
    when = f"due at {times[0] // 3600:02}:{times[0] % 3600 // 60:02}" if times else "whenever it is due"
    text = f"`{name}` never leaves: {when}, its validity lies in quiet hours"
    c.problems.add(path, text, finding=True)


def _times(journey: Journey, path: Path, step: Any) -> list[int] | None:
    """The local time of day at which a step is due, where the plan alone fixes it."""
    if step.at is not None:
        return [int(step.at)]
    if isinstance(step.wait, WaitByArm) or step.wait.seconds or step.after not in ("trigger", "previous"):
        return None
    if step.after == "previous" and path[-1] != 0:
        return None
    trigger = journey.trigger
    if isinstance(trigger, DateTrigger):
        return [int(trigger.date.at if isinstance(trigger.date, DateOf) else 36000)]
    if isinstance(trigger, ScheduleTrigger) and trigger.schedule.every and trigger.schedule.at is not None:
        return [int(trigger.schedule.at)]
    return None


def _zones(c: Checker) -> None:
    """Contacts without a zone must be awake in every fallback zone: is there such an hour?"""
    from bifurque.engine.check import quiet_hours
    from bifurque.engine.zones import stretches

    if len(c.plan.zones) < 2 or not c.plan.quiet_hours:
        return
    quiets = [q for _, q in quiet_hours(c.plan)]
    start = c.plan.start * DAY
    easts = [stretches(z, start, start + DAY)[0][1] for z in c.plan.zones]
    for minute in range(0, 7 * 1440, 15):
        local = [start + minute * 60 + east for east in easts]
        if not any(_silent(quiets, (t // DAY + 3) % 7, t % DAY) for t in local):
            return
    text = "no hour is outside quiet hours in all of these zones: contacts without a zone would never hear anything"
    c.problems.add(("zones",), text, finding=True)


def _consent(c: Checker) -> None:
    """A message whose consent nobody can ever have."""
    plan, names = c.plan, c.names
    granted: set[tuple[str, str]] = set()
    sources: list[Any] = [e.grant for e in plan.events.values()]
    sources += [s.grant for j in names.journeys for _, s in names.steps(j) if isinstance(s, SetStep)]
    sources += [[t for t, share in plan.population.consent.items() if share != 0]]
    sources += [[t for t, share in p.consent.items() if share > 0] for p in plan.personas.values()]
    for source in sources:
        for text in listed(source):
            granted |= set(names.consents(text))
    for name, message in plan.messages.items():
        purpose = names.purpose(message.category)
        if purpose is not None and (purpose, message.channel) not in granted:
            text = f"`{name}` needs the consent `{purpose}.{message.channel}`, which nothing in the plan gives: "
            text += "add it to an event's `grant`, or to the population's `consent`"
            c.problems.add(("messages", name), text, at_key=True, finding=True)


__all__ = ["COMMERCIAL", "find", "messages_of"]
