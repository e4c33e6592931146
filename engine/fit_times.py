"""When people look at what they were sent: how long they take, and at which hours they are awake.

Both at once: an open at 10:00 tells of the hour only once it is known how long the message had lain there. The clock
runs faster when people are awake: V(t) is the integral of the hours' weights, whose mean over a week is 1, and the
time to open, measured in V, is log-logistic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bifurque.engine.fit_likelihood import Fit, Reals, scipy, with_slopes
from bifurque.engine.fit_log import HOUR, Log
from bifurque.engine.fit_sendings import NEVER, WINDOW, Sendings
from bifurque.engine.realistic import Clock
from bifurque.rules.compiled import Words

LEAST_HOURS, LEAST_LAW = 500, 50
"""Opens needed to estimate the hours, and the law alone."""
MOST = 30_000
IMAGINED = 1.0
"""Imagined opens by hour, spread as the hours assumed: they decide only where nobody was ever seen."""
MONDAY = 4
"""Day 0, the first of January 1970, was a Thursday: the week of the tables begins on Monday the fifth."""


@dataclass(frozen=True)
class Times:
    """The law of the time to open by channel, and the clock of all.

    Attributes:
        laws: by channel, `hours` (the median) and `shape`; that of the commonest channel also `hour:0` … `weekend`.
        hours: weight of each hour of the day, of mean 1; those assumed if they are not estimated.
        weekend: factor on Saturdays and Sundays: value and standard error; None if it is not estimated.
        from_clicks: whether clicks were looked at, since machines' opens are not told apart.
    """

    laws: dict[int, Fit]
    hours: tuple[float, ...]
    weekend: tuple[float, float] | None
    from_clicks: bool

    def seen(self, channel: Words) -> Reals:
        """Of messages on some channels, the share of opens that come within the window."""
        found = np.ones(len(channel))
        for code, law in self.laws.items():
            v = WINDOW / HOUR / law.value("hours")
            found[channel == code] = 1.0 / (1.0 + v ** -law.value("shape"))
        return found


def times(log: Log, s: Sendings) -> Times | None:
    """The law of the time to open; None when too few messages were opened.

    Where machines open and are not told apart, clicks stand in for opens: people click seconds after they open. The
    clock is read on the commonest channel, the others only tell their own law.
    """
    clicked = s.clicked - s.time <= WINDOW
    from_clicks = not log.machines_known and int((clicked & s.settled).sum()) >= LEAST_HOURS
    moment = s.clicked if from_clicks else s.opened
    usable = s.settled & (moment < NEVER) & (moment - s.time <= WINDOW) & (moment > s.time)
    codes, counts = np.unique(s.channel[usable], return_counts=True)
    laws: dict[int, Fit] = {}
    clock = assumed_clock()
    for code, count in sorted(zip(codes.tolist(), counts.tolist(), strict=True), key=lambda pair: -pair[1]):
        if count < LEAST_LAW:
            continue
        rows = np.nonzero(usable & (s.channel == code))[0]
        if len(rows) > MOST:
            rows = np.sort(np.random.default_rng(0).choice(rows, MOST, replace=False))
        spans, at = _spans(log.local(s.time[rows]), log.local(moment[rows]))
        laws[code] = law(spans, at, clock, hours_too=not laws and count >= LEAST_HOURS)
        if "weekend" in laws[code].names:
            clock = laws[code].working[2:27]
    if not laws:
        return None
    first = next(iter(laws.values()))
    told = "weekend" in first.names
    weights = np.exp(clock[:24])
    weekend = (first.value("weekend"), first.error("weekend")) if told else None
    return Times(laws, tuple((weights / weights.mean()).tolist()), weekend, from_clicks)


def _spans(sent: Words, moment: Words) -> tuple[Reals, Words]:
    """Hours between sending and opening by class of hour, and the class of the open.

    There are 48 classes: the hours of the day from Monday to Friday, then those of the weekend.
    """
    of_week = np.concatenate([np.tile(np.arange(24), 5), np.tile(np.arange(24, 48), 2)])
    passed = np.zeros((169, 48))
    passed[np.arange(1, 169), of_week] = 1.0
    passed = passed.cumsum(axis=0)

    def until(t: Words) -> Reals:
        weeks, second = np.divmod(t - MONDAY * 24 * HOUR, 168 * HOUR)
        hour, rest = np.divmod(second, HOUR)
        return weeks[:, None] * passed[168] + passed[hour] + (rest / HOUR)[:, None] * np.eye(48)[of_week[hour]]

    second = np.mod(moment - MONDAY * 24 * HOUR, 168 * HOUR)
    return until(moment) - until(sent), of_week[second // HOUR]


def assumed_clock() -> Reals:
    """The logarithms of the hours' weights as they are assumed, and of the weekend's factor."""
    clock = Clock()
    assert isinstance(clock.weekend, int | float)
    return np.log(np.array([*clock.hours, clock.weekend]))


def law(spans: Reals, at: Words, clock: Reals, *, hours_too: bool) -> Fit:
    """Maximum likelihood of the delay given that it was seen in time, and of the clock or on a clock that is known.

    Mean loss of an open: -ln f(V) - ln k(hour of the open) + ln F(window), f and F log-logistic.
    """
    expit = scipy("special").expit
    count, hour = len(at), np.arange(48) % 24
    week = np.concatenate([np.full(24, 5.0), np.full(24, 2.0)]) / 168
    often = np.bincount(at, minlength=48).astype(float)
    usual = np.exp(assumed_clock()[:24])
    prior = IMAGINED * 24 * usual / usual.sum()

    def loss(x: Reals) -> tuple[float, Reals]:
        ln_k = x[2:26][hour] + np.where(np.arange(48) >= 24, x[26], 0.0)
        k = np.exp(ln_k)
        mean = k @ week
        v = np.maximum(spans @ k / mean, 1e-6)
        shape = np.exp(x[1])
        z = np.log(v) - x[0]
        odds = expit(shape * z)  # F(v)
        end = np.log(WINDOW / HOUR) - x[0]
        missed = expit(-shape * end)  # 1 - F(window)
        ln = count * (x[1] + np.logaddexp(0.0, -shape * end))
        ln += float((shape * z - np.log(v) - 2 * np.logaddexp(0.0, shape * z)).sum())
        ln += float(often @ (ln_k - np.log(mean)))
        by_z = shape * (1 - 2 * odds)  # slope along ln v, but for the -ln v of the density
        slopes = np.zeros(27)
        slopes[0] = -by_z.sum() - count * (-missed * shape)
        slopes[1] = count + ((1 - 2 * odds) * z).sum() * shape - count * missed * shape * end
        by_v = (by_z - 1.0) / v
        by_k = (by_v @ spans) / mean - (by_v @ v) * week / mean
        by_ln_k = by_k * k + often - count * k * week / mean
        slopes[2:26] = by_ln_k[:24] + by_ln_k[24:]
        slopes[26] = by_ln_k[24:].sum()
        if hours_too:
            spread = np.exp(x[2:26])
            ln += float(prior @ (x[2:26] - np.log(spread.sum())))
            slopes[2:26] += prior - prior.sum() * spread / spread.sum()
        return -ln / count, -slopes / count

    start = np.concatenate([[np.log(5.0), np.log(0.8)], clock])
    names = ("hours", "shape", *(f"hour:{h}" for h in range(24)), "weekend")
    free = 27 if hours_too else 2

    def some(x: Reals) -> tuple[float, Reals]:
        value, slopes = loss(np.concatenate([x, start[free:]]))
        return value, slopes[:free]

    return with_slopes(names[:free], some, start[:free], count=count, positive=np.ones(free, bool))
