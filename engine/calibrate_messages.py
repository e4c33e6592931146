"""What people do with messages, as figures: by channel, what many messages do, and when people are awake."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np
from msgspec import structs

from bifurque.engine import fit_messages, fit_times
from bifurque.engine.calibrate_figures import assumed, counted, value_of, weighed
from bifurque.engine.fit_likelihood import SURE
from bifurque.engine.fit_log import BOUNCED, COMPLAINED, UNSUBSCRIBED
from bifurque.engine.fit_sendings import Sendings
from bifurque.engine.realistic import Clock, Effect, Known, Reads, Tiredness
from bifurque.engine.sectors import usual

Status = Literal["estimated", "weak", "assumed"]
if TYPE_CHECKING:
    from bifurque.engine.calibrate import Calibration


def messages(c: Calibration, s: Sendings) -> tuple[dict[str, Reads], Tiredness, Clock]:
    """What people do with messages, by channel; what many do to them; when they are awake."""
    default = c.source("default")
    tired, clock = assumed(Tiredness(), default), assumed(Clock(), default)
    if not len(s):
        c.note("no_sent")
        return {}, tired, clock
    if s.strays:
        c.note("strays", c.number(s.strays))
    if not c.log.machines_known:
        c.note("machines")
    c.half_life = fit_messages.half_life(s)
    if c.half_life is not None:
        days = _half_life(c)
        s, tired = s.with_half_life(value_of(days)), structs.replace(tired, days=days)
    c.times = fit_times.times(c.log, s)
    c.opens = fit_messages.opens(s, c.times.seen(s.channel) if c.times else None)
    c.clicks, c.leaving = fit_messages.clicks(s), fit_messages.unsubscribes(s)
    for found, key in ((c.opens, "few_opens"), (c.clicks, "few_clicks"), (c.leaving, "few_left")):
        if found is None:
            c.note(key)
    if c.opens is not None and abs(c.opens.tired[0] - c.opens.pooled[0]) > SURE * c.opens.tired[1]:
        c.note("pooled", c.number(-c.opens.tired[0]), c.number(-c.opens.pooled[0]))
    reads = {}
    for code in np.unique(s.channel).tolist():
        name = _channel(c, code)
        reads[name] = _reads(c, s, code, name)
    return reads, _tired(c, tired), _clock(c, clock)


def _half_life(c: Calibration) -> Known:
    """The half-life assumed, if the data do not contradict it; otherwise the likeliest."""
    found, before = c.half_life, value_of(Tiredness().days)
    assert found is not None
    source = c.source("profile", found.low, found.high)
    if found.low <= before <= found.high:
        return Known(before, status="weak", source=source)
    return Known(found.best, (found.high - found.low) / 4 or None, "estimated", source)


def _channel(c: Calibration, code: int) -> str:
    if code >= 0:
        return c.log.words["channel"][code]
    c.note("no_channel", "email")
    return "email"


def _reads(c: Calibration, s: Sendings, code: int, channel: str) -> Reads:
    """The figures of one channel."""
    base, default = usual(c.sector, channel), c.source("default")
    figures: dict[str, Known] = {}
    opens, clicks, leaving = c.opens, c.clicks, c.leaving
    if opens is not None and code in opens.share:
        source = c.source("opens", opens.cases)
        figures["open"] = weighed(opens.share[code], base.open, "share", source, default)
        figures["open_spread"] = weighed(opens.spread[code], base.open_spread, "positive", source, default)
    if clicks is not None and code in clicks.share:
        source = c.source("clicks", clicks.cases)
        figures["click"] = weighed(clicks.share[code], base.click, "share", source, default)
        figures["click_spread"] = weighed(clicks.spread[code], base.click_spread, "positive", source, default)
    if leaving is not None and code in leaving.share:
        source = c.source("leaving", leaving.left)
        figures["unsubscribe"] = weighed(leaving.share[code], base.unsubscribe, "share", source, default)
    if c.times is not None and code in c.times.laws:
        law = c.times.laws[code]
        source = c.source("click_times" if c.times.from_clicks else "times", law.count)
        for name in ("hours", "shape"):
            found = (law.value(name), law.error(name))
            figures[name] = weighed(found, getattr(base, name), "positive", source, default)
    section: Reads = assumed(base, default)
    return structs.replace(section, **_counted(c, s, code, base), **figures)


def _counted(c: Calibration, s: Sendings, code: int, base: Reads) -> dict[str, Known]:
    """What is a plain share of addresses or messages: bounces, complaints, machines."""
    mine, source = s.channel == code, c.source("counts")
    figures = {}
    people, place, sent = np.unique(s.contact[mine], return_inverse=True, return_counts=True)
    if len(c.log.of(BOUNCED)):  # an address is dead when nothing ever arrives there
        back = np.bincount(place, weights=s.bounced[mine], minlength=len(people))
        known = sent > 1
        dead = known & (back == sent)
        figures["hard"] = counted(dead.sum(), known.sum(), base.hard, source)
        figures["soft"] = counted(back[known & ~dead].sum(), sent[known & ~dead].sum(), base.soft, source)
    complaints, left = len(c.log.of(COMPLAINED)), len(c.log.of(UNSUBSCRIBED))
    if complaints and left:
        error = complaints / left * math.sqrt(1 / complaints + 1 / left)
        default = c.source("default")
        figures["complaint"] = weighed((complaints / left, error), base.complaint, "positive", source, default)
    if c.log.machines_known:
        machines = len(np.unique(s.contact[mine & s.machine]))
        figures["machine"] = counted(machines, len(people), base.machine, source)
    else:
        figures["machine"] = Known(0.0, status="assumed", source=c.source("not_flagged"))
    return figures


def _tired(c: Calibration, section: Tiredness) -> Tiredness:
    base, default = Tiredness(), c.source("default")
    figures: dict[str, Known] = {}
    if c.opens is not None:
        source = c.source("opens", c.opens.cases)
        figures["opens"] = weighed(c.opens.tired, base.opens, "plain", source, default)
        if c.opens.repeats is not None:
            figures["repeats"] = weighed(c.opens.repeats, base.repeats, "plain", source, default)
    if c.clicks is not None:
        figures["clicks"] = weighed(c.clicks.tired, base.clicks, "plain", c.source("clicks", c.clicks.cases), default)
    if c.leaving is not None:
        source = c.source("leaving", c.leaving.left)
        figures["unsubscribes"] = weighed(c.leaving.tired, base.unsubscribes, "plain", source, default)
        figures["opened"] = weighed(c.leaving.opened, base.opened, "plain", source, default)
    return structs.replace(section, **figures)


def _clock(c: Calibration, section: Clock) -> Clock:
    if c.times is None or c.times.weekend is None:
        return section
    count = next(iter(c.times.laws.values())).count
    source = c.source("click_times" if c.times.from_clicks else "times", count)
    return structs.replace(
        section,
        hours=tuple(round(h, 3) for h in c.times.hours),
        weekend=weighed(c.times.weekend, Clock().weekend, "positive", source, c.source("default")),
        spread=Known(0.0, status="assumed", source=c.source("population_clock")),
    )


def effects(c: Calibration) -> dict[str, Effect]:
    """How messages differ: each drawn towards none by as much as messages that are all alike would seem to differ."""
    found: dict[str, dict[str, Known]] = {}
    for answers, name, key in ((c.opens, "open", "opens"), (c.clicks, "click", "clicks")):
        if answers is None or not answers.messages:
            continue
        measured = np.array(list(answers.messages.values()))
        spread = float(np.mean(measured[:, 0] ** 2 - measured[:, 1] ** 2))  # of their true differences, squared
        if spread <= 0:
            continue
        source = c.source(key, answers.cases)
        for code, (value, error) in answers.messages.items():
            kept = spread / (spread + error**2)
            status: Status = "estimated" if kept > 0.5 else "weak"
            each = Known(kept * value, math.sqrt(kept) * error, status, source)
            found.setdefault(c.log.words["message"][code], {})[name] = each
    return {name: structs.replace(Effect(), **figures) for name, figures in sorted(found.items())}
