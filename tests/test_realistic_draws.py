"""Realistic people keep their draws whatever else is planned, and their bytes whoever runs them."""

import collections
import copy
import itertools
from importlib.resources import files

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from click.testing import CliRunner
from lived import assert_same_memory
from realistic_plans import people, plan, rate, weekly

from bifurque.engine.answers import answers_to
from bifurque.engine.cli import main
from bifurque.engine.setting import prepare
from bifurque.engine.simulate import simulate
from bifurque.engine.why import replay, told, why

LIVELY = {"open": 0.4, "click": 0.4, "open_spread": 1, "click_spread": 0.8, "hours": 5, "shape": 0.8}
LIVELY |= {"unsubscribe": 0.01, "complaint": 0.2, "hard": 0.02, "soft": 0.05, "machine": 0.4}
CARTS = {"per_week": 0.8, "cart": 0.4, "returns": 0.3}
LAWS = {
    "start": "2026-01-05",
    "days": 84,
    "zone": "Europe/Paris",
    "quiet_hours": {"from": "21:00", "to": "08:00", "except": ["notice"]},
}


def town(regular=(), **lift):
    """A plan in which everything happens; messages neither tire nor sell, unless `lift` says so."""
    regular = dict(regular)
    asked = people(
        purchases=rate(0.5) | {"r": 2, "alpha": 4, "s": 0.6, "beta": 11, "taste": 0.3} | regular,
        lift={"most": 2} | lift,
        visits=CARTS,
        clock={"spread": 1.5, "weekend": 0.85, "sending": 0.3},
        interest={"opens": 0.2, "clicks": 0.1},
        opinion={"referrals": 0.2, "bad": "complained"},
        messages={"letter": {"when": "fact.bought", "relevance": 0.3}},
        channels={"email": LIVELY, "sms": LIVELY | {"open": 0.9}},
    )
    messages = {"letter": "email", "reminder": "email", "text": "sms", "question": "email"}
    opinions = [{"survey": "nps", "scale": "nps", "message": "question"}, {"survey": "csat", "scale": "csat"}]
    return {
        "plan": "town",
        **LAWS,
        "categories": [{"name": "promotion", "class": "promotional"}, {"name": "notice", "class": "service"}],
        "channels": {"email": {}, "sms": {}},
        "messages": {m: {"channel": ch, "category": "promotion"} for m, ch in messages.items()},
        "events": {"purchase": {"set": {"fact.bought": True}}},
        "journeys": {
            "letters": weekly("letter", at="10:00") | {"reentry": {"policy": "parallel"}},
            "cart": {
                "trigger": {"event": "cart_updated"},
                "exit": {"event": "purchase"},
                "steps": [{"send": "reminder", "wait": "3h"}, {"send": "text", "wait": "20h"}],
            },
            "opinions": {"trigger": {"event": "purchase"}, "reentry": {"policy": "replace"}, "steps": opinions},
        },
        "population": {"consent": {"all": 0.9}, "zones": {"Europe/Paris": 0.7, "Asia/Tokyo": 0.3}},
        "behaviour": {"kind": "realistic", "realistic": asked},
    }


def run_of(folder, raw, contacts=1000, **options):
    text = msgspec.json.format(msgspec.json.encode(raw), indent=1).decode()
    return simulate(text, contacts=contacts, ledger="full", out=folder, **options)


def with_journey(raw, first):
    """Another journey, before or behind the others; of its message nobody clicks or leaves."""
    added = {"news": weekly("news", on="wed", at="11:00") | {"reentry": {"policy": "parallel"}}}
    raw["journeys"] = added | raw["journeys"] if first else raw["journeys"] | added


def with_step(raw, at):
    raw["journeys"]["cart"]["steps"].insert(at, {"send": "news", "after": "trigger", "wait": "1h"})
    for step, hours in zip((s for s in raw["journeys"]["cart"]["steps"] if s["send"] != "news"), (3, 23), strict=True):
        step |= {"after": "trigger", "wait": f"{hours}h"}


def with_survey(raw):
    """The new message asks a question of its own."""
    journey = {"trigger": {"schedule": {"every": "week", "on": "wed", "at": "11:00"}}}
    survey = {"survey": "another", "scale": "nps", "message": "news", "within": "2d"}
    journey |= {"reentry": {"policy": "parallel"}, "steps": [survey, {"send": "news"}]}
    raw["journeys"] = {"another": journey} | raw["journeys"]


def with_ask(raw):
    """The new message is sent before a question is asked."""
    raw["journeys"]["opinions"]["steps"].insert(0, {"send": "news"})


def with_channel(raw):
    raw["channels"] = {"push": {}} | raw["channels"]
    raw["behaviour"]["realistic"]["channels"] = {"push": LIVELY} | raw["behaviour"]["realistic"]["channels"]
    raw["messages"]["news"]["channel"] = "push"
    with_journey(raw, first=True)


CHANGES = {
    "a journey in front": lambda raw: with_journey(raw, first=True),
    "a journey behind": lambda raw: with_journey(raw, first=False),
    "a first step": lambda raw: with_step(raw, 0),
    "a step between": lambda raw: with_step(raw, 1),
    "a last step": lambda raw: with_step(raw, 2),
    "a channel in front": with_channel,
    "a question in front": with_survey,
    "before a question": with_ask,
}


def plain(table):
    """A table with its texts as texts."""
    columns = [pc.cast(c, pa.string()) if pa.types.is_dictionary(c.type) else c for c in table.columns]
    return pa.table(columns, names=table.column_names).combine_chunks()


def others(run):
    """The decisions about messages, and the events, that are not about the new one."""
    ledger, events = plain(run.ledger()), plain(run.events())
    about = pc.invert(pc.is_in(ledger["message"], pa.array(["", "news"])))
    return ledger.filter(about), events.filter(pc.not_equal(events["message"], "news"))


REGULAR = {"regularity": 2}


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    run = run_of(tmp_path_factory.mktemp("before") / "run", town(REGULAR))
    return others(run)


@pytest.mark.parametrize("change", CHANGES)
def test_a_message_more_leaves_all_other_draws_untouched(before, tmp_path, change):
    """Every event and every decision of every contact, to the second, the cent and the key."""
    raw = copy.deepcopy(town(REGULAR))
    news = {"channel": "email", "category": "notice"}
    raw["messages"] = {"news": news} | raw["messages"] if "front" in change else raw["messages"] | {"news": news}
    raw["behaviour"]["realistic"]["messages"] |= {"news": {"click": -100}}
    CHANGES[change](raw)
    after = run_of(tmp_path / "run", raw)
    assert after.kpis["messages"]["news"]["opened"] > 200
    ledger, events = before
    kinds = set(events["type"].to_pylist())
    every = {
        "visit",
        "cart_updated",
        "purchase",
        "opened",
        "clicked",
        "unsubscribed",
        "complained",
        "bounced",
        "referred",
        "answered",
    }
    assert kinds == every
    assert others(after)[1].equals(events)
    assert others(after)[0].equals(ledger)
    assert len(ledger) > 10_000


def bought(run):
    """Who buys when, and for how much."""
    events = plain(run.events())
    events = events.filter(pc.equal(events["type"], "purchase"))
    columns = (events["contact"], pc.cast(events["time"], pa.int64()), events["value"])
    return collections.Counter(zip(*(c.to_pylist() for c in columns), strict=True))


def test_a_message_more_never_takes_a_purchase_away(tmp_path):
    """Whatever messages sell comes on top of what is bought without them, contact by contact."""
    runs = []
    for number, most in enumerate((0, 1, 2, 3)):
        raw = town(opened=0.3, clicked=0.8, days=10)
        raw["behaviour"]["realistic"]["visits"]["cart"] = 0  # a purchase closes the cart, which is then not bought
        for channel in raw["behaviour"]["realistic"]["channels"].values():
            channel["unsubscribe"] = 0
        raw["messages"] |= {f"offer{i}": {"channel": "email", "category": "promotion"} for i in range(most)}
        offers = {f"offer{i}": weekly(f"offer{i}", on=("tue", "fri", "sun")[i], at="15:00") for i in range(most)}
        raw["journeys"] = {"letters": raw["journeys"]["letters"]} | offers
        runs.append(bought(run_of(tmp_path / str(number), raw)))
    for fewer, more in itertools.pairwise(runs):
        assert fewer <= more
        assert more.total() - fewer.total() > 20
    first = run_of(tmp_path / "none", town() | {"journeys": {}})
    assert first.kpis["totals"]["purchases"] > 5000


DEMO = str(files("bifurque.engine").joinpath("templates", "demo.yaml"))
SHORT = {"contacts": 700, "days": 120, "behaviour": "realistic", "ledger": "full"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return simulate(DEMO, out=tmp_path_factory.mktemp("demo") / "run", workers=1, **SHORT)


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers_gives_the_same_bytes(demo, tmp_path, workers):
    other = simulate(DEMO, out=tmp_path / "run", workers=workers, **SHORT)
    assert other.digest == demo.digest
    assert other.kpis == demo.kpis
    assert other.ledger().equals(demo.ledger())
    assert other.events().equals(demo.events())


def test_the_uncompiled_step_writes_the_same_rows(demo):
    options = {k: v for k, v in SHORT.items() if k != "ledger"}
    setting = prepare(DEMO, **options)
    ledger, events = demo.ledger(), demo.events()
    busiest = np.argsort(np.bincount(np.asarray(events["contact"])))[-2:].tolist()
    for contact in [*busiest, 17, 404]:
        for lived, kept in zip(
            replay(setting, contact, answers=answers_to(demo.folder, contact)), (ledger, events), strict=True
        ):
            assert lived.to_pylist() == kept.filter(pc.equal(kept["contact"], contact)).to_pylist()


def test_the_uncompiled_step_leaves_the_same_memory(tmp_path):
    text = msgspec.json.format(msgspec.json.encode(town(opened=0.3, clicked=0.8)), indent=1).decode()
    assert_same_memory(prepare(text, contacts=6, rows=1 << 13))


def test_what_realistic_people_do_replaces_the_plan_s_constants(tmp_path):
    """Purchases, visits and carts are theirs alone; everything else the plan says still happens."""
    sources = {
        "buys": {"event": "purchase", "per_day": 5},
        "visits": {"event": "visit", "per_day": 5},
        "calls": {"event": "called", "per_day": 0.5},
    }
    reactions = {
        "buys": {"on": "called", "one_of": [{"event": "purchase", "chance": 1}]},
        "writes": {"on": "called", "one_of": [{"event": "wrote", "chance": 1, "after": "1h"}]},
    }
    asked = {"kind": "realistic", "realistic": people(), "sources": sources, "reactions": reactions}
    run = simulate(plan(behaviour=asked, channels={"email": {}}), contacts=500, ledger="none", out=tmp_path / "run")
    assert set(run.kpis["events"]) == {"called", "wrote"}
    assert run.kpis["events"]["called"] > 6000


def test_nobody_answers_what_only_a_machine_has_opened(tmp_path):
    """A mail program that opens by itself moves what the plan listens for, not the person."""
    asked = people(channels={"email": {"machine": 1}})
    reactions = {"calls": {"on": "opened", "one_of": [{"event": "called", "chance": 1}]}}
    behaviour = {"kind": "realistic", "realistic": asked, "reactions": reactions}
    after = {"trigger": {"event": "opened"}, "steps": [{"send": "second"}]}
    journeys = {"first": weekly(), "second": after | {"reentry": "never"}}
    text = plan(behaviour=behaviour, channels={"email": {}}, messages=("note", "second"), journeys=journeys)
    run = simulate(text, contacts=200, ledger="none", out=tmp_path / "run")
    assert run.kpis["messages"]["second"]["sent"] == 200
    assert "called" not in run.kpis["events"]
    assert run.kpis["totals"]["opened"] == 0
    assert run.kpis["totals"]["machine_opened"] > 800


@pytest.mark.parametrize(("lang", "words"), [("en", "opened by the mail program"), ("fr", "logiciel de messagerie")])
def test_why_tells_opens_by_people_from_those_by_machines(tmp_path, lang, words):
    """With --events, what was done stands among the decisions, in time order."""
    asked = people(channels={"email": {"open": 1, "machine": 1, "hours": 5}})
    text = plan(asked, journeys={"a": weekly(at="10:00")}, messages=("note",), days=7)
    run = simulate(text, contacts=5, ledger="none", out=tmp_path / "run")
    answer = why(run, "3")
    lines = [line.split("  ", 1)[1] for line in told(answer, lang, events=True)]
    assert answer.rows
    assert [words in line for line in lines].count(True) == 1
    assert [line.startswith("→") for line in lines].count(True) == len(answer.lived) == 2
    assert told(answer, lang) == [line for line in told(answer, lang, events=True) if "→" not in line]
    sent = next(i for i, line in enumerate(lines) if line.startswith("note"))
    assert words in lines[sent + 1] or words in lines[sent + 2]
    command = ["why", str(tmp_path / "run"), "3", "--events", "--lang", lang]
    assert words in CliRunner().invoke(main, command).stdout
    rows = msgspec.json.decode(CliRunner().invoke(main, [*command, "--json"]).stdout)
    assert [row.get("source") for row in rows].count("machine") == 1
