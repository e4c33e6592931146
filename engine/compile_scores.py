"""Compiles scores: their words, what passing a threshold sets off, what silence costs."""

from __future__ import annotations

from bifurque.actors.layout import (
    SILENCE,
    TH_STAGE,
    WAKES_FALL,
    WAKES_SILENCE,
)
from bifurque.engine.plan import Score, Stage
from bifurque.engine.program import Compiling
from bifurque.rules.layout import (
    CELL_KEY,
    H_SCORES,
    NEVER,
    NO_KEY,
    OP_SCORE,
    SC_CELLS,
    SC_FALLS,
    SC_HALF,
    SC_KEYED,
    SC_KEYS,
    SC_RECENT,
    SC_RISES,
    SC_SILENCES,
    SC_TIMER,
    SC_WATCHED,
    SCORE,
    SCORE_CELLS,
)
from bifurque.rules.lowering import real_word

NOTHING_WATCHED = -1


def compile_scores(c: Compiling) -> None:
    """Give scores their rows and words; thresholds come once triggers are known."""
    tables = c.tables
    c.score_rows = tables.words[H_SCORES] = tables.put([0] * SCORE * len(c.plan.scores))
    for name, score in c.plan.scores.items():
        keys = score.keys if score.by else 1
        cells = tables.cells(keys * SCORE_CELLS)
        for k in range(keys):
            tables.start_with(cells + k * SCORE_CELLS + CELL_KEY, NO_KEY)
        row = {
            SC_CELLS: cells,
            SC_KEYS: keys,
            SC_KEYED: 1 if score.by else 0,
            SC_HALF: real_word(float(score.half_life.elapsed if score.half_life else 0)),
            SC_RECENT: tables.cells(1, NO_KEY),
            SC_WATCHED: tables.cells(1, NOTHING_WATCHED),
        }
        tables.fill(score_row(c, name), row)
        tables.loads[f"score.{name}"] = [OP_SCORE, score_row(c, name), 0]
        c.thresholds[name] = []
    for i, stage in enumerate(c.plan.stages):
        if isinstance(stage, Stage) and stage.score is not None:
            c.thresholds[stage.score].append((stage.at, True, TH_STAGE, i))
            c.thresholds[stage.score].append((stage.at - stage.hysteresis, False, TH_STAGE, i))


def score_row(c: Compiling, name: str) -> int:
    """The address of a score's row."""
    return c.score_rows + list(c.plan.scores).index(name) * SCORE


def finish_scores(c: Compiling) -> None:
    """Lists of thresholds, their timers, and the penalties."""
    tables = c.tables
    for name, score in c.plan.scores.items():
        row = score_row(c, name)
        rises = sorted((t for t in c.thresholds[name] if t[1]), key=lambda t: t[0])
        falls = sorted((t for t in c.thresholds[name] if not t[1]), key=lambda t: -t[0])
        tables.fill(
            row,
            {
                SC_RISES: tables.listed((w for t in rises for w in (real_word(t[0]), t[2], t[3])), 3),
                SC_FALLS: tables.listed((w for t in falls for w in (real_word(t[0]), t[2], t[3])), 3),
                SC_TIMER: c.timer(WAKES_FALL, row) if falls else -1,
                SC_SILENCES: _penalties(c, name, score),
            },
        )


def _penalties(c: Compiling, name: str, score: Score) -> int:
    rows = []
    for i, penalty in enumerate(score.penalties):
        at = c.tables.put([0] * SILENCE)
        timer = c.timer(WAKES_SILENCE, at)
        points, wait = real_word(penalty.points), penalty.after
        last = c.tables.cells(1, -NEVER)
        c.tables.words[at : at + SILENCE] = [score_row(c, name), points, wait.days, wait.seconds, timer, last]
        c.silences[(name, i)] = at
        rows.append(at)
    return c.tables.listed(rows)
