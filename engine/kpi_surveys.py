"""Surveys with a scale: who answers, the Net Promoter Score or the share of the content, and what silence hides."""

from __future__ import annotations

from typing import Any

import numpy as np

from bifurque.actors.layout import N_REACHED, SV_COUNTS, SV_ODDS, SV_SCORES
from bifurque.engine.journey import SurveyStep
from bifurque.engine.names import SCALES, answers
from bifurque.engine.program import Program
from bifurque.engine.routes import stations
from bifurque.rules.compiled import Words
from bifurque.rules.layout import N_SENT

Figures = dict[str, Any]


def surveys(program: Program, counters: Words, steps: Words, sends: Words) -> Figures:
    """The figures of every survey with a scale, and of all surveys of one scale; nothing if there are none.

    Args:
        program: the compiled plan.
        counters: all counters of the run.
        steps: those of its steps.
        sends: those of its send rows.
    """
    if not program.surveys:
        return {}
    found: Figures = {}
    totals: dict[str, Any] = {}
    for name, row in program.surveys.items():
        size, at = int(program.words[row + SV_SCORES]), int(program.words[row + SV_COUNTS]) - program.first_counter
        said, meant = counters[at : at + 2 * size].reshape(2, size)
        latent = meant if program.words[row + SV_ODDS] else None
        scale = str(answers(program.names)[name].scale)
        asked = _asked(program, name, steps, sends)
        found[name] = _survey(scale, asked, said, latent)
        before = totals.get(scale, (0, np.zeros(size, np.int64), np.zeros(size, np.int64)))
        whole = None if latent is None or before[2] is None else before[2] + latent
        totals[scale] = (before[0] + asked, before[1] + said, whole)
    return {"surveys": found, "scales": {scale: _survey(scale, *total) for scale, total in totals.items()}}


def _survey(scale: str, asked: int, said: Words, meant: Words | None) -> Figures:
    answered = int(said.sum())
    figures: Figures = {"scale": scale, "asked": asked, "answered": answered}
    figures["response_rate"] = round(answered / asked, 6) if asked else 0.0
    figures[scale] = index(scale, said)
    if meant is not None:
        figures[f"{scale}_of_all"] = index(scale, meant)
    return figures | {"answers": {score: int(n) for score, n in zip(SCALES[scale], said, strict=True)}}


def index(scale: str, counts: Words) -> float | None:
    """NPS: promoters (9, 10) less detractors (0 to 6), in points; CSAT: the share of 4 and 5. None without answers."""
    total = int(counts.sum())
    if total == 0:
        return None
    if scale == "nps":
        return round(100 * int(counts[9:].sum() - counts[:7].sum()) / total, 2)
    return round(int(counts[3:].sum()) / total, 6)


def _asked(program: Program, survey: str, steps: Words, sends: Words) -> int:
    """How often a survey was asked: by messages that have left, or on the spot."""
    graphs = [station for j in program.names.journeys for station in stations(program.plan.journeys[j])]
    total = 0
    for number, station in enumerate(graphs):
        if not (isinstance(station.step, SurveyStep) and station.step.survey == survey and station.first):
            continue
        if station.part == "ask":
            total += sum(int(n[N_SENT]) for n, s in zip(sends, program.sends, strict=True) if s.step == number)
        else:
            total += int(steps[number, N_REACHED])
    return total
