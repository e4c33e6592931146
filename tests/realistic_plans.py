"""Small plans for people who behave, with everything in them that is not asked for turned off."""

import msgspec

RARE = 1e9
"""Weeks between the purchases of somebody who never buys."""
FLAT = {"hours": [1] * 24, "weekend": 1, "spread": 0}
"""A clock by which people are awake all day."""
SILENT = {
    "open": 0,
    "click": 0,
    "open_spread": 0,
    "click_spread": 0,
    "unsubscribe": 0,
    "complaint": 0,
    "hard": 0,
    "soft": 0,
    "hours": 0,
    "shape": 1,
    "machine": 0,
}
"""Readers who do nothing, at once."""
QUIET = {"opens": 0, "clicks": 0, "repeats": 0, "unsubscribes": 0, "opened": 0}
"""People whom no message tires."""


def people(**parts):
    """Realistic people of whom only what is said is alive."""
    usual = {
        "purchases": {"r": 1e6, "alpha": RARE * 1e6, "s": 0, "taste": 0},
        "lift": {"opened": 0, "clicked": 0},
        "visits": {"per_week": 0},
        "fatigue": {},
        "clock": {},
        "opinion": {"referrals": 0},
    }
    off = {"clock": FLAT, "fatigue": QUIET}
    found = {k: {**off.get(k, {}), **v, **parts.pop(k, {})} for k, v in usual.items()}
    channels = {name: SILENT | said for name, said in parts.pop("channels", {"email": {}}).items()}
    return found | {"channels": channels} | parts


def rate(per_week):
    """Purchases at one rate for everybody."""
    return {"r": 1e6, "alpha": 1e6 / per_week}


def life(weeks):
    """Lives that end at one rate for everybody."""
    return {"s": 1e6, "beta": 1e6 * weeks}


def plan(realistic=None, *, messages=("note",), channel="email", behaviour=None, **more):
    """The text of a plan over people who consent to everything; `more` replaces whole parts of it."""
    found = {
        "plan": "small",
        "start": "2026-01-05",
        "days": 28,
        "categories": [{"name": "promotion", "class": "promotional"}],
        "channels": {name: {} for name in (realistic or people())["channels"]},
        "messages": {m: {"channel": channel, "category": "promotion"} for m in messages},
        "journeys": {},
        "population": {"consent": {"all": 1}},
        "behaviour": {"kind": "realistic", "realistic": realistic or people()} if behaviour is None else behaviour,
    }
    return msgspec.json.format(msgspec.json.encode(found | more), indent=1).decode() + "\n"


def once(day, message="note", at="00:00"):
    """A journey that sends everybody one message."""
    return {"trigger": {"schedule": {"dates": [f"{day} {at}"]}}, "steps": [{"send": message}]}


def weekly(message="note", on="mon", at="00:00"):
    """A journey that sends everybody one message a week."""
    return {"trigger": {"schedule": {"every": "week", "on": on, "at": at}}, "steps": [{"send": message}]}


def letter_plan():
    """A plan with a letter, a text message and a reminder of carts, that says nothing of its people."""
    cart = {"trigger": {"event": "cart_updated"}, "exit": {"event": "purchase"}}
    journeys = {
        "letters": weekly("letter", at="10:00") | {"reentry": {"policy": "parallel"}},
        "texts": weekly("text", on="thu", at="17:00") | {"reentry": {"policy": "parallel"}},
        "cart": cart | {"steps": [{"send": "reminder", "wait": "3h"}]},
    }
    raw = msgspec.json.decode(plan(behaviour={}, channels={"email": {}, "sms": {}}, journeys=journeys, days=84))
    channels = {"letter": "email", "text": "sms", "reminder": "email"}
    raw["messages"] = {name: {"channel": channel, "category": "promotion"} for name, channel in channels.items()}
    return msgspec.json.format(msgspec.json.encode(raw), indent=1).decode() + "\n"
