"""The golden histories of scores, coherence, pile-ups and ways out, told from outside: files in, the ledger out."""

import datetime as dt
import itertools

import pytest

PARIS = "Europe/Paris"


def person(zone=PARIS, **more):
    return {"zone": zone, "consent": "all", **more}


# RP-03 ----------------------------------------------------------------------------------------------------------------


def pages(contact, moment, count, interest="x"):
    return [(contact, moment, "page_viewed", interest)] * count


@pytest.fixture(scope="module")
def interests(outside):
    noon = "2025-02-01 12:00"
    events = pages(1, noon, 25) + pages(2, noon, 40) + pages(3, noon, 39)
    events += pages(4, "2025-02-03 12:00", 2) + pages(4, "2025-02-10 12:00", 12)
    events += pages(4, "2025-02-17 12:00", 20) + pages(4, "2025-02-24 12:00", 20)
    points = {"page_viewed": 4, "returned": 2, "opened": 2, "clicked": 2}
    events += [(5, noon, kind, "randonnée") for kind, count in points.items() for _ in range(count)]
    events += pages(6, noon, 9, "randonnée") + pages(6, noon, 5, "plage")
    return outside("nurturing", {c: person() for c in range(1, 7)}, events, form="parquet")


def entries(told, contact, journey):
    rows = [r for r in told.of(contact, journey=journey) if r["cause"].startswith("entry")]
    return [r["time"] for r in rows]


def after(told, contact, journey):
    """When a journey was entered, in days after Saturday noon."""
    (moment,) = entries(told, contact, journey)
    return (moment - dt.datetime(2025, 2, 1, 11, tzinfo=dt.UTC)).total_seconds() / 86400


def test_nurturing_crossings_fire_at_the_first_second_on_the_other_side(interests):
    second = 1 / 86400
    assert after(interests, 1, "cooling") == pytest.approx(39.657843, abs=second)
    assert interests.at(interests.of(1, journey="cooling")[0])[:16] == "2025-03-13 03:47"
    assert after(interests, 2, "fading") == pytest.approx(20.342157, abs=second)
    assert after(interests, 2, "cooling") == pytest.approx(60, abs=second)


def test_nurturing_stages_rise_at_once_and_fall_two_points_lower(interests):
    stages = [(r["step"], interests.at(r)[:10]) for r in interests.of(2, cause="stage")]
    assert [s for s, _ in stages] == [
        "consideration",
        "decision",
        "sales_ready",
        "decision",
        "consideration",
        "awareness",
    ]
    # 40 → 38 after 2.2 days, → 23 after 24.0, → 8 after 69.7
    assert [day for _, day in stages[3:]] == ["2025-02-03", "2025-02-25", "2025-04-12"]


def test_nurturing_alert_at_forty(interests):
    assert interests.sent(2)[0] == ("sales_alert", "2025-02-01 12:00")
    assert "sales_alert" not in [m for m, _ in interests.sent(3)]


def test_nurturing_pages_returns_opens_and_clicks_are_worth_a_point_each(interests):
    # 4 + 2 + 2 + 2 of one interest are ten points, 9 + 5 of two interests are not
    assert [r["step"] for r in interests.of(5, cause="stage")][:1] == ["consideration"]
    assert interests.of(6, cause="stage") == []


def test_nurturing_one_content_a_week_of_the_stage_s_level(interests):
    contents = [(m, t) for m, t in interests.sent(4) if m.startswith("content")]
    assert contents[:4] == [
        ("content_1", "2025-02-04 10:00"),
        ("content_2", "2025-02-11 10:00"),
        ("content_3", "2025-02-18 10:00"),
        ("content_4", "2025-02-25 10:00"),
    ]
    days = [dt.date.fromisoformat(t[:10]) for _, t in contents]
    assert {(b - a).days for a, b in itertools.pairwise(days)} == {7}


# RP-05 ----------------------------------------------------------------------------------------------------------------

DUE = dt.date(2025, 4, 7)


def day(n, time="10:00"):
    return f"{DUE + dt.timedelta(days=n)} {time}"


def born(n, year=1980):
    return str((DUE + dt.timedelta(days=n)).replace(year=year))


def invoice(contact, paid=None, due="12:00"):
    happened = [(contact, day(0, due), "invoice_due", f"i{contact}")]
    return happened + ([(contact, day(paid, "12:00"), "invoice_paid", f"i{contact}")] if paid is not None else [])


GREETED = {3: True, 4: False, 5: False, 16: False, 17: False, 18: True}
"""Born so many days after the invoice, paid on day 5: greeted?"""


@pytest.fixture(scope="module")
def greetings(outside):
    people = {n: person(birthday=born(n)) for n in GREETED}
    people |= {100 + n: person("America/New_York", birthday=born(n)) for n in GREETED}
    people |= {200: person(birthday="1980-12-30"), 201: person(birthday="1988-02-29"), 202: person(birthday="")}
    people |= {203: person(birthday=born(40)), 204: {"birthday": born(18)}}
    events = [e for c in people if c < 200 for e in invoice(c, paid=5)]
    events += invoice(200, due="23:30") + invoice(203, due="00:30") + invoice(204, paid=15)
    return outside("birthday", people, events)


@pytest.mark.parametrize("n", [*GREETED, *(100 + n for n in GREETED)])
def test_birthday_golden(greetings, n):
    assert ("dunning_email", day(3)) in greetings.sent(n)
    greeting = [t for m, t in greetings.sent(n) if m == "birthday_greeting"]
    assert greeting == ([day(n % 100, "09:00")] if GREETED[n % 100] else [])
    if not GREETED[n % 100]:
        ((message, moment, reason, winner),) = greetings.dropped(n)
        assert (message, moment, winner) == ("birthday_greeting", day(n % 100, "09:00"), "dunning_email")
        assert reason.startswith("coherence:")
    assert greetings.held(n) == []


def test_birthday_three_reminders_for_who_never_pays(greetings):
    reminders = [("dunning_email", day(3)), ("dunning_sms", day(10)), ("dunning_letter", day(20))]
    assert greetings.sent(200) == reminders
    assert [r["channel"] for r in greetings.of(200, outcome="sent")] == ["email", "sms", "letter"]
    ((message, _, reason, winner),) = greetings.dropped(203)  # the 14 days of the letter are over; still unpaid
    assert (message, reason.partition(":")[0], winner) == ("birthday_greeting", "coherence", "")
    assert [m for m, _ in greetings.sent(204)] == ["dunning_email", "dunning_sms"]


def test_birthday_on_29_february_or_unknown(greetings):
    assert greetings.sent(201) == [("birthday_greeting", "2025-02-28 09:00")]
    assert greetings.of(202) == []


@pytest.mark.parametrize(("start", "moment"), [("2026-01-01", "2026-02-28 09:00"), ("2028-01-01", "2028-02-29 09:00")])
def test_birthday_on_29_february_in_other_years(outside, start, moment):
    told = outside("birthday", {1: person("Asia/Tokyo", birthday="1988-02-29")}, [], set=[f"start={start}"])
    assert told.sent(1) == [("birthday_greeting", moment)]


# RP-06 ----------------------------------------------------------------------------------------------------------------

FRIDAY = [
    ("08:00", "promotion_created"),
    ("09:00", "cart_updated", "c"),
    ("09:02", "order_confirmed", "o"),
    ("09:30", "newsletter_created"),
    ("11:00", "back_in_stock", "p"),
]
WORTH = {"promotion": 30, "newsletter": 10, "cart_reminder": 70, "back_in_stock": 60, "birthday_greeting": 50}
KEPT = {
    "first_come": (100, ["promotion 28 08:00", "newsletter 29 08:00", "back_in_stock 30 08:00"]),
    "priority": (160, ["promotion 28 08:00", "cart_reminder 29 08:00", "back_in_stock 30 08:00"]),
    "look_ahead": (180, ["birthday_greeting 28 09:00", "cart_reminder 29 08:00", "back_in_stock 30 08:00"]),
}


@pytest.mark.parametrize("policy", KEPT)
def test_pile_up_black_friday(outside, policy):
    people = {1: person(birthday="1985-11-28"), 2: person("America/New_York", birthday="1985-11-28")}
    events = [(c, f"2025-11-28 {time}", *what) for c in people for time, *what in FRIDAY]
    told = outside("pile-up", people, events, form="parquet", set=[f"arbitration={policy}"])
    value, kept = KEPT[policy]
    for contact in people:
        sent = told.sent(contact)
        assert ("order_confirmation", "2025-11-28 09:02") in sent
        commercial = [(m, t) for m, t in sent if m != "order_confirmation"]
        assert [f"{m} {t[8:]}" for m, t in commercial] == kept
        assert sum(WORTH[m] for m, _ in commercial) == value
    lost = {m for m, *_ in told.dropped(1)}
    assert lost == set(WORTH) - {m for m, _ in told.sent(1)}


# RP-08 ----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def letters(outside):
    opens = [(2, "2026-01-22 12:00", "opened", "reason_survey")]
    opens += [(3, f"{year}-05-01 12:00", "opened", "newsletter") for year in (2025, 2026, 2027)]
    return outside("sunset", {1: person(), 2: person(), 3: person()}, opens, form="jsonl")


def test_sunset_52_issues_and_three_last_words(letters):
    assert [m for m, _ in letters.sent(1)] == ["newsletter"] * 52 + [
        "exclusive_content",
        "reason_survey",
        "last_chance",
    ]
    assert [t for _, t in letters.sent(1)][52:] == ["2026-01-06 10:00", "2026-01-20 10:00", "2026-02-03 10:00"]


def test_sunset_an_open_leads_back(letters):
    assert [m for m, _ in letters.sent(2)][52:55] == ["exclusive_content", "reason_survey", "newsletter"]
    assert letters.sent(2)[54][1] == "2026-01-27 10:00"
    assert [m for m, _ in letters.sent(3)] == ["newsletter"] * 156


def test_sunset_naive(outside):
    told = outside("sunset", {1: person()}, [], set=["journeys.reengagement.enabled=false"])
    assert [m for m, _ in told.sent(1)] == ["newsletter"] * 156


# RP-09 ----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def leavers(outside):
    answers = {1: "out", 2: "pause", 3: "monthly", 4: "topics", 5: None}
    events = [(c, "2025-03-04 12:00", "unsubscribe_click") for c in answers]
    events += [(c, "2025-03-04 12:01", "answered", a) for c, a in answers.items() if a]
    events += [(c, "2025-03-04 12:02", "answered", "too_many") for c, a in answers.items() if a]
    events += [(1, "2025-05-01 12:00", "purchase", "o1", 2000)]
    return outside("sortie", {c: person() for c in answers}, events)


def issues(told, contact):
    return [t[5:10] for m, t in told.sent(contact) if m == "newsletter" and t > "2025-03-04 11"]


def test_sortie_what_each_choice_means(leavers):
    assert issues(leavers, 1) == issues(leavers, 5) == []
    assert issues(leavers, 2)[:3] == ["04-08", "04-15", "04-22"]  # no flood after the break: one issue a week
    assert issues(leavers, 3)[:4] == ["04-01", "04-29", "05-27", "06-24"]
    assert issues(leavers, 4)[:2] == ["03-11", "03-18"]


def test_sortie_receipts_go_on(leavers):
    assert leavers.sent(1)[-1] == ("order_receipt", "2025-05-01 12:00")
    assert {d[2] for d in leavers.dropped(1)} == {"consent"}


def test_sortie_an_opt_out_at_night_drops_what_is_held_for_eight(outside):
    events = [(1, "2025-03-04 23:00", "unsubscribe_click"), (2, "2025-03-05 07:59:59", "opt_out"), (3, *MORNING)]
    told = outside(
        "sortie", {c: person() for c in (1, 2, 3)}, events, set=["journeys.newsletter.trigger.schedule.at=22:00"]
    )
    for contact, moment in ((1, "2025-03-04 23:00"), (2, "2025-03-05 07:59:59"), (3, "2025-03-05 08:00")):
        assert told.sent(contact)[-1] == ("newsletter", "2025-02-26 08:00")
        assert told.dropped(contact)[0] == ("newsletter", moment, "consent", "")


MORNING = ("2025-03-05 08:00", "unsubscribe_click")
"""The very second at which it would have left."""
