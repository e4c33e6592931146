"""Compiles a plan to tables: a new plan is new data for the one kernel, and compiles no code."""

from __future__ import annotations

from bifurque.actors.layout import (
    AGENDA,
    AGENDA_MOST,
    ARM_COUNTS,
    MAIL,
    MO_COUNTS,
    MOST_OFFERS,
    PRESSURE_MOST,
    STAGE_COUNTS,
    STEP_COUNTS,
    SV_COUNTS,
    SV_SCORES,
    TOTALS,
    WAKES_MAIL,
)
from bifurque.actors.parking import FIXED_WORDS, GROUP, GROUPS
from bifurque.engine.compile_behaviour import compile_behaviour, declare_sources
from bifurque.engine.compile_books import declare_books, reserve_books, reserve_work
from bifurque.engine.compile_events import compile_events
from bifurque.engine.compile_journeys import compile_journeys
from bifurque.engine.compile_laws import compile_laws
from bifurque.engine.compile_merging import merge_lists
from bifurque.engine.compile_people import compile_people
from bifurque.engine.compile_scores import compile_scores, finish_scores
from bifurque.engine.compile_sharing import compile_sharing, finish_sharing
from bifurque.engine.compile_shocks import compile_shocks
from bifurque.engine.names import Names
from bifurque.engine.plan import Plan
from bifurque.engine.program import Compiling, Program
from bifurque.engine.ways import declare_ways, place_ways
from bifurque.engine.zones import instant_of, zone_words
from bifurque.rules.layout import (
    BY_PRIORITY,
    CAUSES,
    EVENT_ROW,
    FIRST_COME,
    H_AGENDA,
    H_ARM_COUNTS,
    H_BEHAVIOUR,
    H_END,
    H_EVENT_CAUSES,
    H_EVENT_COUNTS,
    H_EVENT_ROWS,
    H_FALLBACK,
    H_FIRST_YEAR,
    H_FORESEEN,
    H_IMAGE,
    H_LETTERS,
    H_LETTERS_SIZE,
    H_MAIL,
    H_MAIL_SIZE,
    H_MERGE,
    H_MODEL,
    H_N_STEPS,
    H_OTHER,
    H_OTHER_SIZE,
    H_OUTBOX,
    H_OUTBOX_SIZE,
    H_PARKED,
    H_PARKED_MOST,
    H_PARKED_SIZE,
    H_POLICY,
    H_PRESSURE,
    H_REASONS,
    H_RECORD,
    H_RECORD_SIZE,
    H_ROOM,
    H_ROWS,
    H_ROWS_SIZE,
    H_RULE_COUNTS,
    H_SEND_COUNTS,
    H_STAGE_COUNTS,
    H_START,
    H_STEP_COUNTS,
    H_TOTALS,
    H_WEEKS,
    H_YEAR,
    H_ZONES,
    LOOK_AHEAD,
    N_FIXED,
    OUT,
    REALISTIC,
    ROW,
    SEE,
    SEEN_MOST,
    TABLES,
)
from bifurque.rules.sharing import LETTER, PK_FIRST, RQ_FIRST

DAY, WEEK = 86400, 7 * 86400
MAIL_MOST, OUTBOX_MOST = 64, 4096
LETTERS, PARKED = 4096, 1 << 16


def compile_plan(
    plan: Plan,
    *,
    days: int | None = None,
    behaviour: str | None = None,
    zones: tuple[str, ...] = (),
    rows: int = 4096,
) -> Program:
    """Compile a checked plan.

    Args:
        plan: the plan, as `bifurque.engine.load.load` returns it.
        days: the horizon, if not the plan's.
        behaviour: `off` or `constant`, if not the plan's.
        zones: time zones of contacts, beside those the plan names.
        rows: how many decision rows a lane may hold before they are taken away, at least 1,024.
    """
    kind = behaviour or plan.behaviour.kind
    names = Names(plan, zones, kind)
    record = len(_build(names, 0, days or plan.days, kind).tables.image)
    c = _build(names, record, days or plan.days, kind)
    _room(c, rows)
    return c.finish()


def midnight(plan: Plan, day: int) -> int:
    """The first instant of a day (counted from 1970-01-01) in the plan's zone."""
    return instant_of(plan.zone, day * DAY)


def _build(names: Names, record_size: int, days: int, behaviour: str) -> Compiling:
    """Everything but the room to work. Where tables stand depends on the record's length, which a first go tells."""
    plan = names.plan
    c = Compiling(plan, names, record_size, behaviour)
    words = c.tables.words
    words[H_START], words[H_END] = midnight(plan, plan.start), midnight(plan, plan.start + days)
    words[H_WEEKS] = -(-(words[H_END] - words[H_START]) // WEEK)
    words[H_YEAR], words[H_FIRST_YEAR] = words[H_END] - 365 * DAY, words[H_START] + 365 * DAY
    words[H_POLICY] = {"first_come": FIRST_COME, "priority": BY_PRIORITY, "look_ahead": LOOK_AHEAD}[plan.arbitration]
    _zones(c)
    c.timer(WAKES_MAIL, 0)
    declare_sources(c)
    compile_people(c)
    compile_scores(c)
    compile_laws(c)
    compile_sharing(c)
    compile_journeys(c)
    finish_scores(c)
    compile_behaviour(c)
    compile_shocks(c)
    declare_books(c)
    declare_ways(c)
    compile_events(c)
    c.segments = {name: c.tables.code(f"segment.{name}") for name in plan.segments}
    finish_sharing(c)
    return c


def _zones(c: Compiling) -> None:
    """Offsets by zone, a year before the horizon and two after: validities and windows reach beyond it."""
    words, tables = c.tables.words, c.tables
    span = (words[H_START] - 400 * DAY, words[H_END] + 800 * DAY)
    addresses = [tables.put(zone_words(zone, *span)) for zone in c.names.zones]
    words[H_ZONES] = tables.put(w for at in addresses for w in (at, 0))
    fallback = c.plan.zones or (c.plan.zone,)
    words[H_FALLBACK] = tables.listed(c.names.zones.index(z) for z in fallback)


def _room_to_share(c: Compiling) -> None:
    """Room for letters and for parked contacts; each with as much behind it as one input or one contact may take."""
    words, tables = c.tables.words, c.tables
    state = words[H_RECORD_SIZE] + FIXED_WORDS + words[H_MAIL_SIZE] * MAIL + words[H_OUTBOX_SIZE] * OUT
    asked = (words[H_OUTBOX_SIZE] + len(c.timers)) * (RQ_FIRST + 2 * MOST_OFFERS)
    most = PK_FIRST + asked + state + state // GROUP + state // (GROUP * GROUPS) + 16
    words[H_LETTERS], words[H_LETTERS_SIZE] = tables.reserve(2 * LETTERS * LETTER), LETTERS
    words[H_PARKED], words[H_PARKED_SIZE] = tables.reserve(PARKED + 2 * most), PARKED
    words[H_PARKED_MOST] = most


def _room_to_merge(c: Compiling, most_held: int) -> None:
    """Room for what one contact leaves to another."""
    words, tables = c.tables.words, c.tables
    words[H_OTHER_SIZE] = words[H_RECORD_SIZE] + 2 + most_held * OUT
    words[H_OTHER] = tables.reserve(words[H_OTHER_SIZE])


def _most_held(c: Compiling) -> int:
    """How many messages one contact may hold: every visit one of each of its send steps."""
    return sum(len(c.slots[c.names.journeys[c.steps[step][0]]]) for step in c.step_sends)


def _room(c: Compiling, rows: int) -> None:
    """Work space and counters, behind the tables."""
    words, tables = c.tables.words, c.tables
    rows = max(rows, 2 * words[H_ROOM])
    words[H_REASONS] = len(c.reasons)
    if c.plan.merge is not None:
        words[H_MERGE] = tables.put(merge_lists(c))
    words[H_EVENT_CAUSES] = len(CAUSES) + len(c.reasons)
    words[H_N_STEPS] = 1 + len(c.steps)
    words[H_IMAGE] = tables.put(tables.image)
    words[H_RECORD], words[H_RECORD_SIZE] = TABLES, len(tables.image)
    words[H_MAIL], words[H_MAIL_SIZE] = tables.reserve((MAIL_MOST + 1) * MAIL), MAIL_MOST
    size = min(_most_held(c), OUTBOX_MOST)
    words[H_OUTBOX], words[H_OUTBOX_SIZE] = tables.reserve((size + 1) * OUT), size
    words[H_AGENDA] = tables.reserve((AGENDA_MOST + 1) * AGENDA)
    words[H_FORESEEN] = tables.reserve(1 + SEEN_MOST * SEE)
    more = 2 * (size + sum(map(len, c.slots.values())))  # what one event may end or decide, beyond a lane's own room
    words[H_ROWS], words[H_ROWS_SIZE] = tables.reserve((rows + more) * ROW), rows
    words[H_EVENT_ROWS] = tables.reserve(rows * EVENT_ROW)
    reserve_work(c)
    if c.plan.merge is not None:
        _room_to_merge(c, size)
    if c.supplies or c.plan.referral is not None:
        _room_to_share(c)
    c.first_counter = len(words) + tables.room
    words[H_SEND_COUNTS] = tables.reserve(words[H_WEEKS] * len(c.sends) * (N_FIXED + 2 * len(c.reasons)))
    words[H_STEP_COUNTS] = tables.reserve(len(c.steps) * STEP_COUNTS)
    words[H_ARM_COUNTS] = tables.reserve(len(c.names.journeys) * len(c.arms) * (ARM_COUNTS + 2 * len(c.reasons)))
    words[H_STAGE_COUNTS] = tables.reserve(len(c.names.stages) * (STAGE_COUNTS + 2 * len(c.reasons)))
    words[H_PRESSURE] = tables.reserve(PRESSURE_MOST + 1)
    words[H_TOTALS] = tables.reserve(TOTALS)
    if words[H_BEHAVIOUR] == REALISTIC:
        words[words[H_MODEL] + MO_COUNTS] = tables.reserve(2 * len(c.sends))
    for survey in c.surveys.values():
        words[survey + SV_COUNTS] = tables.reserve(2 * words[survey + SV_SCORES])
    words[H_EVENT_COUNTS] = tables.reserve(len(c.names.events))
    reserve_books(c)
    words[H_RULE_COUNTS] = tables.reserve(len(c.plan.rules) + len(tables.features))
    c.place_counters()
    place_ways(c)
