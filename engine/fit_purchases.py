"""When people buy, and when they stop: NBD, BG/NBD, MBG/NBD and Pareto/NBD by maximum likelihood, in weeks.

Of each customer three figures count: x purchases after the first, the last of them at t_x, watched until T.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from bifurque.engine.fit_likelihood import Fit, Reals, maximise, scipy, with_slopes
from bifurque.engine.fit_log import WEEK, Log
from bifurque.rules.compiled import Words
from bifurque.rules.errors import BifurqueError

NODES = 40
"""Of the quadrature: beyond some 30 the log-likelihood no longer changes in its tenth digit."""
LEAST_GAIN = 3.0
"""A drop-out that raises the log-likelihood by less is not told by the data: 5 % of lives without any reach it."""
LEAST_REPEATS = 20
LEAST_TWICE = 20
"""Customers seen to buy twice that are needed to tell how people differ, and whether they leave."""
PAIRS = (("r", "alpha"), ("s", "beta"), ("a", "b"))
LifeFrom = Literal["first_purchase", "start"]


@dataclass(frozen=True)
class Customers:
    """Customers as the models see them.

    Attributes:
        x: how often each bought after its clock started.
        last: when it bought last, in weeks since then; 0 if it never did.
        watched: how long it was watched, in weeks.
        weight: how many customers are alike.
        again: when each purchase after the start of a clock was, in weeks since the first clock started; in order.
        place: of each contact of the log, and of those of whom nothing is known, the row; -1 for no customer.
    """

    x: Reals
    last: Reals
    watched: Reals
    weight: Reals
    again: Reals
    place: Reals

    @property
    def mean(self) -> float:
        """Purchases a week while customers were watched."""
        return float(self.repeats / (self.watched @ self.weight))

    @property
    def twice(self) -> int:
        """How many of them bought twice or more after the clocks started."""
        return int(self.weight[self.x >= 2].sum())

    @property
    def starts(self) -> Reals:
        """When each clock started, in weeks since the first did."""
        return self.watched.max() - self.watched

    @property
    def count(self) -> int:
        """How many customers."""
        return int(self.weight.sum())

    @property
    def repeats(self) -> int:
        """How many purchases after the clocks started."""
        return int((self.x * self.weight).sum())


def customers(log: Log, rows: Words, life_from: LifeFrom = "first_purchase") -> Customers:
    """The customers of a log, and the purchases that stand in some of its rows.

    A clock starts at the first purchase, as for a cohort of buyers; or, when everybody has been watched from the start,
    with the event `joined`, or else on the first day of the log.
    """
    who, when = _baskets(log, rows)
    buyers, first, bought = np.unique(who, return_index=True, return_counts=True)
    counted = np.ones(len(who), bool)
    if life_from == "first_purchase":
        began, last, x = when[first], when[first + bought - 1], bought - 1
        counted[first] = False
    else:
        began = np.full(log.count, log.start, np.int64)
        joined = log.of("joined")[::-1]
        began[log.contact[joined]] = log.time[joined]
        x, last = np.zeros(log.count, np.int64), began.copy()
        counted = when >= began[who]
        x += np.bincount(who[counted], minlength=log.count)
        last[buyers] = np.maximum(when[first + bought - 1], began[buyers])
    weight = np.ones(len(x))
    if life_from == "start" and log.silent:
        x, last, began = np.append(x, 0), np.append(last, log.start), np.append(began, log.start)
        weight = np.append(weight, log.silent)
    again = np.sort(when[counted] - began.min()) / WEEK
    found = grouped(x, (last - began) / WEEK, (log.end - began) / WEEK, weight, again)
    if life_from == "start":
        return replace(
            found, place=np.concatenate([found.place, np.full(log.silent, found.place[-1])])[: log.count + log.silent]
        )
    place = np.full(log.count, -1, np.int64)
    place[buyers] = found.place
    return replace(found, place=place)


def _baskets(log: Log, rows: Words) -> tuple[Words, Words]:
    """Contact and time of each purchase: lines of one contact at one instant are one."""
    who, when = log.contact[rows], log.time[rows]
    fresh = np.ones(len(rows), bool)
    fresh[1:] = (who[1:] != who[:-1]) | (when[1:] != when[:-1])
    return who[fresh], when[fresh]


def grouped(
    x: Reals, last: Reals, watched: Reals, weight: Reals | None = None, again: Reals | None = None
) -> Customers:
    """Customers, those who are alike counted together."""
    every = np.column_stack([x, last, watched]).astype(float)
    alike, place = np.unique(every, axis=0, return_inverse=True)
    counts = np.bincount(place.ravel(), weights=weight, minlength=len(alike))
    times = np.zeros(0) if again is None else again
    return Customers(alike[:, 0], alike[:, 1], alike[:, 2], counts, times, place.ravel())


def _ln_gamma(x: Reals) -> Reals:
    return scipy("special").gammaln(x)


def _ln_beta(a: Reals, b: Reals) -> Reals:
    return scipy("special").betaln(a, b)


def nbd(c: Customers, p: Reals) -> Reals:
    """Log-likelihood of each customer: Poisson purchases at rates Gamma(r, alpha), for ever."""
    r, alpha = p
    return _ln_gamma(r + c.x) - _ln_gamma(r) + r * np.log(alpha) - (r + c.x) * np.log(alpha + c.watched)


def bg_nbd(c: Customers, p: Reals) -> Reals:
    """After each purchase but the first a customer leaves with a chance Beta(a, b) (Fader, Hardie & Lee 2005)."""
    r, alpha, a, b = p
    same = _ln_gamma(r + c.x) - _ln_gamma(r) + r * np.log(alpha)
    stays = _ln_beta(a, b + c.x) - _ln_beta(a, b) - (r + c.x) * np.log(alpha + c.watched)
    again = np.maximum(c.x, 1.0)
    left = _ln_beta(a + 1, b + again - 1) - _ln_beta(a, b) - (r + c.x) * np.log(alpha + c.last)
    return same + np.where(c.x > 0, np.logaddexp(stays, left), stays)


def mbg_nbd(c: Customers, p: Reals) -> Reals:
    """The same, but a customer may also leave right after the first purchase (Batislam, Denizel & Filiztekin 2007)."""
    r, alpha, a, b = p
    same = _ln_gamma(r + c.x) - _ln_gamma(r) + r * np.log(alpha) - _ln_beta(a, b)
    stays = _ln_beta(a, b + c.x + 1) - (r + c.x) * np.log(alpha + c.watched)
    left = _ln_beta(a + 1, b + c.x) - (r + c.x) * np.log(alpha + c.last)
    return same + np.logaddexp(stays, left)


def pareto_nbd(c: Customers, p: Reals) -> Reals:
    """Lives end at rates Gamma(s, beta), whatever is bought (Schmittlein, Morrison & Colombo 1987)."""
    return pareto_nbd_slopes(c, p)[0]


def pareto_nbd_slopes(c: Customers, p: Reals) -> tuple[Reals, Reals]:
    """Log-likelihood of each customer, and its slopes along r, alpha, s and beta.

    L = Γ(r+x)/Γ(r) α^r β^s [ (α+T)^-(r+x) (β+T)^-s + s ∫ (α+t)^-(r+x) (β+t)^-(s+1) dt over (t_x, T) ]: the integral by
    Gauss–Legendre in ln(α+t), where the integrand is nearly exponential; no hypergeometric function is needed.
    """
    r, alpha, s, beta = p
    psi = scipy("special").psi
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    low, high = np.log(alpha + c.last), np.log(alpha + c.watched)
    half = (high - low) / 2
    u = low[:, None] + half[:, None] * (nodes + 1)
    later = beta + np.maximum(np.exp(u) - alpha, 0.0)
    ln_later = np.log(later)
    ln = -(r + c.x - 1)[:, None] * (u - low[:, None]) - (s + 1) * ln_later
    top = ln.max(axis=1)
    part = np.exp(ln - top[:, None]) * weights
    inside = part.sum(axis=1)
    with np.errstate(divide="ignore"):
        dead = np.log(s) + top + np.log(half * inside) - (r + c.x - 1) * low
    alive = -(r + c.x) * high - s * np.log(beta + c.watched)
    either = np.logaddexp(alive, dead)
    same = _ln_gamma(r + c.x) - _ln_gamma(r) + r * np.log(alpha) + s * np.log(beta)
    is_alive, is_dead = np.exp(alive - either), np.exp(dead - either) / inside  # when in its time it died: `part`
    slopes = [
        psi(r + c.x) - psi(r) + np.log(alpha) - is_alive * high - is_dead * (part * u).sum(axis=1),
        r / alpha - (r + c.x) * (is_alive * np.exp(-high) + is_dead * (part * np.exp(-u)).sum(axis=1)),
        np.log(beta) - is_alive * np.log(beta + c.watched) + is_dead * (inside / s - (part * ln_later).sum(axis=1)),
        s / beta - is_alive * s / (beta + c.watched) - is_dead * (s + 1) * (part / later).sum(axis=1),
    ]
    return same + either, np.column_stack(slopes)


def nbd_repeats(t: Reals, p: Reals) -> Reals:
    """Expected purchases within t weeks: r t / alpha."""
    return p[0] * np.asarray(t) / p[1]


def bg_nbd_repeats(t: Reals, p: Reals) -> Reals:
    """Expected repeat purchases within t weeks: (a+b-1)/(a-1) [1 - (α/(α+t))^r 2F1(r, b; a+b-1; t/(α+t))]."""
    r, alpha, a, b = p
    t = np.asarray(t, float)
    curve = scipy("special").hyp2f1(r, b, a + b - 1, t / (alpha + t))
    return (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + t)) ** r * curve)


def mbg_nbd_repeats(t: Reals, p: Reals) -> Reals:
    """Expected repeat purchases within t weeks: b/(a-1) [1 - (α/(α+t))^r 2F1(r, b+1; a+b; t/(α+t))]."""
    r, alpha, a, b = p
    t = np.asarray(t, float)
    curve = scipy("special").hyp2f1(r, b + 1, a + b, t / (alpha + t))
    return b / (a - 1) * (1 - (alpha / (alpha + t)) ** r * curve)


def pareto_nbd_repeats(t: Reals, p: Reals) -> Reals:
    """Expected repeat purchases within t weeks: rβ/(α(s-1)) [1 - (β/(β+t))^(s-1)]."""
    r, alpha, s, beta = p
    t = np.asarray(t, float)
    if abs(s - 1) < 1e-9:
        return r * beta / alpha * np.log1p(t / beta)
    return r * beta / (alpha * (s - 1)) * -np.expm1((s - 1) * -np.log1p(t / beta))


@dataclass(frozen=True)
class Model:
    """A model of purchases: its figures, its likelihood, and what it expects."""

    names: tuple[str, ...]
    loglik: Callable[[Customers, Reals], Reals]
    repeats: Callable[[Reals, Reals], Reals]
    more: tuple[float, ...] = ()
    slopes: Callable[[Customers, Reals], tuple[Reals, Reals]] | None = None


MODELS = {
    "NBD": Model(("r", "alpha"), nbd, nbd_repeats),
    "BG/NBD": Model(("r", "alpha", "a", "b"), bg_nbd, bg_nbd_repeats, (0.8, 2.0)),
    "MBG/NBD": Model(("r", "alpha", "a", "b"), mbg_nbd, mbg_nbd_repeats, (0.8, 2.0)),
    "Pareto/NBD": Model(("r", "alpha", "s", "beta"), pareto_nbd, pareto_nbd_repeats, (0.6, 0.0), pareto_nbd_slopes),
}


def fit(name: str, c: Customers) -> Fit:
    """Fit one of `MODELS` to customers.

    Raises:
        BifurqueError: nobody ever bought again.
    """
    if c.repeats == 0:
        raise BifurqueError("nobody bought a second time: there is no rhythm of purchases to estimate")
    model = MODELS[name]
    mean = float(np.average(c.x, weights=c.weight))
    spread = float(np.average((c.x - mean) ** 2, weights=c.weight))
    watched = float(np.average(c.watched, weights=c.weight))
    r = float(np.clip(mean**2 / max(spread - mean, 0.05 * mean), 0.05, 20.0))
    more = [value or watched / 2 for value in model.more]

    start = np.array([r, r * watched / mean, *more])
    if model.slopes is not None:
        return _together(_with_slopes(model.names, model.slopes, c, start))

    def loglik(p: Reals) -> float:
        return float(model.loglik(c, p) @ c.weight)

    return _together(maximise(model.names, loglik, start, count=c.count))


def _together(found: Fit) -> Fit:
    """A shape and a scale that run away together are told by neither: only their ratio is."""
    lost = [pair for pair in PAIRS if set(pair) & set(found.edge)]
    covariance = found.covariance.copy()
    for i in [found.names.index(name) for pair in lost for name in pair]:
        covariance[i, i] = np.inf
    return replace(found, covariance=covariance)


def _with_slopes(
    names: tuple[str, ...], slopes: Callable[[Customers, Reals], tuple[Reals, Reals]], c: Customers, start: Reals
) -> Fit:
    def loss(working: Reals) -> tuple[float, Reals]:
        p = np.exp(working)
        ln, along = slopes(c, p)
        return -float(ln @ c.weight) / c.count, -(c.weight @ along) * p / c.count

    return with_slopes(
        names,
        loss,
        np.log(start),
        count=c.count,
        bounds=[(-9.0, 9.0)] * len(names),
        positive=np.ones(len(names), bool),
        flat=1e-8,
    )


def moves_of_rate(name: str, found: Fit, c: Customers, step: float = 1e-3) -> Reals:
    """By how much each contact moves the logarithm of the mean rate r/alpha: its slopes times the covariance."""
    model, p = MODELS[name], found.values
    slopes = []
    for i in range(len(p)):
        up, down = (p * np.exp(way * step * np.eye(len(p))[i]) for way in (1, -1))
        slopes.append((model.loglik(c, up) - model.loglik(c, down)) / (2 * step))
    known = np.where(np.isfinite(found.covariance), found.covariance, 0.0)
    rows = np.append(np.column_stack(slopes) @ (known[0] - known[1]), 0.0)  # the last for no customer
    return rows[c.place]


@dataclass(frozen=True)
class Purchases:
    """Every model fitted, and which of them to simulate with.

    Attributes:
        fits: by model.
        chosen: `Pareto/NBD`, or `NBD` where drop-out cannot be told.
        gain: what drop-out adds to the log-likelihood.
        customers: those it was fitted to.
    """

    fits: dict[str, Fit]
    chosen: str
    gain: float
    customers: Customers


def fit_all(c: Customers) -> Purchases:
    """Fit every model; drop-out is kept only when the data tell it from customers who merely buy rarely.

    Where customers leave but all seem to do so alike, s and beta run away together: leaving is told, its spread is not.
    """
    fits = {name: fit(name, c) for name in MODELS}
    gain = fits["Pareto/NBD"].loglik - fits["NBD"].loglik
    return Purchases(fits, "Pareto/NBD" if gain > LEAST_GAIN else "NBD", gain, c)


def expected_curve(name: str, p: Reals, c: Customers, weeks: Reals) -> Reals:
    """Purchases after the start of the clocks that a model expects of customers, week by week since the first clock.

    Args:
        name: one of `MODELS`.
        p: its figures.
        c: whose clocks count.
        weeks: at which weeks to look; they may lie ahead.
    """
    since = np.maximum(np.asarray(weeks, float)[:, None] - c.starts, 0.0)
    return MODELS[name].repeats(since, p) @ c.weight


def lived_curve(c: Customers, weeks: Reals) -> Reals:
    """The purchases after the start of the clocks that there were."""
    return np.searchsorted(c.again, np.asarray(weeks, float), side="right")
