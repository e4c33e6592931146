"""What each law saw of a message: the witness's half that stands beside the laws."""

from __future__ import annotations

from typing import Any

from bifurque.engine.evidence import Asked, Judged
from bifurque.engine.readings import Readings
from bifurque.engine.twins import Hands, Part
from bifurque.rules import arbitration, foresight, laws, localtime
from bifurque.rules.layout import (
    ALWAYS,
    BY_PRIORITY,
    CAP_CELLS,
    CAP_MAX,
    CAP_PER,
    CAP_REASON,
    CAP_WEIGHED,
    CAP_WHEN,
    CAP_WINDOW,
    CELL_LAST,
    CELL_MESSAGE,
    CELL_RING,
    CELL_STARTED_BY,
    CELL_UNTIL,
    H_FALLBACK,
    H_POLICY,
    H_QUIET,
    H_SENDS,
    LAW_WINNER,
    NEVER,
    NEVER_WHILE,
    NEVER_WITHIN,
    OUT_DUE,
    OUT_END,
    OUT_SEND,
    PER_DAY,
    PER_MONTH,
    PER_WEEK,
    PER_YEAR,
    Q_DAYS,
    Q_FROM,
    Q_TO,
    QUIET,
    R_EXPIRED,
    R_HOLDOUT,
    ROLLING,
    RULE_CELLS,
    RULE_KIND,
    RULE_REASON,
    SEND,
    SEND_CONSENT,
    SEND_MESSAGE,
    SEND_RANK,
    ZONE,
    ZONE_KNOWN,
)
from bifurque.rules.localtime import DAY, period, stretch
from bifurque.rules.rulebook import PA_UNTIL

PERIODS = {PER_DAY: "day", PER_WEEK: "week", PER_MONTH: "month", PER_YEAR: "year"}


class Laws:
    """Notes what each law says of the message that is being decided.

    Attributes:
        muted: above zero while the laws are asked about later instants, which decides nothing yet.
        judged: the condition judged last.
    """

    def __init__(self, readings: Readings) -> None:
        self.readings = readings
        self.muted = 0
        self.judged: Judged | None = None
        self._notes: list[Asked] | None = None
        self._left: dict[int, dict[str, Any]] = {}
        self._entry, self._time = -1, 0

    def hands(self) -> Hands:
        """The parts of the step this stands beside."""
        return {
            laws.consented: self._consented,
            laws.suppressor: self._suppressor,
            laws.rule_allows: self._rule_allows,
            laws.cap_allows: self._cap_allows,
            localtime.awake: self._awake,
            foresight.look_ahead: self._look_ahead,
            laws.first_allowed: self.muting,
            laws.waits: self.muting,
            arbitration.leave: self._leave,
        }

    def open(self, m: Any, entry: int, t: int, notes: list[Asked]) -> None:
        """A message is being decided: what is asked from now on goes into `notes`."""
        self._entry, self._time, self._notes = entry, t, notes
        end = int(m[entry + OUT_END])
        values = {"valid_until": None if end == NEVER else end, "due": int(m[entry + OUT_DUE])}
        if end != NEVER:
            notes.append(Asked("expired", bool(t < end), int(t), values))

    def close(self) -> None:
        """It is decided."""
        self._notes = None

    def _note(self, law: str, allowed: bool, values: dict[str, Any], judged: Judged | None = None) -> None:
        if self._notes is not None and self.muted == 0:
            self._notes.append(Asked(law, bool(allowed), int(self._time), values, judged))

    def muting(self, own: Part) -> Part:
        """A part that asks about later instants."""

        def part(m: Any, *args: Any) -> Any:
            self.muted += 1
            try:
                return own(m, *args)
            finally:
                self.muted -= 1

        return part

    def _name(self, code: int) -> str:
        return self.readings.program.winners[int(code)]

    def _send(self, m: Any, send: int) -> dict[str, str]:
        row = self.readings.program.sends[(int(send) - int(m[H_SENDS])) // SEND]
        return {"message": row.message, "channel": row.channel}

    def _consented(self, own: Part) -> Part:
        def consented(m: Any, send: int) -> bool:
            given: bool = own(m, send)
            if m[send + SEND_CONSENT] >= 0:
                program, channel = self.readings.program, self._send(m, send)["channel"]
                category = program.plan.messages[self._send(m, send)["message"]].category
                name = f"consent.{program.names.purpose(category)}.{channel}"
                self._note("consent", given, {"name": name, "given": bool(given)})
            return given

        return consented

    def _suppressor(self, own: Part) -> Part:
        def suppressor(m: Any, send: int, t: int) -> int:
            rule: int = own(m, send, t)
            if rule != 0:
                until = next(u for a in self._pauses(m, send) if (u := int(m[a + PA_UNTIL])) > t)
                self._note("suppressed", False, {"rule": self._name(rule), "until": until})
            return rule

        return suppressor

    def _pauses(self, m: Any, send: int) -> list[int]:
        from bifurque.rules.layout import SEND_PAUSES

        at = int(m[send + SEND_PAUSES])
        return [int(m[at + 1 + i]) for i in range(m[at])]

    def _rule_allows(self, own: Part) -> Part:
        def rule_allows(m: Any, rule: int, t: int) -> int:
            self.judged = None
            free: int = own(m, rule, t)
            kind, law = m[rule + RULE_KIND], self.readings.program.reasons[int(m[rule + RULE_REASON])]
            if kind == NEVER_WHILE:
                self._note(law, free <= t, {"kind": "while"}, self.judged)
                return free
            cells = m[rule + RULE_CELLS]
            until = int(m[cells + CELL_UNTIL])
            values: dict[str, Any] = {"kind": "within" if kind == NEVER_WITHIN else "after"}
            values |= {"until": None if until == ALWAYS else until, "after": self._name(m[cells + CELL_STARTED_BY])}
            self._note(law, free <= t, values)
            return free

        return rule_allows

    def _cap_allows(self, own: Part) -> Part:
        def cap_allows(m: Any, cap: int, t: int, weight: int) -> int:
            self.judged = None
            free: int = own(m, cap, t, weight)
            judged = self.judged if m[cap + CAP_WHEN] >= 0 else None
            cells = int(m[cap + CAP_CELLS])
            values: dict[str, Any] = {
                "max": int(m[cap + CAP_MAX]),
                "weight": int(weight) if m[cap + CAP_WEIGHED] == 1 else 1,
            }
            values |= {"sent": self._counted(m, cap, t), "room_at": None if free == NEVER else int(free)}
            values["window"] = (
                int(m[cap + CAP_WINDOW]) if m[cap + CAP_PER] == ROLLING else PERIODS[int(m[cap + CAP_PER])]
            )
            if free > t and m[cells + CELL_LAST] == t:
                values |= self._contest(m, int(m[cells + CELL_MESSAGE]))
            self._note(self.readings.program.reasons[int(m[cap + CAP_REASON])], free <= t, values, judged)
            return free

        return cap_allows

    def _counted(self, m: Any, cap: int, t: int) -> list[tuple[int, int]]:
        """The sends a cap counts now: instants (or numbers of the period) with their weights."""
        ring, size = int(m[cap + CAP_CELLS]) + CELL_RING, int(m[cap + CAP_MAX])
        rolling = m[cap + CAP_PER] == ROLLING
        after = t - m[cap + CAP_WINDOW] if rolling else period(m, m[cap + CAP_PER], t) - 1
        weighed = m[cap + CAP_WEIGHED] == 1
        sent = [(int(m[ring + k]), int(m[ring + size + k]) if weighed else 1) for k in range(size)]
        return sorted(x for x in sent if x[0] > after)

    def _awake(self, own: Part) -> Part:
        def awake(m: Any, quiets: int, t: int) -> int:
            free: int = own(m, quiets, t)
            if m[quiets] > 0 and self._notes is not None and self.muted == 0 and t == self._time:
                values: dict[str, Any] = {"windows": self._windows(m, quiets), "clocks": self._clocks(m, t)}
                values["until"] = None if free == NEVER else int(free)
                self._note("quiet_hours", free <= t, values)
            return free

        return awake

    def _windows(self, m: Any, quiets: int) -> list[dict[str, Any]]:
        found = []
        for q in range(m[quiets]):
            window = m[H_QUIET] + m[quiets + 1 + q] * QUIET
            days = [d for d in range(1, 8) if m[window + Q_DAYS] >> (d - 1) & 1]
            found.append({"from": int(m[window + Q_FROM]), "to": int(m[window + Q_TO]), "days": days})
        return found

    def _clocks(self, m: Any, t: int) -> list[dict[str, Any]]:
        """The wall clocks that count: the contact's own, or where its zone is not known every one it may live by."""
        zones = [int(m[ZONE])]
        if m[ZONE_KNOWN] == 0:
            at = int(m[H_FALLBACK])
            zones = [int(m[at + 1 + i]) for i in range(m[at])]
        found = []
        for zone in zones:
            local = int(t + m[stretch(m, zone, t) + 1])
            name = self.readings.program.names.zones[zone]
            found.append({"zone": name, "time": local % DAY, "weekday": (local // DAY + 3) % 7 + 1})
        return found

    def _look_ahead(self, own: Part) -> Part:
        def look_ahead(m: Any, entry: int, t: int) -> int:
            self.muted += 1
            try:
                free: int = own(m, entry, t)
            finally:
                self.muted -= 1
            values: dict[str, Any] = {"place": int(free)}
            if free > t:
                values |= {"winner": self._name(m[LAW_WINNER])}
            self._note("lost_to", free <= t, values)
            return free

        return look_ahead

    def _standing(self, m: Any, entry: int, t: int) -> dict[str, Any]:
        """What decides who goes first."""
        send, end = m[entry + OUT_SEND], m[entry + OUT_END]
        self.muted += 1
        try:
            worth = float(arbitration.priority(m, send, end, t))
        finally:
            self.muted -= 1
        found = self._send(m, send) | {"rank": int(m[send + SEND_RANK]), "priority": worth if worth == worth else None}
        return found | {"valid_until": None if end == NEVER else int(end)}

    def _leave(self, own: Part) -> Part:
        def leave(m: Any, entry: int, t: int) -> None:
            self._left[int(m[m[entry + OUT_SEND] + SEND_MESSAGE])] = self._standing(m, entry, t)
            own(m, entry, t)

        return leave

    def _contest(self, m: Any, winner: int) -> dict[str, Any]:
        """Who took the place at this very instant, and how the two stand."""
        if m[H_POLICY] != BY_PRIORITY or winner not in self._left:
            return {"winner": self._name(winner)}
        mine = self._standing(m, self._entry, self._time)
        return {"winner": self._name(winner), "theirs": self._left[winner], "mine": mine}

    def refused(self, m: Any, t: int, reason: int, winner: int) -> Asked:
        """A message that never competed: a holdout, a visit that pauses, a step reached too late."""
        law = {R_HOLDOUT: "holdout", R_EXPIRED: "late"}.get(int(reason), "preempted")
        values: dict[str, Any] = {"holds": True}
        if law == "preempted":
            values["winner"] = self._name(winner)
        return Asked(law, False, int(t), values)
