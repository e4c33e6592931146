"""The lift of messages: one factor on what is assumed, so that the arms differ as they did.

Arms differ by what their messages add to the rate of purchases, on average over the time watched:
A = sum of (added when opened + added when clicked) · tau (1 - e^-(T - t)/tau) over the messages, by contact and time.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import structs

from bifurque.engine.calibrate_arms import Chances
from bifurque.engine.calibrate_figures import assumed, value_of
from bifurque.engine.fit_lift import Lift as Arms
from bifurque.engine.fit_likelihood import SURE, Reals
from bifurque.engine.fit_log import DAY, Assignments, Log
from bifurque.engine.fit_sendings import Sendings
from bifurque.engine.realistic import Known, Lift
from bifurque.rules.compiled import Words

if TYPE_CHECKING:
    from bifurque.engine.calibrate import Calibration

UNSURE = 1.0
"""How sure the lift assumed is, where the arms do not tell it from none: a standard error as large as itself."""


def scale_of_lift(c: Calibration, s: Sendings, guessed: Chances | None) -> Lift:
    """The section `lift`: measured where arms tell it, assumed elsewhere."""
    base, default = Lift(), c.source("default")
    plain: dict[str, Any] = {f.name: getattr(assumed(base, default), f.name) for f in structs.fields(Lift)}
    found = [_factor(c.log, s, arms, guessed) for arms in c.lifts if arms.random]
    best = min((f for f in found if f is not None), key=lambda f: f[1], default=None)
    if best is None:
        return Lift(**plain)
    factor, error, name = best
    sure = factor > SURE * error
    weight = 1.0 if sure else UNSURE**2 / (UNSURE**2 + error**2)
    factor, error = weight * factor + (1 - weight), math.sqrt(weight) * error
    status: Any = "estimated" if sure else "weak"
    if factor < 0:
        c.note("negative")
        factor = 0.0
    source = c.source("arms", name or c.log.file)
    figures = {
        n: Known(factor * value_of(getattr(base, n)), error * value_of(getattr(base, n)), status, source)
        for n in ("opened", "clicked")
    }
    reach = figures["opened"].value + figures["clicked"].value
    if reach > value_of(base.most):
        plain["most"] = Known(reach, status="assumed", source=c.source("reach"))
    return Lift(**(plain | figures))


def _factor(log: Log, s: Sendings, arms: Arms, guessed: Chances | None) -> tuple[float, float, str] | None:
    """By how much the lift assumed has to be multiplied: weighted least squares over the arms; with standard error."""
    effects = arms.effects.get("purchases", {})
    assigned = next(a for a in log.assignments if a.name == arms.name)
    expected = _expected(log, s, assigned, guessed)
    base = expected.get(arms.base, 0.0)
    top = bottom = 0.0
    for arm, effect in effects.items():
        more = expected[arm] - base
        if effect.relative is None or more <= 0 or effect.relative[1] <= 0:
            continue
        lift, error = effect.relative
        top += lift * more / error**2
        bottom += more**2 / error**2
    return (top / bottom, 1 / math.sqrt(bottom), arms.name) if bottom > 0 else None


def _expected(log: Log, s: Sendings, a: Assignments, guessed: Chances | None) -> dict[str, float]:
    """By arm, the mean lift the messages received would give, were it as assumed."""
    since = np.full(log.count, log.end + 1, np.int64)
    since[a.contact] = a.time
    until = np.minimum(since + (a.within or log.end), log.end)[s.contact] if len(s) else s.time
    mine = (s.time >= since[s.contact]) & (s.time < until)
    added = _added(s, until, Lift(), guessed) * mine
    by_contact = np.bincount(s.contact, weights=added, minlength=log.count)[a.contact]
    watched = np.minimum(a.within or log.end, log.end - a.time) / DAY
    found = {}
    for i, name in enumerate(a.arms):
        time = watched[a.arm == i].sum()
        found[name] = float(by_contact[a.arm == i].sum() / time) if time > 0 else 0.0
    return found


def _added(s: Sendings, until: Words, lift: Lift, guessed: Chances | None) -> Reals:
    """What each message adds in all until an instant, in days of the ordinary rate.

    Where nobody is known to have opened anything, everybody opens as much as is guessed.
    """
    days, opened, clicked = value_of(lift.days), value_of(lift.opened), value_of(lift.clicked)
    yes, click = (s.opened <= until).astype(float), (s.clicked <= until).astype(float)
    since = np.minimum(s.opened, until)
    if guessed is not None:
        (yes, click), since = guessed, s.time
    left = np.maximum(until - since, 0) / DAY
    return (opened * yes + clicked * click) * days * -np.expm1(-left / days)


def share_caused(log: Log, s: Sendings, lift: Lift, guessed: Chances | None, people: Words) -> float:
    """The mean lift of some people over the whole log: what messages add to their rate, as a share of it."""
    if not len(s) or not len(people):
        return 0.0
    until = np.full(len(s), log.end, np.int64)
    added = _added(s, until, lift, guessed) * np.isin(s.contact, people)
    return float(added.sum() / (len(people) * (log.end - log.start) / DAY))
