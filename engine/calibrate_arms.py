"""What arms drawn by lot tell of visits, where a log holds no clicks: who was sent something visits more.

In the model a click is a visit. So the visitors an arm has more than its control are those who clicked: with chance q a
message, 1 - v = (1 - v0) (1 - q)^n, n the messages each contact was sent.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from msgspec import structs

from bifurque.engine.calibrate_figures import value_of, weighed
from bifurque.engine.fit_lift import Lift as Arms
from bifurque.engine.fit_lift import counts
from bifurque.engine.fit_likelihood import Reals, scipy
from bifurque.engine.fit_log import CLICKED, WEEK
from bifurque.engine.fit_sendings import NEVER, Sendings
from bifurque.engine.realistic import Effect, Known, Reads, Tiredness
from bifurque.engine.sectors import usual

if TYPE_CHECKING:
    from bifurque.engine.calibrate import Calibration

Chances = tuple[Reals, Reals]
ATTENUATED = 16 * math.sqrt(3) / (15 * math.pi)
"""A normal spread on the logit scale, times this, flattens the mean of shares as much (Zeger, Liang & Albert 1988)."""


def trial_without_clicks(c: Calibration, s: Sendings) -> Arms | None:
    """The comparison with people sent nothing, if the log has one and holds no click."""
    if not len(s) or len(c.log.of(CLICKED)):
        return None
    good = (a for a in c.lifts if a.random and a.sends[a.base] == 0 and "visits" in a.arms)
    return next(good, None)


def visits_of_control(c: Calibration, arms: Arms, visit: str) -> tuple[float, float]:
    """Visits a week of those who were sent nothing, all of them their own; with its standard error.

    Where nobody visits twice, the log only says whether they did: of n visits 1 - e^-n is seen.
    """
    assigned = next(a for a in c.log.assignments if a.name == arms.name)
    mine = assigned.arm == assigned.arms.index(arms.base)
    weeks = np.minimum(assigned.within or c.log.end, c.log.end - assigned.time)[mine] / WEEK
    came = counts(c.log, assigned, visit)[mine]
    value = float(came.sum() / weeks.sum())
    error = float(np.sqrt(((came - value * weeks) ** 2).sum()) / weeks.sum())
    seen = float(came.mean())
    return (value, error) if came.max(initial=0) > 1 else (value * -math.log1p(-seen) / seen, error / (1 - seen))


def clicks_of_arms(c: Calibration, s: Sendings, arms: Arms, reads: dict[str, Reads]) -> dict[str, Effect]:
    """Put into `reads` the share of clicks that the arms' visitors tell; how the messages of each arm differ in it."""
    assigned = next(a for a in c.log.assignments if a.name == arms.name)
    arm_of = np.full(c.log.count, -1, np.int64)
    arm_of[assigned.contact] = assigned.arm
    opens, clicks = chances(c, s, reads, {})
    base, found = arms.arms["visits"][arms.base], {}
    for i, name in enumerate(assigned.arms):
        mine = np.nonzero(arm_of[s.contact] == i)[0]
        mean = arms.arms["visits"].get(name)
        if name == arms.base or mean is None or not len(mine) or mean.value <= base.value:
            continue
        left = ((1 - mean.value) / (1 - base.value)) ** (1 / arms.sends[name])
        wide = math.hypot(mean.error / (1 - mean.value), base.error / (1 - base.value)) / arms.sends[name]
        q, assumed = (1 - left) / float(opens[mine].mean()), float((clicks[mine] / opens[mine]).mean())
        if 0 < q < 1:
            shift = math.log(q / (1 - q)) - math.log(assumed / (1 - assumed))
            found[name] = (shift, left * wide / (1 - left) / (1 - q), mine)
    if not found:
        return {}
    code = int(s.channel[next(iter(found.values()))[2][0]])
    channel = c.log.words["channel"][code] if code >= 0 else "email"
    return _put(c, s, channel, reads, found)


def _put(
    c: Calibration, s: Sendings, channel: str, reads: dict[str, Reads], found: dict[str, tuple[float, float, Reals]]
) -> dict[str, Effect]:
    """The arms' shifts on the logit of clicks: their mean to the channel, what is left to messages of one arm alone."""
    shifts, errors = (np.array([f[i] for f in found.values()]) for i in (0, 1))
    weight = errors**-2 / (errors**-2).sum()
    middle, error = float(weight @ shifts), float((errors**-2).sum() ** -0.5)
    read, source = reads[channel], c.source("arms_visits")
    stretch = _stretch(c, channel, read.click_spread, "click_spread")
    share = _moved(value_of(read.click), middle)
    base = usual(c.sector, channel)
    told = weighed((share, error * share * (1 - share)), base.click, "share", source, c.source("default"))
    reads[channel] = structs.replace(read, click=told)
    spread = float(np.mean((shifts - middle) ** 2 - errors**2))
    effects = {}
    for name, (shift, own, mine) in found.items():
        sent = np.unique(s.message[mine])
        alone = len(sent) == 1 and sent[0] >= 0 and (s.message == sent[0]).sum() == len(mine)
        if spread > 0 and alone and name:
            kept = spread / (spread + own**2)
            known = Known(kept * (shift - middle) * stretch, math.sqrt(kept) * own * stretch, "estimated", source)
            effects[c.log.words["message"][sent[0]]] = Effect(click=known)
    return effects


def chances(c: Calibration, s: Sendings, reads: dict[str, Reads], effects: dict[str, Effect]) -> Chances:
    """Of each message, how likely it is opened, and clicked, by what is known of its channel: fatigue as it was."""
    tired, rest = Tiredness(), np.log(2.0) - np.log1p(s.tired)
    opens, clicks = np.zeros(len(s)), np.zeros(len(s))
    words = c.log.words
    for code in np.unique(s.channel).tolist():
        name, mine = words["channel"][code] if code >= 0 else "email", s.channel == code
        read, base = reads[name], usual(c.sector, name)
        flat = 1 / _stretch(c, name, read.open_spread, "open_spread")
        opens[mine] = _moved(value_of(read.open or base.open), flat * value_of(tired.opens) * rest[mine])
        flat = 1 / _stretch(c, name, read.click_spread, "click_spread")
        clicks[mine] = _moved(value_of(read.click or base.click), flat * value_of(tired.clicks) * rest[mine])
        for message, effect in effects.items():
            at = mine & (s.message == words["message"].index(message))
            clicks[at] = _moved(clicks[at], flat * value_of(effect.click))
    return opens, opens * clicks


def _moved(share: Reals, by: Reals) -> Reals:
    """A share moved on the logit scale."""
    special = scipy("special")
    return special.expit(special.logit(share) + by)


def _stretch(c: Calibration, channel: str, spread: object, name: str) -> float:
    """By how much more people's own logits move than that of their mean."""
    wide = value_of(spread if isinstance(spread, Known | int | float) else getattr(usual(c.sector, channel), name))
    return math.sqrt(1 + (ATTENUATED * wide) ** 2)


def unseen(c: Calibration, s: Sendings, reads: dict[str, Reads], effects: dict[str, Effect]) -> Chances | None:
    """The chances of opens and clicks where nobody is known to have opened anything; otherwise none are needed."""
    return None if not len(s) or (s.opened < NEVER).any() else chances(c, s, reads, effects)
