"""A compiled plan: a lane's memory, and what its numbers stand for."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bifurque.actors.layout import ARM_COUNTS, J_COUNTS, JOURNEY, ST_COUNTS, STEP, STEP_COUNTS
from bifurque.engine.journey import Journey
from bifurque.engine.names import Names
from bifurque.engine.plan import Plan, QuietHours
from bifurque.engine.routes import Station, stations
from bifurque.engine.tables import Tables
from bifurque.engine.trigger import ChangeTrigger, DateTrigger
from bifurque.rules.compiled import Words
from bifurque.rules.layout import (
    CAUSES,
    H_ARM_COUNTS,
    H_END,
    H_SENDS,
    H_START,
    H_STEP_COUNTS,
    REASONS,
    SEND,
)
from bifurque.rules.settlement import Supply


def watched(journey: Journey) -> str | None:
    """The attribute whose changes a journey's trigger follows."""
    trigger = journey.trigger
    if isinstance(trigger, ChangeTrigger):
        return trigger.change if isinstance(trigger.change, str) else trigger.change.attribute
    if isinstance(trigger, DateTrigger):
        return trigger.date if isinstance(trigger.date, str) else trigger.date.of
    return None


@dataclass(frozen=True)
class SendRow:
    """A message as one step sends it on one channel."""

    journey: int
    step: int
    message: str
    channel: str


@dataclass
class Program:
    """A compiled plan.

    Attributes:
        plan: what was compiled.
        names: what it names.
        words: a lane's memory before its first contact.
        first_counter: where counters begin in it.
        texts: texts by code.
        tests: text functions whose answers are tabulated once all texts are known.
        columns: words of the record that the population fills, by name.
        steps: (journey, name) of every step.
        sends: every send row.
        arms: arm codes in words.
        reasons: reasons by code.
        winners: winners by code.
        causes: causes by code.
        segments: addresses of the conditions of segments, by name.
        experiments: words of the record that hold arms, by experiment.
        supplies: what contacts share; nothing: no life depends on another.
        surveys: rows of surveys with a scale.
    """

    plan: Plan
    names: Names
    tables: Tables
    words: Words
    first_counter: int
    columns: dict[str, int]
    steps: list[tuple[int, str]]
    sends: list[SendRow]
    arms: list[str]
    reasons: list[str]
    winners: list[str]
    causes: list[str]
    behaviour: str
    supplies: list[Supply]
    segments: dict[str, int]
    experiments: dict[str, int]
    surveys: dict[str, int] = field(default_factory=dict)

    @property
    def start(self) -> int:
        """The first instant of the run."""
        return int(self.words[H_START])

    @property
    def end(self) -> int:
        """The first instant after it."""
        return int(self.words[H_END])

    @property
    def texts(self) -> dict[str, int]:
        """Codes by text."""
        return self.tables.texts

    def send_address(self, message: str) -> int:
        """The first send row of a message, or -1 if no step sends it."""
        for i, row in enumerate(self.sends):
            if row.message == message:
                return int(self.words[H_SENDS]) + i * SEND
        return -1


@dataclass
class Compiling:
    """A plan on its way to becoming a program: what each part of the compiler leaves for the next."""

    plan: Plan
    names: Names
    record_size: int
    behaviour: str
    tables: Tables = field(init=False)
    first_counter: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=lambda: list(REASONS))
    arms: list[str] = field(default_factory=lambda: ["", "holdout"])
    winners: list[str] = field(default_factory=list)
    entry_causes: list[str] = field(default_factory=list)
    timers: list[tuple[int, int]] = field(default_factory=list)  # what each wakes, and the address of its row
    begins: list[int] = field(default_factory=list)
    reactions: dict[str, list[list[int]]] = field(default_factory=dict)  # by event type: rows, by order of treatment
    journey_rows: int = 0
    step_rows: int = 0
    send_rows: int = 0
    score_rows: int = 0

    def __post_init__(self) -> None:
        self.tables = Tables(self.record_size)
        self.graphs: dict[str, tuple[Station, ...]] = {n: stations(j) for n, j in self.plan.journeys.items()}
        self.steps = [(j, s.name) for j, n in enumerate(self.names.journeys) for s in self.graphs[n]]
        self.sends: list[SendRow] = []
        self.step_sends: dict[int, list[int]] = {}
        self.winners = ["", *self.names.messages, *self.names.journeys]
        self.facts: dict[str, tuple[int, int]] = {}
        self.consent_bits: dict[tuple[str, str], tuple[int, int]] = {}
        self.experiment_cells: dict[str, int] = {}
        self.watchers: dict[str, list[int]] = {}
        self.stage_entries: dict[int, list[int]] = {}
        self.thresholds: dict[str, list[tuple[float, bool, int, int]]] = {}
        self.silences: dict[tuple[str, int], int] = {}
        self.quiets: list[QuietHours] = []
        self.caps: list[int] = []
        self.rules: list[int] = []
        self.arm_rows: list[int] = []
        self.sources: dict[str, int] = {}
        self.second_sources: dict[str, tuple[int, dict[int, int]]] = {}
        self.visits: dict[str, tuple[int, int]] = {}
        self.slots: dict[str, list[int]] = {}
        self.goals: dict[str, int] = {}
        self.surveys: dict[str, int] = {}
        self.watch_slots: dict[str, int] = {}
        self.segments: dict[str, int] = {}
        self.supplies: list[Supply] = []
        self.needs: dict[str, tuple[int, int, int]] = {}  # by channel: list of what it needs, who goes first
        self.offers: dict[str, int] = {}
        self.ways: list[int] = []  # rows of ways, in the order in which they are counted

    def step_number(self, journey: str, station: int) -> int:
        """The number of a step among all."""
        before = 0
        for name in self.names.journeys:
            if name == journey:
                return before + station
            before += len(self.graphs[name])
        raise AssertionError(journey)

    def step_row(self, journey: str, station: int | None) -> int:
        """The address of a step's row; 0 is the end of the journey."""
        return 0 if station is None else self.step_rows + self.step_number(journey, station) * STEP

    def journey_row(self, journey: str) -> int:
        """The address of a journey's row."""
        return self.journey_rows + self.names.journeys.index(journey) * JOURNEY

    def send_row(self, number: int) -> int:
        """The address of a send row."""
        return self.send_rows + number * SEND

    def winner(self, name: str, journey: bool = False) -> int:
        """The code of a message, or of a journey, as a winner."""
        offset = 1 + len(self.names.messages) if journey else 1
        return offset + (self.names.journeys if journey else self.names.messages).index(name)

    def timer(self, wakes: int, row: int) -> int:
        """A new timer; its number."""
        self.timers.append((wakes, row))
        return len(self.timers) - 1

    def react(self, event: str, order: int, row: list[int]) -> None:
        """Add a reaction to an event type, treated in the order of `order`, then of declaration."""
        self.reactions.setdefault(event, []).append([order, *row])

    def event(self, name: str) -> int:
        """The number of an event type."""
        return self.names.events.index(name)

    def watch_list(self, attribute: str) -> int:
        """The address of the list of triggers that watch an attribute, filled once they are known.

        0 if there are none.
        """
        count = sum(watched(j) == attribute for j in self.plan.journeys.values() if j.enabled)
        if count and attribute not in self.watch_slots:
            self.watch_slots[attribute] = self.tables.put([0] * (1 + count))
        return self.watch_slots.get(attribute, 0)

    def entry_cause(self, text: str) -> int:
        """The code of a new cause of entry; all reasons must be known by now."""
        self.entry_causes.append(text)
        return len(CAUSES) + len(self.reasons) + len(self.names.events) + len(self.entry_causes) - 1

    def rule_causes(self, rules: list[str]) -> dict[str, int]:
        """The codes of rules as causes; all causes of entry must be known by now."""
        first = len(CAUSES) + len(self.reasons) + len(self.names.events) + len(self.entry_causes)
        return {name: first + i for i, name in enumerate(rules)}

    def offer_cause(self, offer: str) -> int:
        """The code of an offer as a cause."""
        before = len(CAUSES) + len(self.reasons) + len(self.names.events) + len(self.entry_causes)
        return before + len(self.plan.rules) + list(self.plan.offers).index(offer)

    def place_counters(self) -> None:
        """Tell steps and journeys where their counters stand."""
        words = self.tables.words
        for i in range(len(self.steps)):
            row = self.step_rows + i * STEP
            words[row + ST_COUNTS] = words[H_STEP_COUNTS] + i * STEP_COUNTS
        for i in range(len(self.names.journeys)):
            at = words[H_ARM_COUNTS] + i * len(self.arms) * (ARM_COUNTS + 2 * len(self.reasons))
            words[self.journey_rows + i * JOURNEY + J_COUNTS] = at

    def finish(self) -> Program:
        """The program."""
        causes = [*CAUSES, *self.reasons, *(f"exit:{e}" for e in self.names.events)]
        causes += [f"entry:{c}" for c in self.entry_causes]
        causes += [f"rule:{r.name}" for r in self.plan.rules]
        causes += [f"offer:{name}" for name in self.plan.offers]
        return Program(
            self.plan,
            self.names,
            self.tables,
            np.concatenate([np.array(self.tables.words, np.int64), np.zeros(self.tables.room, np.int64)]),
            self.first_counter,
            self.columns,
            self.steps,
            self.sends,
            self.arms,
            self.reasons,
            self.winners,
            causes,
            self.behaviour,
            self.supplies,
            self.segments,
            self.experiment_cells,
            self.surveys,
        )
