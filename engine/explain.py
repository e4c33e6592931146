"""What a decision rests on, in words: the condition's tree with ticks, each law with what it saw."""

from __future__ import annotations

import datetime as dt
from typing import Any

from bifurque.engine.evidence import Asked, Because, Judged
from bifurque.engine.phrases import TICKS, moment, ticked, tree_lines
from bifurque.engine.values import Duration
from bifurque.engine.verdicts import Segment
from bifurque.engine.words import say
from bifurque.rules.layout import NEVER


def explained(found: Because, lang: str, info: dt.tzinfo, segment: Segment, *, full: bool = False) -> list[str]:
    """What one decision rests on, one line a part; the laws that let it pass too if `full`."""
    lines = _set_off(found.event, lang, full)
    for judged in found.judged:
        lines += condition_lines(judged, lang, info, segment)
    for asked in found.asked:
        if full or not asked.allowed:
            lines += law_lines(asked, lang, info, segment)
    return lines


def _set_off(event: dict[str, Any], lang: str, full: bool) -> list[str]:
    if "score" in event:
        return ["· " + say(lang, "crossed", event["score"], event["value"], event["at"])]
    if not full or not event:
        return []
    more = [say(lang, f"event.{k}", event[k]) for k in ("key", "value") if k in event]
    more += [f"`{event['message']}`"] if "message" in event else []
    return ["· " + say(lang, "event", event["type"]) + (f" ({', '.join(more)})" if more else "")]


def condition_lines(judged: Judged, lang: str, info: dt.tzinfo, segment: Segment) -> list[str]:
    """A condition's tree, under what it belongs to."""
    tree = tree_lines(ticked(judged.tree, judged.values, segment), lang, info)
    if judged.part in ("rule", "change"):
        return tree
    return [say(lang, f"part.{judged.part}", judged.name), *(f"  {line}" for line in tree)]


def law_lines(asked: Asked, lang: str, info: dt.tzinfo, segment: Segment) -> list[str]:
    """A law and what it saw."""
    lines = [f"{TICKS[asked.allowed]} {_law(asked, lang, info)}"]
    if "mine" in asked.values:
        for who in ("theirs", "mine"):
            v = asked.values[who]
            worth = "?" if v["priority"] is None else f"{v['priority']:g}"
            lines.append("  " + say(lang, "law.contest", v["message"], v["rank"], worth))
    if asked.judged is not None:
        lines += [f"  {line}" for line in condition_lines(asked.judged, lang, info, segment)]
    return lines


def _law(asked: Asked, lang: str, info: dt.tzinfo) -> str:
    kind, _, name = asked.law.partition(":")
    v = asked.values
    if kind == "cap":
        return _cap(name, v, lang, info)
    if kind == "coherence":
        return say(lang, "law.coherence", name) + _after(v, lang, info)
    if kind == "quiet_hours":
        windows = ", ".join(f"{_clock(w['from'])}–{_clock(w['to'])}" for w in v["windows"])
        return say(lang, "law.quiet", windows, ", ".join(f"{_clock(c['time'])} {c['zone']}" for c in v["clocks"]))
    if kind == "consent":
        return say(lang, "law.consent", v["name"])
    if kind == "suppressed":
        if v["until"] == NEVER:
            return say(lang, "law.suppressed_open", v["rule"])
        return say(lang, "law.suppressed", v["rule"], moment(v["until"], info))
    if kind == "expired":
        return say(lang, "law.expired", moment(v["valid_until"], info))
    if kind == "lost_to":
        return say(lang, "law.placed" if asked.allowed else "law.place", moment(v["place"], info), v.get("winner", ""))
    return say(lang, f"law.{kind}", v.get("winner", ""))


def _clock(seconds: int) -> str:
    return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}"


def _cap(name: str, v: dict[str, Any], lang: str, info: dt.tzinfo) -> str:
    rolling = isinstance(v["window"], int)
    span = Duration(*divmod(v["window"], 86400)) if rolling else None
    within = say(lang, "law.window", span) if rolling else say(lang, f"law.{v['window']}")
    text = say(lang, "law.cap", name, sum(w for _, w in v["sent"]), v["max"], within)
    if rolling and v["sent"]:
        text += f" ({', '.join(moment(t, info) for t, _ in v['sent'])})"
    text += ", " + say(lang, "law.weight", v["weight"]) if v["weight"] != 1 else ""
    full = sum(w for _, w in v["sent"]) + v["weight"] > v["max"]
    return text + (", " + say(lang, "law.room_at", moment(v["room_at"], info)) if full and v["room_at"] else "")


def _after(v: dict[str, Any], lang: str, info: dt.tzinfo) -> str:
    if v["kind"] == "while":
        return ""
    if v["until"] is None:
        return ": " + say(lang, "law.nothing_before")
    if v["until"] == NEVER:
        return ": " + say(lang, "law.ever_after", v["after"])
    return ": " + say(lang, "law.after", v["after"], moment(v["until"], info))


def as_data(found: Because, segment: Segment) -> dict[str, Any]:
    """The same for programs: verdicts, values, what was missing, trees."""
    return {
        "event": found.event,
        "judged": [_judged(j, segment) for j in found.judged],
        "asked": [
            {"law": a.law, "allowed": a.allowed, "time": _instant(a.time), "values": a.values}
            | ({"judged": _judged(a.judged, segment)} if a.judged else {})
            for a in found.asked
        ],
    }


def _judged(j: Judged, segment: Segment) -> dict[str, Any]:
    found = {"part": j.part, "name": j.name, "condition": j.text, "time": _instant(j.time), "verdict": j.verdict}
    return found | {"values": j.values, "missing": j.missing, "tree": ticked(j.tree, j.values, segment)}


def _instant(t: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(t, dt.UTC)
