"""What each figure means, on histories small enough to count by hand; the events are the file's, nobody behaves."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from bifurque.engine.kpi import pressure
from bifurque.engine.simulate import simulate

PLAN = """
plan: figures
start: 2025-01-06
days: 28
stages: [new, old]
categories:
  - {name: receipt, class: transactional}
  - {name: promotion, class: promotional}
channels: {email: {cost: 0.1}, sms: {cost: 2}}
events:
  grown: {set: {stage: old}}
  sold: {revenue: true}
messages:
  offer: {channel: email, category: promotion, value: 1.5}
  text: {channel: sms, category: promotion}
  bill: {channel: email, category: receipt}
journeys:
  offers:
    trigger: {event: visited}
    reentry: {policy: parallel, at_once: 16}
    goal: {event: purchase, within: 7d}
    steps: [{send: offer}]
  texts:
    trigger: {event: called}
    reentry: {policy: parallel, at_once: 16}
    goal: {event: purchase, within: 2d, where: event.value >= 1000}
    steps: [{send: text}]
  bills:
    trigger: {event: billed}
    reentry: {policy: parallel, at_once: 32}
    steps: [{send: bill}]
"""
UTC = "Z"


def figures(folder, events, people=None, **options):
    """The figures of a run over a history: lines `contact,time,type[,value[,message]]`."""
    every = [line.split(",") for line in events]
    people = people or {row[0]: "UTC" for row in every}
    (folder / "people.csv").write_text(
        "contact,zone,consent\n" + "".join(f"{c},{zone},all\n" for c, zone in people.items()), "utf-8"
    )
    lines = [",".join(row + [""] * (5 - len(row))) for row in every]
    (folder / "events.csv").write_text("\n".join(["contact,time,type,value,message", *lines]), "utf-8")
    files = {"population": folder / "people.csv", "events": folder / "events.csv"}
    run = simulate(PLAN, out=folder / "run", workers=1, behaviour="off", ledger="none", **files, **options)
    assert run.manifest["notes"] == []
    return run.kpis


@pytest.mark.parametrize(
    ("bought", "converted"),
    [
        ("2025-01-08T10:00:01Z", 1),
        ("2025-01-15T09:59:59Z", 1),
        ("2025-01-15T10:00:00Z", 0),  # windows are half-open
        ("2025-01-08T09:59:59Z", 0),
    ],
)
def test_a_goal_is_reached_within_its_window_after_entry(tmp_path, bought, converted):
    kpis = figures(tmp_path, ["1,2025-01-08T10:00:00Z,visited", f"1,{bought},purchase,5000"])
    journey = kpis["journeys"]["offers"]
    assert (journey["entered"], journey["converted"], journey["revenue"]) == (1, converted, 50.0 * converted)
    assert (kpis["totals"]["purchases"], kpis["totals"]["revenue"]) == (1, 50.0)


def test_the_window_of_a_goal_is_counted_in_local_days(tmp_path):
    """Seven days at the same wall time, over a change of the clock, are an hour less."""
    visit = "1,2025-03-24T10:00:00+01:00,visited"
    kpis = {}
    for bought in ("2025-03-31T09:59:59+02:00", "2025-03-31T10:00:00+02:00"):
        folder = tmp_path / bought[11:19].replace(":", "")
        folder.mkdir()
        events = [visit, f"1,{bought},purchase,100"]
        kpis[bought] = figures(folder, events, {"1": "Europe/Paris"}, days=35, overrides=["start=2025-03-03"])
    assert [k["journeys"]["offers"]["converted"] for k in kpis.values()] == [1, 0]


def test_every_visit_converts_once_and_money_counts_while_a_window_is_open(tmp_path):
    kpis = figures(
        tmp_path,
        [
            "1,2025-01-07T10:00:00Z,visited",
            "1,2025-01-08T10:00:00Z,visited",
            "1,2025-01-09T10:00:00Z,purchase,1000",  # both visits convert
            "1,2025-01-10T10:00:00Z,purchase,200",  # no visit is left, the money still counts
            "1,2025-01-15T10:00:00Z,purchase,30",  # after the last window: in the total alone
            "2,2025-01-07T10:00:00Z,purchase,4000",
        ],
    )
    journey = kpis["journeys"]["offers"]
    assert (journey["entered"], journey["converted"], journey["revenue"]) == (2, 2, 12.0)
    assert (kpis["totals"]["purchases"], kpis["totals"]["revenue"]) == (4, 52.3)


def test_the_event_that_triggers_a_visit_does_not_count_for_it(tmp_path):
    events = ["1,2025-01-08T10:00:00Z,purchase,500", "1,2025-01-09T10:00:00Z,purchase,600"]
    override = ["journeys.offers.trigger.event=purchase"]
    journey = figures(tmp_path, events, overrides=override)["journeys"]["offers"]
    assert (journey["entered"], journey["converted"], journey["revenue"]) == (2, 1, 6.0)


def test_money_of_journeys_overlaps_that_of_the_total_does_not(tmp_path):
    kpis = figures(
        tmp_path,
        [
            "1,2025-01-08T10:00:00Z,visited",
            "1,2025-01-08T11:00:00Z,called",
            "1,2025-01-08T12:00:00Z,purchase,1000",
            "1,2025-01-08T13:00:00Z,purchase,999",  # too little for the goal of `texts`
            "1,2025-01-08T14:00:00Z,sold,250",  # revenue, and nobody's goal
        ],
    )
    assert {j: (f["converted"], f["revenue"]) for j, f in kpis["journeys"].items()} == {
        "offers": (1, 19.99),
        "texts": (1, 10.0),
        "bills": (0, 0.0),
    }
    assert (kpis["totals"]["purchases"], kpis["totals"]["revenue"]) == (3, 22.49)
    assert kpis["stages"]["new"]["revenue"] == 22.49


def test_money_by_message_is_what_came_through_it(tmp_path):
    kpis = figures(
        tmp_path,
        [
            "1,2025-01-08T10:00:00Z,visited",
            "1,2025-01-08T11:00:00Z,purchase,1000,offer",
            "1,2025-01-08T12:00:00Z,purchase,500",
        ],
    )
    assert (kpis["messages"]["offer"]["converted"], kpis["messages"]["offer"]["revenue"]) == (1, 10.0)
    assert (kpis["channels"]["email"]["converted"], kpis["channels"]["sms"]["converted"]) == (1, 0)


def test_return_on_investment_value_and_cost(tmp_path):
    kpis = figures(
        tmp_path,
        [
            "1,2025-01-08T10:00:00Z,visited",
            "1,2025-01-08T11:00:00Z,called",
            "1,2025-01-08T12:00:00Z,purchase,1000",
            "2,2025-01-08T11:00:00Z,called",
            "3,2025-01-08T12:00:00Z,purchase,90",
        ],
    )
    totals = kpis["totals"]
    assert (totals["sent"], totals["cost"], totals["revenue"]) == (3, 4.1, 10.9)
    assert totals["roi"] == round((10.9 - 4.1) / 4.1, 6)
    assert kpis["journeys"]["texts"]["roi"] == (10 - 4) / 4
    assert kpis["journeys"]["offers"]["roi"] == (10 - 0.1) / 0.1
    assert kpis["journeys"]["bills"]["roi"] is None
    assert kpis["messages"]["offer"]["value"] == 1.5
    assert totals["value_12_months"] == round((10.9 - 4.1) / 3, 4)
    assert kpis["channels"]["sms"]["cost"] == 4.0


def test_value_of_twelve_months_ends_after_365_days(tmp_path):
    last, next_ = "2026-01-05T23:59:59Z", "2026-01-06T00:00:00Z"
    events = [f"1,{last},purchase,1000", f"1,{next_},purchase,500", f"1,{next_},called", f"2,{last},called"]
    kpis = figures(tmp_path, events, days=400)
    assert (kpis["totals"]["revenue"], kpis["totals"]["cost"]) == (15.0, 4.0)
    assert kpis["totals"]["value_12_months"] == (10 - 2) / 2


def test_opens_clicks_and_unsubscribes(tmp_path):
    kpis = figures(
        tmp_path,
        [
            "1,2025-01-08T10:00:00Z,visited",
            "1,2025-01-08T11:00:00Z,opened,,offer",
            "1,2025-01-08T11:00:30Z,clicked,,offer",
            "1,2025-01-08T11:00:40Z,grown",
            "1,2025-01-08T12:00:00Z,opened,,offer",
            "1,2025-01-08T13:00:00Z,unsubscribed,,offer",
            "1,2025-01-08T14:00:00Z,unsubscribed,,offer",  # there is nothing left to withdraw
            "2,2025-01-08T14:00:00Z,opt_out",
            "3,2025-01-08T14:00:00Z,opened",
        ],
    )
    count = ("opened", "clicked", "unsubscribed")
    assert [kpis["totals"][k] for k in count] == [3, 1, 2]
    for group, name in (("messages", "offer"), ("channels", "email"), ("journeys", "offers")):
        assert [kpis[group][name][k] for k in count] == [2, 1, 1]
    assert [kpis["stages"]["new"][k] for k in count] == [2, 1, 1]
    assert [kpis["stages"]["old"][k] for k in count] == [1, 0, 1]
    assert (kpis["stages"]["old"]["entered"], kpis["stages"]["old"]["now"], kpis["stages"]["new"]["now"]) == (1, 1, 2)
    assert (kpis["totals"]["reachable"], kpis["totals"]["reachable_share"]) == (1, round(1 / 3, 6))


def bills(contact, count, day="2025-01-08", zone=UTC):
    return [f"{contact},{day}T10:{i:02}:00{zone},billed" for i in range(count)]


def test_indifferent_are_twelve_sends_and_no_open_in_the_last_365_days(tmp_path):
    late, early = "2026-03-01", "2025-01-08"
    kpis = figures(
        tmp_path,
        [
            *bills(1, 12, late),
            *bills(2, 11, late),
            *bills(3, 12, late),
            f"3,{late}T12:00:00Z,opened,,bill",
            *bills(4, 12, early),
            *bills(5, 12, late),
            f"5,{early}T12:00:00Z,opened,,bill",
            *bills(6, 12, late),
            f"6,{late}T12:00:00Z,clicked,,bill",  # a click alone is no open
        ],
        days=500,
    )
    assert kpis["totals"]["sent"] == 71
    assert kpis["totals"]["indifferent"] == 3  # contacts 1, 5 and 6
    assert kpis["totals"]["indifferent_share"] == 0.5


def naive_pressure(sends, zones, start, end):
    """Messages per contact and local week, weeks without any included."""
    weeks = []
    for contact, zone in zones.items():
        monday = [week(t, zone) for t in sends.get(contact, [])]
        weeks += [monday.count(w) for w in range(week(start, zone), week(end - dt.timedelta(seconds=1), zone) + 1)]
    return sorted(weeks)


def week(t, zone):
    return (t.astimezone(ZoneInfo(zone)).date().toordinal() - 1) // 7


def test_lived_pressure_counts_all_classes_in_local_weeks_from_monday(tmp_path):
    zones = {"1": "Asia/Tokyo", "2": "America/New_York", "3": "UTC"}
    moments = {
        "1": ["2025-01-12T14:59:59Z", "2025-01-12T15:00:00Z", "2025-01-12T15:00:01Z"],  # midnight in Tokyo
        "2": ["2025-01-13T04:59:59Z", "2025-01-13T05:00:00Z"],  # midnight in New York
    }
    kinds = ["visited", "called", "billed"]
    events = [f"{c},{t},{kinds[i % 3]}" for c, times in moments.items() for i, t in enumerate(times)]
    kpis = figures(tmp_path, events, zones)
    sends = {c: [dt.datetime.fromisoformat(t) for t in times] for c, times in moments.items()}
    start = dt.datetime(2025, 1, 6, tzinfo=dt.UTC)
    weeks = naive_pressure(sends, zones, start, start + dt.timedelta(days=28))
    assert weeks == [0] * 10 + [1, 1, 1, 2]  # in Tokyo and New York the run touches five weeks
    found = kpis["pressure"]
    assert found["histogram"] == [weeks.count(n) for n in range(3)]
    assert (found["contact_weeks"], found["most"]) == (14, 2)
    assert found["mean"] == round(5 / 14, 6)
    assert (found["p50"], found["p95"], found["p99"]) == (0, 2, 2)


@pytest.mark.parametrize("weeks", [[3], [0, 1], [0] * 19 + [5], [0] * 18 + [4, 5], [0, 0, 1, 1], [2] * 99 + [7]])
def test_a_percentile_is_the_least_number_that_so_many_weeks_do_not_exceed(weeks):
    import numpy as np

    found = pressure(np.bincount(weeks, minlength=64))
    for percent in (50, 95, 99):
        enough = [n for n in range(64) if 100 * sum(w <= n for w in weeks) >= percent * len(weeks)]
        assert found[f"p{percent}"] == enough[0]


def test_a_held_out_contact_enters_and_receives_nothing(tmp_path):
    events = [f"{c},2025-01-08T10:00:00Z,visited" for c in range(200)]
    kpis = figures(tmp_path, events, overrides=["journeys.offers.holdout=50%"])
    held_out, journey = kpis["arms"]["offers/holdout"], kpis["journeys"]["offers"]
    assert held_out["entered"] + kpis["arms"]["offers/"]["entered"] == journey["entered"] == 200
    assert 60 < held_out["entered"] < 140
    assert (held_out["sent"], held_out["dropped_by_reason"]) == (0, {"holdout": held_out["entered"]})
    assert journey["sent"] == 200 - held_out["entered"]
