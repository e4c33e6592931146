"""Surveys with a scale (recommending from 0 to 10, content from 1 to 5): what realistic people would answer, and do."""

from __future__ import annotations

from bifurque.actors.layout import *
from bifurque.actors.mailbox import post
from bifurque.rules.compiled import Memory, kernel, real, seldom
from bifurque.rules.layout import *
from bifurque.rules.numbers import draw, log
from bifurque.rules.variates import logistic

P_ASK, P_SCORE, P_ANSWER = 0x5CA1E000, 0x5CA1E101, 0x5CA1E202


@seldom
def asked(m: Memory, survey: int, cause: int, t: int, send: int, visit: int, source: int, sees: bool) -> None:
    """A person is asked: counted is what it would say; it says so at t if it sees the question and cares to answer.

    Who thinks well answers more readily, or less: that is why answers are not what everybody thinks.
    """
    best = m[survey + SV_SCORES] - 1
    score = would_say(m, survey, cause)
    m[m[survey + SV_COUNTS] + 1 + best + score] += 1
    rank = float(score) / float(best) - 0.5
    share = logistic(real(m, survey + SV_ANSWERS) + real(m, survey + SV_BIAS) * rank)
    if not sees or draw(m[KEY], cause, P_ANSWER) >= share:
        return
    text, value = m[m[survey + SV_TEXTS] + score], m[survey + SV_FIRST] + score
    post(m, t, m[survey + SV_EVENT], text, value, send, visit, cause, source)


@kernel
def would_say(m: Memory, survey: int, cause: int) -> int:
    """The place of a score on the scale, 0 the worst: an ordered logit in satisfaction."""
    model = m[H_MODEL]
    by = real(m, survey + SV_MOOD) * (real(m, m[model + MO_CELLS] + ME_MOOD) - 0.6)
    u = draw(m[KEY], cause, P_SCORE)
    odds = log(u) - log(1.0 - u)
    best = m[survey + SV_SCORES] - 1
    for i in range(best):
        if odds < real(m, m[survey + SV_ODDS] + i) + by:
            return best - i
    return 0


@seldom
def answered(m: Memory, survey: int) -> int:
    """Count an answer that was waited for; its score, or MISSING if it is none."""
    for i in range(m[survey + SV_SCORES]):
        if m[m[survey + SV_TEXTS] + i] == m[IN_TEXT]:
            m[m[survey + SV_COUNTS] + i] += 1
            return m[survey + SV_FIRST] + i
    return MISSING
