"""Everything a plan names, in one place and in a fixed order: what conditions read, what happens, who sets what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from bifurque.engine.journey import (
    BranchStep,
    ExperimentStep,
    Journey,
    OfferStep,
    SetStep,
    Step,
    SurveyStep,
    WaitForStep,
)
from bifurque.engine.plan import BUILT_IN_EVENTS, Plan, Stage
from bifurque.engine.problems import Path
from bifurque.engine.realistic import Realistic
from bifurque.engine.ruling import assigned
from bifurque.engine.sharing import Offer
from bifurque.engine.trigger import EventRef
from bifurque.rules.syntax import Type

CLASSES = ("transactional", "service", "relational", "promotional", "reply")
COMMERCIAL = ("relational", "promotional")


def listed(value: Any) -> tuple[str, ...]:
    """One name or several, as several."""
    return (value,) if isinstance(value, str) else tuple(value)


def candidates(offers: Mapping[str, Offer], named: Any) -> tuple[str, ...]:
    """The offers a step may make: those it names, then what stands in for them, each once."""
    found = list(dict.fromkeys(o for o in listed(named) if o in offers))
    for name in found:
        found += [o for o in listed(offers[name].fallback) if o in offers and o not in found]
    return tuple(found)


def event_refs(events: Any) -> tuple[EventRef, ...]:
    """Events however they are written, one reference each."""
    found = []
    for item in (events,) if isinstance(events, str | EventRef) else events:
        ref = item if isinstance(item, EventRef) else EventRef(event=item)
        found += [EventRef(event=e, where=ref.where, key=ref.key) for e in listed(ref.event)]
    return tuple(found)


def walk(steps: tuple[Step, ...], path: Path) -> Iterator[tuple[Path, Step]]:
    """Every step, those inside branches included, with its path in the plan."""
    for i, step in enumerate(steps):
        here = (*path, i)
        yield here, step
        if isinstance(step, BranchStep):
            for k, way in enumerate(step.branch):
                inside, key = (way.otherwise, "else") if way.otherwise is not None else (way.then, "then")
                yield from walk(inside, (*here, "branch", k, key))
        elif isinstance(step, WaitForStep):
            yield from walk(step.then, (*here, "then"))
            yield from walk(step.otherwise, (*here, "else"))
        elif isinstance(step, OfferStep):
            yield from walk(step.otherwise, (*here, "else"))
        elif isinstance(step, ExperimentStep):
            for arm, inside in step.arms.items():
                yield from walk(inside, (*here, "arms", arm))


class Names:
    """What a plan names. Positions in these tuples are the numbers the tables use."""

    def __init__(self, plan: Plan, zones: tuple[str, ...] = (), behaviour: str | None = None) -> None:
        self.plan = plan
        self.behaviour = behaviour or plan.behaviour.kind
        self.more_zones = zones
        self.stages = tuple(s.name if isinstance(s, Stage) else s for s in plan.stages) or ("contact",)
        self.categories = {c.name: c for c in plan.categories}
        self.channels = tuple(plan.channels)
        self.personas = tuple(plan.personas) or ("person",)
        self.attributes = {n: a if isinstance(a, str) else a.type for n, a in plan.attributes.items()}
        self.messages = tuple(plan.messages)
        self.journeys = tuple(plan.journeys)

    @cached_property
    def zones(self) -> tuple[str, ...]:
        """The plan's zone first, then those of its population, its fallbacks, and a population file."""
        plan = self.plan
        return tuple(dict.fromkeys((plan.zone, *plan.population.zones, *plan.zones, *self.more_zones)))

    def steps(self, journey: str) -> Iterator[tuple[Path, Step]]:
        """Every step of a journey, with its path."""
        yield from walk(self.plan.journeys[journey].steps, ("journeys", journey, "steps"))

    def purpose(self, category: str) -> str | None:
        """The consent a category needs: declared, or `marketing` for commercial classes."""
        found = self.categories[category]
        return found.purpose or ("marketing" if found.kind in COMMERCIAL else None)

    @cached_property
    def purposes(self) -> tuple[str, ...]:
        """Every purpose that needs consent."""
        return tuple(dict.fromkeys(p for c in self.categories if (p := self.purpose(c)))) or ("marketing",)

    def consents(self, text: str) -> tuple[tuple[str, str], ...]:
        """The (purpose, channel) pairs that `all`, a purpose, a channel or both mean; none if unknown."""
        purpose, _, channel = text.partition(".")
        pairs = tuple((p, c) for p in self.purposes for c in self.channels)
        if text == "all":
            return pairs
        if channel:
            return tuple(x for x in pairs if x == (purpose, channel))
        return tuple(x for x in pairs if text in x)

    @cached_property
    def sets(self) -> list[tuple[Path, dict[str, Any]]]:
        """Every place that sets something, with its path."""
        found: list[tuple[Path, dict[str, Any]]] = [
            (("events", e, "set"), event.set) for e, event in self.plan.events.items()
        ]
        for journey in self.journeys:
            found += [((*path, "set"), s.set) for path, s in self.steps(journey) if isinstance(s, SetStep)]
        for i, rule in enumerate(self.plan.rules):
            found += [(("rules", i, "then", k), assigned(a)) for k, a in enumerate(rule.then)]
        return found

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """Every fact something sets; false until then."""
        keys = (k for _, targets in self.sets for k in targets)
        return tuple(dict.fromkeys(k.removeprefix("fact.") for k in keys if k.startswith("fact.")))

    @cached_property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Exclusive groups, with their journeys in declaration order."""
        found: dict[str, tuple[str, ...]] = {}
        for name, journey in self.plan.journeys.items():
            for group in journey.group:
                found[group] = (*found.get(group, ()), name)
        return found

    @cached_property
    def mentions(self) -> dict[str, list[Path]]:
        """Every event type, with the places that mention it."""
        found: dict[str, list[Path]] = {e: [] for e in BUILT_IN_EVENTS}
        for event, path in _mentions(self):
            found.setdefault(event, []).append(path)
        return found

    @cached_property
    def events(self) -> tuple[str, ...]:
        """Every event type."""
        return tuple(self.mentions)

    @cached_property
    def types(self) -> dict[str, Type]:
        """What any condition may name, with its type."""
        kinds: dict[str, Type] = {f"contact.{n}": "timestamp" if t == "date" else t for n, t in self.attributes.items()}
        kinds |= {"stage": "string", "persona": "string", "zone": "string", "now": "timestamp"}
        kinds |= {f"local.{part}": "int" for part in ("hour", "weekday", "day", "month")}
        kinds |= {f"fact.{f}": "bool" for f in self.facts}
        kinds |= {f"score.{s}": "keyed" if score.by else "double" for s, score in self.plan.scores.items()}
        kinds |= {f"segment.{s}": "bool" for s in self.plan.segments}
        kinds |= {f"consent.{p}.{c}": "bool" for p in self.purposes for c in self.channels}
        kinds |= {f"taken.{o}": "bool" for o in self.plan.offers}
        for journey in self.journeys:
            kinds |= {f"inside.{journey}": "bool", f"visits.{journey}": "int"}
        return kinds

    event_types: dict[str, Type] = {  # noqa: RUF012 -- a constant
        "event.type": "string",
        "event.key": "string",
        "event.value": "int",
        "event.message": "string",
    }
    message_types: dict[str, Type] = {"value": "double", "deadline": "timestamp"}  # noqa: RUF012

    @cached_property
    def words(self) -> dict[str, tuple[str, ...]]:
        """Names that only take certain texts."""
        messages = {"event.message": self.messages, "event.type": self.events}
        return {"stage": self.stages, "persona": self.personas, **messages}

    def policy_of(self, group: str) -> str:
        """What a stronger journey of a group does to a weaker one."""
        return next(self.plan.journeys[j].group[group] for j in self.groups[group])


def realistic_events(people: Realistic) -> tuple[str, ...]:
    """The events realistic people make, besides those every plan knows."""
    visits, opinion = people.visits, people.opinion
    felt = (*listed(opinion.good), *listed(opinion.bad))
    made = (people.purchases.event, visits.event, visits.cart_event, opinion.referral_event, "complained", "bounced")
    return (*made, *felt)


def _mentions(names: Names) -> Iterator[tuple[str, Path]]:
    plan = names.plan
    for event in plan.events:
        yield event, ("events", event)
    for name, score in plan.scores.items():
        for event in score.on:
            yield event, ("scores", name, "on", event)
        for i, penalty in enumerate(score.penalties):
            yield from ((e, ("scores", name, "penalties", i, "without")) for e in listed(penalty.without))
    for name, made in plan.offers.items():
        yield made.taken, ("offers", name, "taken")
    if plan.merge is not None:
        yield plan.merge, ("merge",)
    if plan.referral is not None:
        yield from ((getattr(plan.referral, k), ("referral", k)) for k in ("invited", "joined", "rewarded"))
    if plan.account is not None:
        yield from ((told, ("account", "tells")) for told in (*plan.account.tells, *plan.account.tells.values()))
    for name, journey in plan.journeys.items():
        yield from _journey_mentions(names, name, journey)
    behaviour = plan.behaviour
    if names.behaviour == "realistic":
        yield from ((e, ("behaviour", "realistic")) for e in realistic_events(behaviour.realistic))
    for name, source in behaviour.sources.items():
        yield source.event, ("behaviour", "sources", name, "event")
    for name, reaction in behaviour.reactions.items():
        if reaction.on:
            yield reaction.on, ("behaviour", "reactions", name, "on")
        for i, way in enumerate(reaction.one_of):
            yield way.event, ("behaviour", "reactions", name, "one_of", i, "event")
    for name, interval in behaviour.journeys.items():
        if interval.before or interval.on:
            yield interval.event, ("behaviour", "journeys", name, "event")


def _journey_mentions(names: Names, name: str, journey: Journey) -> Iterator[tuple[str, Path]]:
    here = ("journeys", name)
    trigger = journey.trigger
    for key, events in (
        ("event", getattr(trigger, "event", ())),
        ("first", getattr(trigger, "first", ())),
        ("together", getattr(getattr(trigger, "together", None), "of", ())),
    ):
        yield from ((r.event, (*here, "trigger", key)) for r in event_refs(events))  # type: ignore[misc]
    absence = getattr(trigger, "absence", None)
    if absence is not None:
        yield from ((r.event, (*here, "trigger", "absence", "of")) for r in event_refs(absence.of))  # type: ignore[misc]
        if absence.after:
            yield absence.after, (*here, "trigger", "absence", "after")
    for exit_ in exits(journey):
        yield from ((e, (*here, "exit", "event")) for e in listed(exit_.event))
    if journey.goal:
        yield journey.goal.event, (*here, "goal", "event")
    for path, step in names.steps(name):
        if isinstance(step, WaitForStep):
            yield from ((r.event, (*path, "wait_for")) for r in event_refs(step.wait_for))  # type: ignore[misc]


def exits(journey: Journey) -> tuple[Any, ...]:
    """A journey's exits, one or several."""
    return journey.exit if isinstance(journey.exit, tuple) else (journey.exit,)


SCALES = {"nps": tuple(map(str, range(11))), "csat": tuple(map(str, range(1, 6)))}
"""What may be answered to a survey with a scale, the worst first."""


def choices(step: SurveyStep) -> tuple[str, ...]:
    """What may be answered to a survey."""
    return step.answers if step.scale is None else SCALES[step.scale]


def answers(names: Names) -> dict[str, SurveyStep]:
    """Every survey of the plan by its name."""
    found: dict[str, SurveyStep] = {}
    for journey in names.journeys:
        found |= {s.survey: s for _, s in names.steps(journey) if isinstance(s, SurveyStep)}
    return found
