"""What a decision rests on: the conditions judged, the laws asked, each with the values it read."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from bifurque.engine.verdicts import Segment, judge
from bifurque.rules.syntax import Node

DAY = 86400


class Judged(Struct, frozen=True):
    """A condition, judged at one instant on the values it read.

    Attributes:
        part: `rule`, `trigger`, `when`, `branch`, `exit`, `event`, `cap`, `coherence` or `change`.
        name: of the rule, the journey, the step or the law.
        text: the condition as the plan writes it.
        time: seconds since 1970-01-01 UTC.
        values: what it read, by name; None where nothing was known.
        verdict: true, false, or None: unknown.
    """

    part: str
    name: str
    text: str
    time: int
    values: dict[str, Any]
    verdict: bool | None
    tree: Node

    @property
    def missing(self) -> list[str]:
        """What it read and nobody knew."""
        return [name for name, value in self.values.items() if value is None]

    def again(self, segment: Segment) -> bool | None:
        """The verdict on the recorded values."""
        return judge(self.tree, self.values, segment)


class Asked(Struct, frozen=True):
    """A law that a message had to pass, and what it saw.

    Attributes:
        law: as reasons call it: `consent`, `quiet_hours`, `cap:<name>`, `coherence:<name>`, `suppressed`, `expired` …
        allowed: whether it let the message leave.
        time: when it was asked, in seconds since 1970-01-01 UTC.
        values: what it saw.
        judged: the condition it depends on, if it has one.
    """

    law: str
    allowed: bool
    time: int
    values: dict[str, Any]
    judged: Judged | None = None

    def again(self, segment: Segment) -> bool:
        """What the law says to the recorded values."""
        kind = self.law.partition(":")[0]
        if self.judged is not None and kind == "cap" and self.judged.again(segment) is not True:
            return True
        return _LAWS[kind](self, segment)


class Because(Struct, frozen=True):
    """What one decision rests on."""

    event: dict[str, Any] = {}
    """The event that set it off: type, key, value, message; or the score that crossed a threshold."""
    judged: list[Judged] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)


def _consent(a: Asked, _: Segment) -> bool:
    return bool(a.values["given"])


def _until(a: Asked, _: Segment) -> bool:
    return a.values["until"] is None or bool(a.values["until"] <= a.time)


def _expired(a: Asked, _: Segment) -> bool:
    return a.values["valid_until"] is None or bool(a.time < a.values["valid_until"])


def _coherence(a: Asked, segment: Segment) -> bool:
    if a.values["kind"] == "while":
        assert a.judged is not None
        return a.judged.again(segment) is not True
    if a.values["kind"] == "within":
        return _until(a, segment)
    return a.values["until"] is not None and bool(a.time < a.values["until"])


def _quiet(a: Asked, _: Segment) -> bool:
    return not any(_covers(w, c) for w in a.values["windows"] for c in a.values["clocks"])


def _covers(window: dict[str, Any], clock: dict[str, Any]) -> bool:
    """Whether a window that begins on some weekdays holds a clock's reading."""
    start, end, days, time, weekday = window["from"], window["to"], window["days"], clock["time"], clock["weekday"]
    if start < end:
        return weekday in days and start <= time < end
    yesterday = (weekday - 2) % 7 + 1
    return (time >= start and weekday in days) or (time < end and yesterday in days)


def _cap(a: Asked, _: Segment) -> bool:
    v = a.values
    return bool(sum(w for _, w in v["sent"]) + v["weight"] <= v["max"])


def _place(a: Asked, _: Segment) -> bool:
    return bool(a.values["place"] <= a.time)


def _never(a: Asked, _: Segment) -> bool:
    return not a.values["holds"]


_LAWS = {
    "consent": _consent,
    "suppressed": _until,
    "expired": _expired,
    "coherence": _coherence,
    "quiet_hours": _quiet,
    "cap": _cap,
    "lost_to": _place,
    "holdout": _never,
    "preempted": _never,
    "late": _never,
}
