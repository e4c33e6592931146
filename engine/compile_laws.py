"""Compiles the laws: quiet hours, caps, coherence; and which of them each send row answers to."""

from __future__ import annotations

from bifurque.engine.journey import Journey
from bifurque.engine.names import CLASSES, COMMERCIAL, listed
from bifurque.engine.plan import Cap, Coherence, Message, QuietHours, Reroute
from bifurque.engine.program import Compiling
from bifurque.engine.values import Duration, weekday_bits
from bifurque.rules.layout import (
    ALWAYS,
    CAP,
    CAP_CELLS,
    CAP_MAX,
    CAP_PER,
    CAP_REASON,
    CAP_WEIGHED,
    CAP_WHEN,
    CAP_WINDOW,
    CELL_LAST,
    CELL_RING,
    DROP,
    H_LONGEST,
    H_QUIET,
    HOLD,
    NEVER_WHILE,
    NEVER_WITHIN,
    ONLY_AFTER,
    PER_DAY,
    PER_MONTH,
    PER_WEEK,
    PER_YEAR,
    REROUTE,
    ROLLING,
    RULE,
    RULE_CELLS,
    RULE_DAYS,
    RULE_KIND,
    RULE_POLICY,
    RULE_REASON,
    RULE_SECONDS,
    RULE_WHILE,
)

PERIODS = {"calendar day": PER_DAY, "calendar week": PER_WEEK, "calendar month": PER_MONTH, "calendar year": PER_YEAR}
LENGTHS = {PER_DAY: 1, PER_WEEK: 7, PER_MONTH: 31, PER_YEAR: 366}


def compile_laws(c: Compiling) -> None:
    """Rows of quiet hours, caps and coherence rules."""
    from bifurque.engine.check import quiet_hours

    tables = c.tables
    c.quiets = [q for _, q in quiet_hours(c.plan)]
    rows = [w for q in c.quiets for w in (q.start, q.end, weekday_bits(listed(q.days)))]
    tables.words[H_QUIET] = tables.put(rows)
    taken: set[str] = set()
    for cap in c.plan.caps:
        c.reasons.append("cap:" + _unique(cap.name or f"{cap.max} per {cap.per}", taken))
        c.caps.append(_cap(c, cap, len(c.reasons) - 1))
    taken = set()
    for rule in c.plan.coherence:
        c.reasons.append("coherence:" + _unique(rule.name or _says(rule), taken))
        c.rules.append(_rule(c, rule, len(c.reasons) - 1))
    windows = [x.per.elapsed if isinstance(x.per, Duration) else LENGTHS[PERIODS[x.per]] * 86400 for x in c.plan.caps]
    tables.words[H_LONGEST] = max(windows, default=86400)


def _unique(name: str, taken: set[str]) -> str:
    found, n = name, 1
    while found in taken:
        n += 1
        found = f"{name} ({n})"
    taken.add(found)
    return found


def _says(rule: Coherence) -> str:
    """A coherence rule in its own words, when it has no name."""
    if rule.only:
        return f"only {', '.join(listed(rule.only))} after {', '.join(listed(rule.after))}"
    what = ", ".join(listed(rule.never))
    if rule.during is not None:
        return f"never {what} while {rule.during}"
    return f"never {what} within {rule.within} of {', '.join(listed(rule.of))}"


def _cap(c: Compiling, cap: Cap, reason: int) -> int:
    """A cap's row; its ring remembers as many sends as it allows."""
    weighed = cap.by == "weight"
    cells = c.tables.cells(CELL_RING)
    c.tables.start_with(cells + CELL_LAST, ALWAYS)
    c.tables.cells(max(cap.max, 1), ALWAYS)
    if weighed:
        c.tables.cells(max(cap.max, 1), 0)
    row = {
        CAP_MAX: cap.max,
        CAP_PER: ROLLING if isinstance(cap.per, Duration) else PERIODS[cap.per],
        CAP_WINDOW: cap.per.elapsed if isinstance(cap.per, Duration) else 0,
        CAP_WHEN: c.tables.code(cap.when),
        CAP_CELLS: cells,
        CAP_WEIGHED: 1 if weighed else 0,
        CAP_REASON: reason,
    }
    at = c.tables.put([0] * CAP)
    c.tables.fill(at, row)
    return at


def _rule(c: Compiling, rule: Coherence, reason: int) -> int:
    kind = ONLY_AFTER if rule.only else NEVER_WHILE if rule.during is not None else NEVER_WITHIN
    cells = c.tables.cells(1, ALWAYS)
    c.tables.cells(1, 0)
    at = c.tables.put([0] * RULE)
    row = {
        RULE_KIND: kind,
        RULE_WHILE: c.tables.code(rule.during),
        RULE_DAYS: rule.within.days if rule.within else 0,
        RULE_SECONDS: rule.within.seconds if rule.within else 0,
        RULE_CELLS: cells,
        RULE_POLICY: HOLD if rule.policy == "hold" else DROP,
        RULE_REASON: reason,
    }
    c.tables.fill(at, row)
    return at


def in_scope(scope: object, message: Message, kind: str) -> bool:
    """Whether a list of categories and classes names a message."""
    return bool({message.category, kind} & set(listed(scope)))


def quiet_list(c: Compiling, message: Message, kind: str, channel: str) -> list[int]:
    """The quiet hours a message answers to; a reply answers to none."""
    if kind == "reply":
        return []

    def applies(q: QuietHours) -> bool:
        within = not q.of or in_scope(q.of, message, kind)
        on_channel = not q.channel or channel in listed(q.channel)
        return within and on_channel and not in_scope(q.exempt, message, kind)

    return [i for i, q in enumerate(c.quiets) if applies(q)]


def cap_lists(
    c: Compiling, message: Message, kind: str, channel: str, name: str, journey: Journey
) -> tuple[list[int], list[int]]:
    """The caps that may stop a message, and those it counts for. Transactional messages and replies only count."""
    counts = []
    for cap, row in zip(c.plan.caps, c.caps, strict=True):
        scope = cap.of or (COMMERCIAL if not (cap.journey or cap.group) else CLASSES)
        if not in_scope(scope, message, kind) or (cap.channel and channel not in listed(cap.channel)):
            continue
        if cap.journey and name not in listed(cap.journey):
            continue
        if cap.group and not set(journey.group) & set(listed(cap.group)):
            continue
        counts.append(row)
    limits = [] if kind in ("transactional", "reply") else counts
    return limits, counts


def rule_lists(c: Compiling, message: Message, kind: str) -> tuple[list[int], list[int]]:
    """The coherence rules that may stop a message, and those it starts."""
    pairs = list(zip(c.plan.coherence, c.rules, strict=True))
    stops = [row for rule, row in pairs if in_scope(rule.never or rule.only, message, kind)]
    starts = [row for rule, row in pairs if in_scope(rule.of or rule.after, message, kind)]
    return stops, starts


def policy(message: Message, which: str) -> tuple[int, str | None]:
    """What a law that says no does to a message, and the channel to try instead."""
    found = getattr(message, which)
    if isinstance(found, Reroute):
        return REROUTE, found.reroute
    return (DROP if found == "drop" else HOLD), None
