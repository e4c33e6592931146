"""RP-10, B2B: people who call have only so many hours, and those who wait are called in order."""

import datetime as dt
from collections import Counter

import pyarrow.dataset as dataset
import pytest

from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template

FIRST = dt.date(2025, 6, 10)  # after the last holiday of spring; 22 business days later comes 14 July


def business_days(many):
    days = (FIRST + dt.timedelta(i) for i in range(400))
    return [d for d in days if d.weekday() < 5][:many]


def leads(folder, webinar):
    """50 a business day, at noon; on the thirtieth as many more as a webinar brings (or spread over 40 days)."""
    rows, contact = ["contact,time,type,key,value"], 0
    for i, day in enumerate(business_days(75)):
        many = 50 + webinar.get(i, 0)
        rows += [f"{contact + k},{day}T12:00:00+02:00,demo_requested,," for k in range(many)]
        contact += many
    file = folder / "leads.csv"
    file.write_text("\n".join(rows))
    return file


def backlog(folder, webinar):
    """How many wait on the evening of each business day."""
    run = simulate(
        template("b2b", "en"),
        out=folder / "run",
        events=leads(folder, webinar),
        behaviour="off",
        ledger="full",
        overrides=["start=2025-06-02", "days=120", "calendars.holidays=[2025-01-01]"],
    )
    columns = ["time", "message", "outcome"]
    rows = dataset.dataset(run.folder / "ledger").to_table(columns=columns).to_pylist()
    calls = Counter(r["time"].date() for r in rows if r["outcome"] == "sent" and r["message"] == "sales_call")
    waiting, found = 0, []
    for i, day in enumerate(business_days(75)):
        waiting += 50 + webinar.get(i, 0) - calls[day]
        found.append(waiting)
        assert calls[day] <= 60
    return found


def test_a_webinar_of_400_is_worked_off_in_39_business_days(tmp_path):
    evenings = backlog(tmp_path, {30: 400})
    assert set(evenings[:30]) == {0}
    assert evenings[30:70] == [390 - 10 * i for i in range(40)]
    assert set(evenings[70:]) == {0}


def test_the_same_400_over_40_business_days_never_wait(tmp_path):
    assert set(backlog(tmp_path, {30 + i: 10 for i in range(40)})) == {0}


@pytest.fixture
def office(world):
    return world("b2b", set=["channels.call.capacity.people=1", "channels.call.capacity.max=1"])


def test_who_shows_more_interest_is_called_first(office):
    calm, keen = office.contact(1), office.contact(2)
    for _ in range(5):
        keen.at("2025-06-13 09:00").does("page_viewed")
    calm.at("2025-06-14 09:00").does("demo_requested")  # a Saturday
    keen.at("2025-06-14 10:00").does("demo_requested")
    office.until("2025-06-20 20:00")
    assert keen.sent == [("sales_call", "2025-06-16 09:00")]
    assert calm.sent == [("sales_call", "2025-06-17 09:00")]
    assert ("sales_call", "capacity", "") in calm.reasons


def test_nobody_calls_on_a_holiday(office):
    one = office.contact(1)
    one.at("2025-07-14 10:00").does("demo_requested")
    office.until("2025-07-15 12:00")
    assert one.sent == [("sales_call", "2025-07-15 09:00")]


def test_a_quote_is_followed_up_until_it_is_decided(office):
    one, other = office.contact(1), office.contact(2)
    one.at("2025-06-16 10:00").does("quote_sent")
    other.at("2025-06-16 10:00").does("quote_sent")
    office.until("2025-06-19 10:00")
    other.does("won")
    office.until("2025-07-25 10:00")
    assert one.sent == [
        ("quote_mail", "2025-06-18 10:00"),
        ("quote_call", "2025-06-23 10:00"),
        ("last_mail", "2025-06-30 10:00"),
    ]
    assert other.sent == [("quote_mail", "2025-06-18 10:00"), ("nps_survey", "2025-07-19 10:00")]
    assert (one.stage, other.stage) == ("decision", "follow_up")
