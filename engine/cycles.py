"""The endless day: journeys that lead back to themselves without a wait, or for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from bifurque.engine.journey import (
    Reentry,
    SetStep,
    TransferStep,
    WaitForStep,
)
from bifurque.engine.names import exits, listed
from bifurque.engine.possible import ANY, evaluate
from bifurque.engine.routes import Station, leads_to, stations
from bifurque.engine.rule_trial import Book, slot
from bifurque.engine.ruling import EnterAction, TransferAction
from bifurque.engine.trigger import ChangeTrigger, StageTrigger, WaitByArm

if TYPE_CHECKING:
    from bifurque.engine.check import Checker

Spot = tuple[str, int]
"""A station: its journey, its position."""
T = TypeVar("T", Spot, int)


def find_cycles(c: Checker) -> None:
    """Note cycles that spin within one instant, and those that nobody ever leaves."""
    graphs = {name: stations(j) for name, j in c.plan.journeys.items() if j.enabled}
    started, ruled = _started(c), _Ruled(c)
    spots = {(name, i): station for name, graph in graphs.items() for i, station in enumerate(graph)}
    sent_on = {spot: ruled.moves(spot[0], station, graphs) for spot, station in spots.items()}
    moves = {s: [*_moves(s[0], station, graphs, started), *sent_on[s]] for s, station in spots.items()}
    instant = {spot: [s for s, waits in ways if not waits] for spot, ways in moves.items()}
    for cycle in components(instant):
        station = graphs[cycle[0][0]][cycle[0][1]]
        route = " → ".join(graphs[j][i].name for j, i in cycle)
        text = f"leads back to itself without a wait ({route} → …): a contact would spin and be quarantined; add a wait"
        c.problems.add(("journeys", cycle[0][0], "steps", *station.path), text, finding=True)
    for cycle in components({spot: [s for s, _ in ways] for spot, ways in moves.items()}):
        if _endless(c, cycle, moves, sent_on, graphs):
            journeys = " → ".join(dict.fromkeys(j for j, _ in cycle))
            text = f"an endless day: {journeys} → … has no exit and no bound; add an `exit`, or `reentry: {{most: …}}`"
            c.problems.add(("journeys", cycle[0][0]), text, at_key=True, finding=True)


def _moves(
    name: str, station: Station, graphs: dict[str, tuple[Station, ...]], started: dict[tuple[str, str], list[str]]
) -> list[tuple[Spot, bool]]:
    """Where a contact may be next, and whether time passes on the way."""
    step = station.step
    onward = [(name, at) for at in leads_to(station) if at is not None]
    entered: list[str] = [step.transfer] if isinstance(step, TransferStep) else []
    if isinstance(step, SetStep):
        entered += started.get(("stage", str(step.set.get("stage"))), [])
        entered += [j for attribute in step.set for j in started.get(("attribute", attribute), [])]
    onward += [(journey, 0) for journey in entered if graphs.get(journey)]
    return [(spot, _waits(graphs[spot[0]][spot[1]])) for spot in onward]


def _started(c: Checker) -> dict[tuple[str, str], list[str]]:
    """The journeys that what a step sets triggers at once: by stage, and by attribute."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, journey in c.plan.journeys.items():
        trigger = journey.trigger
        if isinstance(trigger, StageTrigger):
            for stage in listed(trigger.stage):
                found.setdefault(("stage", stage), []).append(name)
        elif isinstance(trigger, ChangeTrigger):
            change = trigger.change
            attribute = change if isinstance(change, str) else change.attribute
            found.setdefault(("attribute", attribute), []).append(name)
    return found


class _Ruled:
    """Where rules may send a contact on, once a step has set something."""

    def __init__(self, c: Checker) -> None:
        self.c = c
        self.book = Book(c.plan) if c.plan.rules else None

    def moves(self, name: str, station: Station, graphs: dict[str, tuple[Station, ...]]) -> list[tuple[Spot, bool]]:
        """The stations where rules that this step makes true begin a visit, and whether time passes there."""
        step, book = station.step, self.book
        if book is None or not isinstance(step, SetStep):
            return []
        fixed = {slot(k): v for k, v in step.set.items() if k == "stage" or not isinstance(v, str)}
        found = []
        for rank in range(len(book.rules)):
            if not self._again(rank, fixed):
                continue
            for journey, at in self._entered(rank, name, station, graphs):
                found.append(((journey, at), _waits(graphs[journey][at])))
        return found

    def _again(self, rank: int, fixed: dict[str, Any]) -> bool:
        """Whether a rule fires each time a step sets these values: they make it true, and it undoes one of them."""
        book = self.book
        assert book is not None
        read = {k: v for k, v in fixed.items() if k in book.reads[rank]}
        undone = book.writes(rank)
        if not any(k in undone and undone[k] is not ANY and undone[k] != v for k, v in read.items()):
            return False
        return bool(evaluate(book.trees[rank], lambda n: read.get(str(n.value), ANY), book.segment) is True)

    def _entered(
        self, rank: int, name: str, station: Station, graphs: dict[str, tuple[Station, ...]]
    ) -> list[tuple[str, int]]:
        """Journeys a rule enters, with the position of the step where a visit begins."""
        assert self.book is not None
        found: list[tuple[str, int]] = []
        for action in self.book.rules[rank].then:
            if isinstance(action, EnterAction):
                found += [(j, 0) for j in listed(action.enter) if self._lets_in(j, name, station)]
            elif isinstance(action, TransferAction) and (not action.origin or name in listed(action.origin)):
                graph = graphs.get(action.transfer, ())
                starts = [i for i, s in enumerate(graph) if s.first and s.name == action.step] or [0]
                found.append((action.transfer, starts[0]))
        return [(j, at) for j, at in found if graphs.get(j)]

    def _lets_in(self, journey: str, name: str, station: Station) -> bool:
        """Whether somebody who has just done a step of a journey may enter another, or the same again."""
        reentry = self.c.plan.journeys[journey].reentry
        policy = reentry.policy if isinstance(reentry, Reentry) else reentry
        return journey != name or station.onward is None or policy in ("parallel", "replace")


def _waits(station: Station) -> bool:
    """Whether time passes before a station is done."""
    step = station.step
    if isinstance(step, WaitForStep) or station.part in ("ask", "answer") or step.after == "sent":
        return True
    waits = step.wait.arms.values() if isinstance(step.wait, WaitByArm) else [step.wait]
    return all(w.elapsed > 0 for w in waits) or step.at is not None or bool(step.on)


def components(graph: dict[T, list[T]]) -> list[list[T]]:
    """The strongly connected components that hold a cycle (Kosaraju's two passes)."""
    backward: dict[T, list[T]] = {spot: [] for spot in graph}
    for spot, ways in graph.items():
        for to in ways:
            backward[to].append(spot)
    seen: set[T] = set()
    order = [spot for root in graph for spot in _reached(root, graph, seen)]
    seen = set()
    found = []
    for root in reversed(order):
        members = _reached(root, backward, seen)
        if len(members) > 1 or (members and root in graph[root]):
            found.append(sorted(members))
    return found


def _reached(root: T, graph: dict[T, list[T]], seen: set[T]) -> list[T]:
    """What a walk from a spot meets for the first time, in the order in which the walk leaves it behind."""
    found: list[T] = []
    work = [] if root in seen else [(root, iter(graph[root]))]
    seen.add(root)
    while work:
        spot, ways = work[-1]
        fresh = next((to for to in ways if to not in seen), None)
        if fresh is None:
            found.append(spot)
            work.pop()
        else:
            seen.add(fresh)
            work.append((fresh, iter(graph[fresh])))
    return found


def _endless(
    c: Checker,
    cycle: list[Spot],
    moves: dict[Spot, list[tuple[Spot, bool]]],
    sent_on: dict[Spot, list[tuple[Spot, bool]]],
    graphs: dict[str, tuple[Station, ...]],
) -> bool:
    """Whether nobody who is in a cycle can ever leave it."""
    inside = set(cycle)
    for name, i in cycle:
        journey = c.plan.journeys[name]
        bounded = isinstance(journey.reentry, Reentry) and journey.reentry.most is not None
        if bounded or exits(journey) or journey.reentry == "never":
            return False
        ends = None in leads_to(graphs[name][i]) and not sent_on[name, i]  # a rule takes up who comes to the end
        if ends or any(to not in inside for to, _ in moves[name, i]):
            return False
    return True
