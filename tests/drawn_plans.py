"""Plans and histories made from a number: small, tight, with every law in play.

Each journey, cap, person … is made by dice of its own, named after number and place. (Drawn piece by piece, hypothesis
would mostly vary a part of what it drew before: sixty examples, but a dozen plans.)
"""

import datetime as dt
import json
import random

EVENTS = ("visit", "cart", "purchase", "billed", "paid", "tired")
ZONES = ("Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Beirut")
ODD_ZONES = ("America/Santiago", "Pacific/Apia", "America/Sao_Paulo", "", "Nowhere/Land", "UTC")
STARTS = ("2025-03-21", "2025-10-17", "2024-02-25", "2025-12-24")
"""Runs over both changes of the clock, a leap day, a new year."""
DAYS = 16
CATEGORIES = {
    "receipt": "transactional",
    "dunning": "service",
    "greeting": "relational",
    "promotion": "promotional",
    "news": "promotional",
    "answer": "reply",
}
USUAL = (*CATEGORIES, "promotion", "promotion", "greeting", "news", "dunning")
CHANNELS = ("email", "sms")
SCOPES = (*CATEGORIES, "relational", "promotional", "promotional", "service")
WAITS = ("0h", "0h", "0h", "1h", "90min", "20h", "1d", "2d", "3d1h", "30min")
CLOCKS = ("00:00", "02:15", "02:30", "08:00", "10:00", "23:30")


class Dice(random.Random):
    """Choices that depend on a name alone."""

    def some(self, words, most=2):
        """One or a few of some words."""
        return self.sample(sorted(set(words)), self.randint(1, min(most, len(set(words)))))

    def seldom(self, make):
        """A value once in five times."""
        return make() if self.random() < 0.2 else None

    def maybe(self, make):
        """A value every other time."""
        return make() if self.random() < 0.5 else None


def plain(mapping):
    """A mapping without what is absent."""
    return {k: v for k, v in mapping.items() if v is not None and v != []}


def quiet_hours(dice):
    """A window at night, at noon, over the weekend, or with an end inside a jump of the clock."""
    windows = [("21:00", "08:00")] * 2 + [
        ("12:00", "14:00"),
        ("00:00", "24:00"),
        ("02:30", "09:00"),
        ("23:00", "02:30"),
    ]
    start, end = dice.choice(windows)
    days = dice.seldom(lambda: dice.some(["mon", "wed", "sat", "sun"]))
    return plain(
        {
            "from": start,
            "to": end,
            "days": ["sat", "sun"] if end == "24:00" else days,
            "except": dice.seldom(lambda: dice.some(SCOPES, 3)),
            "of": dice.seldom(lambda: dice.some(SCOPES, 3)),
            "channel": dice.seldom(lambda: dice.choice(CHANNELS)),
        }
    )


def cap(dice, number, journeys, groups):
    """A cap of any scope and period, on messages or weights."""
    weighed = dice.random() < 0.3
    periods = ("calendar day", "calendar day", "calendar week", "calendar month", "7d", "24h", "90min")
    return plain(
        {
            "name": f"cap {number}",
            "max": dice.choice([1, 2, 3, 4] if weighed else [0, 1, 1, 1, 1, 2, 2, 3]),
            "per": dice.choice(periods),
            "of": dice.seldom(lambda: dice.some(SCOPES, 3)),
            "channel": dice.seldom(lambda: dice.choice(CHANNELS)),
            "journey": dice.seldom(lambda: dice.some(journeys)),
            "group": dice.seldom(lambda: dice.choice(groups)) if groups else None,
            "by": "weight" if weighed else None,
            "when": dice.seldom(lambda: dice.choice(["fact.tired", "!fact.unpaid"])),
        }
    )


def coherence(dice, number):
    """A rule of any of the three forms."""
    rule = {"name": f"rule {number}", "policy": dice.choice([None, "hold", "hold", "drop"])}
    span = dice.choice(["36h", "2d", "5d", "1h"])
    match dice.choice(["within", "within", "while", "after"]):
        case "within":
            rule |= {"never": dice.some(SCOPES, 3), "within": span, "of": dice.some(SCOPES, 3)}
        case "while":
            rule |= {"never": dice.some(SCOPES, 3), "while": dice.choice(["fact.unpaid", "!fact.tired"])}
        case "after":
            within = dice.maybe(lambda: span)
            rule |= {"only": dice.some(SCOPES, 2), "after": dice.some(SCOPES, 3), "within": within}
    return plain(rule)


def message(dice):
    """A message with any validity and policies."""
    channel, other = dice.sample(CHANNELS, 2)
    policies = [None, None, None, "drop", {"reroute": other}]
    return plain(
        {
            "channel": channel,
            "category": dice.choice(USUAL),
            "valid_for": dice.choice([None, None, "6h", "24h", "3d", "2d12h"]),
            "valid_until": dice.seldom(lambda: "end of day"),
            "on_cap": dice.choice(policies),
            "on_quiet": dice.choice(policies),
            "priority": dice.choice([None, None, 10, 90]),
            "weight": dice.choice([None, 2, 3]),
        }
    )


def trigger(dice):
    """A trigger that needs no more of a contact than its events and its birthday."""
    event, at, clock = dice.choice(EVENTS), dice.choice(CLOCKS), dice.choice(["contact", "plan"])
    match dice.choice(["event", "event", "event", "keyed", "first", "absence", "together", "date", "day", "week"]):
        case "event":
            return {"event": dice.some(EVENTS, 3)}
        case "keyed":
            return {"event": event, "key": "thing"}
        case "first":
            return {"first": event}
        case "absence":
            absence = {"of": [event, "purchase"], "for": dice.choice(["30min", "1d"]), "after": event}
            return plain({"absence": absence, "key": dice.maybe(lambda: "thing")})
        case "together":
            return {"together": {"of": ["visit", "cart"], "within": dice.choice(["1h", "2d"])}}
        case "date":
            return {"date": {"of": "birthday", "at": at}}
        case "day":
            return {"schedule": {"every": "day", "interval": dice.randint(1, 3), "at": at, "clock": clock}}
        case _:
            return {"schedule": {"every": "week", "on": dice.some(["tue", "thu", "sun"]), "at": at, "clock": clock}}


def step(dice, sendable, trials, journeys, depth=0):
    """One step; those with ways hold others."""
    rare = ["branch", "wait_for", "transfer", "exit", "experiment"] if depth == 0 else []
    kind = dice.choice(["send"] * 10 + ["wait", "set"] + rare)
    timing = {
        "after": dice.choice([None, "trigger", "trigger", "sent"]),
        "wait": dice.choice(WAITS),
        "at": dice.choice([None, None, None, "10:00", "02:30"]),
        "on": dice.seldom(lambda: dice.some(["mon", "tue", "thu", "sat"], 3)),
        "late": dice.seldom(lambda: "skip"),
    }

    def inside():
        return [step(dice, sendable, trials, journeys, 1) for _ in range(dice.randint(1, 2))]

    match kind:
        case "send":
            return plain(timing | _sent(dice, sendable, trials))
        case "set":
            return plain({"set": {"seen": "contact.seen + 1"}, **timing})
        case "branch":
            ways = [{"if": dice.choice(["fact.unpaid", "visit > 1"]), "then": inside()}]
            return plain({"branch": [*ways, {"else": inside()}] if dice.random() < 0.5 else ways, **timing})
        case "wait_for":
            ways = {"then": inside(), "else": inside()}
            return {"wait_for": dice.choice(EVENTS), "timeout": dice.choice(["1h", "1d"]), **ways}
        case "transfer":
            return {"transfer": dice.choice(journeys), "wait": "1d"}  # or it might come back every second
        case "exit":
            return plain({"exit": True, **timing})
        case "experiment" if trials:
            return plain({"experiment": trials[0], "arms": {"b": inside()}, **timing})
    return {"wait": "1h"}


def _sent(dice, sendable, trials):
    """What a step sends, and when, perhaps by the arm of an experiment."""
    found = {"send": dice.choice(sendable)}
    if trials and dice.random() < 0.3:
        found["send"] = {"by": trials[0], "arms": {"a": found["send"], "b": dice.choice(sendable)}}
    if trials and dice.random() < 0.2:
        found["wait"] = {"by": trials[-1], "arms": {"a": dice.choice(WAITS), "b": dice.choice(WAITS)}}
    return found


def effect(dice, second):
    """A step that changes a fact or a consent, at a second of its own: nothing else may happen just then."""
    changes = [{"set": {"fact.unpaid": dice.random() < 0.5}}, {"set": {"fact.tired": dice.random() < 0.5}}]
    changes += [{"grant": "marketing"}, {"withdraw": dice.choice(["marketing.email", "sms"])}]
    wait = f"{dice.choice([1, 20, 24, 50])}h{second}s"
    return {**dice.choice(changes), "after": dice.choice(["trigger", "previous"]), "wait": wait}


def simple_steps(dice, sendable, names, number):
    """Steps without ways, some of which change what is known of the contact."""
    kinds = [step(dice, sendable, [], names, 1) for _ in range(dice.randint(1, 3))]
    for i in range(dice.randint(1, 2)):
        kinds.insert(dice.randint(0, len(kinds)), effect(dice, 7 + 2 * number + 10 * i))
    return kinds


def journey(dice, names, sendable, trials, groups, number):
    """A journey with any way in, back in and out."""
    changes = dice.random() < 0.3
    reentry = dice.choice(["never", "after_exit", "parallel", "parallel", "replace", "many"])
    if reentry == "many":
        reentry = {"policy": dice.choice(["parallel", "replace"]), "most": dice.randint(1, 5)}
    exit_ = {"event": dice.choice(EVENTS), "key": dice.choice(["any", "same"]), "to": dice.seldom(lambda: names[-1])}
    return plain(
        {
            "trigger": trigger(dice),
            "reentry": reentry,
            "exit": dice.seldom(lambda: plain(exit_)),
            "priority": dice.choice([10, 50, 50, 90]),
            "group": None if changes else dice.maybe(lambda: groups or None),
            "holdout": dice.seldom(lambda: "40%"),
            "when": dice.seldom(lambda: "visit < 4"),
            "steps": simple_steps(dice, sendable, names, number)
            if changes
            else [step(dice, sendable, trials, names) for _ in range(dice.randint(2, 5))],
        }
    )


def plan(seed, journeys, messages, quiets, caps, rules, trials):
    """A valid plan, as a text (JSON is YAML), and its first day."""
    dice = Dice(f"{seed}")
    sendable = [f"m{i}" for i in range(messages)]
    names = [f"j{i}" for i in range(journeys)]
    trial_names = [f"x{i}" for i in range(trials)]
    groups = {"g": dice.choice(["preempt", "pause", "queue"])} if journeys > 1 else {}
    own, ranked = dice.random() < 0.5, dice.random() < 0.3
    purposes = dict.fromkeys(("news", "dunning"), "news") if own else {}
    ranks = dict.fromkeys(("greeting", "promotion", "news"), 1) if ranked else {}
    made = {n: journey(Dice(f"{seed} {n}"), names, sendable, trial_names, groups, i) for i, n in enumerate(names)}
    grouped = sorted({g for j in made.values() for g in j.get("group", {})})
    lost = dice.seldom(lambda: dice.choice(["marketing.sms", "email"]))
    found = {
        "plan": "drawn",
        "start": dice.choice(STARTS),
        "days": DAYS,
        "zone": dice.choice(["Europe/Paris", "America/Santiago", "UTC"]),
        "zones": dice.maybe(lambda: ["Europe/Paris", "Asia/Kolkata"]),
        "arbitration": dice.choice(["first_come", "priority", "priority", "look_ahead"]),
        "holdout": dice.seldom(lambda: "30%"),
        "attributes": {"birthday": "date", "seen": {"type": "int", "default": 0}},
        "categories": [
            plain({"name": n, "class": c, "purpose": purposes.get(n), "rank": ranks.get(n)})
            for n, c in CATEGORIES.items()
        ],
        "channels": {"email": {"cost": 0.001}, "sms": {"cost": 0.06}},
        "quiet_hours": [quiet_hours(Dice(f"{seed} quiet {i}")) for i in range(quiets)],
        "caps": [cap(Dice(f"{seed} cap {i}"), i, names, grouped) for i in range(caps)],
        "coherence": [coherence(Dice(f"{seed} rule {i}"), i) for i in range(rules)],
        "events": {
            "billed": {"set": {"fact.unpaid": True}},
            "paid": plain({"set": {"fact.unpaid": False}, "grant": "news.sms" if own else None}),
            "tired": plain({"set": {"fact.tired": True}, "withdraw": lost}),
        },
        "experiments": {x: {"arms": {"a": "50%", "b": "50%"}, "enabled": dice.random() < 0.7} for x in trial_names},
        "messages": {n: message(Dice(f"{seed} {n}")) for n in sendable},
        "journeys": made,
    }
    return json.dumps(plain(found), indent=1), found["start"]


def history(seed, start, contacts, deeds):
    """People and what they do, as rows of two files."""
    noon = int(dt.datetime.fromisoformat(start + "T12:00:00+00:00").timestamp())
    people, events = [], []
    for number in range(contacts):
        dice = Dice(f"{seed} contact {number}")
        contact = 10 * dice.randrange(10**6) + number
        people.append(
            {
                "contact": contact,
                "zone": dice.choice([*ZONES, *ODD_ZONES, ""]),
                "consent": dice.choice(["all"] * 14 + ["none", ""]),
                "consent.marketing.sms": dice.choice(["yes"] * 14 + ["no", ""]),
                "birthday": "1980-" + start[5:8] + dice.choice(["26", "29"]),
            }
        )
        t = noon
        for _ in range(deeds):
            t += dice.choice([0, 0, 0, 1, 600, 1800, 3600, 5399, 20000, 36000, 43200, 86400])
            moment = dt.datetime.fromtimestamp(t, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            events.append({"contact": contact, "time": moment, **_deed(dice)})
    return people, events


def _deed(dice):
    kind = dice.choice([*EVENTS * 20, "opt_out", "opt_out", "opt_in", "opt_in", "opt_in", "unsubscribed"])
    keys = ["one", "two", ""]
    if kind.startswith("opt"):
        keys = ["", "marketing", "sms", "marketing.email", "all", "whatever"]
    value = dice.choice(["", "", "1999"]) if kind == "purchase" else ""
    return {"type": kind, "key": "" if kind == "unsubscribed" else dice.choice(keys), "value": value}


def case(seed):
    """A plan, its people, what they do, and the seed of the run: what `lived` takes."""
    dice = Dice(f"{seed} sizes")
    sizes = {
        "journeys": (1, 4),
        "messages": (2, 5),
        "quiets": (0, 2),
        "caps": (0, 3),
        "rules": (0, 3),
        "trials": (0, 2),
    }
    text, start = plan(seed, **{name: dice.randint(*bounds) for name, bounds in sizes.items()})
    return text, *history(seed, start, dice.randint(2, 4), dice.randint(5, 40)), dice.randint(1, 99)


def with_rules(text, seed):
    """A drawn plan with a few rules: on an event they let people in or out, or keep something back for a time."""
    plan = json.loads(text)
    rules = [_rule(Dice(f"{seed} law {i}"), i, plan) for i in range(Dice(f"{seed} laws").randint(1, 3))]
    return json.dumps(plan | {"rules": rules}, indent=1)


def _rule(dice, number, plan):
    journeys, messages = list(plan["journeys"]), list(plan["messages"])
    actions = [
        {"enter": dice.choice(journeys)},
        {"leave": dice.some(journeys)},
        {"pause": dice.some(["promotional", "dunning", "sms"]), "for": dice.choice(["5h", "2d"])},
        {"suppress": dice.choice(messages), "for": dice.choice(["5h", "3d"])},
        {"release": dice.choice(messages)},
    ]
    known = [e for e in EVENTS if f'"{e}"' in json.dumps(plan["journeys"])] or ["paid"]
    when = f'event.type == "{dice.choice(known)}"'
    return {"name": f"rule {number}", "when": when, "then": dice.sample(actions, dice.randint(1, 2))}
