"""Where each journey stands in the life cycle. A plan says so in many ways; where it says nothing, it is inferred.

In this order, and the first that speaks decides:

1. its trigger: a stage is entered, an event that sets the stage, a score that crosses the threshold of a stage,
   somebody joins (the first stage);
2. its `when`: a stage, or what follows from an event or a step elsewhere: it stands where that one does;
3. an event that alone brings enough points for a stage;
4. its ways: one that parts contacts by stage starts in the first;
5. what leads into it, then what it leads to: journeys it transfers to, the event its goal shares with others.

What is left belongs to no stage: to a band of its own, the last one.
"""

from __future__ import annotations

from collections.abc import Iterator

from bifurque.engine.journey import BranchStep, Journey, SetStep, TransferStep
from bifurque.engine.names import event_refs, exits, listed, walk
from bifurque.engine.plan import Plan, Stage
from bifurque.engine.ruling import TransferAction
from bifurque.engine.trigger import CrossingTrigger, EventTrigger, FirstTrigger, StageTrigger
from bifurque.rules.errors import ConditionError
from bifurque.rules.syntax import Node, parse


class Cycle:
    """The life cycle of a plan, and where its journeys and events stand in it.

    Attributes:
        stages: the names, in order.
        journeys: the stage of each journey, by position; `len(stages)` if it belongs to none.
        events: the stage an event leads to, where that is known.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.stages = tuple(s if isinstance(s, str) else s.name for s in plan.stages)
        self.events = {e: s for e in _events(plan) if (s := self._event(e)) is not None}
        known: dict[str, int] = {}
        for name, journey in plan.journeys.items():
            stage = self._said(journey)
            if stage is not None:
                known[name] = stage
        self._follow(known)
        self.journeys = {j: known.get(j, len(self.stages)) for j in plan.journeys}

    def position(self, stage: str) -> int | None:
        """Where a stage stands."""
        return self.stages.index(stage) if stage in self.stages else None

    def _event(self, event: str) -> int | None:
        """The stage an event sets, or the one its points alone are enough for."""
        declared = self.plan.events.get(event)
        if declared is not None and isinstance(stage := declared.set.get("stage"), str):
            return self.position(stage.strip("\"'"))
        found = None
        for position, stage_ in enumerate(self.plan.stages):
            if isinstance(stage_, Stage) and stage_.score in self.plan.scores and position:
                points = self.plan.scores[stage_.score].on.get(event, 0)
                if isinstance(points, int | float) and points >= stage_.at > 0:
                    found = position
        return found

    def _said(self, journey: Journey) -> int | None:
        """The stage its trigger or its `when` names."""
        if not self.stages:
            return None
        trigger = journey.trigger
        if isinstance(trigger, StageTrigger):
            return min((p for s in listed(trigger.stage) if (p := self.position(s)) is not None), default=None)
        if isinstance(trigger, CrossingTrigger):
            return self._crossed(trigger)
        conditions = [journey.when, getattr(trigger, "where", None)]
        named = [p for c in conditions if (p := self.named(c)) is not None]
        if named:
            return min(named)
        events = [r.event for r in event_refs(trigger.event)] if isinstance(trigger, EventTrigger) else []
        if "joined" in events:
            return 0
        events += [r.event for r in event_refs(trigger.first)] if isinstance(trigger, FirstTrigger) else []
        return min((self.events[e] for e in events if e in self.events), default=None)

    def _crossed(self, trigger: CrossingTrigger) -> int | None:
        """The stage a score reaches, or falls back to, at the threshold of a crossing."""
        crossing, found = trigger.crossing, None
        for position, stage in enumerate(self.plan.stages):
            if not isinstance(stage, Stage) or stage.score != crossing.score:
                continue
            if crossing.above is not None and crossing.above >= stage.at:
                found = position
            elif crossing.below is not None and crossing.below <= stage.at and found is None:
                found = position - 1
        return found

    def named(self, condition: str | None) -> int | None:
        """The first stage a condition asks for, if it asks for any."""
        found = [p for node in _parts(condition) for s in _stages(node) if (p := self.position(s)) is not None]
        return min(found, default=None)

    def _follow(self, known: dict[str, int]) -> None:
        """Journeys that stand where others do, until nothing more follows."""
        if not self.stages:
            return
        rules = (self._after_what_it_reads, self._by_ways, self._led_into, self._leads_to)
        grown = True
        while grown:
            grown = False
            for rule in rules:
                found = {j: s for j in self.plan.journeys if j not in known and (s := rule(j, known)) is not None}
                if found:
                    known |= found
                    grown = True
                    break

    def _after_what_it_reads(self, name: str, known: dict[str, int]) -> int | None:
        """Where what its `when` reads is set."""
        reads = set(self._reads(self.plan.journeys[name].when))
        places = [self.events[e] for e, d in self.plan.events.items() if e in self.events and _given(d.set) & reads]
        for other, journey in self.plan.journeys.items():
            steps = [s for _, s in walk(journey.steps, ()) if isinstance(s, SetStep)]
            if other in known and other != name and any(_given(s.set) & reads for s in steps):
                places.append(known[other])
        return min(places, default=None)

    def _reads(self, condition: str | None, depth: int = 0) -> Iterator[str]:
        """Facts and attributes a condition asks for, through segments."""
        for node in _parts(condition):
            names = [n for n in (node, *node.args) if n.op == "name"]
            for leaf in names if node.op not in ("!", "||", "!=") else ():
                word = str(leaf.value)
                if word.startswith("segment.") and depth < 8:
                    yield from self._reads(self.plan.segments.get(word.removeprefix("segment.")), depth + 1)
                elif word.startswith(("fact.", "contact.")):
                    yield word.removeprefix("contact.")

    def _by_ways(self, name: str, known: dict[str, int]) -> int | None:
        """The first stage, if its ways part contacts by stage."""
        branches = (s for _, s in walk(self.plan.journeys[name].steps, ()) if isinstance(s, BranchStep))
        asked = any(self.named(way.when) is not None for branch in branches for way in branch.branch)
        return 0 if asked else None

    def _led_into(self, name: str, known: dict[str, int]) -> int | None:
        return max((known[a] for a, b in leads(self.plan) if b == name and a in known), default=None)

    def _leads_to(self, name: str, known: dict[str, int]) -> int | None:
        places = [known[b] for a, b in leads(self.plan) if a == name and b in known]
        goal = self.plan.journeys[name].goal
        if goal is not None and goal.event in self.events:
            places.append(self.events[goal.event])
        return min(places, default=None)


def leads(plan: Plan) -> list[tuple[str, str]]:
    """Journeys that lead to another: by a transfer, by an exit, by a rule."""
    found = []
    for name, journey in plan.journeys.items():
        found += [(name, s.transfer) for _, s in walk(journey.steps, ()) if isinstance(s, TransferStep)]
        found += [(name, x.to) for x in exits(journey) if x.to]
    for action in (a for rule in plan.rules for a in rule.then if isinstance(a, TransferAction)):
        found += [(origin, action.transfer) for origin in listed(action.origin)]
    return [(a, b) for a, b in dict.fromkeys(found) if a != b]


def _events(plan: Plan) -> list[str]:
    scored = [e for score in plan.scores.values() for e in score.on]
    return list(dict.fromkeys([*plan.events, *scored]))


def _given(targets: dict[str, bool | int | float | str]) -> set[str]:
    return {t for t, v in targets.items() if v is not False}


def _parts(condition: str | None) -> list[Node]:
    """The parts of a condition that must all hold."""
    try:
        todo = [parse(condition)] if condition else []
    except ConditionError:
        return []
    found = []
    while todo:
        node = todo.pop(0)
        if node.op == "&&":
            todo += node.args
        else:
            found.append(node)
    return found


def _stages(node: Node) -> list[str]:
    """The stages one comparison names."""
    if node.op not in ("==", "in") or not any(a.op == "name" and a.value == "stage" for a in node.args):
        return []
    literals = [b for a in node.args for b in (a.args if a.op == "list" else (a,))]
    return [str(b.value) for b in literals if b.op == "literal"]
