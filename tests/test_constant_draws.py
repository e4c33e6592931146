"""With constant habits too, a message inserted anywhere leaves all other draws of all contacts untouched."""

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from realistic_plans import weekly

from bifurque.engine.load import loads
from bifurque.engine.simulate import simulate

PARALLEL = {"reentry": {"policy": "parallel"}}


def town():
    """A plan in which constant people do everything they can do, and nothing tires them."""
    opinions = [
        {"survey": "how", "message": "question", "answers": ["well", "badly"], "within": "3d"},
        {"survey": "why", "answers": ["price", "quality"], "within": "1d"},
        {"survey": "nps", "message": "score", "scale": "nps", "within": "3d"},
    ]
    messages = {"letter": "email", "reminder": "email", "text": "sms", "question": "email", "score": "email"}
    cart = [{"send": "reminder", "after": "trigger", "wait": "3h"}, {"send": "text", "after": "trigger", "wait": "23h"}]
    behaviour = {
        "kind": "constant",
        "sources": {
            "visits": {"event": "visit", "per_week": {"loyal": 2, "rare": 0.7}},
            "carts": {"event": "cart_updated", "per_week": 0.5, "key": "new"},
            "moves": {"event": "moved", "once": ["0d", "80d"], "chance": 0.4},
        },
        "reactions": {
            "buys": {"on": "visit", "one_of": [alternative("purchase", 0.3), alternative("called", 0.2)]},
            "reads": {"message": "letter", "one_of": [alternative("called", 0.2)]},
        },
        "messages": {
            "open": {"loyal": 0.6, "rare": 0.3},
            "click": 0.4,
            "unsubscribe": 0.03,
            "messages": {"news": {"click": 0, "unsubscribe": 0}},
        },
        "journeys": {"cart": {"before": {"reminder": 0.2, "text": 0.2}, "on": {"reminder": 0.2}, "value": 30}},
        "answers": {
            "how": {"well": 0.3, "badly": 0.2},
            "why": {"price": 0.3, "quality": 0.3},
            "nps": {"9": 0.3, "3": 0.2},
        },
    }
    return {
        "plan": "town",
        "start": "2026-01-05",
        "days": 84,
        "zone": "Europe/Paris",
        "quiet_hours": {"from": "21:00", "to": "08:00", "except": ["notice"]},
        "categories": [{"name": "promotion", "class": "promotional"}, {"name": "notice", "class": "service"}],
        "channels": {"email": {}, "sms": {}},
        "messages": {m: {"channel": ch, "category": "promotion"} for m, ch in messages.items()},
        "journeys": {
            "letters": weekly("letter", at="10:00") | PARALLEL,
            "cart": {"trigger": {"event": "cart_updated", "key": "cart"}, "exit": {"event": "purchase"}, "steps": cart},
            "opinions": {"trigger": {"event": "purchase"}, "reentry": {"policy": "replace"}, "steps": opinions},
        },
        "personas": {"loyal": {"share": 0.4}, "rare": {"share": 0.6}},
        "population": {"consent": {"all": 0.9}, "zones": {"Europe/Paris": 0.7, "Asia/Tokyo": 0.3}},
        "behaviour": behaviour,
    }


def alternative(event, chance):
    value = {"mean": 50, "spread": 0.5}
    return {"event": event, "chance": chance, "after": "1h", "spread": "20h", "key": "new", "value": value}


def with_journey(raw, first):
    added = {"news": weekly("news", on="wed", at="11:00") | PARALLEL}
    raw["journeys"] = added | raw["journeys"] if first else raw["journeys"] | added


def with_step(raw, journey, at):
    """At once: what people do in the interval before a step depends, by its meaning, on where the interval begins."""
    step = {"send": "news"}
    raw["journeys"][journey]["steps"].insert(at, step)


def with_channel(raw):
    raw["channels"] = {"push": {}} | raw["channels"]
    raw["messages"]["news"]["channel"] = "push"
    with_journey(raw, first=True)


def with_branch(raw):
    """In a branch that some take, before a question that all are asked."""
    way = {"branch": [{"if": 'persona == "loyal"', "then": [{"send": "news"}]}]}
    raw["journeys"]["opinions"]["steps"].insert(0, way)


CHANGES = {
    "a journey in front": lambda raw: with_journey(raw, first=True),
    "a journey behind": lambda raw: with_journey(raw, first=False),
    "a channel in front": with_channel,
    "a first step": lambda raw: with_step(raw, "cart", 0),
    "a step between": lambda raw: with_step(raw, "cart", 1),
    "a last step": lambda raw: with_step(raw, "cart", 2),
    "before the letter": lambda raw: with_step(raw, "letters", 0),
    "behind the letter": lambda raw: with_step(raw, "letters", 1),
    "before a question": lambda raw: with_step(raw, "opinions", 0),
    "behind all questions": lambda raw: with_step(raw, "opinions", 3),
    "in a branch": with_branch,
}


def others(folder, raw):
    """Decisions about messages, and events, that are not about the new one."""
    text = msgspec.json.format(msgspec.json.encode(raw), indent=1).decode()
    run = simulate(text, contacts=1000, ledger="full", out=folder)
    found = []
    for table, known in ((run.ledger(), ["", "news"]), (run.events(), ["news"])):
        columns = [pc.cast(c, pa.string()) if pa.types.is_dictionary(c.type) else c for c in table.columns]
        plain = pa.table(columns, names=table.column_names).combine_chunks()
        found.append(plain.filter(pc.invert(pc.is_in(plain["message"], pa.array(known)))))
    return run, found


def with_news(raw, first):
    news = {"news": {"channel": "email", "category": "notice"}}
    raw["messages"] = news | raw["messages"] if first else raw["messages"] | news
    return raw


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    _, found = others(
        tmp_path_factory.mktemp("before") / "run", town() | {"messages": with_news(town(), True)["messages"]}
    )
    return found


@pytest.mark.parametrize("change", CHANGES)
def test_a_message_more_leaves_all_other_draws_untouched(before, tmp_path, change):
    """Every event and every decision of every contact, to the second, the cent and the key."""
    raw = with_news(town(), "front" in change or "first" in change)
    CHANGES[change](raw)
    run, (ledger, events) = others(tmp_path / "run", raw)
    assert run.kpis["messages"]["news"]["opened"] > 200
    every = {"visit", "cart_updated", "moved", "purchase", "called", "opened", "clicked", "unsubscribed", "answered"}
    assert set(before[1]["type"].to_pylist()) == every
    assert set(run.kpis["surveys"]["nps"]["answers"].values()) != {0}
    assert events.equals(before[1])
    assert ledger.equals(before[0])
    assert len(ledger) > 10_000


@pytest.mark.parametrize("value", [{"mean": 60}, {"mean": 60, "spread": 0.5}, {"mean": {"loyal": 60, "rare": 30}}])
def test_an_amount_that_varies_is_not_taken_for_personas(value):
    raw = with_news(town(), True)
    raw["behaviour"]["reactions"]["reads"]["one_of"][0]["value"] = value
    text = msgspec.json.format(msgspec.json.encode(raw), indent=1).decode()
    found = loads(text).behaviour.reactions["reads"].one_of[0].value
    assert (found.mean, found.spread) == (value["mean"], value.get("spread", 0.0))
