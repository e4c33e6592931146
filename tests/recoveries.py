"""Planted figures and the intervals printed for them, family by family: what a recovery is judged on.

Each family draws one log (or the figures a fit takes) from planted figures with numpy alone, estimates, and returns by
name the truth and the estimate as it is printed: value and standard error, on the scale of its interval.
"""

import numpy as np
from lived_logs import (
    DAY,
    HOUR,
    START,
    SUNDAY,
    TRUTH,
    WEEK,
    before,
    dropping_lives,
    mail_events,
    mailed,
    only,
    pareto_lives,
    write,
)

from bifurque.engine import fit_messages, fit_spend
from bifurque.engine.calibrate import Calibration, calibrate
from bifurque.engine.calibrate_figures import counted, interval, known
from bifurque.engine.calibrate_lift import scale_of_lift
from bifurque.engine.calibrate_report import figures
from bifurque.engine.fit_lift import lifts, predictions
from bifurque.engine.fit_log import read_log
from bifurque.engine.fit_purchases import fit, grouped
from bifurque.engine.fit_sendings import sendings
from bifurque.engine.fit_times import times

UNTOLD = (np.nan, np.nan)
PURCHASES = {
    "NBD": {"r": 0.9, "alpha": 6.0},
    "Pareto/NBD": {"r": 0.9, "alpha": 6.0, "s": 0.8, "beta": 14.0},
    "BG/NBD": {"r": 0.6, "alpha": 4.0, "a": 0.8, "b": 2.5},
    "MBG/NBD": {"r": 1.0, "alpha": 5.0, "a": 0.9, "b": 1.8},
}
SPEND = {"p": 5.0, "q": 4.0, "gamma": 20.0}


def around(path, f):
    """The interval printed for a figure the data tell; nothing where none is."""
    return (f.status != "assumed" and interval(path, f)) or UNTOLD


def purchases(model, rng, count):
    """Of so many customers over a year and a half."""
    truth = PURCHASES[model]
    if model in ("BG/NBD", "MBG/NBD"):
        lives = dropping_lives(rng, count, *truth.values(), weeks=78.0, at_once=model == "MBG/NBD", joining=12.0)
    else:
        both = truth | ({"s": 0.0, "beta": 1.0} if model == "NBD" else {})
        lives = pareto_lives(rng, count, *both.values(), weeks=78.0)[:3]
    found = fit(model, grouped(*lives))
    return {
        f"{model} {n}": (v, *around("purchases", known(found.value(n), found.error(n), ""))) for n, v in truth.items()
    }


def spend(rng, count):
    """Of customers who buy 1, 2, 3 … times."""
    x = 1 + rng.poisson(rng.gamma(1.2, 2.0, count))
    nu = rng.gamma(SPEND["q"], 1 / SPEND["gamma"], count)
    mean = rng.gamma(SPEND["p"] * x, 1 / nu) / x
    found = fit_spend.fit(x.astype(float), mean).fit
    return {f"spend {n}": (v, *around("spend", known(found.value(n), found.error(n), ""))) for n, v in SPEND.items()}


def share(logit):
    """The mean chance over people."""
    return float((1 / (1 + np.exp(-logit))).mean())


def mail_truth(weeks, engaged):
    """Shares and spreads over the people who are sent anything once the log has warmed up, at F = 1."""
    everybody = mailed(np.random.default_rng(0), 40_000, weeks, engaged=engaged)
    there = np.unique(everybody["contact"][everybody["time"] >= START + 28 * DAY])
    weary, taste = np.log(2), everybody["taste"][there]
    eager = np.random.default_rng(2).normal(0, 1, 400_000)
    return {
        "channels.open": share(TRUTH["mean"] + TRUTH["spread"] * taste - TRUTH["tired"] * weary),
        "channels.open_spread": TRUTH["spread"] * taste.std(),
        "channels.click": share(TRUTH["click"] + TRUTH["click_spread"] * eager - TRUTH["click_tired"] * weary),
        "channels.hours": TRUTH["hours"],
        "channels.shape": TRUTH["shape"],
        "channels.machine": 0.3,
        "clock.weekend": SUNDAY,
        "fatigue.opens": TRUTH["tired"],
        "fatigue.repeats": TRUTH["repeats"],
        "fatigue.clicks": TRUTH["click_tired"],
        "fatigue.unsubscribes": TRUTH["leave_tired"],
        "fatigue.opened": TRUTH["leave_opened"],
    }


def mail(truth, folder, rng, contacts, *, weeks=26, engaged=0.6):
    """What people do with messages, those who open more being sent more."""
    m = mailed(rng, contacts, weeks, engaged=engaged)
    log = read_log(write(folder / "mail.parquet", *mail_events(rng, m, machines=0.3)))
    s = sendings(log)
    law = times(log, s)
    opens, clicks = fit_messages.opens(s, law.seen(s.channel)), fit_messages.clicks(s)
    leaving = fit_messages.unsubscribes(s)
    people = len(np.unique(s.contact))
    machine = counted(len(np.unique(s.contact[s.machine])), people, 0.4, "")
    first = law.laws[0]
    found = {
        "channels.open": opens.share[0],
        "channels.open_spread": opens.spread[0],
        "channels.click": clicks.share[0],
        "channels.hours": (first.value("hours"), first.error("hours")),
        "channels.shape": (first.value("shape"), first.error("shape")),
        "channels.machine": (machine.value, machine.error),
        "clock.weekend": law.weekend,
        "fatigue.opens": opens.tired,
        "fatigue.repeats": opens.repeats,
        "fatigue.clicks": clicks.tired,
        "channels.unsubscribe": leaving.share[0],
        "fatigue.unsubscribes": leaving.tired,
        "fatigue.opened": leaving.opened,
    }
    looked = ((s.opened - s.time) <= 14 * DAY)[s.settled].mean()
    at = TRUTH["leave"] + TRUTH["leave_tired"]
    left = (1 - looked) / (1 + np.exp(-at)) + looked / (1 + np.exp(TRUTH["leave_opened"] - at))
    whole = truth | {"channels.unsubscribe": left}
    told = {path: (whole[path], *around(path, known(*pair, ""))) for path, pair in found.items()}
    assert opens.pooled[0] < opens.tired[0], "over everybody the tired seem to open more than one and the same do"
    return told


VISITS = {"per_week": 0.8, "cart": 0.15, "returns": 0.25}


def visits(folder, rng, count, weeks=52.0):
    """A year of visits, carts left and purchases, read by `calibrate` as a whole: everybody has joined."""
    r, alpha, s, beta = PURCHASES["Pareto/NBD"].values()
    rate = rng.gamma(r, 1 / alpha, count)
    watched = weeks - rng.uniform(0, 12, count)
    until = np.minimum(rng.exponential(1, count) * beta / rng.gamma(s, 1, count), watched)
    joined, end = START + ((weeks - watched) * WEEK).astype(np.int64), START + int(weeks * WEEK)

    def some(often):
        who = np.repeat(np.arange(count), rng.poisson(often * until))
        return who, joined[who] + 1 + (rng.uniform(0, until[who]) * WEEK).astype(np.int64)

    buyers, bought = some(rate)
    who, came = some(VISITS["per_week"] * (0.5 + 0.5 * rate * alpha / r))
    left = rng.random(len(who)) < VISITS["cart"]
    key = np.arange(len(who)).astype(str)
    back = left & (rng.random(len(who)) < VISITS["returns"])
    home = came + HOUR + rng.exponential(20 * HOUR, len(who)).astype(int) % (6 * DAY)
    tables = [
        {"contact": np.arange(count), "time": joined, "type": "joined"},
        {"contact": buyers, "time": bought, "type": "purchase"},
        {"contact": who, "time": came, "type": "visit"},
        {"contact": who[left], "time": came[left] + 240, "type": "cart_updated", "key": key[left]},
        {"contact": who[back], "time": home[back], "type": "purchase", "key": key[back]},
        {"contact": np.zeros(1, int), "time": np.array([end]), "type": "seen"},
    ]
    file = write(folder / "visits.parquet", *(before(t, end) for t in tables))
    told = dict(figures(calibrate(file).behaviour))
    truth = {f"visits.{n}": v for n, v in VISITS.items()}
    return {path: (v, *around(path, told[path])) for path, v in truth.items()}


LIFT, DAYS, NATURAL = 8.0, 7.0, 0.1


def trial(folder, rng, count):
    """A holdout against four messages in eight weeks, whose lift decays; what arms caused, and what others will do."""
    arm = (rng.random(count) < 0.5).astype(int)
    end = START + 56 * DAY
    rate = rng.gamma(0.9, NATURAL / 0.9, count)
    sent = np.repeat(np.nonzero(arm)[0], 4)
    when = np.tile(np.arange(4) * 10 * DAY, len(sent) // 4)
    opens = rng.random(len(sent)) < 0.3
    clicks = opens & (rng.random(len(sent)) < 0.2)
    raised = LIFT * (0.15 * opens + 0.6 * clicks)
    more = rng.poisson(rate[sent] * raised * DAYS / 7)
    late = np.repeat(when, more) + (rng.exponential(DAYS, more.sum()) * DAY).astype(int) + 100
    own = np.repeat(np.arange(count), rng.poisson(rate * 8))
    who = np.concatenate([own, np.repeat(sent, more)])
    since = np.concatenate([rng.integers(0, 56 * DAY, len(own)), late])
    names = np.array(["holdout", "mail"])[arm]
    said = {"contact": sent, "time": START + when, "message": "offer", "channel": "email"}
    spent = rng.gamma(2, 1500, len(who)).astype(int) + 1
    tables = [
        {"contact": np.arange(count), "time": np.full(count, START), "type": "assigned", "arm": names},
        said | {"type": "sent"},
        only(said | {"type": "opened", "time": START + when + 60}, opens),
        only(said | {"type": "clicked", "time": START + when + 80}, clicks),
        before({"contact": who, "time": START + since, "type": "purchase", "value": spent}, end),
        {"contact": [0], "time": [end], "type": "seen"},
    ]
    log = read_log(write(folder / "trial.parquet", *tables))
    c = Calibration(log, "en", lifts=lifts(log, "visit", "purchase"))
    (found,) = c.lifts
    lift = scale_of_lift(c, sendings(log), None)
    each = 0.3 * (0.15 + 0.2 * 0.6) * DAYS / 7 * LIFT  # weeks of the ordinary rate that a message causes, in time
    caused = NATURAL * each * sum(-np.expm1(-(56 - 10 * k) / DAYS) for k in range(4))
    told = {
        "natural": (8 * NATURAL, *found.arms["purchases"]["holdout"].interval()),
        "caused": (caused, *found.effects["purchases"]["mail"].interval()),
        "caused spend": (30 * caused, *found.effects["spend"]["mail"].interval()),
        "lift.opened": (0.15 * LIFT, *around("lift.opened", lift.opened)),
    }
    others = predictions(found)["holdout"]["purchases"]
    theirs = rng.poisson(rng.gamma(0.9, NATURAL / 0.9, others["contacts"]) * 8).mean()
    return told | {"another group": (theirs, others["low"], others["high"])}
