"""Why a message was not sent: how far one contact came on the way to it, and what stood there."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from bifurque.engine.evidence import Because, Judged
from bifurque.engine.lives import Life
from bifurque.engine.names import event_refs, listed
from bifurque.engine.observed import Refusal
from bifurque.engine.routes import Station
from bifurque.engine.ruling import EnterAction, TransferAction
from bifurque.engine.trigger import AbsenceTrigger, ChangeTrigger, DateTrigger, EventTrigger, FirstTrigger

LEFT = ("exit", "end", "transfer", "replaced", "refused")


class Way(Struct, frozen=True):
    """One step that sends the message."""

    journey: str
    step: str
    station: Station


class Absence(Struct, frozen=True):
    """Why a message was not sent, on one way to it.

    Attributes:
        kind: `law`: it came up and lost; `pending`: it is still held at the end; `left`: the visit ended before;
            `passed`: the visit went another way; `inside`: the step is not due yet; `refused`: the journey could not be
            entered; `silent`: nothing led to it.
        way: the step.
        since: when its visit began, or it came up.
        until: when it was lost.
        row: the row of the ledger that says so.
        because: what the row rests on.
        path: conditions of branches on the way.
        refusals: entries that were refused.
        began: when the visit began.
    """

    kind: str
    way: Way
    since: int = 0
    until: int = 0
    row: dict[str, Any] | None = None
    because: Because = Because()
    path: list[Judged] = []
    refusals: list[Refusal] = []
    began: int = 0


def ways_to(life: Life, message: str) -> list[Way]:
    """Every step that may send a message, in the order of the plan."""
    program = life.setting.program
    found: list[Way] = []
    for send in program.sends:
        if send.message != message:
            continue
        journey, step = program.steps[send.step]
        name = program.names.journeys[journey]
        station = next(s for s in graph(life, name) if s.name == step)
        way = Way(name, step, station)
        if way not in found:
            found.append(way)
    return found


def graph(life: Life, journey: str) -> tuple[Station, ...]:
    """The stations of a journey."""
    from bifurque.engine.routes import stations

    return stations(life.setting.plan.journeys[journey])


def absence(life: Life, message: str, window: tuple[int, int], *, day: bool) -> Absence | None:
    """Why a message was not sent in a stretch of time: of all ways to it, the one that came nearest.

    Args:
        life: as it was.
        message: the message.
        window: from and to.
        day: whether the stretch is one day: a message held on that day, and sent on another, was not sent then.

    Returns:
        None if nothing kept it: it was sent whenever it came up.
    """
    found = _lost(life, message, window, day)
    if found is not None:
        return found
    ways = ways_to(life, message)
    for look in (_visited, _refused):
        for way in ways:
            if (on_the_way := look(life, way, message, window)) is not None:
                return on_the_way
    if any(r["message"] == message and r["outcome"] == "sent" for r in life.rows) and not day:
        return None
    return Absence("silent", ways[0], because=Because(judged=feeding(life, ways[0].journey)))


def feeding(life: Life, journey: str) -> list[Judged]:
    """The conditions of the rules that lead into a journey, as they were judged last."""
    assert life.witness is not None
    leads = [r.name for r in life.setting.plan.rules if any(_leads(a, journey) for a in r.then)]
    return [j for name in leads if (j := life.witness.last_judged(name)) is not None]


def _leads(action: object, journey: str) -> bool:
    enters = listed(action.enter) if isinstance(action, EnterAction) else ()
    return journey in enters or (isinstance(action, TransferAction) and action.transfer == journey)


def second(row: dict[str, Any]) -> int:
    """When a row was written."""
    return int(row["time"].timestamp())


def _lost(life: Life, message: str, window: tuple[int, int], day: bool) -> Absence | None:
    """The last time it came up, and did not leave."""
    assert life.witness is not None
    rows, because = life.rows, life.witness.because
    mine = [i for i, r in enumerate(rows) if r["message"] == message]
    went = {_key(rows[i]) for i in mine if rows[i]["outcome"] == "sent"} if not day else set()
    lost = [i for i in mine if window[0] <= second(rows[i]) < window[1] and rows[i]["outcome"] != "sent"]
    lost = [i for i in lost if rows[i]["outcome"] != "held" or _key(rows[i]) not in went]
    if not lost:
        return None
    finals = [i for i in lost if rows[i]["outcome"] != "held"]
    at = max(finals or lost, key=lambda i: (second(rows[i]), i))
    same = [i for i in mine if _key(rows[i]) == _key(rows[at]) and i <= at]
    asked = [a for i in same for a in because[i].asked if not a.allowed]
    way = next(w for w in ways_to(life, message) if (w.journey, w.step) == (rows[at]["journey"], rows[at]["step"]))
    kind = "law" if finals or _key(rows[at]) in {_key(rows[i]) for i in mine if i > at} else "pending"
    judged = [j for j in because[at].judged if j.part != "branch"]
    found = Because(because[at].event, judged, asked)
    since, path = second(rows[same[0]]), _path(life, rows[at])
    return Absence(kind, way, since, second(rows[at]), rows[at], found, path, began=began(life, rows[at]))


def began(life: Life, row: dict[str, Any]) -> int:
    """When the visit of a row began."""
    mine = [r for r in life.rows if (r["journey"], r["visit"]) == (row["journey"], row["visit"]) and not r["message"]]
    return second(mine[0]) if mine else 0


def _key(row: dict[str, Any]) -> tuple[str, str, int]:
    return (row["journey"], row["step"], row["visit"])


def _path(life: Life, row: dict[str, Any]) -> list[Judged]:
    """The conditions of branches that a visit went by, and those that let it in."""
    assert life.witness is not None
    pairs = zip(life.rows, life.witness.because, strict=True)
    visit = [b for r, b in pairs if r["journey"] == row["journey"] and r["visit"] == row["visit"]]
    return [j for b in visit for j in b.judged if j.part == "branch"]


def _visited(life: Life, way: Way, message: str, window: tuple[int, int]) -> Absence | None:
    """The last visit that did not come to the step."""
    assert life.witness is not None
    rows = life.rows
    mine = [i for i, r in enumerate(rows) if r["journey"] == way.journey and r["visit"] > 0 and not r["message"]]
    went = {r["visit"] for r in rows if r["journey"] == way.journey and r["message"] == message}
    entries = [i for i in mine if not _leaves(rows[i]) and rows[i]["visit"] not in went]
    for i in reversed(entries):
        ends = [k for k in mine if rows[k]["visit"] == rows[i]["visit"] and _leaves(rows[k])]
        since, until = second(rows[i]), second(rows[ends[0]]) if ends else life.setting.program.end
        if since >= window[1] or until < window[0]:
            continue
        path = _path(life, rows[i])
        if not ends:
            return Absence("inside", way, since, until, rows[i], life.witness.because[i], path, began=since)
        end = rows[ends[0]]
        kind = "passed" if end["cause"] == "end" else "left"
        return Absence(kind, way, since, until, end, life.witness.because[ends[0]], path, began=since)
    return None


def _leaves(row: dict[str, Any]) -> bool:
    cause = row["cause"].partition(":")[0]
    return cause in LEFT and not (cause == "transfer" and not row["winner"] and not row["step"])


def _refused(life: Life, way: Way, _: str, window: tuple[int, int]) -> Absence | None:
    """The last entry that was refused, by a condition, a bound, or a stronger journey."""
    assert life.witness is not None
    witness = life.witness
    barred = [r for r in witness.refusals if r.journey == way.journey and window[0] <= r.time < window[1]]
    if barred:
        last = barred[-1]
        alike = [r for r in barred if r.part == last.part]
        because = Because(last.event, [last.judged] if last.judged else [])
        return Absence("refused", way, last.time, last.time, None, because, refusals=alike)
    for row, because in reversed(list(zip(life.rows, witness.because, strict=True))):
        if row["journey"] == way.journey and row["visit"] == 0 and window[0] <= second(row) < window[1]:
            return Absence("refused", way, second(row), second(row), row, because)
    return None


def awaited(life: Life, journey: str) -> tuple[str, ...]:
    """What a journey's trigger waits for: events, or an attribute."""
    trigger = life.setting.plan.journeys[journey].trigger
    if isinstance(trigger, EventTrigger):
        return tuple(str(r.event) for r in event_refs(trigger.event))
    if isinstance(trigger, FirstTrigger):
        return tuple(str(r.event) for r in event_refs(trigger.first))
    if isinstance(trigger, AbsenceTrigger):
        return (trigger.absence.after,) if trigger.absence.after else ()
    if isinstance(trigger, DateTrigger):
        return (trigger.date if isinstance(trigger.date, str) else trigger.date.of,)
    if isinstance(trigger, ChangeTrigger):
        return (trigger.change if isinstance(trigger.change, str) else trigger.change.attribute,)
    return ()
