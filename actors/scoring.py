"""What a contact's scores set off: stages that rise and fall, triggers at a crossing, penalties for silence."""

from __future__ import annotations

from bifurque.actors.books import moved
from bifurque.actors.layout import *
from bifurque.actors.mailbox import propose, set_timer
from bifurque.actors.tally import stage_count
from bifurque.rules.chaining import compare_values, observe, touch
from bifurque.rules.compiled import Memory, as_real, kernel, put_real, real
from bifurque.rules.decisions import emit
from bifurque.rules.layout import *
from bifurque.rules.localtime import after
from bifurque.rules.scores import best, decayed, falls_below, value


@kernel
def set_stage(m: Memory, stage: int, t: int) -> None:
    """Enter a stage: a row, and the triggers that wait for it."""
    if m[STAGE] == stage:
        return
    moved(m, 1 + m[STAGE], stage, t)
    m[STAGE], m[CHANGED] = stage, 1
    touch(m, STAGE)
    stage_count(m, G_ENTERED, 1)
    emit(m, t, 0, m[H_N_STEPS] + stage, 0, 0, NO_OUTCOME, NO_REASON, 0, 0, C_STAGE, 0, 0)
    triggers = m[m[H_STAGE_ENTRY] + stage]
    for i in range(m[triggers]):
        trigger = m[triggers + 1 + i]
        propose(m, m[trigger + TR_JOURNEY], NO_KEY, t, m[trigger + TR_CAUSE])


@kernel
def gain(m: Memory, score: int, cell: int, points: float, t: int) -> None:
    """Add points (or take them away) in one cell of a score, and do what the crossings call for."""
    m[CHANGED] = 1
    if m[score + SC_VALUES] != 0:
        observe(m, m[score + SC_VALUES], t)
    rises, falls = m[score + SC_RISES], m[score + SC_FALLS]
    was = decayed(m, score, cell, t)
    now = max(was + points, 0.0)
    if m[score + SC_KEYED] == 1 and m[rises] + m[falls] > 0:
        was = value(m, score, ANY_KEY, t)
    above = was
    if m[falls] > 0 and m[m[H_TIMERS] + m[score + SC_TIMER]] == t:
        above = value(m, score, ANY_KEY, t - 1)  # the fall of this very second has not been told yet
    put_real(m, cell + CELL_VALUE, now)
    m[cell + CELL_TIME] = t
    if m[score + SC_VALUES] != 0:
        compare_values(m, m[score + SC_VALUES], t)
    if m[score + SC_KEYED] == 1 and m[rises] + m[falls] > 0:
        now = value(m, score, ANY_KEY, t)
    for i in range(m[rises]):
        row = rises + 1 + i * THRESHOLD
        if was < real(m, row + TH_AT) <= now:
            cross(m, score, row, t, True)
    for i in range(m[falls]):
        row = falls + 1 + i * THRESHOLD
        if now < real(m, row + TH_AT) <= above:
            cross(m, score, row, t, False)
    if m[falls] > 0:
        watch_fall(m, score, now, points > 0.0)
    if m[m[score + SC_SILENCES]] > 0:
        hear(m, score, points, t)


@kernel
def cross(m: Memory, score: int, row: int, t: int, rising: bool) -> None:
    """One threshold is crossed: a journey's trigger fires, or the stage tied to it is entered or left."""
    target = m[row + TH_TARGET]
    if m[row + TH_KIND] == TH_TRIGGER:
        key = m[best(m, score) + CELL_KEY] if m[score + SC_KEYED] == 1 else NO_KEY
        propose(m, m[target + TR_JOURNEY], key, t, m[target + TR_CAUSE])
    elif rising:
        if m[STAGE] < target:
            set_stage(m, target, t)
    elif m[STAGE] == target:
        set_stage(m, target - 1, t)


@kernel
def watch_fall(m: Memory, score: int, now: float, lazily: bool) -> None:
    """Set the timer to the first second below the highest threshold the score still reaches.

    More points only put that second off: with `lazily` a timer already set for the same threshold stays, and is set
    right when it fires.
    """
    falls = m[score + SC_FALLS]
    at = 0
    while at < m[falls] and real(m, falls + 1 + at * THRESHOLD + TH_AT) > now:
        at += 1
    watched = m[score + SC_WATCHED]
    if lazily and m[watched] == at:
        return
    m[watched] = at
    due = NEVER
    if at < m[falls]:
        due = falls_below(m, score, best(m, score), real(m, falls + 1 + at * THRESHOLD + TH_AT))
    set_timer(m, m[score + SC_TIMER], due)


@kernel
def fall(m: Memory, score: int, t: int) -> None:
    """The timer of a score fires: it may be below a threshold that it was above one second ago."""
    was, now = value(m, score, ANY_KEY, t - 1), value(m, score, ANY_KEY, t)
    falls = m[score + SC_FALLS]
    for i in range(m[falls]):
        row = falls + 1 + i * THRESHOLD
        if now < real(m, row + TH_AT) <= was:
            cross(m, score, row, t, False)
    watch_fall(m, score, now, False)


@kernel
def hear(m: Memory, score: int, points: float, t: int) -> None:
    """A penalty that had nothing left to take away runs again once there are points."""
    silences = m[score + SC_SILENCES]
    for i in range(m[silences]):
        row = m[silences + 1 + i]
        timer = m[row + SI_TIMER]
        if points > 0.0 and m[m[H_TIMERS] + timer] == NEVER:
            due = max(m[m[row + SI_LAST]], m[LIFE])
            while due <= t:
                due = after(m, due, m[row + SI_DAYS], m[row + SI_SECONDS])
            set_timer(m, timer, due)


@kernel
def heard(m: Memory, row: int, t: int) -> None:
    """The event a penalty waits for has happened: its silence starts anew."""
    m[m[row + SI_LAST]] = t
    set_timer(m, m[row + SI_TIMER], after(m, t, m[row + SI_DAYS], m[row + SI_SECONDS]))


@kernel
def punish(m: Memory, row: int, t: int) -> None:
    """A silence has lasted one more period: every key of the score loses points."""
    score = m[row + SI_SCORE]
    set_timer(m, m[row + SI_TIMER], after(m, t, m[row + SI_DAYS], m[row + SI_SECONDS]))
    cell = m[score + SC_CELLS]
    for _ in range(m[score + SC_KEYS]):
        if m[score + SC_KEYED] == 1 and m[cell + CELL_KEY] == NO_KEY:
            break
        gain(m, score, cell, -as_real(m[row + SI_POINTS]), t)
        cell += SCORE_CELLS
    if value(m, score, ANY_KEY, t) == 0.0:
        set_timer(m, m[row + SI_TIMER], NEVER)
