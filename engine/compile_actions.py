"""Compiles actions: what steps and events set, give, withdraw and score."""

from __future__ import annotations

from collections.abc import Mapping

from bifurque.actors.layout import (
    AC_ANSWERED,
    AC_BIT,
    AC_GRANT,
    AC_HEARD,
    AC_SCORE,
    AC_SET,
    AC_STAGE,
    AC_WITHDRAW,
    ACTION,
    SURVEY,
    SV_EVENT,
    SV_FIRST,
    SV_SCORES,
    SV_TEXTS,
)
from bifurque.engine.compile_scores import score_row
from bifurque.engine.journey import ScoreStep, SetStep, SurveyStep
from bifurque.engine.names import choices, listed
from bifurque.engine.program import Compiling
from bifurque.engine.tables import NAN
from bifurque.rules.layout import IN_TEXT, MISSING, OP_END, OP_LOAD
from bifurque.rules.lowering import real_word
from bifurque.rules.syntax import Type

VISIT: dict[str, Type] = {"visit": "int"}


def compile_actions(c: Compiling, step: SetStep | ScoreStep) -> int:
    """The address of the actions of a `set` or `score` step."""
    rows: list[int] = []
    if isinstance(step, ScoreStep):
        for score, points in step.score.items():
            code, constant = c.tables.number(points, VISIT)
            rows += [AC_SCORE, score_row(c, score), code, constant, 0]
    else:
        rows += assignments(c, step.set, VISIT)
        rows += consents(c, AC_GRANT, step.grant)
        rows += consents(c, AC_WITHDRAW, step.withdraw)
    return c.tables.listed(rows, ACTION)


def assignments(c: Compiling, targets: Mapping[str, object], more: Mapping[str, Type]) -> list[int]:
    """Rows of what is set: facts, the stage, attributes."""
    rows: list[int] = []
    for target, value in targets.items():
        if target == "stage":
            rows += [AC_STAGE, 0, -1, c.names.stages.index(str(value)), 0]
        elif target.startswith("fact."):
            cell, bit = c.facts[target.removeprefix("fact.")]
            code = c.tables.code(value, more) if isinstance(value, str) else -1
            rows += [AC_BIT, cell, code, bit << 1 | (value is True), 0]
        else:
            rows += _attribute(c, target, value, more)
    return rows


def _attribute(c: Compiling, name: str, value: object, more: Mapping[str, Type]) -> list[int]:
    kind, cell = c.names.attributes[name], c.columns[name]
    watch = c.watch_list(name)
    if isinstance(value, str):
        return [AC_SET, cell, c.tables.value(value, kind, more), NAN if kind == "double" else MISSING, watch]
    assert isinstance(value, int | float)
    return [AC_SET, cell, -1, real_word(float(value)) if kind == "double" else int(value), watch]


def consents(c: Compiling, op: int, found: object) -> list[int]:
    """Rows that give or withdraw consents, one per word they stand in."""
    masks: dict[int, int] = {}
    for text in listed(found):
        for pair in c.names.consents(text):
            cell, bit = c.consent_bits[pair]
            masks[cell] = masks.get(cell, 0) | 1 << bit
    return [w for cell, mask in masks.items() for w in (op, cell, -1, mask, 0)]


def keep_answer(c: Compiling, step: object) -> int:
    """Keep the key of an `answered` event in an attribute; a score is counted, and kept as a number."""
    assert isinstance(step, SurveyStep)
    if step.scale is not None:
        cell, watch = (-1, 0) if step.sets is None else (c.columns[step.sets], c.watch_list(step.sets))
        return c.tables.listed([AC_ANSWERED, cell, -1, survey_row(c, step), watch], ACTION)
    if step.sets is None:
        return c.tables.listed([], ACTION)
    code = c.tables.put([OP_LOAD, IN_TEXT, 0, OP_END, 0, 0])
    return c.tables.listed([AC_SET, c.columns[step.sets], code, MISSING, c.watch_list(step.sets)], ACTION)


def survey_row(c: Compiling, step: SurveyStep) -> int:
    """The row of a survey with a scale: its scores, and room for what people are like."""
    if step.survey not in c.surveys:
        texts = c.tables.put(c.tables.text(t) for t in choices(step))
        at = c.surveys[step.survey] = c.tables.put([0] * SURVEY)
        scores = {SV_FIRST: int(choices(step)[0]), SV_SCORES: len(choices(step)), SV_TEXTS: texts}
        c.tables.fill(at, scores | {SV_EVENT: c.event("answered")})
    return c.surveys[step.survey]


def event_actions(c: Compiling, event: str) -> list[int]:
    """Rows of what an event changes: declared effects, then points, then silences that end."""
    from bifurque.engine.names import Names

    rows: list[int] = []
    declared = c.plan.events.get(event)
    if declared is not None:
        rows += assignments(c, declared.set, Names.event_types)
        rows += consents(c, AC_GRANT, declared.grant)
        rows += consents(c, AC_WITHDRAW, declared.withdraw)
    if event == "unsubscribed" and (declared is None or not declared.withdraw):
        rows += consents(c, AC_WITHDRAW, "all")
    for name, score in c.plan.scores.items():
        if event in score.on:
            code, constant = c.tables.number(score.on[event], Names.event_types)
            rows += [AC_SCORE, score_row(c, name), code, constant, 0]
    for name, score in c.plan.scores.items():
        for i, penalty in enumerate(score.penalties):
            if event in listed(penalty.without):
                rows += [AC_HEARD, c.silences[(name, i)], -1, 0, 0]
    return rows
