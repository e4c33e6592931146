"""Lives with planted figures, drawn with numpy alone: what calibration has to find again."""

import datetime as dt
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

START = 1_735_689_600  # 2025-01-01 00:00 UTC, a Wednesday
HOUR, DAY, WEEK = 3600, 86400, 604800
AWAKE = np.array([
    0.3, 0.2, 0.2, 0.2, 0.3, 0.6, 1.0, 1.5, 1.6, 1.5, 1.4, 1.3,
    1.4, 1.3, 1.2, 1.1, 1.1, 1.2, 1.5, 1.7, 1.6, 1.2, 0.8, 0.5,
])  # fmt: skip
SUNDAY = 0.8


def write(file, *tables):
    """Events as a Parquet file: each table is columns by name, of one length, with `type` a single word."""
    parts = []
    for columns in tables:
        count = len(columns["contact"])
        filled = {k: v if isinstance(v, list | np.ndarray) else [v] * count for k, v in columns.items()}
        moments = pa.array(np.asarray(filled.pop("time"), np.int64)).cast(pa.timestamp("s", "UTC"))
        parts.append(pa.table({k: pa.array(v) for k, v in filled.items()} | {"time": moments}))
    parquet.write_table(pa.concat_tables(parts, promote_options="default"), file)
    return file


def pareto_lives(rng, count, r, alpha, s, beta, weeks=52.0, joining=12.0):
    """Purchases after the first of customers who join over some weeks: x, the last, watched; and all their times."""
    rate = rng.gamma(r, 1 / alpha, count)
    life = rng.exponential(1, count) * beta / rng.gamma(s, 1, count) if s > 0 else np.full(count, np.inf)
    watched = weeks - rng.uniform(0, joining, count)
    until = np.minimum(life, watched)
    x = rng.poisson(rate * until)
    who = np.repeat(np.arange(count), x)
    when = rng.uniform(0, until[who])
    last = np.zeros(count)
    np.maximum.at(last, who, when)
    return x, last, watched, who, when


def dropping_lives(rng, count, r, alpha, a, b, weeks=52.0, *, at_once, joining=0.0):
    """Customers who may leave after each purchase, or `at_once` after the first too: x, the last, watched."""
    rate, leaves = rng.gamma(r, 1 / alpha, count), rng.beta(a, b, count)
    watched = weeks - rng.uniform(0, joining, count)
    t, x, last = np.zeros(count), np.zeros(count, int), np.zeros(count)
    here = rng.random(count) >= leaves if at_once else np.ones(count, bool)
    while here.any():
        t = t + rng.exponential(1 / np.maximum(rate, 1e-12))
        bought = here & (t < watched)
        x, last = x + bought, np.where(bought, t, last)
        here = bought & (rng.random(count) >= leaves)
    return x, last, watched


class Clock:
    """Waking time: hours of the day and Sundays weigh differently; the mean over a week is 1."""

    def __init__(self, hours=AWAKE, weekend=SUNDAY):
        weights = np.array([h * (weekend if day >= 5 else 1) for day in range(7) for h in hours])
        self.weights = weights / weights.mean()
        self.passed = np.concatenate([[0.0], np.cumsum(self.weights)])

    def at(self, seconds):
        weeks, rest = np.divmod(np.asarray(seconds, float) - 4 * DAY, WEEK)  # the epoch was a Thursday
        hour = (rest / HOUR).astype(int)
        return 168 * weeks + self.passed[hour] + (rest / HOUR - hour) * self.weights[hour]

    def when(self, waking):
        weeks, rest = np.divmod(waking, 168)
        hour = np.clip(np.searchsorted(self.passed, rest, side="right") - 1, 0, 167)
        return weeks * WEEK + (hour + (rest - self.passed[hour]) / self.weights[hour]) * HOUR + 4 * DAY

    def opened(self, rng, sent, hours, shape):
        """When messages are looked at: log-logistic in waking time."""
        u = rng.random(len(sent))
        return self.when(self.at(sent) + hours * (u / (1 - u)) ** (1 / shape)).astype(np.int64) + 1


TRUTH = {
    "mean": -1.1, "spread": 1.0, "tired": 0.5, "repeats": 0.15,
    "click": -1.4, "click_spread": 0.6, "click_tired": 0.3,
    "leave": -5.2, "leave_tired": 0.25, "leave_opened": 0.6,
    "hours": 4.0, "shape": 0.9,
}  # fmt: skip


def mailed(rng, contacts, weeks, *, per_week=1.0, engaged=0.6, other=0.4, feedback=0.0, messages=6, truth=TRUTH):
    """Messages sent to people and what they did: one row per message, contact by contact.

    Args:
        rng: of all draws.
        contacts: how many people.
        weeks: for how long.
        per_week: messages a week of the usual person.
        engaged: those who open more are sent more, e^engaged times for each standard deviation.
        other: how much else makes one person be sent more than another.
        feedback: share of messages not sent to those who left the last one closed.
        messages: how many different ones there are.
        truth: the planted figures.
    """
    taste = rng.normal(0, 1, contacts)
    eager = rng.normal(0, truth["click_spread"], contacts)
    more = engaged * taste + other * rng.normal(0, 1, contacts) - (engaged**2 + other**2) / 2
    count = rng.poisson(per_week * weeks * np.exp(more))
    most = max(int(count.max()), 1)
    times = np.sort(np.where(np.arange(most) < count[:, None], rng.uniform(0, weeks * 7, (contacts, most)), np.inf))
    which = rng.integers(0, messages, (contacts, most))
    level, before = np.zeros(contacts), np.full(contacts, -np.inf)
    seen, here, opened_last = np.zeros((contacts, messages), int), np.ones(contacts, bool), np.ones(contacts, bool)
    rows = []
    for k in range(most):
        t = times[:, k]
        sent = np.isfinite(t) & here & (opened_last | (rng.random(contacts) >= feedback))
        with np.errstate(invalid="ignore"):
            tired = np.where(np.isfinite(before), level * 0.5 ** ((np.where(sent, t, 0) - before) / 7), 0.0)
        again = seen[np.arange(contacts), which[:, k]]
        wish = truth["mean"] + truth["spread"] * taste - truth["tired"] * np.log1p(tired) - truth["repeats"] * again
        opens = rng.random(contacts) < 1 / (1 + np.exp(-wish))
        click = rng.random(contacts) < 1 / (
            1 + np.exp(-truth["click"] - eager + truth["click_tired"] * np.log1p(tired))
        )
        wish = truth["leave"] + truth["leave_tired"] * tired - truth["leave_opened"] * opens
        leaves = rng.random(contacts) < 1 / (1 + np.exp(-wish))
        who = np.nonzero(sent)[0]
        rows.append(np.column_stack([who, t[who] * DAY, which[who, k], opens[who], click[who], leaves[who]]))
        level, before = np.where(sent, tired + 1, level), np.where(sent, t, before)
        seen[who, which[who, k]] += 1
        here, opened_last = here & ~(sent & leaves), np.where(sent, opens, opened_last)
    every = np.concatenate(rows)
    every = every[np.lexsort((every[:, 1], every[:, 0]))]
    contact, second, message, opens, clicks, leaves = every.T
    return {
        "contact": contact.astype(int),
        "time": START + second.astype(np.int64),
        "message": message.astype(int),
        "opens": opens > 0,
        "clicks": (opens > 0) & (clicks > 0),
        "leaves": leaves > 0,
        "taste": taste,
    }


def mail_events(rng, m, *, clock=None, truth=TRUTH, machines=0.0, until=None):
    """The tables of an event log: what was sent, opened, clicked, and who unsubscribed.

    Some opens come years later: a log read at the instant `until` does not hold them yet.
    """
    clock = clock or Clock()
    opened = clock.opened(rng, m["time"], truth["hours"], truth["shape"])
    names = np.array([f"mail_{i}" for i in range(int(m["message"].max()) + 1)])
    keys = np.arange(len(m["time"])).astype(str)
    said = {"contact": m["contact"], "time": m["time"], "message": names[m["message"]], "key": keys, "channel": "email"}

    def some(which, kind, time):
        known = {name: said[name][which] for name in ("contact", "message", "key")}
        return known | {"time": time[which], "type": kind}

    tables = [
        said | {"type": "sent"},
        some(m["opens"], "opened", opened),
        some(m["clicks"], "clicked", opened + 20),
        some(m["leaves"], "unsubscribed", m["time"] + 300),
    ]
    if machines:
        auto = (rng.random(int(m["contact"].max()) + 1) < machines)[m["contact"]]
        tables.append(some(auto, "machine_opened", m["time"] + 30))
    end = m["time"].max() + 30 * DAY if until is None else until
    last = {"contact": m["contact"][:1], "time": np.array([end]), "type": "seen"}
    return [*(tables if until is None else [before(t, until) for t in tables]), last]


def before(table, until):
    """The rows of a table of events that are not later."""
    return only(table, table["time"] <= until)


def only(table, keep):
    """Some rows of a table of events."""
    return {name: column[keep] if isinstance(column, np.ndarray) else column for name, column in table.items()}


class Coverage:
    """How often the truth lies inside 95 % intervals."""

    def __init__(self):
        self.inside, self.fits = Counter(), Counter()

    def add(self, name, truth, low, high):
        self.fits[name] += 1
        self.inside[name] += low <= truth <= high

    def of(self, name):
        return self.inside[name] / self.fits[name]

    def shares(self):
        return {name: self.of(name) for name in self.fits}


def day(seconds):
    """An instant as the text of its day."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).date().isoformat()
