"""Rules tried out on invented contacts, in plain Python: the naive form of what the kernel does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bifurque.engine.journey import Reentry
from bifurque.engine.names import Names, listed
from bifurque.engine.possible import ANY, MISSING, evaluate
from bifurque.engine.rulebook import leaves, ranked
from bifurque.engine.ruling import (
    Action,
    EnterAction,
    LeaveAction,
    Rule,
    ScoreAction,
    TransferAction,
    assigned,
    derived,
)
from bifurque.rules import types
from bifurque.rules.features import written
from bifurque.rules.syntax import Node

if TYPE_CHECKING:
    from bifurque.engine.plan import Plan

MOST_FIRINGS = 256
Values = dict[str, Any]
"""What is known of an invented contact, by name or feature as a condition writes it."""


class Book:
    """The rules of a plan by rank, with their trees and what they read."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.names = plan, Names(plan)
        self.rules = ranked(plan)
        self.typed = {**self.names.types, **Names.event_types}
        self.segments = {s: self._read(text) for s, text in plan.segments.items()}
        self.trees = [self._read(r.when) for r in self.rules]
        self.reads = [self.read_by(tree) for tree in self.trees]
        self.readers: dict[str, set[int]] = {}
        for rank, names in enumerate(self.reads):
            for name in names:
                self.readers.setdefault(name, set()).add(rank)
        self._expressions: dict[str, Node] = {}

    def _read(self, text: str) -> Node:
        return types.expression(text, self.typed, self.names.words)

    def segment(self, name: str) -> Node:
        """The tree of a segment."""
        return self.segments[name]

    def read_by(self, tree: Node) -> dict[str, Node]:
        """What a condition reads, by how it is written."""
        return {written(n): n for n in leaves(tree, self.segment)}

    def truth(self, rank: int, values: Mapping[str, Any]) -> Any:
        """True, False, MISSING or ANY, for a rule."""
        return evaluate(self.trees[rank], _look(values), self.segment)

    def value(self, text: str, values: Mapping[str, Any]) -> Any:
        """The value of an expression."""
        if text not in self._expressions:
            self._expressions[text] = self._read(text)
        return evaluate(self._expressions[text], _look(values), self.segment)

    def writes(self, rank: int) -> dict[str, Any]:
        """The slots a rule writes: the value written last, or ANY when it is not fixed."""
        found: dict[str, Any] = {}
        for action in self.rules[rank].then:
            found |= self._written(action)
        return found

    def _written(self, action: Action) -> dict[str, Any]:
        if isinstance(action, ScoreAction):
            return {f"score.{s}": ANY for s in action.score}
        if isinstance(action, EnterAction):
            return {f"{w}.{j}": ANY for j in listed(action.enter) for w in ("inside", "visits")}
        if isinstance(action, LeaveAction):
            return {f"inside.{j}": False for j in listed(action.leave)}
        if isinstance(action, TransferAction):
            origins = () if action.old == "pause" else listed(action.origin) or self.names.journeys
            left = {f"inside.{j}": ANY for j in origins}
            return left | {f"{w}.{action.transfer}": ANY for w in ("inside", "visits")}
        return {slot(t): self.constant(t, v) for t, v in assigned(action).items()}

    def constant(self, target: str, value: Any) -> Any:
        """What is set, if the plan fixes it."""
        if not isinstance(value, str) or target == "stage":
            return value
        found = self.value(value, {})
        return ANY if found is MISSING else found

    def fire(self, rule: Rule, values: Values) -> set[str]:
        """Do what a rule does; the slots whose value changed."""
        before = dict(values)
        for action in rule.then:
            self._act(action, values)
        return {k for k in values if values[k] is not before.get(k) and values[k] != before.get(k)}

    def _act(self, action: Action, values: Values) -> None:
        if isinstance(action, ScoreAction):
            self._score(action, values)
        elif isinstance(action, EnterAction):
            for journey in listed(action.enter):
                self._enter(journey, values)
        elif isinstance(action, LeaveAction):
            values |= {f"inside.{j}": False for j in listed(action.leave)}
        elif isinstance(action, TransferAction):
            self._transfer(action, values)
        else:
            for target, value in assigned(action).items():
                text = isinstance(value, str) and target != "stage"
                found = self.value(str(value), values) if text else value
                values[slot(target)] = found is True if target.startswith("fact.") else found

    def _score(self, action: ScoreAction, values: Values) -> None:
        for score, points in action.score.items():
            more = self.value(points, values) if isinstance(points, str) else points
            for key in [k for k in values if k.partition("[")[0] == f"score.{score}"]:
                if not any(v is ANY or v is MISSING or v != v for v in (values[key], more)):
                    values[key] = max(values[key] + more, 0.0)

    def _transfer(self, action: TransferAction, values: Values) -> None:
        origins = listed(action.origin) or self.names.journeys
        if action.origin and not any(values.get(f"inside.{j}") for j in origins):
            return
        if action.old != "pause":
            values |= {f"inside.{j}": False for j in origins if j != action.transfer}
        self._enter(action.transfer, values)

    def _enter(self, name: str, values: Values) -> None:
        inside, visits = f"inside.{name}", f"visits.{name}"
        reentry = self.plan.journeys[name].reentry
        policy = reentry.policy if isinstance(reentry, Reentry) else reentry
        most = reentry.most if isinstance(reentry, Reentry) else None
        count = values.get(visits, 0)
        if (most and count >= most) or (policy == "never" and count) or (policy == "after_exit" and values.get(inside)):
            return
        values |= {inside: True, visits: count + 1}

    def run(self, values: Values, armed: set[int], most: int = MOST_FIRINGS) -> list[str]:
        """Fire rules to quiescence, or until there are too many; the names of those fired, in order."""
        fired: list[str] = []
        while armed and len(fired) <= most:
            rank = min(armed)
            armed.discard(rank)
            rule, true = self.rules[rank], self.truth(rank, values) is True
            fact = derived(rule)
            if fact:
                true = self._derive(fact, true, values, armed) and true
            elif true:
                self._arm(self.fire(rule, values), armed)
            if true:
                fired.append(rule.name)
        return fired

    def _derive(self, fact: str, true: bool, values: Values, armed: set[int]) -> bool:
        """Bring a derived fact up to date; whether it changed."""
        if not true:
            true = any(self.truth(i, values) is True for i, r in enumerate(self.rules) if derived(r) == fact)
        if values.get(fact, False) == true:
            return False
        values[fact] = true
        self._arm({fact}, armed)
        return True

    def _arm(self, changed: set[str], armed: set[int]) -> None:
        for name in changed:
            armed |= self.readers.get(name, set())


def slot(target: str) -> str:
    """The name by which conditions read what is set."""
    return target if target == "stage" or target.startswith("fact.") else f"contact.{target}"


def _look(values: Mapping[str, Any]) -> Callable[[Node], Any]:
    return lambda node: values.get(written(node), MISSING)
