"""Checks of shocks: what they may say, and shocks that change nothing."""

from __future__ import annotations

import itertools
import math
import re
from typing import TYPE_CHECKING, Any

from bifurque.engine.habits import Choice
from bifurque.engine.names import realistic_events
from bifurque.engine.possible import may_fire
from bifurque.engine.problems import Path
from bifurque.engine.shock import Shock
from bifurque.engine.values import Duration
from bifurque.rules import types
from bifurque.rules.syntax import Node

if TYPE_CHECKING:
    from bifurque.engine.check import Checker

DAY, MOST, MOST_KINDS = 86400, 100.0, 10_000
"""Seconds; the largest factor; so many kinds of people are tried."""
BY_MESSAGES = {"opened": "open", "clicked": "click", "unsubscribed": "unsubscribe"}
FACTORS = ("open", "click", "unsubscribe", "churn")


def check_shocks(c: Checker) -> None:
    """Note what is wrong with shocks."""
    names: set[str] = set()
    for i, shock in enumerate(c.plan.shocks):
        path: Path = ("shocks", i)
        if shock.name in names:
            c.problems.add((*path, "name"), f"the shock `{shock.name}` stands here again: give it another name")
        names.add(shock.name)
        _times(c, shock, path)
        c.condition(shock.whom, (*path, "for_whom"))
        for event, factor in shock.events.items():
            _event(c, event, (*path, "events", event))
            _factor(c, shock, factor, (*path, "events", event))
        for key in FACTORS:
            _factor(c, shock, getattr(shock, key), (*path, key))
        if not shock.events and all(getattr(shock, key) == 1 for key in FACTORS):
            c.problems.add(path, "changes nothing: say what, such as `events: {purchase: 0.3}` or `open: 0.9`")


def _times(c: Checker, shock: Shock, path: Path) -> None:
    start, end = bounds(c, shock)
    if shock.length is not None and shock.until is not None:
        c.problems.add((*path, "until"), "say either `for` or `until`")
    elif end is not None and end <= start:
        key = "for" if shock.length is not None else "until"
        c.problems.add((*path, key), "ends before it has begun")
    if shock.each is None:
        return
    if shock.sort != "progressive":
        c.problems.add((*path, "each"), "only a shock of `kind: progressive` goes on changing: say so, or leave it out")
    elif shock.each.elapsed < DAY:
        c.problems.add((*path, "each"), "at least a day, such as 7d")


def bounds(c: Checker, shock: Shock) -> tuple[int, int | None]:
    """The first and the last of a shock as seconds after the plan's start, on the wall clock."""
    start = _since(c, shock.start or Duration(0, 0))
    if shock.length is not None:
        return start, start + shock.length.elapsed
    return start, None if shock.until is None else _since(c, shock.until)


def _since(c: Checker, when: int | Duration) -> int:
    return when.elapsed if isinstance(when, Duration) else when - c.plan.start * DAY


def _event(c: Checker, event: str, path: Path) -> None:
    if event in BY_MESSAGES:
        key = BY_MESSAGES[event]
        c.problems.add(path, f"follows from messages: write `{key}: …` beside `events`", at_key=True)
    elif event == "joined":
        c.problems.add(path, "people arrive as `population.joined` says: no shock changes that", at_key=True)
    else:
        c.known(event, c.names.events, "event", path, at_key=True)


def _factor(c: Checker, shock: Shock, factor: float, path: Path) -> None:
    """A factor, and what becomes of it over the weeks of a progressive shock."""
    if factor < 0 or factor > MOST:
        c.problems.add(path, f"a factor lies between 0 and {MOST:g}")
    elif shock.sort == "progressive" and factor > 1:
        start, end = bounds(c, shock)
        last = min(end or math.inf, c.plan.days * DAY)
        times = max(last - start, 0) / (shock.each or Duration(7, 0)).elapsed
        if times * math.log(factor) > math.log(MOST):
            text = f"grows beyond {MOST:g} times before the run ends: a smaller factor, a longer `each`, or an `until`"
            c.problems.add(path, text)


def find_shocks(c: Checker) -> None:
    """Note shocks that change nothing."""
    kind = c.plan.behaviour.kind
    for i, shock in enumerate(c.plan.shocks):
        path: Path = ("shocks", i)
        start, end = bounds(c, shock)
        if start >= c.plan.days * DAY or (end is not None and end <= 0):
            text = f"lies outside the {c.plan.days} days of the plan: nobody ever feels it"
            c.problems.add((*path, "from"), text, finding=True)
        if shock.share == 0 or not _anybody(c, shock):
            where = (*path, "share") if shock.share == 0 else (*path, "for_whom")
            c.problems.add(where, "strikes nobody of this population", finding=True)
        made = made_events(c)
        for event in shock.events:
            if event not in made and kind != "off":
                text = f"nobody does `{event}` in this plan's `behaviour`: there is nothing to change"
                c.problems.add((*path, "events", event), text, at_key=True, finding=True)
        if shock.churn != 1 and kind == "constant":
            text = (
                "people of `kind: constant` never leave for good of themselves: let a source make an event of it, and "
                "write `events: {<event>: …}`"
            )
            c.problems.add((*path, "churn"), text, finding=True)
        if kind == "constant":
            _unread(c, shock, path)
        if kind == "off":
            c.problems.add(path, "changes how people behave, and with `behaviour: off` nobody does", finding=True)


def _unread(c: Checker, shock: Shock, path: Path) -> None:
    """Factors on what nobody ever does with a message."""
    for key in BY_MESSAGES.values():
        share = getattr(c.plan.behaviour.messages, key)
        if getattr(shock, key) != 1 and not (any(share.values()) if isinstance(share, dict) else share):
            text = f"`behaviour.messages.{key}` is 0: there is nothing to change"
            c.problems.add((*path, key), text, finding=True)


def made_events(c: Checker) -> set[str]:
    """Every event that people of the plan make, of themselves or in answer."""
    behaviour = c.plan.behaviour
    found = {s.event for s in behaviour.sources.values()} | {i.event for i in behaviour.journeys.values()}
    found |= {way.event for reaction in behaviour.reactions.values() for way in reaction.one_of}
    found |= {"answered"} if behaviour.answers else set()
    if behaviour.kind == "realistic":
        found |= set(realistic_events(behaviour.realistic))
    return found


def _anybody(c: Checker, shock: Shock) -> bool:
    """Whether somebody may be struck: conditions tried on every kind of people the plan draws."""
    if shock.whom is None:
        return True
    names, segments = c.names, c.plan.segments

    def read(text: str) -> Node:
        return types.expression(text, names.types, names.words)

    kinds = _kinds(c, shock.whom + " ".join(segments.values()))
    if math.prod(len(values) for values in kinds.values()) > MOST_KINDS:
        return True
    tree, trees = read(shock.whom), {name: read(text) for name, text in segments.items()}
    for values in itertools.product(*kinds.values()):
        if may_fire(tree, trees.__getitem__, dict(zip(kinds, values, strict=True))):
            return True
    return False


def _kinds(c: Checker, text: str) -> dict[str, tuple[Any, ...]]:
    """What is known beforehand of the people that a condition asks about: their zones, personas, fixed attributes."""
    plan, found = c.plan, dict[str, tuple[Any, ...]]()
    if re.search(r"\bzone\b", text):
        found["zone"] = tuple(z for z, share in plan.population.zones.items() if share > 0) or (plan.zone,)
    if re.search(r"\bpersona\b", text):
        found["persona"] = tuple(n for n, p in plan.personas.items() if p.share > 0) or c.names.personas
    changed = {name for _, targets in c.names.sets for name in targets}
    for name in {str(n) for n in re.findall(r"\bcontact\.(\w+)", text)} - changed:
        spreads = [p.attributes[name] for p in plan.personas.values() if name in p.attributes]
        spreads += [plan.population.attributes[name]] if name in plan.population.attributes else []
        choices = [s.choice for s in spreads if isinstance(s, Choice)]
        if len(choices) == len(spreads) > 0 and c.names.attributes[name] == "string":
            found[f"contact.{name}"] = tuple({v: 0 for choice in choices for v, share in choice.items() if share > 0})
    return found
