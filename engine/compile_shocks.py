"""Compiles shocks: when they strike, whom, and by how much, by what they change."""

from __future__ import annotations

from dataclasses import dataclass

from bifurque.actors import layout as a
from bifurque.engine.plan import Plan
from bifurque.engine.program import Compiling
from bifurque.engine.shock import Shock
from bifurque.engine.tables import hash64
from bifurque.engine.values import Duration
from bifurque.engine.zones import stretches
from bifurque.rules.layout import H_END, H_SHOCKS, H_START, NEVER
from bifurque.rules.lowering import real_word

DAY, MOST_DAYS = 86400, 3700
PEOPLE = {"open": a.SH_OPEN, "click": a.SH_CLICK, "unsubscribe": a.SH_UNSUBSCRIBE, "churn": a.SH_CHURN}
"""What shocks change beside how often events happen."""


@dataclass(frozen=True)
class Span:
    """When a shock strikes: its first instant, the first after it; and after how long its factors apply once more.

    0: they do not.
    """

    first: int
    end: int
    each: int

    def factors(self, factor: float) -> list[float]:
        """The factor of each period of the span."""
        if self.each == 0:
            return [factor]
        return [factor**k for k in range(-(-(self.end - self.first) // self.each))]


def span(plan: Plan, shock: Shock) -> Span:
    """When a shock strikes, in a run that lasts long enough."""
    start = _reading(plan, shock.start or Duration(0, 0))
    end = (plan.start + MOST_DAYS) * DAY
    if shock.length is not None:
        end = start + shock.length.elapsed
    elif shock.until is not None:
        end = _reading(plan, shock.until)
    each = (shock.each or Duration(7, 0)).elapsed if shock.sort == "progressive" else 0
    return Span(_instant(plan, start), _instant(plan, end), each)


def _reading(plan: Plan, when: int | Duration) -> int:
    """A moment of a shock as a wall-clock reading."""
    return when if isinstance(when, int) else plan.start * DAY + when.elapsed


def _instant(plan: Plan, local: int) -> int:
    """The instant of a wall-clock reading in the plan's zone; in a gap the first after it."""
    for at, east in reversed(stretches(plan.zone, local - 2 * DAY, local + 2 * DAY)):
        if local - east >= at:
            return local - east
    raise AssertionError(local)


def _struck(c: Compiling) -> list[tuple[Shock, Span]]:
    """The shocks that strike before the run ends."""
    words, found = c.tables.words, []
    for shock in c.plan.shocks:
        when = span(c.plan, shock)
        when = Span(when.first, min(when.end, words[H_END]), when.each)
        if max(when.first, words[H_START]) < when.end:
            found.append((shock, when))
    return found


def second_source(c: Compiling, event: str, *path: str) -> tuple[int, dict[int, int]] | None:
    """A second source beside one that shocks make richer: its row, and what sets it apart from the first.

    It has draws of its own, so that the first goes on as it was.
    """
    most, first, end = 1.0, NEVER, 0
    for shock, when in _struck(c):
        peak = max(when.factors(shock.events.get(event, 1.0)))
        if peak > 1.0:
            most, first, end = most * peak, min(first, when.first), max(end, when.end)
    if most == 1.0:
        return None
    row = c.tables.put([0] * a.SOURCE)
    c.begins += [a.WAKES_SOURCE, row]
    return row, {
        a.SO_MORE: real_word(most - 1.0),
        a.SO_FROM: first,
        a.SO_SPAN: end,
        a.SO_TIMER: c.timer(a.WAKES_SOURCE, row),
        a.SO_PURPOSE: hash64("shocks", *path),
    }


def compile_shocks(c: Compiling) -> None:
    """Lists of shocks by what they change; none at all if no shock strikes."""
    found = [_rows(c, shock, when) for shock, when in _struck(c)]
    if not found or c.behaviour == "off":
        return
    targets = range(a.SH_EVENTS + len(c.names.events))
    lists = [[word for rows in found for word in rows.get(target, ())] for target in targets]
    c.tables.words[H_SHOCKS] = c.tables.put([c.tables.listed(rows, a.SHOCK) if rows else 0 for rows in lists])


def _rows(c: Compiling, shock: Shock, when: Span) -> dict[int, list[int]]:
    """A row of one shock for each thing it changes."""
    changes = {target: getattr(shock, key) for key, target in PEOPLE.items()}
    changes |= {a.SH_EVENTS + c.event(event): factor for event, factor in shock.events.items()}
    whom, share = c.tables.code(shock.whom), real_word(2.0 if shock.share == 1.0 else shock.share)
    each, purpose = when.each or NEVER, hash64("shocks", shock.name)
    return {
        target: [when.first, when.end, each, c.tables.reals(when.factors(factor)), whom, share, purpose]
        for target, factor in changes.items()
        if factor != 1.0
    }
