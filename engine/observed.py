"""One life, observed: the plain step with a witness beside it, who notes what every decision rests on.

The witness only reads: the decisions are those of the step alone.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from bifurque.actors import acts, firing, scoring, steps, visits
from bifurque.actors import step as stepping
from bifurque.actors.foresee import foresee
from bifurque.actors.layout import (
    J_ID,
    J_INSIDE,
    J_VISITS,
    RX_WHERE,
    SLOT_STEP,
    SLOT_VISIT,
    ST_ID,
    ST_JOURNEY,
    TH_AT,
)
from bifurque.actors.mailbox import propose_at
from bifurque.actors.outbox import refuse
from bifurque.engine.evidence import Asked, Because, Judged
from bifurque.engine.program import Program
from bifurque.engine.readings import Readings
from bifurque.engine.texts import Texts
from bifurque.engine.twins import Hands, Part, Steps, in_hands
from bifurque.engine.witnessed_laws import Laws
from bifurque.rules import arbitration, chaining, conditions, decisions
from bifurque.rules.compiled import real
from bifurque.rules.layout import (
    AGENDA_COUNT,
    H_ARMED,
    H_RULES,
    IN_KEY,
    IN_MESSAGE,
    IN_TEXT,
    IN_TYPE,
    IN_VALUE,
    MISSING,
    VISIT,
)
from bifurque.rules.rulebook import RU, RU_WHEN


class Refusal(Struct, frozen=True):
    """A journey that was not entered, or a way that was not taken, for a condition or a bound."""

    time: int
    journey: str
    part: str  # trigger, when, never, most, inside
    judged: Judged | None
    event: dict[str, Any]


class Witness:
    """Notes, while one contact lives, what every row of the ledger rests on.

    Attributes:
        steps: the functions by which an observed contact lives.
        because: what each row rests on, in the order of the rows.
        refusals: entries that were refused without a row.
        happened: events, in order: (instant, type, key).
        passed: steps done, with their instants, by journey and visit.
    """

    def __init__(self, program: Program, texts: Texts, more: Hands | None = None) -> None:
        """`more`: other parts of the step to replace, such as another engine's rules."""
        self.readings = Readings(program, texts)
        self.program = program
        self.because: list[Because] = []
        self.refusals: list[Refusal] = []
        self.happened: list[tuple[int, str, str | None]] = []
        self.passed: dict[tuple[str, int], list[tuple[str, int]]] = {}
        self.laws = Laws(self.readings)
        self._frames: list[Because] = []
        self._agenda: list[Because] = []
        self._branches: dict[tuple[int, int], list[Judged]] = {}
        self._latest: dict[int, Judged] = {}
        self.steps: Steps = in_hands({**self._hands(), **self.laws.hands(), **(more or {})})

    def _hands(self) -> Hands:
        return {
            conditions.truth: self._truth,
            decisions.emit: self._emit,
            stepping.receive: self._receive,
            stepping.reaction: self._reaction,
            stepping.follow_agenda: self._follow_agenda,
            stepping.quarantine: self._framed,
            propose_at: self._propose,
            firing.fire: self._fire,
            chaining.next_rule: self._next_rule,
            scoring.cross: self._cross,
            acts.put: self._framed,
            steps.branch: self._branch,
            steps.execute: self._execute,
            steps.resume_visit: self._resume,
            visits.may_enter: self._may_enter,
            arbitration.decide: self._decide,
            refuse: self._refuse,
            foresee: self.laws.muting,
        }

    def last_judged(self, rule: str) -> Judged | None:
        """The condition of a rule, as it was judged last."""
        found = [j for j in self._latest.values() if (j.part, j.name) == ("rule", rule)]
        return found[0] if found else None

    def _framed(self, own: Part) -> Part:
        def part(m: Any, *args: Any) -> Any:
            return self._inside(Because(), own, m, *args)

        return part

    def _inside(self, frame: Because, own: Part, *args: Any) -> Any:
        """Call a part; the rows it writes rest on `frame`, and on the frames around it."""
        self._frames.append(frame)
        try:
            return own(*args)
        finally:
            self._frames.pop()

    def _now(self) -> Because:
        """All frames, as one."""
        event: dict[str, Any] = {}
        judged: list[Judged] = []
        asked: list[Asked] = []
        for frame in self._frames:
            event = frame.event or event
            judged += frame.judged
            asked += frame.asked
        return Because(event, judged, asked)

    def _truth(self, own: Part) -> Part:
        def truth(m: Any, code: int, t: int) -> int:
            noted = self.laws.muted == 0 and code in self.readings.parts
            values = self.readings.values(m, code, t) if noted else {}
            verdict: int = own(m, code, t)
            if noted:
                found = self.readings.judged(code, t, values, verdict)
                self._latest[code] = found
                self.laws.judged = found
                if found.part == "trigger" and found.verdict is not True:
                    self.refusals.append(Refusal(t, found.name, "trigger", found, self._event(m)))
                if found.part in ("when", "change") and self._frames:
                    self._frames[-1].judged.append(found)
            return verdict

        return truth

    def _emit(self, own: Part) -> Part:
        def emit(m: Any, t: int, journey: int, step: int, visit: int, *rest: int) -> None:
            found = self._now()
            taken = self._branches.pop((journey, visit), []) if journey else []
            self.because.append(Because(found.event, [*taken, *found.judged], found.asked))
            own(m, t, journey, step, visit, *rest)

        return emit

    def _event(self, m: Any) -> dict[str, Any]:
        """The event at hand."""
        kind, names = int(m[IN_TYPE]), self.program.names
        if not 0 <= kind < len(names.events):
            return {}
        found: dict[str, Any] = {"type": names.events[kind]}
        if m[IN_TEXT] != MISSING and m[IN_KEY] >= 0:
            found["key"] = self.readings.text(int(m[IN_TEXT]))
        if m[IN_VALUE] != MISSING:
            found["value"] = int(m[IN_VALUE])
        if m[IN_MESSAGE] != MISSING and m[IN_MESSAGE] > 0:
            found["message"] = self.program.winners[int(m[IN_MESSAGE])]
        return found

    def _receive(self, own: Part) -> Part:
        def receive(m: Any, t: int) -> None:
            key = self.readings.text(int(m[IN_KEY])) if m[IN_KEY] >= 0 else None
            self.happened.append((t, self.program.names.events[int(m[IN_TYPE])], key))
            own(m, t)

        return receive

    def _reaction(self, own: Part) -> Part:
        def reaction(m: Any, row: int, t: int) -> None:
            where = self._latest.get(int(m[row + RX_WHERE]))
            frame = Because(self._event(m), [where] if where is not None else [])
            self._inside(frame, own, m, row, t)

        return reaction

    def _propose(self, own: Part) -> Part:
        def propose(m: Any, *args: Any) -> None:
            if m[AGENDA_COUNT] == 0:
                self._agenda.clear()
            self._agenda.append(self._now())
            own(m, *args)

        return propose

    def _follow_agenda(self, own: Part) -> Part:
        def follow_agenda(m: Any, t: int) -> None:
            frame = self._agenda.pop(0) if self._agenda else Because()
            self._inside(Because(frame.event, list(frame.judged)), own, m, t)

        return follow_agenda

    def _next_rule(self, own: Part) -> Part:
        def next_rule(m: Any, t: int) -> int:
            for rank in range(len(self.program.plan.rules)):
                code = int(m[int(m[H_RULES]) + rank * RU + RU_WHEN])
                if code in self.readings.parts and int(m[int(m[H_ARMED]) + rank // 64]) >> (rank % 64) & 1:
                    self._latest[code] = self._judged(m, code, t)
            found: int = own(m, t)
            return found

        return next_rule

    def _judged(self, m: Any, code: int, t: int) -> Judged:
        """A condition judged here, for the step may decide it without evaluating it."""
        values = self.readings.values(m, code, t)
        return self.readings.judged(code, t, values, conditions.truth(m, code, t))

    def _fire(self, own: Part) -> Part:
        def fire(m: Any, rule: int, t: int) -> None:
            code = int(m[rule + RU_WHEN])
            judged = [self._judged(m, code, t)] if code in self.readings.parts else []
            self._inside(Because(self._event(m), judged), own, m, rule, t)

        return fire

    def _cross(self, own: Part) -> Part:
        def cross(m: Any, score: int, row: int, t: int, rising: bool) -> None:
            name = self.readings.scores[score]
            value, at = self.readings.score(m, score, t), real(m, row + TH_AT)
            frame = Because({"score": name, "value": value, "at": at, "rising": bool(rising)})
            self._inside(frame, own, m, score, row, t, rising)

        return cross

    def _branch(self, own: Part) -> Part:
        def branch(m: Any, step: int, t: int) -> int:
            onward: int = own(m, step, t)
            at = (int(m[m[step + ST_JOURNEY] + J_ID]), int(m[VISIT]))
            judged = [j for c in self.readings.branches.get(int(m[step + ST_ID]), ()) if (j := self._latest.get(c))]
            self._branches.setdefault(at, []).extend(j for j in judged if j.time == t)
            return onward

        return branch

    def _execute(self, own: Part) -> Part:
        def execute(m: Any, slot: int, step: int, due: int, t: int) -> int:
            self._pass(m, slot, step, t)
            onward: int = own(m, slot, step, due, t)
            return onward

        return execute

    def _resume(self, own: Part) -> Part:
        def resume_visit(m: Any, slot: int, t: int) -> None:
            self._pass(m, slot, int(m[slot + SLOT_STEP]), t)
            own(m, slot, t)

        return resume_visit

    def _pass(self, m: Any, slot: int, step: int, t: int) -> None:
        journey, name = self.program.steps[int(m[step + ST_ID]) - 1]
        at = (self.program.names.journeys[journey], int(m[slot + SLOT_VISIT]))
        self.passed.setdefault(at, []).append((name, int(t)))

    def _may_enter(self, own: Part) -> Part:
        def may_enter(m: Any, journey: int, key: int, t: int) -> bool:
            known = len(self._frames[-1].judged) if self._frames else 0
            found: bool = own(m, journey, key, t)
            if not found:
                when = next((j for j in self._frames[-1].judged[known:] if j.part == "when"), None)
                refused_when = when is not None and when.verdict is not True
                part = "when" if refused_when else self.readings.bound(m, journey)
                name = self.program.names.journeys[int(m[journey + J_ID]) - 1]
                inside = {"visits": int(m[m[journey + J_VISITS]]), "inside": int(m[m[journey + J_INSIDE]])}
                self.refusals.append(Refusal(t, name, part, when if refused_when else None, self._now().event | inside))
            return found

        return may_enter

    def _decide(self, own: Part) -> Part:
        def decide(m: Any, entry: int, t: int) -> None:
            frame = Because()
            self.laws.open(m, entry, t, frame.asked)
            try:
                self._inside(frame, own, m, entry, t)
            finally:
                self.laws.close()

        return decide

    def _refuse(self, own: Part) -> Part:
        def refused(m: Any, entry: int, t: int, reason: int, winner: int) -> None:
            frame = Because(asked=[self.laws.refused(m, t, reason, winner)])
            self._inside(frame, own, m, entry, t, reason, winner)

        return refused
