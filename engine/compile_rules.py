"""Compiles rules: rows by rank, who reads what, what each event may set off, and what rules do."""

from __future__ import annotations

from collections.abc import Iterable

from bifurque.actors.layout import (
    AC_ENTER,
    AC_LEAVE,
    AC_PAUSE,
    AC_PRIORITY,
    AC_RESUME,
    AC_SCORE,
    AC_TRANSFER,
    ACTION,
    J_OVERRIDE,
    J_PAUSE,
)
from bifurque.engine.compile_actions import assignments
from bifurque.engine.compile_features import finish_features
from bifurque.engine.compile_scores import score_row
from bifurque.engine.compile_tests import WordTests
from bifurque.engine.names import Names, listed
from bifurque.engine.possible import may_fire
from bifurque.engine.program import Compiling
from bifurque.engine.rulebook import leaves, meanings, passes, ranked
from bifurque.engine.ruling import (
    Action,
    EnterAction,
    LeaveAction,
    PauseAction,
    PriorityAction,
    ReleaseAction,
    ResumeAction,
    Rule,
    ScoreAction,
    SuppressAction,
    TransferAction,
    assigned,
    derived,
)
from bifurque.engine.values import Duration
from bifurque.rules import types
from bifurque.rules.features import written
from bifurque.rules.layout import (
    H_ARMED,
    H_CLOCK_RULES,
    H_EVENT_RULES,
    H_READERS,
    H_ROOM,
    H_RULE_WORDS,
    H_RULES,
    OP_LOAD_BIT,
    SC_VALUES,
    SEND_OVERRIDES,
    SEND_PAUSES,
    STAGE,
    TABLES,
)
from bifurque.rules.lowering import real_word
from bifurque.rules.rulebook import (
    MOST_FIRINGS,
    OVERRIDE_CELLS,
    PAUSE_CELLS,
    RU,
    RU_ACTIONS,
    RU_CAUSE,
    RU_FACT,
    RU_NAME,
    RU_NUMBER,
    RU_TESTS,
    RU_WHEN,
    VALUE_ROW,
)
from bifurque.rules.syntax import Node

ROOM = 512
"""Rows that one input may need, rules apart: a lane pauses when fewer are left."""


def compile_rules(c: Compiling) -> None:
    """Everything about rules; and the windowed features, which any condition may read."""
    words, plan = c.tables.words, c.plan
    words[H_ROOM] = ROOM
    readers: dict[str, int] = {}
    if plan.rules:
        order = ranked(plan)
        words[H_ROOM] += (MOST_FIRINGS + 1) * (1 + max(_rows_of(c, r) for r in order))
        _Rules(c, order).compile(readers)
    finish_features(c, readers)


def _rows_of(c: Compiling, rule: Rule) -> int:
    """The most rows the actions of a rule write, beyond those that visits and messages write when they end."""
    stages = len(c.names.stages)
    return sum(2 * stages if isinstance(a, ScoreAction) else "stage" in assigned(a) for a in rule.then)


class _Rules:
    """The rules of a plan while their tables are built."""

    def __init__(self, c: Compiling, order: tuple[Rule, ...]) -> None:
        self.c, self.order = c, order
        self.words = -(-len(order) // 64)
        self.trees = [c.tables.tree(r.when, types.condition, Names.event_types) for r in order]
        self.codes = [c.tables.code(r.when, Names.event_types) for r in order]
        self.pauses: dict[tuple[str, str], int] = {}
        self.overrides: dict[tuple[str, str], int] = {}
        self.derivations: dict[str, int] = {}
        first = len(c.winners)
        c.winners += [r.name for r in c.plan.rules]
        self.winners = {r.name: first + i for i, r in enumerate(c.plan.rules)}

    def compile(self, features: dict[str, int]) -> None:
        """Every table of rules; `features` gets the masks of those that read a feature."""
        c, tables = self.c, self.c.tables
        self._places()
        at = tables.put([0] * RU * len(self.order))
        actions = [tables.listed(self._actions(r), ACTION) for r in self.order]
        numbers = {r.name: i for i, r in enumerate(c.plan.rules)}
        causes, testing = c.rule_causes([r.name for r in c.plan.rules]), WordTests(tables, self._segment)
        for i, rule in enumerate(self.order):
            row = {RU_WHEN: self.codes[i], RU_ACTIONS: actions[i], RU_CAUSE: causes[rule.name]}
            row |= {RU_NAME: self.winners[rule.name], RU_NUMBER: numbers[rule.name], RU_FACT: self._derivation(rule)}
            row |= {RU_TESTS: testing.compiled(self.trees[i])}
            tables.fill(at + i * RU, row)
        clock = self._clock()
        fired = clock > 0 and any(tables.words[clock : clock + self.words])
        armed = tables.cells(self.words * (2 if fired else 1))
        for w, word in enumerate(self._mask(range(len(self.order)))):
            tables.start_with(armed + w, word)
        by_event = [address for event in c.names.events for address in self._by_event(event, clock)]
        tables.words[H_RULES], tables.words[H_RULE_WORDS], tables.words[H_ARMED] = at, self.words, armed
        tables.words[H_CLOCK_RULES], tables.words[H_EVENT_RULES] = clock, tables.put(by_event)
        tables.words[H_READERS] = self._readers(features)

    def _mask(self, ranks: Iterable[int]) -> list[int]:
        """Masks of some rules, 64 to a word."""
        found = [0] * self.words
        for rank in ranks:
            bit = rank % 64
            found[rank // 64] |= 1 << bit if bit < 63 else -(2**63)
        return found

    def _masks(self, ranks: Iterable[int]) -> int:
        """The address of the masks of some rules; 0 for none."""
        found = self._mask(ranks)
        return self.c.tables.put(found) if any(found) else 0

    def _segment(self, name: str) -> Node:
        return self.c.tables.tree(self.c.plan.segments[name], types.condition)

    def _set_off(self, event: str) -> list[int]:
        """The rules that read the event at hand and may be true when it is of this type."""
        found = []
        for rank, tree in enumerate(self.trees):
            if self._reads_event(tree) and may_fire(tree, self._segment, {"event.type": event}):
                found.append(rank)
        return found

    def _by_event(self, event: str, clock: int) -> tuple[int, int]:
        """Masks of the rules an event of this type arms, and of those that may be true while it is at hand.

        What derives, and what time may make true, is always looked at: whether it is true is noted.
        """
        set_off, possible = self._set_off(event), self._mask(range(len(self.order)))
        for rank, tree in enumerate(self.trees):
            watched = clock > 0 and self.c.tables.words[clock + rank // 64] & self._mask([rank])[rank // 64]
            if self._reads_event(tree) and rank not in set_off and not watched and not derived(self.order[rank]):
                possible[rank // 64] &= ~self._mask([rank])[rank // 64]
        return self._masks(set_off), self.c.tables.put(possible)

    def _reads_event(self, tree: Node) -> bool:
        return any(str(n.value).startswith("event.") for n in leaves(tree, self._segment) if n.op == "name")

    def _clock(self) -> int:
        """The masks of the rules that time alone may make true: those that act, then those that derive."""
        acting: list[int] = []
        deriving: list[int] = []
        for rank, tree in enumerate(self.trees):
            names = list(leaves(tree, self._segment))
            if not any(passes(self.c.plan, n) for n in names) or not may_fire(tree, self._segment, None):
                continue
            (deriving if derived(self.order[rank]) else acting).append(rank)
        if not acting and not deriving:
            return 0
        return self.c.tables.put([*self._mask(acting), *self._mask(deriving)])

    def _readers(self, features: dict[str, int]) -> int:
        """By address: the masks of the rules that read the word; of facts and consents, of each bit."""
        tables = self.c.tables
        plain: dict[int, list[int]] = {}
        bits: dict[int, dict[int, list[int]]] = {}
        scores: dict[tuple[str, str | None], list[int]] = {}
        windowed: dict[str, list[int]] = {}
        for rank, tree in enumerate(self.trees):
            for node in leaves(tree, self._segment):
                name = str(node.value)
                if node.op == "feature":
                    windowed.setdefault(written(node), []).append(rank)
                elif name.startswith("score."):
                    key = str(node.args[0].value) if node.args else None
                    scores.setdefault((name.removeprefix("score."), key), []).append(rank)
                elif name == "stage":
                    plain.setdefault(STAGE, []).append(rank)
                elif name.startswith(("fact.", "consent.")):
                    assert tables.loads[name][0] == OP_LOAD_BIT
                    bits.setdefault(tables.loads[name][1], {}).setdefault(tables.loads[name][2], []).append(rank)
                elif name.startswith(("contact.", "inside.", "visits.")):
                    plain.setdefault(tables.loads[name][1], []).append(rank)
        features |= {text: self._masks(ranks) for text, ranks in windowed.items()}
        self._scores(scores)
        found = [0] * (TABLES + len(tables.image))
        for cell, ranks in plain.items():
            found[cell] = self._masks(ranks)
        for cell, by_bit in bits.items():
            found[cell] = tables.put([self._masks(by_bit.get(b, ())) for b in range(64)])
        return tables.put(found)

    def _scores(self, readers: dict[tuple[str, str | None], list[int]]) -> None:
        """What rules read of each score: of one key, or of the best."""
        tables = self.c.tables
        rows: dict[str, list[int]] = {}
        for (name, key), ranks in readers.items():
            code = tables.put([*tables.load(f"score.{name}", key), 0, 0, 0])
            rows.setdefault(name, []).extend((code, self._masks(ranks), 0))
        for name, values in rows.items():
            tables.fill(score_row(self.c, name), {SC_VALUES: tables.listed(values, VALUE_ROW)})

    def _derivation(self, rule: Rule) -> int:
        """The fact a rule derives, with the conditions of all rules that derive it."""
        fact = derived(rule).removeprefix("fact.")
        if not fact:
            return 0
        if fact not in self.derivations:
            codes = [code for r, code in zip(self.order, self.codes, strict=True) if derived(r) == f"fact.{fact}"]
            self.derivations[fact] = self.c.tables.put([*self.c.facts[fact], len(codes), *codes])
        return self.derivations[fact]

    def _places(self) -> None:
        """Words of the record for every pause and every priority that some rule may set; who answers to them."""
        c, tables, names = self.c, self.c.tables, self.c.names
        for action in (a for r in self.order for a in r.then):
            for key in self._paused(action):
                self.pauses.setdefault(key, 0)
            if isinstance(action, PriorityAction):
                self.overrides |= {_prioritised(names, word): 0 for word in action.priority}
        self.pauses = {key: tables.cells(PAUSE_CELLS) for key in self.pauses}
        self.overrides = {key: tables.cells(OVERRIDE_CELLS) for key in self.overrides}
        for i, name in enumerate(names.journeys):
            places = {J_PAUSE: self.pauses.get(("journey", name), 0)}
            places[J_OVERRIDE] = self.overrides.get(("journey", name), 0)
            tables.fill(c.journey_row(names.journeys[i]), places)
        for number, send in enumerate(c.sends):
            journey, message = names.journeys[send.journey], c.plan.messages[send.message]
            kind = names.categories[message.category].kind
            kinds = [("message", send.message), ("journey", journey), ("channel", send.channel)]
            kinds += [("category", message.category), *([("category", kind)] if kind != message.category else [])]
            stops = [self.pauses[k] for k in kinds if k in self.pauses]
            given = [self.overrides[k] for k in kinds[:2] if k in self.overrides]
            row = {SEND_PAUSES: tables.listed(stops) if stops else 0}
            tables.fill(c.send_row(number), row | {SEND_OVERRIDES: tables.listed(given) if given else 0})

    def _paused(self, action: Action) -> list[tuple[str, str]]:
        """What an action pauses, resumes, suppresses or releases."""
        if isinstance(action, PauseAction | ResumeAction):
            found = action.pause if isinstance(action, PauseAction) else action.resume
            return [meanings(self.c.names, word)[0] for word in listed(found)]
        if isinstance(action, SuppressAction | ReleaseAction):
            found = action.suppress if isinstance(action, SuppressAction) else action.release
            return [("message", word) for word in listed(found)]
        if isinstance(action, TransferAction) and action.old == "pause":
            return [("journey", name) for name in self._origins(action)]
        return []

    def _origins(self, action: TransferAction) -> list[str]:
        """The journeys a transfer takes contacts from; its own goal first, if it leads to a step of it."""
        names = listed(action.origin) or self.c.names.journeys
        own = [action.transfer] if action.transfer in names and action.step else []
        return [*own, *(n for n in names if n != action.transfer)]

    def _actions(self, rule: Rule) -> list[int]:
        rows: list[int] = []
        for action in rule.then if not derived(rule) else ():
            rows += self._action(rule, action)
        return rows

    def _action(self, rule: Rule, action: Action) -> list[int]:
        """The rows of one action."""
        c, tables = self.c, self.c.tables
        if isinstance(action, ScoreAction):
            rows: list[int] = []
            for score, points in action.score.items():
                code, constant = tables.number(points, Names.event_types)
                rows += [AC_SCORE, score_row(c, score), code, constant, 0]
            return rows
        if isinstance(action, EnterAction):
            cause = c.entry_cause(f"rule {rule.name}")
            return [w for j in listed(action.enter) for w in (AC_ENTER, c.journey_row(j), -1, cause, 0)]
        if isinstance(action, LeaveAction):
            return [w for j in listed(action.leave) for w in (AC_LEAVE, c.journey_row(j), -1, 0, 0)]
        if isinstance(action, TransferAction):
            return [AC_TRANSFER, self._transfer(rule, action), -1, 0, 0]
        if isinstance(action, PauseAction | SuppressAction):
            return [AC_PAUSE, self._cells(action), -1, *_length(action.length)]
        if isinstance(action, ResumeAction | ReleaseAction):
            return [AC_RESUME, self._cells(action), -1, 0, 0]
        if isinstance(action, PriorityAction):
            cells = {self.overrides[_prioritised(c.names, word)]: p for word, p in action.priority.items()}
            length = _length(action.length)
            return [w for cell, p in cells.items() for w in (AC_PRIORITY, cell, real_word(float(p)), *length)]
        return assignments(c, assigned(action), Names.event_types)

    def _cells(self, action: Action) -> int:
        return self.c.tables.listed(self.pauses[key] for key in self._paused(action))

    def _transfer(self, rule: Rule, action: TransferAction) -> int:
        c = self.c
        step = 0
        if action.step is not None:
            names = [s.name for s in c.graphs[action.transfer]]
            step = c.step_row(action.transfer, names.index(action.step))
        origins = c.tables.listed(c.journey_row(j) for j in self._origins(action))
        inside, pauses = int(bool(action.origin)), int(action.old == "pause")
        cause = c.entry_cause(f"rule {rule.name}")
        return c.tables.put(
            [c.journey_row(action.transfer), step, inside, pauses, *_length(action.length), cause, origins]
        )


def _prioritised(names: Names, word: str) -> tuple[str, str]:
    return ("message", word) if word in names.messages else ("journey", word)


def _length(length: Duration | None) -> tuple[int, int]:
    return (length.days, length.seconds) if length else (0, 0)
