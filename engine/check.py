"""Checks what types cannot: every name known, every condition typed, shares that add up. All problems at once."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from bifurque.engine.check_journeys import check_journeys
from bifurque.engine.check_people import check_people
from bifurque.engine.check_rules import check_rules, sizes
from bifurque.engine.check_sharing import check_sharing
from bifurque.engine.check_shocks import check_shocks, find_shocks
from bifurque.engine.findings import find
from bifurque.engine.names import CLASSES, Names, listed
from bifurque.engine.plan import Attribute, Plan, QuietHours, Reroute, Stage
from bifurque.engine.problems import Path, Problems
from bifurque.engine.values import EPOCH, Duration, read_date, shown
from bifurque.rules import types
from bifurque.rules.errors import ConditionError, did_you_mean
from bifurque.rules.features import parts as every_part
from bifurque.rules.features import written
from bifurque.rules.layout import STACK_SIZE
from bifurque.rules.lowering import depth
from bifurque.rules.syntax import Node, Type

MOST_PARTS, MOST_CODES = 2_000, 20_000
"""Parts of a condition once its segments are written out; steps, and event types, that the ledger has codes for."""
_SECTIONS = {
    w: f"{w}s" for w in ("attribute", "calendar", "channel", "experiment", "journey", "message", "offer", "score")
}
_SECTIONS["category"] = "categories"


class Checker:
    """A plan's names and the problems found, with the questions every check asks."""

    def __init__(self, plan: Plan, problems: Problems) -> None:
        self.plan = plan
        self.names = Names(plan)
        self.problems = problems
        self.segments: dict[str, tuple[int, int]] = {}  # how many parts each has, and how deep they are
        self.features: dict[str, Node] = {}  # windowed features, by how they are written

    def known(self, word: str, words: Collection[str], what: str, path: Path, *, at_key: bool = False) -> bool:
        """Note a problem unless a word is among those known."""
        if word in words:
            return True
        more = did_you_mean(word, words)
        if not words and what in _SECTIONS:
            more = f"; the plan has none yet: declare it under `{_SECTIONS[what]}`"
        self.problems.add(path, f"no {what} is called `{shown(word)}`{more}", at_key=at_key)
        return False

    def usable(self, name: str, path: Path, section: str) -> None:
        """A name that conditions read has no `-`: there it would be a minus."""
        if not re.fullmatch(r"[^\W\d]\w*", name):
            text = f"conditions could not read `{section}.{shown(name)}`: use letters, digits and `_` only"
            self.problems.add(path, text, at_key=True)

    def scope(self, found: Any, path: Path) -> None:
        """Categories or classes, wherever a list names what is meant."""
        for i, word in enumerate(listed(found)):
            where = path if isinstance(found, str) else (*path, i)
            self.known(word, (*self.names.categories, *CLASSES), "category or class", where)

    def condition(self, text: str | None, path: Path, *more: Mapping[str, Type]) -> None:
        """A condition, true or false."""
        self.expression(text, path, more, types.condition)

    def number(self, text: Any, path: Path, *more: Mapping[str, Type]) -> None:
        """A number, or an expression whose value is one."""
        self.expression(text if isinstance(text, str) else None, path, more, types.number)

    def expression(self, text: str | None, path: Path, more: Iterable[Mapping[str, Type]], read: Any) -> Any:
        """An expression that may also read the names of `more`; its tree, or None with its problem noted."""
        if text is None:
            return None
        names: dict[str, Type] = dict(self.names.types)
        for extra in more:
            names |= extra
        try:
            tree = read(text, names, self.names.words)
        except ConditionError as error:
            message, hinted = error.message, "did you mean" in error.message
            if message.startswith("unknown name `fact.") and not hinted:
                message = message.partition(";")[0] + ": a fact is known once an event or a `set` step sets it"
            elif message.startswith("unknown name `event.") and Names.event_types not in more:
                message = message.partition(";")[0] + ": no event is looked at here"
            self.problems.add(path, message, column=error.column)
            return None
        self.features |= {written(n): n for n in every_part(tree) if n.op == "feature"}
        parts, deep = self.size(tree)
        if parts > MOST_PARTS or deep >= STACK_SIZE:
            text = f"with its segments written out this has {parts:,} parts and {deep} levels"
            self.problems.add(path, f"{text}: {MOST_PARTS:,} and {STACK_SIZE - 1} are the most")
            return None
        return tree

    def size(self, tree: Node) -> tuple[int, int]:
        """How many parts a condition has and how deep they are, once the segments it reads are written out."""
        parts, todo = 0, [tree]
        while todo:
            node = todo.pop()
            parts += self.segments.get(str(node.value), (1, 1))[0] if node.op == "name" else 1
            todo += node.args
        return parts, depth(tree, {name: deep for name, (_, deep) in self.segments.items()})

    def consents(self, found: Any, path: Path) -> None:
        """Names of consents: `all`, a purpose, a channel, or both."""
        for i, text in enumerate(listed(found)):
            if not self.names.consents(text):
                pairs = [f"{p}.{c}" for p in self.names.purposes for c in self.names.channels]
                known = ("all", *self.names.purposes, *self.names.channels, *pairs)
                where = path if isinstance(found, str) else (*path, i)
                more = did_you_mean(text, known)
                if text in known and not self.names.channels:
                    more = ": consent is given by channel, and the plan has none yet: declare it under `channels`"
                self.problems.add(where, f"no consent is called `{shown(text)}`{more}")

    def shares(self, shares: Mapping[str, float], path: Path, what: str) -> None:
        """Shares that must make a whole."""
        if shares and abs(sum(shares.values()) - 1) > 1e-6:
            self.problems.add(path, f"the shares of the {what} make {100 * sum(shares.values()):.6g}%, not 100%")

    def assignments(self, targets: Mapping[str, Any], path: Path, *more: Mapping[str, Type]) -> None:
        """What a `set` may set: facts, the stage, attributes."""
        for target, value in targets.items():
            here = (*path, target)
            if target == "stage":
                self.known(str(value), self.names.stages, "stage", here)
            elif target.startswith("fact."):
                if isinstance(value, str):
                    self.condition(value, here, *more)
                elif not isinstance(value, bool):
                    self.problems.add(here, "a fact is true or false, or a condition")
                self.usable(target.removeprefix("fact."), here, "fact")
            elif self.known(target, self.names.attributes, "attribute", here, at_key=True):
                self.assignment(self.names.attributes[target], value, here, more)

    def assignment(self, kind: str, value: Any, path: Path, more: Iterable[Mapping[str, Type]]) -> None:
        """A value or an expression of an attribute's type."""
        if not isinstance(value, str):
            got = {bool: "bool", int: "int", float: "double"}[type(value)]
            if got != kind and (got, kind) != ("int", "double"):
                self.problems.add(path, f"this attribute is of type {kind}, got {got}")
            return
        tree = self.expression(value, path, more, types.expression)
        wanted = "timestamp" if kind == "date" else kind
        if tree is not None and tree.type != wanted and (tree.type, kind) != ("int", "double"):
            self.problems.add(path, f"this attribute is of type {kind}, the expression is of type {tree.type}")
        if tree is None and kind == "string":
            self.problems.found[-1] = _quoted(self.problems.found[-1], value)


def _quoted(problem: Any, value: str) -> Any:
    import msgspec

    return msgspec.structs.replace(problem, message=f"{problem.message}; for the text itself write '\"{value}\"'")


def check(plan: Plan, problems: Problems) -> None:
    """Note every problem of a plan; when there is no error, also what static analysis finds."""
    c = Checker(plan, problems)
    for part in (
        _life,
        _laws,
        _coherence,
        _events,
        _scores,
        _messages,
        check_sharing,
        check_journeys,
        check_rules,
        check_people,
        check_shocks,
        _room,
    ):
        part(c)
    if not problems.errors:
        find(c)
        find_shocks(c)
        problems.notes += sizes(c)


def _room(c: Checker) -> None:
    """A run numbers steps and events by 16 bits."""
    steps = sum(1 for journey in c.plan.journeys for _ in c.names.steps(journey))
    if steps > MOST_CODES:
        c.problems.add(("journeys",), f"{steps:,} steps in all: a plan has {MOST_CODES:,} at most", at_key=True)
    if len(c.names.events) > MOST_CODES:
        text = f"the plan names {len(c.names.events):,} types of events: {MOST_CODES:,} at most"
        c.problems.add((), text)


def _life(c: Checker) -> None:
    plan = c.plan
    if not 1971 <= dt.date.fromordinal(plan.start + EPOCH).year < 2200:
        c.problems.add(("start",), "a simulation starts between 1971 and 2199")
    _twice(c, c.names.stages, ("stages",), "stage")
    for i, stage in enumerate(plan.stages):
        if isinstance(stage, Stage) and stage.score is not None:
            c.known(stage.score, plan.scores, "score", ("stages", i, "score"))
            if i == 0:
                c.problems.add(
                    ("stages", i, "score"), "the first stage is where everybody starts: no score leads there"
                )
            if stage.at <= 0 or stage.hysteresis < 0 or stage.hysteresis >= stage.at:
                c.problems.add(("stages", i, "at"), "a stage is reached above 0, and left above 0")
    for name, kind in plan.attributes.items():
        if name in ("persona", "zone", "joined", "contact", "consent"):
            c.problems.add(("attributes", name), f"`{name}` is known of every contact already", at_key=True)
        c.usable(name, ("attributes", name), "contact")
        if isinstance(kind, Attribute) and kind.default is not None:
            _default(c, kind, ("attributes", name, "default"))
    _segments(c)
    for name, experiment in plan.experiments.items():
        c.shares(experiment.arms, ("experiments", name, "arms"), "arms")
        if not experiment.arms:
            c.problems.add(("experiments", name, "arms"), "an experiment needs arms, such as {a: 50%, b: 50%}")


def _twice(c: Checker, names: Iterable[str], path: Path, what: str) -> None:
    """Names that stand in a list must differ."""
    seen: set[str] = set()
    for i, name in enumerate(names):
        if name in seen:
            c.problems.add((*path, i), f"the {what} `{name}` stands here again: give it another name")
        seen.add(name)


def _default(c: Checker, attribute: Attribute, path: Path) -> None:
    kinds = {"bool": bool, "int": int, "double": int | float, "string": str, "date": str, "timestamp": str}
    value = attribute.default
    if not isinstance(value, kinds[attribute.type]) or (isinstance(value, bool) and attribute.type != "bool"):
        c.problems.add(path, f"this attribute is of type {attribute.type}, `{shown(value)}` is not")
    elif attribute.type == "date":
        try:
            read_date(value)
        except ValueError as error:
            c.problems.add(path, str(error))
    elif attribute.type == "timestamp":
        c.problems.add(path, "an instant has no default")


def _segments(c: Checker) -> None:
    """Segments after those they read; one that reads itself, directly or not, has no meaning."""
    texts = c.plan.segments
    reads = {n: [s for s in re.findall(r"\bsegment\.(\w+)", t) if s in texts] for n, t in texts.items()}
    done: set[str] = set()
    for first in texts:
        todo = [first]
        while todo:
            name = todo[-1]
            waiting = [s for s in reads[name] if s not in done]
            circle = [s for s in waiting if s in todo]
            if circle:
                c.problems.add(
                    ("segments", name), f"the segment `{circle[0]}` reads itself: say it without `segment.{circle[0]}`"
                )
                done |= set(todo)
                break
            if waiting:
                todo.append(waiting[0])
                continue
            todo.pop()
            done.add(name)
            c.usable(name, ("segments", name), "segment")
            tree = c.expression(texts[name], ("segments", name), (), types.condition)
            if tree is not None:
                c.segments[f"segment.{name}"] = c.size(tree)


def quiet_hours(plan: Plan) -> tuple[tuple[Path, QuietHours], ...]:
    """A plan's quiet hours, one or several, each with its path."""
    if isinstance(plan.quiet_hours, QuietHours):
        return ((("quiet_hours",), plan.quiet_hours),)
    return tuple((("quiet_hours", i), q) for i, q in enumerate(plan.quiet_hours))


def _laws(c: Checker) -> None:
    plan = c.plan
    _twice(c, [category.name for category in plan.categories], ("categories",), "category")
    for i, category in enumerate(plan.categories):
        if category.name in CLASSES and category.name != category.kind:
            text = f"`{category.name}` is also a class: give the category another name, or that class"
            c.problems.add(("categories", i, "name"), text)
    for path, quiet in quiet_hours(plan):
        c.scope(quiet.exempt, (*path, "except"))
        c.scope(quiet.of, (*path, "of"))
        _each(c, quiet.channel, c.names.channels, "channel", (*path, "channel"))
        if quiet.start == quiet.end:
            c.problems.add((*path, "to"), 'starts and ends at the same time: for a whole day write "00:00" to "24:00"')
    for i, cap in enumerate(plan.caps):
        path = ("caps", i)
        c.scope(cap.of, (*path, "of"))
        _each(c, cap.channel, c.names.channels, "channel", (*path, "channel"))
        _each(c, cap.journey, c.names.journeys, "journey", (*path, "journey"))
        _each(c, cap.group, c.names.groups, "group", (*path, "group"))
        c.condition(cap.when, (*path, "when"))
        if isinstance(cap.per, Duration) and cap.per.elapsed == 0:
            c.problems.add((*path, "per"), "a window must last some time")


def _each(c: Checker, found: Any, words: Iterable[str], what: str, path: Path) -> None:
    words = tuple(words)
    for i, word in enumerate(listed(found)):
        c.known(word, words, what, path if isinstance(found, str) else (*path, i))


def _coherence(c: Checker) -> None:
    for i, rule in enumerate(c.plan.coherence):
        path = ("coherence", i)
        for key in ("never", "of", "only", "after"):
            c.scope(getattr(rule, key), (*path, key))
        c.condition(rule.during, (*path, "while"))
        never_within = rule.never and rule.within and rule.of and not (rule.during or rule.only or rule.after)
        never_while = rule.never and rule.during and not (rule.within or rule.of or rule.only or rule.after)
        only_after = rule.only and rule.after and not (rule.never or rule.of or rule.during)
        if not (never_within or never_while or only_after):
            shapes = "`never … within … of …`, `never … while …` or `only … after …`"
            c.problems.add(path, f"a coherence rule is one of {shapes}")


def _events(c: Checker) -> None:
    for name, event in c.plan.events.items():
        path = ("events", name)
        c.assignments(event.set, (*path, "set"), Names.event_types)
        c.consents(event.grant, (*path, "grant"))
        c.consents(event.withdraw, (*path, "withdraw"))


def _scores(c: Checker) -> None:
    for name, score in c.plan.scores.items():
        path = ("scores", name)
        c.usable(name, path, "score")
        for event, points in score.on.items():
            c.number(points, (*path, "on", event), Names.event_types)
        if score.half_life is not None and score.half_life.elapsed == 0:
            c.problems.add((*path, "half_life"), "a half-life must last some time")
        for i, penalty in enumerate(score.penalties):
            if penalty.points <= 0:
                c.problems.add((*path, "penalties", i, "points"), "say how many points are lost, above 0")
            if penalty.after.elapsed == 0:
                c.problems.add((*path, "penalties", i, "after"), "a silence must last some time")


def _messages(c: Checker) -> None:
    plan, channels = c.plan, c.names.channels
    for name, message in plan.messages.items():
        path = ("messages", name)
        c.known(message.channel, channels, "channel", (*path, "channel"))
        c.known(message.category, c.names.categories, "category", (*path, "category"))
        c.number(message.priority, (*path, "priority"), Names.message_types)
        c.number(message.value, (*path, "value"), {"deadline": "timestamp"})
        for key in ("on_cap", "on_quiet"):
            _reroute(c, getattr(message, key), message.channel, (*path, key, "reroute"))
        if message.valid_for is not None and message.valid_for.elapsed == 0:
            c.problems.add((*path, "valid_for"), "a validity must last some time")


def _reroute(c: Checker, policy: object, own: str, path: Path) -> None:
    if not isinstance(policy, Reroute) or not c.known(policy.reroute, c.names.channels, "channel", path):
        return
    if policy.reroute == own:
        c.problems.add(path, "another channel than the message's own")
