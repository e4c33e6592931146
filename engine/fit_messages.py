"""What people do with messages: opens, clicks, unsubscriptions, and what many messages do to them.

A contact who opens much is sent more: over everybody, those who receive most open most. What one more message does to
one contact is told apart by that contact's own mean as a covariate (Mundlak 1978).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bifurque.engine.fit_likelihood import SURE, Fit, Reals, errors_of, scipy
from bifurque.engine.fit_logit import logistic, mixed, shares_over
from bifurque.engine.fit_sendings import NEVER, WINDOW, Flags, Sendings
from bifurque.rules.compiled import Words

MOST_CASES, FEWER_CASES = 100_000, 12_000
"""So many messages are enough for all figures but the rarest, and are looked at in seconds."""
LEAST_CASES, LEAST_YES, MOST_MESSAGES = 200, 30, 30
MOST_CLASSES, IN_A_CLASS, IN_A_CLASS_EACH = 8, 60, 8
HALF_LIVES = (2.0, 4.0, 7.0, 12.0, 20.0, 30.0)


@dataclass(frozen=True)
class Answers:
    """How often people do something with a message, by channel.

    Attributes:
        fit: the regression.
        share: by channel, of people at one message a week (F = 1): value and standard error.
        spread: by channel, how much people differ on the logit scale.
        tired: taken off the logit, times ln(1 + F).
        repeats: taken off the logit for each time the same message came before; None if none came twice.
        messages: by message, what is added to the logit of its channel's mean.
        pooled: what `tired` seems to be when people are not told apart.
        cases: how many messages.
    """

    fit: Fit
    share: dict[int, tuple[float, float]]
    spread: dict[int, tuple[float, float]]
    tired: tuple[float, float]
    repeats: tuple[float, float] | None
    messages: dict[int, tuple[float, float]]
    pooled: tuple[float, float]
    cases: int


def opens(s: Sendings, seen: Reals | None = None) -> Answers | None:
    """How often people open; None when too few messages were opened, or left unopened.

    Args:
        s: messages sent.
        seen: for each the share of opens that come within the window, by the law of the time to open.
    """
    rows = np.nonzero(s.settled & ~s.bounced)[0]
    done = (s.opened[rows] - s.time[rows]) <= WINDOW
    return _answers(s, rows, done, None if seen is None else seen[rows])


def clicks(s: Sendings) -> Answers | None:
    """How often people click on what they have opened."""
    rows = np.nonzero(s.settled & ~s.bounced & (s.opened - s.time <= WINDOW))[0]
    return _answers(s, rows, s.clicked[rows] < NEVER, None)


def _answers(s: Sendings, rows: Words, done: Flags, seen: Reals | None) -> Answers | None:
    told = _told(s.channel[rows], done)
    rows, done, seen = rows[told], done[told], None if seen is None else seen[told]
    pick = _some(s.contact[rows], MOST_CASES)
    rows, done, seen = rows[pick], done[pick], None if seen is None else seen[pick]
    if len(rows) < LEAST_CASES:
        return None
    design = Design(s, rows, done)
    y = done.astype(float)
    fit = design.fit(y, seen)
    crude = logistic(("mean", "tired"), np.column_stack([np.ones(len(y)), design.tired]), y)
    share, spread = {}, {}
    for i, channel in enumerate(design.channels):
        share[channel], spread[channel] = _of_people(fit, design, i)
    return Answers(
        fit=fit,
        share=share,
        spread=spread,
        tired=_minus(fit, "tired"),
        repeats=_minus(fit, "repeats") if "repeats" in fit.names else None,
        messages=design.effects(fit),
        pooled=_minus(crude, "tired"),
        cases=len(rows),
    )


def _told(channel: Words, done: Flags) -> Flags:
    """The rows of channels on which something was done, and left undone, often enough to tell."""
    yes, no = (np.bincount(channel[d] + 1, minlength=int(channel.max(initial=0)) + 2) for d in (done, ~done))
    return np.minimum(yes, no)[channel + 1] >= LEAST_YES


def _some(contact: Words, most: int) -> Words:
    """The rows of as many contacts as are enough, drawn by a fixed generator."""
    if len(contact) <= most:
        return np.arange(len(contact))
    people, place = np.unique(contact, return_inverse=True)
    drawn = np.random.default_rng(0).random(len(people)) < most / len(contact)
    return np.nonzero(drawn[place])[0]


def _minus(fit: Fit, name: str) -> tuple[float, float]:
    return -fit.value(name), fit.error(name)


class Design:
    """The columns of the regression: channels, fatigue, repetition, what each contact is sent on the whole, messages.

    What a contact is sent on the whole (its means of fatigue and repetition, its class by how often) stands for all
    that made somebody send it more or less: what is left is told by the contact alone.
    """

    def __init__(self, s: Sendings, rows: Words, done: Flags, *, whole: bool = True) -> None:
        channel, self.message = s.channel[rows], s.message[rows]
        self.channels = np.unique(channel).tolist()
        self.tired = np.log1p(s.tired[rows])
        pairs, group = np.unique(np.column_stack([s.contact[rows], channel]), axis=0, return_inverse=True)
        self.group = group.ravel()
        self.kind = np.searchsorted(self.channels, pairs[:, 1])
        columns = {f"channel:{c}": (channel == c).astype(float) for c in self.channels}
        columns["tired"] = self.tired - np.log(2.0)
        own = {"tired": self._mean(self.tired)}
        repeats = s.repeats[rows]
        if repeats.std() > 0.1 and len(np.unique(self.message)) > 1:
            columns["repeats"] = repeats
            own["repeats"] = self._mean(repeats)
        classes = self._classes(self._mean(s.reached[rows]), done) if whole else {}
        own |= classes
        self.own = {name: values - values.mean() for name, values in own.items()}
        columns |= {f"own:{name}": values[self.group] for name, values in self.own.items()}
        self.spreads = {f"spread:{c}": (self.kind == i).astype(float) for i, c in enumerate(self.channels)}
        if classes:  # those who are sent much are known better by that alone
            rank = sum(values * k for k, values in enumerate(classes.values(), 1))
            self.spreads["spread:class"] = rank - rank.mean()
        self.first: list[tuple[int, list[int]]] = []
        for m in self._messages(channel) if whole else ():
            columns[f"message:{m}"] = (self.message == m) - self._share(m, channel)
        self.names, self.x = tuple(columns), np.column_stack(list(columns.values()))

    def fit(self, y: Reals, seen: Reals | None = None) -> Fit:
        """The regression with a propensity for each contact and channel."""
        order = np.argsort(self.group, kind="stable")
        f = None if seen is None else seen[order]
        return mixed(self.names, self.x[order], y[order], self.group[order], self.spreads, f)

    def _mean(self, values: Reals) -> Reals:
        return np.bincount(self.group, weights=values) / np.bincount(self.group)

    def _classes(self, days: Reals, done: Flags) -> dict[str, Reals]:
        """Classes of contacts, as large as each other, by how often they are sent on a channel: all but the first.

        Where hardly anything was done, or left undone, a class joins the one below.
        """
        often = np.bincount(self.group) / days
        found = np.zeros(len(often), np.int64)
        for i in range(len(self.channels)):
            mine = self.kind == i
            most = min(MOST_CLASSES, int(mine.sum()) // IN_A_CLASS)
            cuts = np.unique(np.quantile(often[mine], np.linspace(0, 1, most + 1)[1:-1])) if most > 1 else np.zeros(0)
            found[mine] = np.searchsorted(cuts, often[mine])
        yes, no = (np.bincount(self.group, weights=d, minlength=len(often)) for d in (done, ~done))
        for k in range(int(found.max()), 0, -1):
            mine = found == k
            if min(yes[mine].sum(), no[mine].sum()) < IN_A_CLASS_EACH:
                found[mine] = k - 1
        mine = found == 0
        if min(yes[mine].sum(), no[mine].sum()) < IN_A_CLASS_EACH and (found > 0).any():
            found[mine] = found[~mine].min()
        found = np.unique(found, return_inverse=True)[1].ravel()
        return {f"class {k}": (found == k).astype(float) for k in range(1, int(found.max()) + 1) if (found == k).any()}

    def _messages(self, channel: Words) -> list[int]:
        """The messages sent often enough to have an effect of their own; of each channel the commonest has the rest."""
        known = []
        for c in self.channels:
            found, count = np.unique(self.message[channel == c], return_counts=True)
            often = [m for m in found[np.argsort(-count, kind="stable")].tolist() if m >= 0]
            often = often[: min(MOST_MESSAGES, int((count >= LEAST_CASES).sum()))]
            if len(often) > 1:
                self.first.append((often[0], often[1:]))
                known += often[1:]
        return known

    def _share(self, message: int, channel: Words) -> Reals:
        """The message's share of its channel, on that channel: effects are measured from the channel's mean."""
        at = channel == channel[np.argmax(self.message == message)]
        return at * (self.message[at] == message).mean()

    def effects(self, fit: Fit) -> dict[int, tuple[float, float]]:
        """What each message adds, those of a channel weighing 0 in all."""
        found: dict[int, tuple[float, float]] = {}
        for first, others in self.first:
            places = [fit.names.index(f"message:{m}") for m in others]
            counts = np.array([(self.message == m).sum() for m in (first, *others)], float)
            share = counts[1:] / counts.sum()
            move = np.vstack([-share, np.eye(len(others)) - share])
            values = move @ fit.working[places]
            errors = errors_of(move, fit.covariance[np.ix_(places, places)])
            found |= {m: (float(v), float(e)) for m, v, e in zip((first, *others), values, errors, strict=True)}
        return found


def _of_people(fit: Fit, design: Design, i: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Of a channel the share of people at one message a week, and how much they differ; with standard errors.

    A person's propensity has a part that goes with how much the person is sent, and a part that does not.
    """
    channel = design.channels[i]
    mine = design.kind == i
    columns = {f"channel:{channel}": np.ones(mine.sum())}
    columns |= {f"own:{name}": values[mine] for name, values in design.own.items()}
    widths = {name: values[mine] for name, values in design.spreads.items()}
    at = [fit.names.index(name) for name in (*columns, *widths)]
    x, w, size = np.column_stack(list(columns.values())), np.column_stack(list(widths.values())), len(columns)

    def both(working: Reals) -> tuple[Reals, Reals]:
        """Of each person the share, and what its propensity adds to the variance of all."""
        middle, spread = x @ working[:size], np.exp(w @ working[size:])
        return shares_over(middle, spread), spread**2 + (middle - middle.mean()) ** 2

    def figures(working: Reals) -> Reals:
        shares, squares = both(working)
        return np.array([shares.mean(), np.sqrt(squares.mean())])

    here = fit.working[at]
    slopes = np.array([(figures(here + e) - figures(here - e)) / 2e-4 for e in 1e-4 * np.eye(len(at))])
    at_edge = f"spread:{channel}" in fit.edge  # where people do not differ, classes of them do not either
    edge = np.array([fit.names[i] in fit.edge or (at_edge and fit.names[i] == "spread:class") for i in at])
    errors = errors_of(slopes.T, fit.covariance[np.ix_(at, at)], edge)
    share, spread = figures(here)
    shares, squares = both(here)  # and other people would have been others
    drawn = np.array([shares.std(), squares.std() / (2 * spread)]) / np.sqrt(len(shares))
    errors = np.hypot(errors, drawn)
    if at_edge:
        errors[1] = np.inf
    return (float(share), float(errors[0])), (float(spread), float(errors[1]))


@dataclass(frozen=True)
class Leaving:
    """How often people unsubscribe after a message.

    Attributes:
        fit: the regression: a mean by channel, fatigue, whether the message was opened.
        share: by channel, after a message at one message a week: value and standard error.
        tired: added to the logit, times F.
        opened: taken off it when the message was opened.
        left: how many left.
    """

    fit: Fit
    share: dict[int, tuple[float, float]]
    tired: tuple[float, float]
    opened: tuple[float, float]
    left: int


def unsubscribes(s: Sendings) -> Leaving | None:
    """Plain logistic regression on F and on whether the message was opened: nobody has a propensity of their own."""
    rows = np.nonzero(s.settled & ~s.bounced)[0]
    done = s.unsubscribed[rows] < NEVER
    if done.sum() < LEAST_YES:
        return None
    channel = s.channel[rows]
    opened = ((s.opened[rows] - s.time[rows]) <= WINDOW).astype(float)
    channels = [c for c in np.unique(channel).tolist() if done[channel == c].any()]
    keep = np.isin(channel, channels)
    columns = {f"channel:{c}": (channel == c).astype(float) for c in channels}
    columns |= {"tired": s.tired[rows] - 1.0, "opened": opened}
    fit = logistic(tuple(columns), np.column_stack(list(columns.values()))[keep], done[keep].astype(float))
    share = {c: _after_any(fit, c, float(opened[channel == c].mean())) for c in channels}
    tired = (fit.value("tired"), fit.error("tired"))
    return Leaving(fit, share, tired, _minus(fit, "opened"), int(done.sum()))


def _after_any(fit: Fit, channel: int, opened: float) -> tuple[float, float]:
    """The share who leave after a message, opened or not, at F = 1."""
    at = [fit.names.index(n) for n in (f"channel:{channel}", "opened")]
    expit = scipy("special").expit
    low, high = expit(fit.working[at[0]]), expit(fit.working[at[0]] + fit.working[at[1]])
    slopes = np.array([(1 - opened) * low * (1 - low) + opened * high * (1 - high), opened * high * (1 - high)])
    error = float(np.sqrt(slopes @ fit.covariance[np.ix_(at, at)] @ slopes))
    return float((1 - opened) * low + opened * high), error


@dataclass(frozen=True)
class HalfLife:
    """After how many days fatigue halves.

    Attributes:
        best: the likeliest of `HALF_LIVES`.
        low, high: the range no other of them is surely outside of.
    """

    best: float
    low: float
    high: float


def half_life(s: Sendings) -> HalfLife | None:
    """The profile of the likelihood over half-lives: usually flat, which is worth knowing."""
    rows = np.nonzero(s.settled & ~s.bounced)[0]
    rows = rows[_some(s.contact[rows], FEWER_CASES)]
    done = (s.opened[rows] - s.time[rows]) <= WINDOW
    told = _told(s.channel[rows], done)
    rows, done = rows[told], done[told]
    if len(rows) < LEAST_CASES:
        return None
    y = done.astype(float)
    found = {days: Design(s.with_half_life(days), rows, done, whole=False).fit(y).loglik for days in HALF_LIVES}
    best = max(found, key=lambda d: found[d])
    near = [d for d, ln in found.items() if found[best] - ln < SURE**2 / 2]
    return HalfLife(best, min(near), max(near))
