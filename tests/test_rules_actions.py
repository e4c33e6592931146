"""What rules do: facts, numbers, stages, journeys, pauses, priorities, suppressions; and how the ledger tells it."""

import datetime as dt
import json

import pytest

from bifurque.engine.setting import prepare
from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template
from bifurque.engine.why import replay, told, why
from bifurque.rules.layout import H_ARMED, QUARANTINED

PLAN = """plan: shop
start: 2026-01-01
days: 60
zone: Europe/Paris
stages: [prospect, customer]
attributes: {n: {type: int, default: 0}}
scores: {interest: {on: {}, half_life: 30d}, by_theme: {on: {}, by: key}}
categories:
  - {name: care, class: service}
  - {name: promotion, class: promotional}
channels: {email: {}, sms: {}}
events: {complaint: {}, click: {}, calm: {}, tick: {}}
messages:
  apology: {channel: email, category: care}
  followup: {channel: email, category: care}
  offer: {channel: email, category: promotion}
  text: {channel: sms, category: promotion}
journeys:
  sale: {trigger: {event: tick}, reentry: parallel, steps: [{send: offer, wait: 1d}, {set: {n: contact.n + 1}}]}
  texts: {trigger: {event: tick}, reentry: parallel, steps: [{send: text, wait: 1d}]}
  service: {steps: [{send: apology, wait: 1h}, {name: later, send: followup, wait: 2d}]}
rules: RULES
"""


def made(world, *rules):
    shop = world(PLAN.replace("RULES", json.dumps(list(rules))))
    return shop, shop.contact(zone="Europe/Paris")


def on(event, *then, name="rule one", **more):
    return {"name": name, "when": f'event.type == "{event}"', "then": list(then), **more}


def rows(contact, **where):
    return [r for r in contact.decisions if all(r[k] == v for k, v in where.items())]


def test_set_clear_numbers_scores_and_stage(world):
    _, anna = made(
        world,
        on("click", {"set": "fact.hot"}, {"set": {"n": "contact.n + 2"}}, {"score": {"interest": 4, "by_theme": 2}}),
        on("calm", {"clear": ["fact.hot"]}, {"stage": "customer"}, name="cool"),
    )
    anna.does("click", key="hiking")
    assert (anna.fact("hot"), anna.attribute("n"), anna.score("interest")) == (True, 2, 4.0)
    assert anna.score("by_theme", "hiking") == 2.0
    anna.does("calm")
    assert (anna.fact("hot"), anna.stage) == (False, "customer")
    fired = [r["cause"] for r in rows(anna, message="", journey="") if r["cause"].startswith("rule:")]
    assert fired == ["rule:rule one", "rule:cool"]
    assert {(r["outcome"], r["reason"], r["winner"]) for r in rows(anna, cause="rule:cool")} == {("", "", "")}


def test_a_rule_fires_once_until_something_it_reads_changes(world):
    _, anna = made(
        world,
        {"name": "twice", "when": "contact.n >= 2", "then": [{"set": "fact.many"}]},
        on("click", {"set": {"n": "contact.n + 1"}}),
        on("calm", {"set": {"n": "2"}}, name="calm"),
    )
    for _ in range(2):
        anna.does("click")
    assert len(rows(anna, cause="rule:twice")) == 1
    anna.does("calm")  # n is 2 already: nothing has changed
    anna.does("complaint")
    assert len(rows(anna, cause="rule:twice")) == 1
    anna.does("click")
    assert len(rows(anna, cause="rule:twice")) == 2


def test_time_alone_fires_a_rule_once_until_it_has_been_false(world):
    quiet = {"name": "quiet", "when": 'now - last(click) >= duration("10d")', "then": [{"set": {"n": "contact.n + 1"}}]}
    shop, anna = made(world, quiet)
    anna.does("click")
    for _ in range(5):
        shop.advance("6d")
        anna.does("complaint")
    assert anna.attribute("n") == 1
    anna.does("click")
    shop.advance("12d")
    anna.does("complaint")
    assert anna.attribute("n") == 2


def test_a_derived_fact_holds_exactly_while_its_reasons_do(world):
    shop, anna = made(
        world,
        {"name": "busy", "when": 'count(click, "2d") >= 2', "then": [{"derive": "fact.busy"}]},
        {"name": "calm", "when": "!fact.busy", "then": [{"set": {"n": "contact.n + 1"}}], "salience": 100},
    )
    anna.does("click")
    assert (anna.fact("busy"), anna.attribute("n")) == (False, 1)
    anna.does("click")
    assert anna.fact("busy")
    shop.advance("3d")
    anna.does("complaint")
    assert (anna.fact("busy"), anna.attribute("n")) == (False, 2)
    assert len(rows(anna, cause="rule:busy")) == 1


def test_enter_and_leave(world):
    shop, anna = made(world, on("complaint", {"enter": "service"}, {"leave": ["sale", "texts"]}, name="upset"))
    anna.does("tick")
    shop.advance("1h")
    anna.does("complaint")
    assert [anna.inside(j) for j in ("sale", "texts", "service")] == [False, False, True]
    left = [r for r in anna.decisions if r["winner"] == "upset"]
    assert [(r["journey"], r["cause"], r["reason"]) for r in left] == [
        ("sale", "exit", "exited"),
        ("texts", "exit", "exited"),
    ]
    assert [r["cause"] for r in rows(anna, journey="service")] == ["entry:rule upset"]


def test_transfer_leaves_where_the_contact_is_and_names_the_rule(world):
    shop, anna = made(world, on("complaint", {"transfer": "service", "from": ["sale"]}, name="upset"))
    anna.does("complaint")
    assert not anna.inside("service")  # not inside `sale`: nothing to transfer
    anna.does("tick")
    shop.advance("1h")
    anna.does("complaint")
    assert [anna.inside(j) for j in ("sale", "texts", "service")] == [False, True, True]
    assert [(r["cause"], r["winner"]) for r in rows(anna, journey="sale")][-1] == ("transfer", "upset")
    assert [(r["cause"], r["winner"]) for r in rows(anna, journey="service")] == [("transfer", "")]


def test_transfer_from_anywhere_to_a_step(world):
    shop, anna = made(world, on("complaint", {"transfer": "service", "step": "later"}, name="upset"))
    anna.does("complaint")
    shop.advance("3d")
    assert [m for m, _ in anna.sent] == ["followup"]
    assert anna.visits("service") == 1


def test_transfer_to_another_step_of_the_same_journey(world):
    shop, anna = made(
        world,
        on("complaint", {"enter": "service"}, name="enter"),
        on("calm", {"transfer": "service", "from": "service", "step": "later"}, name="skip"),
    )
    anna.does("complaint")
    anna.at("2026-01-01 00:30").does("calm")
    shop.advance("3d")
    assert anna.sent == [("followup", "2026-01-03 00:30")]
    assert anna.visits("service") == 1
    assert not anna.inside("service")


def test_transfer_that_pauses_the_old_journey(world):
    shop, anna = made(
        world,
        on("complaint", {"transfer": "service", "from": "sale", "old": "pause"}, name="upset"),
        on("calm", {"resume": "sale"}, name="calm"),
    )
    anna.does("tick")
    anna.does("complaint")
    shop.advance("2d")
    assert anna.attribute("n") == 0  # the `set` step fell in the pause
    assert ("offer", "suppressed", "upset") in anna.reasons
    anna.does("calm")
    anna.does("tick")
    shop.advance("2d")
    assert "offer" in [m for m, _ in anna.sent]


@pytest.mark.parametrize(
    ("what", "stopped"),
    [("promotion", {"offer", "text"}), ("promotional", {"offer", "text"}), ("sms", {"text"}), ("sale", {"offer"})],
)
def test_pause_a_category_a_class_a_channel_or_a_journey_for_a_time(world, what, stopped):
    shop, anna = made(world, on("complaint", {"pause": what, "for": "5d"}, name="pause"))
    anna.does("complaint")
    anna.does("tick")
    shop.advance("3d")
    assert {m for m, r, w in anna.reasons if (r, w) == ("suppressed", "pause")} == stopped
    assert {m for m, _ in anna.sent} == {"offer", "text"} - stopped
    shop.advance("2d")
    anna.does("tick")
    shop.advance("2d")
    assert {m for m, _ in anna.sent} == {"offer", "text"}


def test_a_pause_drops_what_is_held_at_once_and_resume_ends_it(world):
    text = PLAN.replace("rules: RULES", 'quiet_hours: {from: "20:00", to: "08:00"}\nrules: RULES')
    rules = [on("complaint", {"pause": ["promotion"]}, name="pause"), on("calm", {"resume": ["promotion"]}, name="go")]
    shop = world(text.replace("RULES", json.dumps(rules)))
    anna = shop.contact()
    anna.at("2026-01-01 21:00").does("tick")
    anna.at("2026-01-02 22:00").does("complaint")  # `offer` was due at 21:00 and waits for 08:00
    shop.advance("1min")
    dropped = rows(anna, message="offer", outcome="dropped")
    assert [(f"{r['time']:%d %H:%M}", r["reason"], r["winner"]) for r in dropped] == [
        ("02 21:00", "suppressed", "pause")
    ]
    anna.does("calm")
    anna.does("tick")
    shop.advance("2d")
    assert "offer" in [m for m, _ in anna.sent]


def test_suppress_and_release_one_message(world):
    shop, anna = made(
        world, on("complaint", {"suppress": "offer"}, name="hush"), on("calm", {"release": "offer"}, name="talk")
    )
    anna.does("complaint")
    anna.does("tick")
    shop.advance("2d")
    assert anna.reasons == [("offer", "suppressed", "hush")]
    assert [m for m, _ in anna.sent] == ["text"]
    anna.does("calm")
    anna.does("tick")
    shop.advance("2d")
    assert sorted(m for m, _ in anna.sent) == ["offer", "text", "text"]


def test_change_a_priority_for_a_time(world):
    text = PLAN.replace("rules: RULES", "caps: [{max: 1, per: calendar day}]\nrules: RULES")
    rules = [on("click", {"priority": {"texts": 90}, "for": "3d"}, name="boost")]
    for boosted, first in ((False, "offer"), (True, "text")):
        shop = world(text.replace("RULES", json.dumps(rules)))
        anna = shop.contact()
        if boosted:
            anna.does("click")
        anna.does("tick")
        shop.advance("26h")
        assert [m for m, _ in anna.sent] == [first]


def test_rules_of_a_message_of_the_same_second_come_first(world):
    shop, anna = made(world, on("complaint", {"pause": "promotion", "for": "5d"}, name="pause"))
    anna.at("2026-01-01 10:00").does("tick")
    anna.at("2026-01-02 10:00").does("complaint")  # the offer is due at this very second
    shop.advance("1d")
    assert anna.sent == []


# RP-05 with rules instead of coherence

DUE = dt.date(2025, 4, 7)
REMINDED = "      - {set: {reminders: contact.reminders + 1}, after: sent}\n"


def birthday_with_rules():
    text = template("birthday", "en")
    head, _, tail = text.partition("coherence:\n")
    tail = tail[tail.index("messages:") :]
    rules = """attributes:
  birthday: date
  reminders: {type: int, default: 0}
rules:
  - {name: reminded, when: contact.reminders > 0, then: [{pause: [relational, promotional], for: 14d}], salience: 10}
  - {name: unpaid, when: inside.chasing, then: [{suppress: birthday_greeting}]}
  - {name: paid, when: '!inside.chasing', then: [{release: birthday_greeting}]}
"""
    head = head.replace("attributes:\n  birthday: date\n", rules)
    for message in ("dunning_sms", "dunning_letter"):
        line = next(x for x in tail.splitlines(keepends=True) if f"send: {message}" in x)
        tail = tail.replace(line, line + REMINDED)
    first = next(x for x in tail.splitlines(keepends=True) if "send: dunning_email" in x)
    return head + tail.replace(first, first + REMINDED)


def day(n, time="10:00"):
    return f"{DUE + dt.timedelta(days=n)} {time}"


@pytest.mark.parametrize(
    ("n", "paid", "greeted", "winner"),
    [
        (3, 5, True, ""),
        (4, 5, False, "unpaid"),
        (17, 5, False, "reminded"),
        (18, 5, True, ""),
        (38, 40, False, "unpaid"),
        (41, 40, True, ""),
    ],
)
def test_no_birthday_greeting_after_a_reminder_in_rules(world, n, paid, greeted, winner):
    shop = world(birthday_with_rules())
    anna = shop.contact(zone="Europe/Paris", birthday=str((DUE + dt.timedelta(days=n)).replace(year=1980)))
    anna.at(day(0, "10:30")).does("invoice_due", invoice="i1")
    anna.at(day(paid, "12:00")).does("invoice_paid", invoice="i1")
    shop.until("2025-12-31")
    assert ("dunning_email", day(3)) in anna.sent
    assert (("birthday_greeting", day(n, "09:00")) in anna.sent) is greeted
    if not greeted:
        decided = [(m, r) for m, r, _ in anna.reasons]
        assert ("birthday_greeting", "suppressed") in decided
        assert winner in {w for m, _, w in anna.reasons if m == "birthday_greeting"}
        assert [m for m, _ in anna.told("dropped")] == ["birthday_greeting"]


# Loops, digests, explanations

LOOPING = [
    on("complaint", {"set": "fact.ping"}, name="begin"),
    {"name": "ping", "when": "fact.ping && contact.n >= 0", "then": [{"clear": "fact.ping"}, {"set": "fact.pong"}]},
    {"name": "pong", "when": "fact.pong", "then": [{"clear": "fact.pong"}, {"set": "fact.ping"}]},
    on("click", {"set": {"n": "contact.n + 1"}}, {"enter": "service"}, name="click"),
]


def life(tmp_path, name, loops):
    events = tmp_path / f"{name}.csv"
    lines = ["contact,time,type,key,value"]
    for contact in range(1000):
        lines.append(f"{contact},2026-01-02T10:00:00Z,click,,")
        if contact == 7 and loops:
            lines.append(f"{contact},2026-01-03T10:00:00Z,complaint,,")
        lines.append(f"{contact},2026-01-03T11:00:00Z,tick,,")
    events.write_text("\n".join(lines) + "\n")
    return events


def test_a_loop_quarantines_one_contact_and_leaves_999_alone(tmp_path):
    text = PLAN.replace("RULES", json.dumps(LOOPING))
    runs = [
        simulate(text, events=life(tmp_path, name, name == "loop"), out=tmp_path / name, ledger="full", workers=1)
        for name in ("loop", "calm")
    ]
    looped, calm = (run.ledger().to_pylist() for run in runs)
    assert [r for r in looped if r["contact"] != 7] == [r for r in calm if r["contact"] != 7]
    mine = [r for r in looped if r["contact"] == 7]
    assert sum(r["cause"].startswith("rule:") for r in mine if r["time"].day == 3) == 256
    assert [(r["reason"], r["winner"]) for r in mine if r["journey"] == "" and r["reason"]] == [("quarantined", "pong")]
    assert runs[0].kpis["totals"]["quarantined"] == 1
    assert runs[0].kpis["rules"]["click"] == {"fired": 1000}
    assert runs[0].kpis["rules"]["begin"] == {"fired": 1}
    said = told(why(runs[0], "7"), "en")
    assert any("quarantined: more than 256 rules in a row" in line for line in said)
    assert any('rule `click`: event.type == "click"' in line for line in said)
    assert any("règle `click`" in line for line in told(why(runs[0], "7"), "fr"))


BUSY = [
    on("complaint", {"set": "fact.upset"}, {"pause": "promotion", "for": "20d"}, {"transfer": "service"}, name="bad"),
    {"name": "busy", "when": 'count(click, "3d") >= 2', "then": [{"derive": "fact.busy"}]},
    {"name": "warm", "when": "fact.busy && !fact.upset", "then": [{"score": {"interest": 5}}, {"enter": "service"}]},
    {"name": "hot", "when": "score.interest > 8.0", "then": [{"stage": "customer"}, {"priority": {"offer": 90}}]},
    {
        "name": "calm down",
        "when": 'fact.upset && now - last(complaint) > duration("9d")',
        "then": [{"clear": "fact.upset"}],
    },
]
BEHAVIOUR = """population: {contacts: 400, consent: {all: 80%}}
behaviour:
  kind: constant
  sources:
    a: {event: click, per_week: 2}
    b: {event: tick, per_week: 1}
    c: {event: complaint, per_week: 0.2}
"""


def test_same_bytes_for_any_number_of_workers_and_uncompiled(tmp_path):
    text = PLAN.replace("RULES", json.dumps(BUSY)) + BEHAVIOUR
    one, two = (simulate(text, out=tmp_path / str(w), ledger="full", workers=w) for w in (1, 2))
    assert one.digest == two.digest
    table = one.ledger()
    assert table.equals(two.ledger())
    assert all(row["fired"] > 20 for row in one.kpis["rules"].values())
    rows = table.to_pylist()
    setting = prepare(text)
    for contact in range(25):
        assert replay(setting, contact)[0].to_pylist() == [r for r in rows if r["contact"] == contact]
    suppressed = [r for r in rows if r["reason"] == "suppressed"]
    assert suppressed
    assert {r["winner"] for r in suppressed} == {"bad"}


def test_state_is_16_bytes_for_64_rules_and_64_facts(world):
    rules = [on("click", {"set": f"fact.f{i}"}, name=f"r{i}") for i in range(64)]
    rules[5]["when"] = "fact.f63 && !fact.f5"
    _, anna = made(world, *rules)
    plain = world(PLAN.replace("rules: RULES", ""))
    size = len(anna._program.tables.image) - len(plain.program("Europe/Paris").tables.image)
    assert size == 2
    anna.does("click")
    assert all(anna.fact(f"f{i}") for i in range(64))
    assert anna._words[anna._words[H_ARMED]] == 0
    assert anna._words[QUARANTINED] == 0


def test_the_books_balance_whatever_rules_move(tmp_path):
    more = [
        on("tick", {"transfer": "service", "from": "service", "step": "later"}, name="skip"),
        on("click", {"transfer": "texts", "from": "sale", "old": "pause", "for": "3d"}, name="shift", salience=-1),
        {"name": "enough", "when": "visits.texts > 6", "then": [{"leave": ["texts", "service"]}, {"set": {"n": 0}}]},
    ]
    text = PLAN.replace("RULES", json.dumps([*BUSY, *more])) + BEHAVIOUR
    kpis = simulate(text, out=tmp_path / "run", workers=1, ledger="none", contacts=150).kpis
    assert all(row["fired"] > 20 for row in kpis["rules"].values())
    total = kpis["totals"]
    assert total["candidates"] == total["sent"] + total["dropped"] + total["replaced"] + total["pending"]
    for row in kpis["journeys"].values():
        assert row["entered"] == row["inside"] + row["left"] + row["quarantined"]
    for row in kpis["steps"].values():
        assert row["entered"] == row["passed"] + row["left"] + row["inside"] + row["quarantined"]
