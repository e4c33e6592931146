"""What a step's wait is counted from when messages are withheld or dropped; when held messages are looked at again."""

import pytest

from bifurque.engine.load import loads
from bifurque.rules.errors import PlanError

PLAN = """
plan: clocks
start: 2025-01-01
days: 60
zone: Europe/Paris
categories:
  - {name: receipt, class: transactional}
  - {name: promotion, class: promotional}
channels: {email: {cost: 0.001}}
quiet_hours: {from: "21:00", to: "08:00"}
messages:
  offer: {channel: email, category: promotion}
  receipt: {channel: email, category: receipt}
"""
PAUSED = """
journeys:
  weak: {trigger: {event: looked}, priority: 1, group: {g: pause}, steps: [{send: offer}%s]}
  strong: {trigger: {event: ordered}, priority: 2, group: {g: pause}, steps: [{wait: 30min}]}
"""


def rows(contact, *columns):
    return [tuple(r[c] if c != "time" else f"{r[c]:%d %H:%M:%S}" for c in columns) for r in contact.decisions]


def test_after_sent_counts_from_a_message_withheld_by_a_holdout_as_from_one_that_left(world):
    plan = PLAN + (
        "journeys: {j: {trigger: {event: go}, holdout: 0%, "
        "steps: [{send: receipt, wait: 3d}, {send: receipt, after: sent, wait: 2d}]}}\n"
    )
    times = []
    for share in ("0%", "100%"):
        shop = world(plan, set=[f"journeys.j.holdout={share}"])
        anna = shop.contact()
        anna.at("2025-01-05 10:00").does("go")
        shop.advance("9d")
        times.append([time for time, message in rows(anna, "time", "message") if message])
    assert times == [["08 09:00:00", "10 09:00:00"]] * 2  # UTC


def test_a_visit_whose_last_message_a_pause_drops_ends(world):
    shop = world(PLAN + PAUSED % "")
    anna = shop.contact()
    anna.at("2025-01-05 22:00").does("looked")
    anna.at("2025-01-05 23:00").does("ordered")
    shop.advance("1h")
    assert not anna.inside("weak")
    assert rows(anna, "time", "journey", "cause")[-3:] == [
        ("05 22:00:00", "strong", "entry:ordered"),
        ("05 22:00:00", "weak", "end"),
        ("05 22:30:00", "strong", "end"),
    ]


def test_a_step_counted_from_a_sending_goes_on_when_a_pause_drops_the_message(world):
    shop = world(PLAN + PAUSED % ", {send: receipt, after: sent, wait: 11h}")
    anna = shop.contact()
    anna.at("2025-01-05 22:00").does("looked")
    anna.at("2025-01-05 23:00").does("ordered")
    shop.advance("2d")
    assert anna.sent == [("receipt", "2025-01-06 10:00")]
    assert not anna.inside("weak")


def test_what_a_message_causes_comes_a_second_later_at_the_earliest(world):
    plan = """
journeys:
  ask: {trigger: {event: go}, steps: [{send: receipt, at: "10:00"}]}
  thank: {trigger: {event: replied}, steps: [{send: offer}]}
behaviour: {reactions: {replies: {message: receipt, one_of: [{event: replied, chance: 100%}]}}}
"""
    shop = world(PLAN + plan, behaviour="constant")
    anna = shop.contact()
    anna.at("2025-01-05 09:00").does("go")
    shop.advance("1d")
    assert anna.sent == [("receipt", "2025-01-05 10:00"), ("offer", "2025-01-05 10:00:01")]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{wait_for: paid, timeout: 1d, wait: 2d}", "wait: has no effect here: `timeout` says how long"),
        ('{wait_for: paid, timeout: 1d, at: "00:00"}', "at: has no effect here: `timeout` says how long"),
        ("{survey: why, answers: [price], wait: 2d}", "wait: has no effect here: `within` says how long"),
    ],
)
def test_a_wait_that_would_be_passed_over_is_an_error(step, message):
    with pytest.raises(PlanError) as found:
        loads(PLAN + f"journeys: {{j: {{trigger: {{event: go}}, steps: [{step}]}}}}\n")
    assert [message in str(p) for p in found.value.problems] == [True]


HELD = """
journeys:
  ask: {trigger: {event: asked}, steps: [{send: offer}]}
  chase: {trigger: {event: billed}, exit: {event: paid}, steps: [{send: receipt}, {wait: 9d}]}
"""


@pytest.mark.parametrize(
    ("rule", "story"),
    [
        ("never: promotion, while: inside.chase", ["billed 10:00", "asked 10:30", "paid 11:00"]),
        ("never: promotion, while: visits.chase == 0", ["asked 10:30", "billed 11:00"]),
        ("only: promotion, after: receipt", ["asked 10:30", "billed 11:00"]),
    ],
)
def test_a_message_held_until_something_happens_leaves_when_it_does(world, rule, story):
    shop = world(f"{PLAN}coherence: [{{{rule}, policy: hold}}]{HELD}")
    anna = shop.contact()
    for event, time in (moment.split() for moment in story):
        anna.at(f"2025-01-07 {time}").does(event)
    shop.advance("1d")
    assert ("offer", "2025-01-07 11:00") in anna.sent
    assert anna.told("held") == [("offer", "2025-01-07 10:30")]


def test_a_contact_may_hold_a_message_of_every_visit(world):
    journeys = """
journeys:
  bill: {trigger: {event: billed, key: invoice}, reentry: {policy: parallel, at_once: 20}, steps: [{send: receipt}]}
"""
    shop = world(PLAN + journeys)
    anna = shop.contact()
    for minute in range(10, 30):
        anna.at(f"2025-01-05 22:{minute}").does("billed", invoice=minute)
    shop.advance("1d")
    assert anna.sent == [("receipt", "2025-01-06 08:00")] * 20


def test_what_one_event_ends_has_room_for_its_rows(tmp_path):
    from bifurque.engine.simulate import simulate

    journeys = "".join(
        f"  j{n}: {{trigger: {{event: billed, key: invoice}}, reentry: {{policy: parallel, at_once: 64}}, "
        "exit: {event: paid}, steps: [{send: offer}, {wait: 9d}]}\n"
        for n in range(24)
    )
    (tmp_path / "plan.yaml").write_text(PLAN + "journeys:\n" + journeys, "utf-8")
    lines = [f"7,2025-01-05T22:00:{n:02}Z,billed,{n}" for n in range(60)] + ["7,2025-01-05T22:30:00Z,paid,"]
    (tmp_path / "events.csv").write_text("\n".join(["contact,time,type,key", *lines]), "utf-8")
    (tmp_path / "people.csv").write_text("contact,consent\n7,all\n", "utf-8")
    files = {"events": tmp_path / "events.csv", "population": tmp_path / "people.csv"}
    run = simulate(tmp_path / "plan.yaml", out=tmp_path / "run", ledger="full", workers=1, **files)
    totals = run.kpis["totals"]
    assert (totals["quarantined"], totals["candidates"], totals["dropped"]) == (0, 24 * 60, 24 * 60)
    assert run.ledger().num_rows == 4 * 24 * 60  # entered, held, dropped, left
