"""Checks of rules: their conditions, their actions, and what nothing else may set."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bifurque.engine.compile_features import feature_bytes
from bifurque.engine.names import CLASSES, Names, listed
from bifurque.engine.problems import Path
from bifurque.engine.routes import step_names
from bifurque.engine.rule_trial import Book
from bifurque.engine.rulebook import DEFAULT_BOUND, meanings, passes, ranked, words_of
from bifurque.engine.ruling import (
    Action,
    ClearAction,
    DeriveAction,
    EnterAction,
    LeaveAction,
    PauseAction,
    PriorityAction,
    ReleaseAction,
    ResumeAction,
    Rule,
    ScoreAction,
    SetAction,
    StageAction,
    SuppressAction,
    TransferAction,
    assigned,
    derived,
)
from bifurque.rules.features import events_of

if TYPE_CHECKING:
    from bifurque.engine.check import Checker

MOST_RULES = 2000


def check_rules(c: Checker) -> None:
    """Every rule, then what several of them derive."""
    for event in c.plan.features:
        c.known(event, c.names.events, "event", ("features", event), at_key=True)
    seen: set[str] = set()
    for i, rule in enumerate(c.plan.rules):
        path: Path = ("rules", i)
        if not re.fullmatch(r"\S(.{0,60}\S)?", rule.name) or not rule.name.isprintable():
            c.problems.add((*path, "name"), "a rule is called by one to 62 characters, on one line")
        if rule.name in seen:
            c.problems.add((*path, "name"), f"the rule `{rule.name}` stands here again: give it another name")
        seen.add(rule.name)
        if rule.name in (*c.names.journeys, *c.names.messages):
            what = "journey" if rule.name in c.names.journeys else "message"
            c.problems.add((*path, "name"), f"`{rule.name}` is also a {what}: the ledger could not tell them apart")
        c.condition(rule.when, (*path, "when"), Names.event_types)
        if not rule.then:
            c.problems.add((*path, "then"), "a rule needs something to do, such as [{set: fact.upset}]")
        for k, action in enumerate(rule.then):
            _action(c, rule, action, (*path, "then", k))
    if len(c.plan.rules) > MOST_RULES:
        c.problems.add(("rules",), f"{len(c.plan.rules):,} rules: a plan has {MOST_RULES:,} at most", at_key=True)
    _derived(c)


def sizes(c: Checker) -> list[str]:
    """What rules and windowed features take of each contact's record."""
    found = []
    if c.plan.rules:
        book = Book(c.plan)
        timed = any(
            passes(c.plan, n) for i, r in enumerate(book.rules) if not derived(r) for n in book.reads[i].values()
        )
        words = -(-len(c.plan.rules) // 64) * (2 if timed else 1) + -(-len(c.names.facts) // 64)
        found.append(f"{len(c.plan.rules)} rules, {len(c.names.facts)} facts: {8 * words} bytes per contact")
    for text, node in c.features.items():
        bound = c.plan.features.get(events_of(node)[0], DEFAULT_BOUND)
        kept = f" for the last {bound} events" if node.value in ("count", "sum") else ""
        found.append(f"{text}: {feature_bytes(node, c.plan.features)} bytes per contact{kept}")
    return found


def _action(c: Checker, rule: Rule, action: Action, path: Path) -> None:
    names = c.names
    if isinstance(action, SetAction | ClearAction | DeriveAction):
        _assignment(c, action, path)
    elif isinstance(action, ScoreAction):
        for score, points in action.score.items():
            c.known(score, c.plan.scores, "score", (*path, "score", score), at_key=True)
            c.number(points, (*path, "score", score), Names.event_types)
    elif isinstance(action, StageAction):
        c.known(action.stage, names.stages, "stage", (*path, "stage"))
    elif isinstance(action, EnterAction):
        _each(c, action.enter, names.journeys, "journey", (*path, "enter"))
    elif isinstance(action, LeaveAction):
        _each(c, action.leave, names.journeys, "journey", (*path, "leave"))
    elif isinstance(action, TransferAction):
        _transfer(c, action, path)
    elif isinstance(action, PauseAction):
        _pausable(c, action.pause, (*path, "pause"))
    elif isinstance(action, ResumeAction):
        _pausable(c, action.resume, (*path, "resume"))
    elif isinstance(action, SuppressAction):
        _each(c, action.suppress, names.messages, "message", (*path, "suppress"))
    elif isinstance(action, ReleaseAction):
        _each(c, action.release, names.messages, "message", (*path, "release"))
    else:
        _priority(c, action, path)
    length = getattr(action, "length", None)
    if length is not None and length.elapsed == 0:
        c.problems.add((*path, "for"), "must last some time")
    if isinstance(action, DeriveAction) and len(rule.then) > 1:
        c.problems.add(path, "a rule that derives a fact does nothing else: write a second rule that reads the fact")


def _assignment(c: Checker, action: SetAction | ClearAction | DeriveAction, path: Path) -> None:
    """Facts by their names, or several things and their values."""
    key = str(type(action).__struct_config__.tag)
    if isinstance(action, SetAction) and not isinstance(action.set, str):
        c.assignments(action.set, (*path, key), Names.event_types)
        return
    for target in assigned(action):
        if target.startswith("fact."):
            c.usable(target.removeprefix("fact."), (*path, key), "fact")
        else:
            more = f"; for an attribute write {{{target}: …}}" if key == "set" else ""
            c.problems.add((*path, key), f"expected a fact such as `fact.upset`, got `{target[:60]}`{more}")


def _transfer(c: Checker, action: TransferAction, path: Path) -> None:
    names = c.names.journeys
    _each(c, action.origin, names, "journey", (*path, "from"))
    if c.known(action.transfer, names, "journey", (*path, "transfer")) and action.step is not None:
        steps = step_names(c.plan.journeys[action.transfer]).values()
        c.known(action.step, tuple(steps), f"step of `{action.transfer}`", (*path, "step"))
    if action.transfer in listed(action.origin) and action.step is None:
        c.problems.add((*path, "transfer"), "leads to the journey it comes from: say to which `step`")
    if action.length is not None and action.old != "pause":
        c.problems.add((*path, "for"), "only a pause has a length: add `old: pause`", at_key=True)


def _pausable(c: Checker, found: str | tuple[str, ...], path: Path) -> None:
    for i, word in enumerate(listed(found)):
        here = path if isinstance(found, str) else (*path, i)
        meant = meanings(c.names, word)
        if not meant:
            known = (*c.names.categories, *CLASSES, *c.names.channels, *c.names.journeys)
            c.known(word, known, "category, class, channel or journey", here)
        elif len(meant) > 1:
            ways = " or ".join(f"`{kind}.{word}`" for kind, _ in meant)
            c.problems.add(here, f"`{word}` has several meanings: write {ways}")


def _priority(c: Checker, action: PriorityAction, path: Path) -> None:
    for word in action.priority:
        here = (*path, "priority", word)
        if word in c.names.messages and word in c.names.journeys:
            c.problems.add(here, f"`{word}` is a message and a journey: give one of them another name", at_key=True)
        c.known(word, (*c.names.messages, *c.names.journeys), "message or journey", here, at_key=True)


def _each(c: Checker, found: str | tuple[str, ...], words: tuple[str, ...], what: str, path: Path) -> None:
    for i, word in enumerate(listed(found)):
        c.known(word, words, what, path if isinstance(found, str) else (*path, i))


def _derived(c: Checker) -> None:
    """A derived fact is set by nothing else, reads no event, and does not lead back to itself."""
    deriving = {derived(r): i for i, r in enumerate(c.plan.rules) if derived(r)}
    for path, targets in c.names.sets:
        own = path[0] == "rules" and derived(c.plan.rules[path[1]])  # type: ignore[index]
        for target in targets:
            if target in deriving and not own:
                text = f"`{target}` is derived by `{c.plan.rules[deriving[target]].name}`: nothing else sets it"
                c.problems.add((*path, target), text)
    for i, rule in enumerate(c.plan.rules):
        if derived(rule) and any(w.startswith("event.") for w in words_of(c.plan, rule.when)):
            text = "what is derived holds as long as its reasons do, and an event is over at once: use `set`"
            c.problems.add(("rules", i, "when"), text)
    order = [r for r in ranked(c.plan) if derived(r)]
    for at, rule in enumerate(order):
        later = {derived(r) for r in order[at:]}
        circle = words_of(c.plan, rule.when) & later
        if circle:
            text = f"`{derived(rule)}` follows from `{min(circle)}`, which follows from it: say one without the other"
            c.problems.add(("rules", c.plan.rules.index(rule), "when"), text)
            break
