"""A plan as a network: journeys as lines, steps as stops, the places where lines meet, and what returns.

The network has no cycle and never runs to an earlier stage: a way that would close one, or run back, ends at a stop of
its own with a badge that says where the contact goes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bifurque.dashboard.layout import Kind
from bifurque.dashboard.map_stages import Cycle
from bifurque.dashboard.map_words import (
    NOTHING,
    event_title,
    join,
    stage_title,
    step_note,
    step_title,
    title_of,
    trigger_words,
    ways,
)
from bifurque.engine.journey import (
    BranchStep,
    ExitStep,
    ExperimentStep,
    Journey,
    OfferStep,
    ScoreStep,
    SendStep,
    SetStep,
    SurveyStep,
    TaskStep,
    TransferStep,
    WaitForStep,
)
from bifurque.engine.names import event_refs, exits, listed
from bifurque.engine.plan import Plan
from bifurque.engine.routes import Station, leads_to, stations
from bifurque.engine.ruling import EnterAction, TransferAction
from bifurque.engine.trigger import EventTrigger, FirstTrigger, Text

Edge = tuple[int, str, str]
"""A line, and the stops it leads from and to."""
KINDS: dict[type, Kind] = {
    SendStep: "send",
    SurveyStep: "survey",
    OfferStep: "offer",
    TaskStep: "task",
    WaitForStep: "wait_for",
    BranchStep: "branch",
    ExperimentStep: "experiment",
    ExitStep: "exit",
    SetStep: "act",
    ScoreStep: "act",
}


@dataclass
class Stop:
    """A stop of one line, or of several that meet there."""

    id: str
    kind: Kind
    stage: int
    title: Text
    note: Text = NOTHING
    channel: str = ""
    lines: list[int] = field(default_factory=list)
    back: Text | None = None


@dataclass
class Network:
    """Stops, and the edges that lead lines from one to the next.

    Attributes:
        names: the journeys, by line.
        stages: how many bands there are; at least one.
        edges: what each way is called.
    """

    plan: Plan
    cycle: Cycle
    names: list[str]
    stages: int
    stops: dict[str, Stop] = field(default_factory=dict)
    edges: dict[Edge, Text] = field(default_factory=dict)

    def stop(self, stop: Stop) -> Stop:
        """Add a stop."""
        self.stops[stop.id] = stop
        return stop

    def link(self, line: int, origin: str, target: str, tag: Text = NOTHING) -> None:
        """Add an edge; a second one between the same stops only adds its name."""
        key = (line, origin, target)
        old = self.edges.get(key)
        self.edges[key] = tag if old is None else join([old, tag], " / ")
        for end in (origin, target):
            if line not in self.stops[end].lines:
                self.stops[end].lines.append(line)

    def runs_forward(self, origin: str, target: str) -> bool:
        """Whether an edge would neither run to an earlier stage nor close a circle."""
        if self.stops[origin].stage > self.stops[target].stage:
            return False
        after: dict[str, list[str]] = {}
        for _, a, b in self.edges:
            after.setdefault(a, []).append(b)
        seen, todo = {target}, [target]
        while todo:
            fresh = [b for b in after.get(todo.pop(), ()) if b not in seen]
            seen.update(fresh)
            todo += fresh
        return origin not in seen


def network(plan: Plan) -> Network:
    """The network of a plan. It depends on the plan alone, never on what was lived."""
    cycle = Cycle(plan)
    nowhere = any(s == len(cycle.stages) for s in cycle.journeys.values())
    net = Network(plan, cycle, list(plan.journeys), max(len(cycle.stages) + nowhere, 1))
    hubs = _hubs(plan)
    for line, (name, journey) in enumerate(plan.journeys.items()):
        note = join([trigger_words(plan, journey.trigger), _rules_into(plan, name)], " · ")
        net.stop(Stop(f"{name}#start", "start", cycle.journeys[name], title_of(journey.title, name), note, "", [line]))
    for event in hubs:
        _hub(net, event, hubs[event])
    ends = [(line, _steps(net, line)) for line in range(len(net.names))]
    for line, open_ends in ends:
        _finish(net, line, open_ends, hubs)
    for event in hubs:
        _drop_lonely(net, f"event:{event}")
    reached = {s for _, a, b in net.edges for s in (a, b)}
    net.stops = {i: s for i, s in net.stops.items() if i in reached or s.kind == "start"}
    return net


def _hubs(plan: Plan) -> dict[str, list[int]]:
    """Events where lines meet, with the lines they start: goals of several, or of one while another starts there."""
    goals: dict[str, int] = {}
    for journey in plan.journeys.values():
        if journey.goal is not None:
            goals[journey.goal.event] = goals.get(journey.goal.event, 0) + 1
    starts: dict[str, list[int]] = {e: [] for e in goals}
    for line, journey in enumerate(plan.journeys.values()):
        for event in dict.fromkeys(_started_by(journey)):
            if event in starts:
                starts[event].append(line)
    return {e: lines for e, lines in starts.items() if goals[e] + len(lines) > 1}


def _started_by(journey: Journey) -> list[str]:
    """The events of a trigger, if it is one or the first of some."""
    if isinstance(journey.trigger, EventTrigger):
        return [str(r.event) for r in event_refs(journey.trigger.event)]
    return (
        [str(r.event) for r in event_refs(journey.trigger.first)] if isinstance(journey.trigger, FirstTrigger) else []
    )


def _hub(net: Network, event: str, starts: list[int]) -> None:
    """The stop of an event, and the lines that start there."""
    goals = [i for i, j in enumerate(net.plan.journeys.values()) if j.goal is not None and j.goal.event == event]
    places = [net.cycle.journeys[net.names[i]] for i in starts] or [net.cycle.journeys[net.names[i]] for i in goals]
    stage = net.cycle.events.get(event, min(places))
    hub = net.stop(Stop(f"event:{event}", "event", stage, event_title(net.plan, event)))
    for line in starts:
        start = f"{net.names[line]}#start"
        if net.runs_forward(hub.id, start):
            net.link(line, hub.id, start)


def _rules_into(plan: Plan, name: str) -> Text:
    """The rules that let contacts enter a journey from nowhere in particular."""
    found = []
    for rule in plan.rules:
        for action in rule.then:
            enters = isinstance(action, EnterAction) and name in listed(action.enter)
            moves = isinstance(action, TransferAction) and action.transfer == name and not action.origin
            if enters or moves:
                title = title_of(rule.title, rule.name)
                found.append(Text(f"règle : {title.fr}", f"rule: {title.en}"))
    return join(found[:1])


OpenEnd = tuple[str, Text]
"""A stop whose way leaves the journey, and what that way is called."""


def _steps(net: Network, line: int) -> list[OpenEnd]:
    """The stops of one journey and their edges; what is left open."""
    name = net.names[line]
    journey = net.plan.journeys[name]
    graph = stations(journey)
    ids = _identities(name, graph)
    stages = _stages(net, name, graph)
    for number, station in enumerate(graph):
        if station.first and not isinstance(station.step, TransferStep):
            net.stop(_stop(net, ids[number], station, stages[number], line))
    open_ends: list[OpenEnd] = []
    _way(net, line, f"{name}#start", graph, ids, 0, NOTHING, open_ends)
    for number, station in enumerate(graph):
        if isinstance(station.step, TransferStep):
            continue
        tags = ways(net.plan, station.step) if station.part == "" else []
        for k, target in enumerate(_ways_out(net.plan, station)):
            if _bought(journey, graph, station, k):
                target = None
            if target is None or ids[target] != ids[number]:
                _way(net, line, ids[number], graph, ids, target, tags[k] if k < len(tags) else NOTHING, open_ends)
    return open_ends


def _ways_out(plan: Plan, station: Station) -> tuple[int | None, ...]:
    """Where a station leads; nobody goes past an experiment whose every arm has steps."""
    step = station.step
    if isinstance(step, ExperimentStep) and set(step.arms) >= set(plan.experiments[step.experiment].arms):
        return station.ways
    return leads_to(station)


def _bought(journey: Journey, graph: tuple[Station, ...], station: Station, way: int) -> bool:
    """Whether a way is that of who has waited for the goal, reached it, and is told to leave."""
    step = station.step
    target = station.ways[way] if way < len(station.ways) else None
    if not isinstance(step, WaitForStep) or way or target is None or journey.goal is None:
        return False
    events = {r.event for r in event_refs(step.wait_for)}
    return isinstance(graph[target].step, ExitStep) and events == {journey.goal.event}


def _way(
    net: Network,
    line: int,
    origin: str,
    graph: tuple[Station, ...],
    ids: list[str],
    target: int | None,
    tag: Text,
    open_ends: list[OpenEnd],
) -> None:
    """One way out of a stop: to the next one, to another journey, or out."""
    step = graph[target].step if target is not None else None
    if target is None:
        open_ends.append((origin, tag))
    elif isinstance(step, TransferStep):
        _transfer(net, line, origin, step.transfer, tag)
    else:
        net.link(line, origin, ids[target], tag)


def _identities(name: str, graph: tuple[Station, ...]) -> list[str]:
    """The stop of each station: a survey's three are one."""
    found: list[str] = []
    for station in graph:
        found.append(f"{name}/{station.name}" if station.first else found[-1])
    return found


def _stages(net: Network, name: str, graph: tuple[Station, ...]) -> list[int]:
    """The stage of each station: its journey's, until a step or a way says it is a later one."""
    found = [net.cycle.journeys[name]] * len(graph)
    last = len(net.cycle.stages)
    for number, station in enumerate(graph):
        step, here = station.step, found[number]
        if here == last:
            break
        if isinstance(step, SetStep) and isinstance(stage := step.set.get("stage"), str):
            found[number] = here = max(here, net.cycle.position(stage.strip("\"'")) or 0)
        asked = [net.cycle.named(w.when) for w in step.branch] if isinstance(step, BranchStep) else []
        for k, target in enumerate(leads_to(station)):
            if target is not None:
                way = asked[k] if k < len(asked) and target != station.onward else None
                found[target] = max(found[target], here, way or 0)
    return found


def _stop(net: Network, id_: str, station: Station, stage: int, line: int) -> Stop:
    step = station.step
    message = step.send if isinstance(step, SendStep) else getattr(step, "message", None)
    if message is not None and not isinstance(message, str):
        message = next(iter(message.arms.values()))
    channel = net.plan.messages[message].channel if message else ""
    kind = KINDS.get(type(step), "wait")
    title = step_title(net.plan, step, station.name)
    back = None
    if isinstance(step, SetStep) and isinstance(to := step.set.get("stage"), str):
        to = to.strip("\"'")
        title = stage_title(net.plan, to)
        back = title if (net.cycle.position(to) or 0) < stage else None
    return Stop(id_, kind, stage, title, step_note(step), channel, [line], back)


def _transfer(net: Network, line: int, origin: str, to: str, tag: Text) -> None:
    """A way into another journey: the lines meet where that one starts, or a badge says so."""
    start = f"{to}#start"
    if net.runs_forward(origin, start):
        net.link(line, origin, start, tag)
        return
    title = net.stops[start].title
    own = f"{net.names[line]}#to_{to}"
    if own not in net.stops:
        words = Text("Transfert", "Transfer")
        net.stop(Stop(own, "end", net.stops[origin].stage, words, NOTHING, "", [line], title))
    net.link(line, origin, own, tag)


def _finish(net: Network, line: int, open_ends: list[OpenEnd], hubs: dict[str, list[int]]) -> None:
    """Where a line ends: at its goal, where its ways meet again, or at its last step."""
    name = net.names[line]
    journey = net.plan.journeys[name]
    goal = journey.goal
    for origin, tag in open_ends if goal is not None else ():
        _reach(net, line, origin, goal.event if goal else "", tag, hubs)
    tagged = [o for o in open_ends if o[1] != NOTHING]
    if goal is None and (len({o for o, _ in open_ends}) > 1 or tagged):
        stage = max(net.stops[o].stage for o, _ in open_ends)
        end = net.stop(Stop(f"{name}#end", "end", stage, Text("Fin", "End"), NOTHING, "", [line]))
        for origin, tag in open_ends:
            net.link(line, origin, end.id, tag)
    last = open_ends[-1][0] if open_ends else f"{name}#start"
    for leave in exits(journey):
        if leave.to:
            words = join([event_title(net.plan, e) for e in listed(leave.event)[:2]], " / ")
            _transfer(net, line, last, leave.to, words)
    for rule in net.plan.rules:
        for action in rule.then:
            if isinstance(action, TransferAction) and name in listed(action.origin) and action.transfer != name:
                _transfer(net, line, last, action.transfer, title_of(rule.title, rule.name))


def _reach(net: Network, line: int, origin: str, event: str, tag: Text, hubs: dict[str, list[int]]) -> None:
    """One way to the goal: to the stop it shares with other lines, or to one of the line's own."""
    hub = f"event:{event}"
    if event in hubs and net.runs_forward(origin, hub):
        net.link(line, origin, hub, tag)
        return
    own = f"{net.names[line]}#goal"
    title = event_title(net.plan, event)
    stage = net.stops[origin].stage
    if own not in net.stops:
        net.stop(Stop(own, "goal", stage, title, NOTHING, "", [line], title if event in hubs else None))
    net.stops[own].stage = max(net.stops[own].stage, stage)
    net.link(line, origin, own, tag)


def _drop_lonely(net: Network, hub: str) -> None:
    """A place where lines might have met, and none or only one does."""
    lines = net.stops[hub].lines
    if not lines:
        del net.stops[hub]
    elif len(lines) == 1 and not any(b == hub for _, _, b in net.edges):
        net.edges = {e: t for e, t in net.edges.items() if hub not in e}
        del net.stops[hub]
    elif len(lines) == 1:
        net.stops[hub].kind = "goal"
