"""Why a message was not sent, and the smallest single change that would have let it go, verified by living it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click
from msgspec import Struct

from bifurque.engine.absences import Absence, absence, awaited, began, second, ways_to
from bifurque.engine.candidates import candidates
from bifurque.engine.changes import Change, Trials
from bifurque.engine.check_sharing import depends
from bifurque.engine.evidence import Because
from bifurque.engine.explain import as_data, explained
from bifurque.engine.lives import Life
from bifurque.engine.phrases import moment
from bifurque.engine.run import Run
from bifurque.engine.trigger import ChangeTrigger, DateTrigger
from bifurque.engine.why import clock_of, life_of, setting_of, told_row
from bifurque.engine.words import say
from bifurque.rules.errors import DataError, did_you_mean, short
from bifurque.rules.layout import MISSING

DAY = 86400


class Tried(Struct, frozen=True):
    """A change that was lived.

    Attributes:
        change: what was changed.
        sent: when the message was sent then and was not before; nothing if it was not.
    """

    change: Change
    sent: list[int]


class Answer(Struct, frozen=True):
    """Why a message was not sent.

    Attributes:
        life: as it was.
        message: the message.
        day: the day asked about, from and to; or the whole run.
        sent: when it was sent then.
        absence: what stood in its way; None if it was sent on the day.
        tried: changes, in the order of their size; the last one let it go, if one did.
    """

    life: Life
    message: str
    day: tuple[int, int] | None
    sent: list[int]
    absence: Absence | None
    tried: list[Tried]
    notes: list[str] = []

    @property
    def change(self) -> Tried | None:
        """The smallest single change that would have let it go."""
        return self.tried[-1] if self.tried and self.tried[-1].sent else None


def why_not(run: Run, contact: str, message: str, at: str | None = None) -> Answer:
    """Why a message was not sent to a contact; on one day of theirs, if that is said.

    Changes are tried from the smallest on: first what concerns this contact alone (an attribute, a consent, its arm, an
    event), then the message and its journey (its time, its priority, how long it is valid), then laws that everybody
    feels; among those of one kind the nearer value first. Where one life depends on another none is tried: what one of
    them asks for otherwise changes what the others get.

    Raises:
        DataError: no such contact, no such message, or no such day.
        RunError: a file of the run is no longer what it was.
    """
    setting = setting_of(run)
    names = setting.program.names
    if message not in names.messages:
        raise DataError(f"no message is called `{short(message)}`" + did_you_mean(message, names.messages))
    life, notes = life_of(run, setting, contact)
    day = _day(at, life) if at is not None else None
    whole = (life.setting.program.start, life.setting.program.end)
    sent = sendings(life, message, day or whole)
    if day is not None and sent:
        return Answer(life, message, day, sent, None, [], notes)
    if not ways_to(life, message):
        raise DataError(say("en", "not.no_step", message))
    found = absence(life, message, day or whole, day=day is not None)
    if found is None:
        return Answer(life, message, day, sent, None, [], notes)
    if depends(setting.plan):
        return Answer(life, message, day, sent, found, [], notes)
    tried: list[Tried] = []
    trials = Trials(run, setting, life.contact)
    for change in candidates(life, message, found, day[0] + 10 * 3600 if day is not None else None):
        other = trials.live(change)
        tried.append(Tried(change, gone(life, other, message, found, day) if other is not None else []))
        if tried[-1].sent:
            break
    return Answer(life, message, day, sent, found, tried, notes)


def gone(life: Life, other: Life, message: str, found: Absence, day: tuple[int, int] | None) -> list[int]:
    """When a changed life sends what the life itself did not: on the day, or in the visit that had lost it."""
    if day is None and found.began:
        visit = [r for r in other.rows if r["journey"] == found.way.journey and r["message"] == message]
        return [second(r) for r in visit if r["outcome"] == "sent" and began(other, r) == found.began]
    window = day or (life.setting.program.start, life.setting.program.end)
    before, now = sendings(life, message, window), sendings(other, message, window)
    return [t for t in now if t not in before] if len(now) > len(before) else []


def sendings(life: Life, message: str, window: tuple[int, int]) -> list[int]:
    """When a message was sent, in a stretch of time."""
    times = [second(r) for r in life.rows if r["message"] == message and r["outcome"] == "sent"]
    return [t for t in times if window[0] <= t < window[1]]


def _day(text: str, life: Life) -> tuple[int, int]:
    try:
        first = dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), clock_of(life.zone, None))
    except ValueError:
        raise DataError(f"--at: expected a date such as 2026-03-10, got `{short(text)}`") from None
    start, end = (int(d.timestamp()) for d in (first, first + dt.timedelta(days=1)))
    if end <= life.setting.program.start or start >= life.setting.program.end:
        raise DataError(f"--at: {text} is outside the run")
    return start, end


def told_why_not(answer: Answer, lang: str, zone: str | None = None) -> list[str]:
    """The answer in words."""
    info = clock_of(answer.life.zone, zone)
    lines = [_heading(answer, lang, info)]
    if answer.absence is None:
        return lines
    lines += [f"  {line}" for line in _stood(answer, answer.absence, lang, info)]
    found = answer.change
    if found is None:
        shares = depends(answer.life.setting.plan)
        lines.append(say(lang, "not.shared") if shares else say(lang, "not.none", len(answer.tried)))
        return lines
    when = say(lang, "not.goes", moment(found.sent[0], info))
    return [*lines, say(lang, "not.change", found.change.said(lang, info)), f"  ✓ {when}"]


def _heading(answer: Answer, lang: str, info: dt.tzinfo) -> str:
    if answer.absence is None:
        times = ", ".join(moment(t, info) for t in answer.sent)
        many = say(lang, "not.sent", answer.message, len(answer.sent), times)
        if not answer.sent:
            return say(lang, "not.of", answer.message)
        return say(lang, "not.sent_once", answer.message, times) if len(answer.sent) == 1 else many
    if answer.day is not None:
        return say(lang, "not.of_day", answer.message, moment(answer.day[0], info)[:10])
    if answer.sent:
        return say(lang, "not.again", answer.message, len(answer.sent))
    return say(lang, "not.of", answer.message)


def _stood(answer: Answer, found: Absence, lang: str, info: dt.tzinfo) -> list[str]:
    """What stood in the way."""
    assert answer.life.witness is not None
    segment = answer.life.witness.readings.segment
    rules = {r.name: r.when for r in answer.life.setting.plan.rules}
    lines: list[str] = []
    journey = found.way.journey
    if found.row is not None and found.kind != "inside":
        lines.append(told_row(found.row, lang, info, rules))
    if found.kind == "pending":
        lines.append(say(lang, "not.pending"))
    elif found.kind == "inside":
        lines.append(say(lang, "not.still", journey, moment(found.since, info)))
    elif found.kind == "passed":
        lines.append(say(lang, "not.passed", journey))
    elif found.kind == "refused" and found.refusals:
        lines.append(say(lang, f"not.refused.{found.refusals[0].part}", journey, len(found.refusals)))
    elif found.kind == "silent":
        lines.append(_silent(answer, journey, lang))
    shown = _shown(found)
    return [*lines, *(f"    {line}" for line in explained(shown, lang, info, segment))]


def _shown(found: Absence) -> Because:
    """What is worth showing of it: the conditions on the way, the laws that said no last."""
    if found.kind == "inside":
        return Because()
    asked = [a for a in found.because.asked if not a.allowed]
    last = [a for a in asked if a.time == found.until]
    if not [a for a in last if a.law != "expired"]:  # it only ran out because something held it before
        last = [*asked[-1 - len(last) : len(asked) - len(last)], *last]
    paths = [j for j in found.path if j not in found.because.judged] if found.kind in ("passed", "left") else []
    return Because(found.because.event, [*paths, *found.because.judged], last)


def _silent(answer: Answer, journey: str, lang: str) -> str:
    """A trigger that never fired."""
    plan, wanted = answer.life.setting.plan.journeys[journey], awaited(answer.life, journey)
    if not plan.enabled:
        return say(lang, "not.enabled", journey)
    if plan.trigger is None:
        judged = answer.absence is not None and answer.absence.because.judged
        return say(lang, "not.no_rule" if judged else "not.no_trigger", journey)
    if isinstance(plan.trigger, ChangeTrigger):
        return say(lang, "not.no_change", journey, wanted[0])
    if isinstance(plan.trigger, DateTrigger):
        day = int(answer.life.words[answer.life.setting.program.columns[wanted[0]]])
        if day == MISSING:
            return say(lang, "not.no_date", journey, wanted[0])
        return say(lang, "not.no_day", journey, wanted[0], dt.date(1970, 1, 1) + dt.timedelta(days=day))
    if wanted:
        return say(lang, "not.no_event", journey, ", ".join(f"`{e}`" for e in wanted))
    return say(lang, "not.never_due", journey, type(plan.trigger).__struct_config__.tag)


def data_of(answer: Answer, lang: str) -> dict[str, Any]:
    """The answer for programs."""
    assert answer.life.witness is not None
    segment, info = answer.life.witness.readings.segment, clock_of(answer.life.zone, None)
    found, change = answer.absence, answer.change
    data: dict[str, Any] = {"message": answer.message, "sent": [_instant(t) for t in answer.sent]}
    if found is not None:
        data |= {"kind": found.kind, "journey": found.way.journey, "step": found.way.step, "row": found.row}
        data |= {"because": as_data(found.because, segment), "refused": len(found.refusals)}
    data["change"] = None if change is None else _change(change, lang, info)
    return data | {"tried": [_change(t, lang, info) for t in answer.tried]}


def _change(tried: Tried, lang: str, info: dt.tzinfo) -> dict[str, Any]:
    change = tried.change
    found = {"kind": change.kind, "name": change.name, "set": change.override, "text": change.said(lang, info)}
    return found | {"value": str(change.value), "sent": [_instant(t) for t in tried.sent]}


def _instant(t: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(t, dt.UTC)


def report_why_not(
    run: Run, contact: str, message: str, at: str | None, lang: str, zone: str | None, json: bool
) -> None:
    """Print the answer."""
    import msgspec

    answer = why_not(run, contact, message, at)
    for note in answer.notes:
        click.echo(f"{say(lang, 'note')}: {note}", err=True)
    if json:
        click.echo(msgspec.json.encode(data_of(answer, lang)))
        return
    for line in told_why_not(answer, lang, zone):
        click.echo(line)
