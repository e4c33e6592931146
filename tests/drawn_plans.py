"""Plans and histories that hypothesis draws: small, tight, with every law in play."""

import datetime as dt
import json

from hypothesis import strategies as st

EVENTS = ("visit", "cart", "purchase", "billed", "paid", "tired")
FACTS = ("unpaid", "tired")
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
CHANNELS = ("email", "sms")


def maybe(strategy, default=None):
    """A value, or its absence."""
    return st.one_of(st.just(default), strategy)


@st.composite
def seldom(draw, strategy):
    """A value once in five times."""
    return draw(strategy) if draw(st.integers(0, 4)) == 4 else None


def some(words, most=2):
    """One or a few of some words."""
    return st.lists(st.sampled_from(sorted(words)), min_size=1, max_size=most, unique=True)


def plain(mapping):
    """A mapping without what is absent."""
    return {k: v for k, v in mapping.items() if v is not None and v != []}


scopes = some([*CATEGORIES, "relational", "promotional", "service"], 3)
waits = st.sampled_from(["0h", "1h", "90min", "20h", "1d", "2d", "3d1h", "30min"])
clocks = st.sampled_from(["00:00", "02:15", "02:30", "08:00", "10:00", "23:30"])


@st.composite
def quiet_hours(draw):
    start, end = draw(
        st.sampled_from(
            [("21:00", "08:00"), ("12:00", "14:00"), ("00:00", "24:00"), ("02:30", "09:00"), ("23:00", "02:30")]
        )
    )
    days = seldom(some(["mon", "wed", "sat", "sun"]))
    if (start, end) == ("00:00", "24:00"):
        days = some(["sat", "sun"])
    return plain(
        {
            "from": start,
            "to": end,
            "days": draw(days),
            "except": draw(seldom(scopes)),
            "of": draw(seldom(scopes)),
            "channel": draw(seldom(some(CHANNELS, 1))),
        }
    )


@st.composite
def caps(draw, number, journeys, groups):
    weighed = draw(st.booleans())
    return plain(
        {
            "name": f"cap {number}",
            "max": draw(st.integers(1, 4) if weighed else st.sampled_from([0, 1, 1, 1, 2, 3])),
            "per": draw(
                st.sampled_from(
                    ["calendar day", "calendar day", "calendar week", "calendar month", "7d", "24h", "90min"]
                )
            ),
            "of": draw(maybe(scopes)),
            "channel": draw(seldom(some(CHANNELS, 1))),
            "journey": draw(seldom(some(journeys, 2))),
            "group": draw(seldom(some(groups, 1))) if groups else None,
            "by": "weight" if weighed else None,
            "when": draw(seldom(st.sampled_from(["fact.tired", "!fact.unpaid"]))),
        }
    )


@st.composite
def coherence(draw, number):
    rule = {"name": f"rule {number}", "policy": draw(st.sampled_from([None, "hold", "drop"]))}
    form = draw(st.sampled_from(["within", "while", "after"]))
    span = st.sampled_from(["36h", "2d", "5d", "1h"])
    if form == "within":
        rule |= {"never": draw(scopes), "within": draw(span), "of": draw(scopes)}
    elif form == "while":
        rule |= {"never": draw(scopes), "while": draw(st.sampled_from(["fact.unpaid", "!fact.tired"]))}
    else:
        rule |= {"only": draw(scopes), "after": draw(scopes), "within": draw(maybe(span))}
    return plain(rule)


@st.composite
def messages(draw):
    channel = draw(st.sampled_from(CHANNELS))
    other = CHANNELS[1 - CHANNELS.index(channel)]
    policies = st.sampled_from([None, None, None, "drop", {"reroute": other}])
    return plain(
        {
            "channel": channel,
            "category": draw(st.sampled_from(sorted(CATEGORIES))),
            "valid_for": draw(st.sampled_from([None, None, "6h", "24h", "3d", "2d12h"])),
            "valid_until": draw(seldom(st.just("end of day"))),
            "on_cap": draw(policies),
            "on_quiet": draw(policies),
            "priority": draw(st.sampled_from([None, None, 10, 90])),
            "weight": draw(st.sampled_from([None, 2, 3])),
        }
    )


@st.composite
def triggers(draw):
    kind = draw(st.sampled_from(["event", "event", "keyed", "first", "absence", "together", "date", "schedule"]))
    event = draw(st.sampled_from(EVENTS))
    at = draw(clocks)
    if kind == "event":
        return {"event": draw(some(EVENTS))}
    if kind == "keyed":
        return {"event": event, "key": "thing"}
    if kind == "first":
        return {"first": event}
    if kind == "absence":
        wait = draw(st.sampled_from(["30min", "1d"]))
        return plain(
            {"absence": {"of": [event, "purchase"], "for": wait, "after": event}, "key": draw(maybe(st.just("thing")))}
        )
    if kind == "together":
        return {"together": {"of": ["visit", "cart"], "within": draw(st.sampled_from(["1h", "2d"]))}}
    if kind == "date":
        return {"date": {"of": "birthday", "at": at}}
    clock = draw(st.sampled_from(["contact", "plan"]))
    if draw(st.booleans()):
        return {"schedule": {"every": "day", "interval": draw(st.integers(1, 3)), "at": at, "clock": clock}}
    return {"schedule": {"every": "week", "on": draw(some(["tue", "thu", "sun"])), "at": at, "clock": clock}}


@st.composite
def steps(draw, sendable, experiments, journeys, depth=0):
    """One step; those with ways hold others."""
    kinds = ["send"] * 6 + ["wait", "set"]
    kinds += ["branch", "wait_for", "transfer", "exit", "experiment"] if depth == 0 else []
    kind = draw(st.sampled_from(kinds))
    timing = {
        "after": draw(st.sampled_from([None, "trigger", "trigger", "sent"])),
        "wait": draw(waits),
        "at": draw(st.sampled_from([None, None, "10:00", "02:30"])),
        "on": draw(st.sampled_from([None, None, None, ["mon", "thu"]])),
        "late": draw(seldom(st.just("skip"))),
    }
    if kind == "send":
        send = draw(st.sampled_from(sendable))
        if experiments and draw(st.integers(0, 3)) == 0:
            send = {"by": experiments[0], "arms": {"a": send, "b": draw(st.sampled_from(sendable))}}
        if experiments and draw(st.integers(0, 3)) == 0:
            timing["wait"] = {"by": experiments[-1], "arms": {"a": draw(waits), "b": draw(waits)}}
        return plain({"send": send, **timing})
    if kind == "set":
        return plain({"set": {"seen": "contact.seen + 1"}, **timing})
    if kind in ("wait", "exit"):
        return plain(timing | ({"exit": True} if kind == "exit" else {}))
    if kind == "transfer":
        return plain({"transfer": draw(st.sampled_from(journeys)), **timing})
    inside = st.lists(steps(sendable, experiments, journeys, 1), min_size=1, max_size=2)
    if kind == "branch":
        ways = [{"if": draw(st.sampled_from(["fact.unpaid", "visit > 1"])), "then": draw(inside)}]
        return plain({"branch": [*ways, {"else": draw(inside)}] if draw(st.booleans()) else ways, **timing})
    if kind == "wait_for":
        timing["at"] = None
        return plain(
            {
                "wait_for": draw(st.sampled_from(EVENTS)),
                "timeout": "1d",
                "then": draw(inside),
                "else": draw(inside),
                **timing,
            }
        )
    if not experiments:
        return {"wait": "1h"}
    return plain({"experiment": experiments[0], "arms": {"b": draw(inside)}, **timing})


@st.composite
def journeys(draw, names, sendable, experiments, groups):
    reentry = draw(st.sampled_from(["never", "after_exit", "parallel", "parallel", "replace", "many"]))
    if reentry == "many":
        reentry = {"policy": draw(st.sampled_from(["parallel", "replace"])), "most": draw(st.integers(1, 5))}
    exit_ = {"event": draw(some(EVENTS, 1)), "key": draw(st.sampled_from(["any", "same"]))}
    if len(names) > 1:
        exit_["to"] = draw(st.sampled_from([None, None, names[-1]]))
    group = {g: policy for g, policy in groups.items() if draw(st.booleans())}
    return plain(
        {
            "trigger": draw(triggers()),
            "reentry": reentry,
            "exit": draw(seldom(st.just(plain(exit_)))),
            "priority": draw(st.sampled_from([10, 50, 50, 90])),
            "group": group or None,
            "holdout": draw(st.sampled_from([None, None, None, None, "40%"])),
            "when": draw(st.sampled_from([None, None, None, "visit < 4"])),
            "steps": draw(st.lists(steps(sendable, experiments, names), min_size=2, max_size=5)),
        }
    )


@st.composite
def plans(draw):
    """A valid plan, as a text (JSON is YAML), and its first day."""
    sendable = [f"m{i}" for i in range(draw(st.integers(2, 5)))]
    names = [f"j{i}" for i in range(draw(st.integers(1, 4)))]
    trials = [f"x{i}" for i in range(draw(st.integers(0, 2)))]
    groups = {"g": draw(st.sampled_from(["preempt", "pause", "queue"]))} if len(names) > 1 else {}
    own_purpose = draw(st.booleans())
    ranked = draw(st.booleans())
    categories = [
        plain({"name": n, "class": c, "purpose": "news" if own_purpose and n in ("news", "dunning") else None})
        | ({"rank": 1} if ranked and c in ("relational", "promotional") else {})
        for n, c in CATEGORIES.items()
    ]
    made = {name: draw(journeys(names, sendable, trials, groups)) for name in names}
    grouped = sorted({g for j in made.values() for g in j.get("group", {})})
    plan = {
        "plan": "drawn",
        "start": draw(st.sampled_from(STARTS)),
        "days": DAYS,
        "zone": draw(st.sampled_from(["Europe/Paris", "America/Santiago", "UTC"])),
        "zones": draw(maybe(st.just(["Europe/Paris", "Asia/Kolkata"]))),
        "arbitration": draw(st.sampled_from(["first_come", "priority", "look_ahead"])),
        "holdout": draw(st.sampled_from([None, None, None, None, "30%"])),
        "attributes": {"birthday": "date", "seen": {"type": "int", "default": 0}},
        "categories": categories,
        "channels": {"email": {"cost": 0.001}, "sms": {"cost": 0.06}},
        "quiet_hours": [draw(quiet_hours()) for _ in range(draw(st.sampled_from([0, 1, 1, 2])))],
        "caps": [draw(caps(i, names, grouped)) for i in range(draw(st.sampled_from([0, 1, 2, 3])))],
        "coherence": [draw(coherence(i)) for i in range(draw(st.sampled_from([0, 1, 1, 2])))],
        "events": {
            "billed": {"set": {"fact.unpaid": True}},
            "paid": {"set": {"fact.unpaid": False}, "grant": ["news.sms"] if own_purpose else []},
            "tired": plain(
                {"set": {"fact.tired": True}, "withdraw": draw(seldom(some(["marketing.sms", "email"], 1)))}
            ),
        },
        "experiments": {x: {"arms": {"a": "50%", "b": "50%"}, "enabled": draw(st.booleans())} for x in trials},
        "messages": {name: draw(messages()) for name in sendable},
        "journeys": made,
    }
    return json.dumps(plain(plan), indent=1), plan["start"]


@st.composite
def histories(draw, start):
    """People and what they do, as rows of two files."""
    noon = int(dt.datetime.fromisoformat(start + "T12:00:00+00:00").timestamp())
    people, events = [], []
    for contact in range(draw(st.integers(2, 4))):
        people.append(
            {
                "contact": contact,
                "zone": draw(st.sampled_from([*ZONES, *ODD_ZONES])),
                "consent": draw(st.sampled_from(["all", "all", "all", "all", "none", ""])),
                "consent.marketing.sms": draw(st.sampled_from(["yes", "yes", "yes", "no", ""])),
                "birthday": "1980-" + start[5:8] + draw(st.sampled_from(["26", "29"])),
            }
        )
        t = noon
        for _ in range(draw(st.integers(10, 30))):
            t += draw(st.sampled_from([0, 0, 0, 1, 600, 1800, 3600, 5399, 36000, 43200, 86400, 100000]))
            events.append({"contact": contact, "time": _iso(t), **draw(deeds())})
    return people, events


@st.composite
def deeds(draw):
    """One event."""
    kind = draw(st.sampled_from([*EVENTS * 5, "opt_out", "opt_in", "opt_in", "unsubscribed"]))
    keys = ["one", "two", ""]
    if kind.startswith("opt"):
        keys = ["", "marketing", "sms", "marketing.email", "all", "whatever"]
    if kind == "unsubscribed":
        keys = [""]
    value = draw(st.sampled_from(["", "", "1999"])) if kind == "purchase" else ""
    return {"type": kind, "key": draw(st.sampled_from(keys)), "value": value}


def _iso(t):
    return dt.datetime.fromtimestamp(t, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
