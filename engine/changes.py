"""Single changes to a life or to its plan: tried by living the life again with them."""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bifurque.actors import lane
from bifurque.actors import step as stepping
from bifurque.actors.host import Stretch
from bifurque.actors.layout import (
    AR_CELL,
    AR_EXTRA,
    AR_JOURNEY,
    AR_OP,
    ARM,
    E_CAUSE,
    E_KEY,
    E_MESSAGE,
    E_TIME,
    E_TYPE,
    E_VALUE,
    EVENT,
    HELD_OUT_ARM,
    P_FIRST,
    P_PERSONA,
)
from bifurque.engine.compile_people import BITS
from bifurque.engine.imports import event_purpose
from bifurque.engine.lives import Life, relive
from bifurque.engine.phrases import moment, valued
from bifurque.engine.run import Run
from bifurque.engine.setting import Setting
from bifurque.engine.twins import Hands, Part
from bifurque.engine.words import say
from bifurque.rules.chaining import mask, touch, touch_bits
from bifurque.rules.errors import PlanError
from bifurque.rules.layout import (
    CELL_TIME,
    CELL_VALUE,
    H_ARMS,
    HELD_OUT,
    IN_TYPE,
    MISSING,
    NO_KEY,
    SC_CELLS,
    STAGE,
)
from bifurque.rules.lowering import real_word
from bifurque.rules.numbers import nth

ALONE, THIS, ALL = range(3)
"""Who else would feel a change: nobody; who gets this message or is in its journey; everybody."""
KINDS = (
    "attribute",
    "consent",
    "persona",
    "arm",
    "held_in",
    "state",
    "no_event",
    "event",
    "time",
    "priority",
    "validity",
)


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        kind: `attribute`, `consent`, `persona` (from the start), `arm`, `held_in`, `state` (what was known at one
            instant), `event`, `no_event`: of this contact alone; or what an override of the plan is about: `time`,
            `priority`, `validity`, `cap` …
        reach: who else would feel it.
        amount: how large it is, among those of its kind.
        name: what changes.
        value: to what.
        before: from what.
        when: of an event, the instant.
    """

    kind: str
    reach: int
    amount: float = 0.0
    name: str = ""
    value: Any = None
    before: Any = None
    when: int = 0
    value_kind: str = field(default="", compare=False)

    @property
    def order(self) -> tuple[int, int, float, str]:
        """The smaller goes first: fewer people feel it; then by kind; then by amount."""
        kind = KINDS.index(self.kind) if self.kind in KINDS else len(KINDS)
        return (self.reach, kind, self.amount, self.name)

    @property
    def override(self) -> str:
        """The change as `--set` takes it, if it is one of the plan."""
        return f"{self.name}={self.value}" if self.reach != ALONE else ""

    def said(self, lang: str, info: dt.tzinfo) -> str:
        """The change in words."""
        if self.override:
            return say(lang, "change.set", shlex.quote(self.override))
        if self.kind == "attribute":
            old = say(lang, "change.missing") if self.before is None else self._shown(self.before, lang, info)
            return say(lang, "change.attribute", self.name, self._shown(self.value, lang, info), old)
        if self.kind == "state":
            now, old = (self._shown(v, lang, info) for v in (self.value, self.before))
            old = say(lang, "change.missing") if self.before is None else old
            return say(lang, "change.state", self.name, now, moment(self.when, info), old)
        if self.kind in ("event", "no_event"):
            worth = "" if self.value is None else f" ({say(lang, 'event.value', self.value)})"
            return say(lang, f"change.{self.kind}", self.name, moment(self.when, info)) + worth
        return say(lang, f"change.{self.kind}", *((self.value, self.name) if self.kind == "arm" else (self.name,)))

    def _shown(self, value: Any, lang: str, info: dt.tzinfo) -> str:
        if self.value_kind == "date":
            return str(dt.date(1970, 1, 1) + dt.timedelta(days=int(value) // 86400))
        return valued(value, self.value_kind, lang, info)


@dataclass
class Trials:
    """Lives a contact again with changes.

    Attributes:
        run: the run it belongs to.
        setting: of the run.
        contact: its number.
    """

    run: Run
    setting: Setting
    contact: int

    def live(self, change: Change) -> Life | None:
        """The life with a change; None if the plan would not run so."""
        if change.override:
            from bifurque.engine.why import setting_of

            try:
                setting = setting_of(self.run, (change.override,))
            except PlanError:
                return None
            return relive(setting, self.contact, watched=False)
        return relive(
            self.setting,
            self.contact,
            watched=False,
            change=lambda s: self._changed(s, change),
            hands=_hands(self, change),
        )

    def _changed(self, stretch: Stretch, change: Change) -> Stretch:
        """The contact's row or events with the change in them."""
        program = self.setting.program
        people = stretch.people.copy()
        columns = list(program.columns)
        if change.kind == "attribute":
            people[0, P_FIRST + columns.index(change.name)] = _attribute_word(self.setting, change.name, change.value)
        elif change.kind == "persona":
            people[0, P_PERSONA] = program.names.personas.index(change.name)
        elif change.kind == "consent":
            pairs = [(p, c) for p in program.names.purposes for c in program.names.channels]
            at = pairs.index(tuple(change.name.removeprefix("consent.").split(".", 1)))  # type: ignore[arg-type]
            people[0, P_FIRST + columns.index(f"consent.{at // BITS}")] |= 1 << (at % BITS)
        elif change.kind == "event":
            return _with_event(replace(stretch, people=people), self.setting, change)
        return replace(stretch, people=people)


def _with_event(stretch: Stretch, setting: Setting, change: Change) -> Stretch:
    """One more event in the file of this contact."""
    mine = stretch.events[stretch.bounds[0] : stretch.bounds[1]]
    row = np.zeros((1, EVENT), np.int64)
    names = setting.program.names.events
    row[0, E_TIME], row[0, E_TYPE], row[0, E_KEY] = change.when, names.index(change.name), NO_KEY
    row[0, E_VALUE], row[0, E_MESSAGE] = MISSING if change.value is None else int(change.value), -1
    purpose: Any = np.int64(event_purpose(change.name))
    with np.errstate(over="ignore"):
        row[0, E_CAUSE] = nth(purpose, len(mine))
    rows = np.concatenate([mine, row])
    rows = rows[np.argsort(rows[:, E_TIME], kind="stable")]
    return replace(stretch, events=rows, bounds=np.array([0, len(rows)], np.int64))


def _hands(trials: Trials, change: Change) -> Hands | None:
    """Parts of the step that a change replaces."""
    if change.kind == "no_event":
        number = trials.setting.program.names.events.index(change.name)
        return {stepping.receive: lambda own: _without(own, number, change.when)}
    if change.kind == "state":
        put = _state(trials.setting, change)
        return {stepping.step: lambda own: _just_before(own, change.when, put)}
    if change.kind == "held_in":
        return {lane.draw_arms: lambda own: _held_in(own)}
    if change.kind == "arm":
        cell = trials.setting.program.tables.arms[change.name]
        arm = list(trials.setting.plan.experiments[change.name].arms).index(change.value)
        return {lane.draw_arms: lambda own: _in_arm(own, cell, arm)}
    return None


def _without(own: Part, kind: int, when: int) -> Part:
    def receive(m: Any, t: int) -> None:
        if t != when or m[IN_TYPE] != kind:
            own(m, t)

    return receive


def _just_before(own: Part, when: int, put: Callable[[Any], None]) -> Part:
    """At an instant, before anything else, the contact is put in another state."""
    done: list[int] = []

    def step(m: Any, t: int, timer: int) -> None:
        if t == when and not done:
            done.append(t)
            put(m)
        own(m, t, timer)

    return step


def _state(setting: Setting, change: Change) -> Callable[[Any], None]:
    """What gives a fact, the stage, a score or an attribute its other value."""
    tables, names = setting.program.tables, setting.program.names
    kind, _, name = change.name.partition(".")
    cell, bit = tables.loads[change.name][1:3]

    def put(m: Any) -> None:
        if kind == "fact":
            m[cell] ^= mask(bit)
            touch_bits(m, cell, mask(bit))
        elif kind == "score":
            m[m[cell + SC_CELLS] + CELL_VALUE], m[m[cell + SC_CELLS] + CELL_TIME] = real_word(change.value), change.when
        elif kind == "stage":
            m[STAGE] = names.stages.index(change.value)
            touch(m, STAGE)
        else:
            m[cell] = _attribute_word(setting, name, change.value)
            touch(m, cell)

    return put


def _attribute_word(setting: Setting, name: str, value: Any) -> int:
    """A value as the word of an attribute."""
    kind = setting.program.names.attributes[name]
    if kind == "string":
        return setting.program.texts[value]
    if kind == "date":
        return int(value) // 86400
    return real_word(float(value)) if kind == "double" else int(value)


def _held_in(own: Part) -> Part:
    """Nobody withholds anything from this contact."""

    def draw_arms(m: Any) -> None:
        own(m)
        m[HELD_OUT] = 0
        for row in _arm_rows(m):
            if m[row + AR_OP] == AR_JOURNEY and m[m[row + AR_CELL]] == HELD_OUT_ARM:
                m[row + AR_EXTRA] = 0  # a share of 0.0
                m[m[row + AR_CELL]] = lane.arm_code(m, row)

    return draw_arms


def _in_arm(own: Part, cell: int, arm: int) -> Part:
    """This contact has drawn another arm."""

    def draw_arms(m: Any) -> None:
        own(m)
        m[cell] = arm
        for row in _arm_rows(m):
            if m[row + AR_OP] == AR_JOURNEY:
                m[m[row + AR_CELL]] = lane.arm_code(m, row)

    return draw_arms


def _arm_rows(m: Any) -> Sequence[int]:
    rows = int(m[H_ARMS])
    return [rows + 1 + i * ARM for i in range(m[rows])]
