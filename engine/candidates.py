"""Which single changes might have let a message go: read off from what stood in its way, the smallest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bifurque.engine.absences import Absence, awaited
from bifurque.engine.changes import ALL, ALONE, THIS, Change
from bifurque.engine.check import quiet_hours
from bifurque.engine.evidence import Asked
from bifurque.engine.flips import flips, near, nodes
from bifurque.engine.journey import ExperimentStep, MessageByArm, Reentry, TransferStep
from bifurque.engine.lives import Life
from bifurque.engine.names import exits
from bifurque.engine.observed import Refusal
from bifurque.engine.trigger import AbsenceTrigger, CrossingTrigger, DateTrigger, TogetherTrigger
from bifurque.engine.values import Duration
from bifurque.engine.verdicts import judge
from bifurque.rules.layout import LIFE, NEVER, REASONS

HOUR, DAY = 3600, 86400
MOST = 120
"""Changes tried at most."""


def candidates(life: Life, message: str, found: Absence, day: int | None) -> list[Change]:
    """Changes worth trying, the smallest first.

    Args:
        life: as it was.
        message: what should have been sent.
        found: why it was not.
        day: the instant it is asked about, if there is one.
    """
    made = _Candidates(life, message, found, day)
    return sorted(dict.fromkeys(made.all()), key=lambda c: c.order)[:MOST]


class _Candidates:
    def __init__(self, life: Life, message: str, found: Absence, day: int | None) -> None:
        self.life, self.message, self.found, self.day = life, message, found, day
        self.plan, self.program = life.setting.plan, life.setting.program
        assert life.witness is not None
        self.segment = life.witness.readings.segment
        self.happened = life.witness.happened

    def all(self) -> Iterator[Change]:
        """Every change that what stood in the way suggests."""
        found, row = self.found, self.found.row
        for judged in found.path:
            yield from flips(self.life, judged, judged.verdict is not True)
        for asked in found.because.asked:
            if not asked.allowed:
                yield from self._law(asked)
        if row is not None:
            yield from self._row(row)
        if found.kind in ("left", "law", "inside", "pending"):
            yield from self._times()
        if found.kind in ("passed", "left", "inside", "silent"):
            yield from self._arms()
        if found.kind == "refused":
            yield from self._refusals()
        if found.kind == "silent":
            yield from self._triggers()

    # laws

    def _law(self, asked: Asked) -> Iterator[Change]:
        kind, _, _ = asked.law.partition(":")
        look = {
            "consent": self._consent,
            "cap": self._cap,
            "coherence": self._coherence,
            "quiet_hours": self._quiet,
            "suppressed": self._suppressed,
            "lost_to": self._placed,
            "holdout": self._holdout,
            "preempted": self._weaker,
            "expired": self._validity,
            "late": self._late,
        }
        yield from look[kind](asked)

    def _consent(self, asked: Asked) -> Iterator[Change]:
        yield Change("consent", ALONE, 0, asked.values["name"])
        withdrawing = {e for e, event in self.plan.events.items() if event.withdraw} | {"unsubscribed", "opt_out"}
        for when, event, _ in reversed([h for h in self.happened if h[0] <= asked.time and h[1] in withdrawing][-3:]):
            yield Change("no_event", ALONE, 0, event, when=when)

    def _cap(self, asked: Asked) -> Iterator[Change]:
        at = self.program.reasons.index(asked.law) - len(REASONS)
        values = asked.values
        used = sum(w for _, w in values["sent"]) + values["weight"]
        for weight in range(values["weight"] - 1, 0, -1):
            yield Change("weight", THIS, values["weight"] - weight, f"messages.{self.message}.weight", weight)
        for more in range(4):
            yield Change("cap", ALL, used + more - values["max"], f"caps.{at}.max", used + more)
        if asked.judged is not None:
            yield from flips(self.life, asked.judged, False)
        if "winner" in values:
            yield from self._stronger(values)
        yield from self._longer(values["room_at"])

    def _stronger(self, values: dict[str, Any]) -> Iterator[Change]:
        """Going before the message that took the place."""
        mine, theirs = values.get("mine"), values.get("theirs")
        ours, other = self.plan.messages[self.message], self.plan.messages.get(values["winner"])
        worth = theirs["priority"] if theirs else self._constant(values["winner"])
        now = mine["priority"] if mine else self._constant(self.message)
        if worth is not None:
            above = worth + 1
            yield Change("priority", THIS, abs(above - (now or 0)), f"messages.{self.message}.priority", f"{above:g}")
            if self.plan.arbitration == "look_ahead":
                yield Change("priority", THIS, abs(above - (now or 0)), f"messages.{self.message}.value", f"{above:g}")
        names = [c.name for c in self.plan.categories]
        if other is not None and other.category != ours.category:
            category = self.plan.categories[names.index(other.category)]
            rank = names.index(other.category) if category.rank is None else category.rank
            for up in (rank, max(rank - 1, 0)):
                yield Change("rank", ALL, rank - up, f"categories.{names.index(ours.category)}.rank", up)

    def _constant(self, message: str) -> float | None:
        """The priority of a message, if it is a plain number."""
        found = self.plan.messages.get(message)
        given = found.priority if found is not None else None
        if given is None:
            journeys = {self.program.names.journeys[s.journey] for s in self.program.sends if s.message == message}
            given = max((p for j in journeys if not isinstance(p := self.plan.journeys[j].priority, str)), default=None)
        return None if given is None or isinstance(given, str) else float(given)

    def _longer(self, room_at: int | None) -> Iterator[Change]:
        """Worth sending long enough for the instant there is room."""
        message = self.plan.messages[self.message]
        if room_at is None or room_at >= NEVER or (message.valid_for is None and message.valid_until is None):
            return
        hours = (room_at - self.found.since) // HOUR + 1
        for more in (0, 12, 24, 72):
            if message.valid_until is None:
                yield Change("validity", THIS, hours + more, f"messages.{self.message}.valid_for", f"{hours + more}h")

    def _validity(self, asked: Asked) -> Iterator[Change]:
        for hours in (24, 72, 168, 720):
            yield from self._longer(asked.time + hours * HOUR)

    def _late(self, _: Asked) -> Iterator[Change]:
        yield Change("late", THIS, 0, self._step("late"), "send")

    def _coherence(self, asked: Asked) -> Iterator[Change]:
        at = self.program.reasons.index(asked.law) - len(REASONS) - len(self.plan.caps)
        law, values = self.plan.coherence[at], asked.values
        if asked.judged is not None:
            yield from flips(self.life, asked.judged, False)
        elif law.within is not None and values["until"] is not None:
            left = values["until"] - asked.time
            hours = (law.within.elapsed - left) // HOUR if values["kind"] == "within" else 0
            if hours > 0:
                yield Change("coherence", ALL, law.within.elapsed - hours * HOUR, f"coherence.{at}.within", f"{hours}h")
            if values["kind"] == "after":
                more = (law.within.elapsed - left) // HOUR + 1
                yield Change("coherence", ALL, more * HOUR, f"coherence.{at}.within", f"{more}h")
        if law.policy == "drop":
            yield Change("coherence", ALL, 10**9, f"coherence.{at}.policy", "hold")

    def _quiet(self, asked: Asked) -> Iterator[Change]:
        if self.plan.messages[self.message].on_quiet == "drop":
            yield Change("quiet", THIS, 0, f"messages.{self.message}.on_quiet", "hold")
        yield from self._longer(asked.values["until"])
        clock = asked.values["clocks"][0]["time"]
        for path, window in quiet_hours(self.plan):
            name = ".".join(map(str, path))
            if any((w["from"], w["to"]) == (window.start, window.end) for w in asked.values["windows"]):
                early, late = clock // 60, -(-(clock + 1) // 60)
                yield Change("quiet", ALL, (window.end - clock) % DAY, f"{name}.to", _clock(early))
                yield Change("quiet", ALL, (clock - window.start) % DAY + 60, f"{name}.from", _clock(late))

    def _suppressed(self, asked: Asked) -> Iterator[Change]:
        yield from self._rule(asked.values["rule"], asked.time)

    def _rule(self, name: str, before: int) -> Iterator[Change]:
        """A rule that had not fired."""
        assert self.life.witness is not None
        for row, because in zip(self.life.rows, self.life.witness.because, strict=True):
            if row["cause"] == f"rule:{name}" and row["time"].timestamp() <= before:
                for judged in because.judged:
                    yield from flips(self.life, judged, False)
        numbers = {r.name: i for i, r in enumerate(self.plan.rules)}
        yield Change("rule", ALL, 0, f"rules.{numbers[name]}.when", "'false'")

    def _placed(self, asked: Asked) -> Iterator[Change]:
        if asked.values.get("winner"):
            yield from self._stronger(asked.values)
        for i, cap in enumerate(self.plan.caps):
            for more in (1, 2):
                yield Change("cap", ALL, more, f"caps.{i}.max", cap.max + more)
        yield from self._longer(asked.values["place"])

    def _holdout(self, _: Asked) -> Iterator[Change]:
        yield Change("held_in", ALONE)

    def _weaker(self, asked: Asked) -> Iterator[Change]:
        yield from self._outranked(asked.values["winner"])

    def _outranked(self, winner: str) -> Iterator[Change]:
        """A journey set aside by a stronger one of its group."""
        ours, other = self.plan.journeys[self.found.way.journey].priority, self.plan.journeys[winner].priority
        if not isinstance(other, str):
            apart = other + 1 - (ours if not isinstance(ours, str) else 0)
            yield Change("priority", THIS, apart, f"journeys.{self.found.way.journey}.priority", f"{other + 1:g}")

    # what ended a visit

    def _row(self, row: dict[str, Any]) -> Iterator[Change]:
        """Events, rules and journeys that ended or refused it."""
        cause, _, detail = row["cause"].partition(":")
        when = int(row["time"].timestamp())
        if cause == "exit" and detail:
            yield Change("no_event", ALONE, 0, detail, when=when)
            for judged in self.found.because.judged:
                yield from flips(self.life, judged, judged.part != "exit" and judged.verdict is not True)
        if cause == "replaced":
            yield Change("reentry", THIS, 0, f"journeys.{self.found.way.journey}.reentry", "parallel")
        if row["winner"] in {r.name for r in self.plan.rules}:
            yield from self._rule(row["winner"], when)
        elif row["winner"] in self.plan.journeys and row["winner"] != self.found.way.journey:
            yield from self._outranked(row["winner"])

    def _step(self, key: str) -> str:
        way = self.found.way
        return ".".join(map(str, ("journeys", way.journey, "steps", *way.station.path, key)))

    def _times(self) -> Iterator[Change]:
        """The step at another time: sooner, later, at another hour."""
        step = self.found.way.station.step
        if not isinstance(step.wait, Duration):
            return
        wait = step.wait.elapsed
        for share in (0.75, 0.5, 0.25, 0.0):
            if wait:
                sooner = int(wait * share) // 60 * 60
                yield Change("time", THIS, (wait - sooner) / HOUR, self._step("wait"), Duration(0, sooner))
        rooms = {a.values.get(k) for a in self.found.because.asked if not a.allowed for k in ("room_at", "until")}
        later = [-(-(r - self.found.since) // HOUR) for r in rooms if r and self.found.since < r < NEVER]
        for hours in {*later, *(h + 1 for h in later)}:
            yield Change("time", THIS, hours, self._step("wait"), Duration(0, wait + hours * HOUR))
        for hour in (10, 14, 18, 20):
            yield Change("time", THIS, 24, self._step("at"), _clock(hour * 60))

    def _arms(self) -> Iterator[Change]:
        """Another arm of the experiments that choose messages or ways."""
        step, journey = self.found.way.station.step, self.plan.journeys[self.found.way.journey]
        by = getattr(getattr(step, "send", None), "by", None)
        if isinstance(getattr(step, "send", None), MessageByArm):
            arms = step.send.arms  # type: ignore[union-attr]
            yield from (Change("arm", ALONE, 0, str(by), a) for a, m in arms.items() if m == self.message)
        for _, other in self.program.names.steps(self.found.way.journey):
            if isinstance(other, ExperimentStep):
                yield from (Change("arm", ALONE, 1, other.experiment, a) for a in other.arms)
        if not journey.enabled:
            yield Change("enabled", THIS, 0, f"journeys.{self.found.way.journey}.enabled", "true")

    # entries

    def _refusals(self) -> Iterator[Change]:
        journey = self.found.way.journey
        for refusal in self.found.refusals[-3:]:
            if refusal.judged is not None:
                yield from flips(self.life, refusal.judged, True)
                yield from self._worth(refusal)
        reentry = self.plan.journeys[journey].reentry
        bounds = {r.part for r in self.found.refusals}
        if "most" in bounds and isinstance(reentry, Reentry) and reentry.most:
            yield Change("reentry", THIS, 0, f"journeys.{journey}.reentry.most", reentry.most + 1)
        at = f"journeys.{journey}.reentry" + (".policy" if isinstance(reentry, Reentry) else "")
        if bounds & {"never", "inside"}:
            policies = ("after_exit", "parallel", "replace")
            yield from (Change("reentry", THIS, i + 1, at, p) for i, p in enumerate(policies))

    def _worth(self, refusal: Refusal) -> Iterator[Change]:
        """The event with another value."""
        judged = refusal.judged
        assert judged is not None
        if "event.value" not in judged.values or "type" not in refusal.event:
            return
        now = judged.values["event.value"] or 0
        literals = [n for n in nodes(self.life, judged.tree) if n.op == "literal"]
        for value in near("int", literals, 0):
            if judge(judged.tree, judged.values | {"event.value": value}, self.segment) is True:
                yield Change("event", ALONE, abs(value - now), refusal.event["type"], value, when=refusal.time)

    def _triggers(self) -> Iterator[Change]:
        """What the trigger waited for."""
        name = self.found.way.journey
        journey = self.plan.journeys[name]
        if not journey.enabled:
            yield Change("enabled", THIS, 0, f"journeys.{name}.enabled", "true")
        if isinstance(journey.trigger, DateTrigger):
            yield from self._date(journey.trigger)
            return
        yield from self._sooner(name)
        start = max(self.program.start, int(self.life.words[LIFE])) + 10 * HOUR
        at = self.day if self.day is not None else start + DAY
        step = self.found.way.station.step
        wait = step.wait.elapsed if isinstance(step.wait, Duration) else 0
        said = [str(n.value) for j in self.found.because.judged for n in nodes(self.life, j.tree) if n.op == "literal"]
        for judged in self.found.because.judged if journey.trigger is None else ():
            yield from flips(self.life, judged, True)
        led = [e for other in self._leading(name) for e in awaited(self.life, other)]
        for event in dict.fromkeys((*awaited(self.life, name), *said, *led)):
            if event in self.program.names.events:
                times = {t for t in (at, at - wait, at - wait - HOUR, at - wait - DAY) if t >= start - 10 * HOUR}
                yield from (Change("event", ALONE, at - t, event, when=t) for t in times)

    def _leading(self, name: str) -> Iterator[str]:
        """Journeys that lead to another one without a trigger."""
        for other, journey in self.plan.journeys.items() if self.plan.journeys[name].trigger is None else ():
            to = {s.transfer for _, s in self.program.names.steps(other) if isinstance(s, TransferStep)}
            if name in to | {x.to for x in exits(journey)}:
                yield other

    def _sooner(self, name: str) -> Iterator[Change]:
        """A trigger that needs less: a shorter silence, a lower threshold, a longer window."""
        trigger, at = self.plan.journeys[name].trigger, f"journeys.{name}.trigger"
        for share in (0.75, 0.5, 0.25, 0.1):
            if isinstance(trigger, AbsenceTrigger) and isinstance(trigger.absence.wait, Duration):
                hours = max(int(trigger.absence.wait.elapsed * share) // HOUR, 1)
                yield Change("time", THIS, 1 - share, f"{at}.absence.for", f"{hours}h")
            if isinstance(trigger, CrossingTrigger) and trigger.crossing.above:
                lower = f"{trigger.crossing.above * share:g}"
                yield Change("threshold", THIS, 1 - share, f"{at}.crossing.above", lower)
            if isinstance(trigger, TogetherTrigger):
                hours = int(trigger.together.within.elapsed / share) // HOUR
                yield Change("time", THIS, 1 - share, f"{at}.together.within", f"{hours}h")

    def _date(self, trigger: DateTrigger) -> Iterator[Change]:
        date = trigger.date
        name, shift = (date, 0) if isinstance(date, str) else (date.of, date.days)
        kind = self.program.names.attributes[name]
        middle = (max(self.program.start, int(self.life.words[LIFE])) + self.program.end) // 2
        day = (self.day if self.day is not None else middle) // DAY * DAY
        for before in (0, 1, 2, 3):
            yield Change("attribute", ALONE, before, name, day - (shift + before) * DAY, value_kind=kind)


def _clock(minutes: int) -> str:
    return f'"{minutes // 60 % 24:02}:{minutes % 60:02}"'
