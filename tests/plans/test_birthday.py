"""RP-05, coherence: no birthday greeting after a reminder of an unpaid bill."""

import datetime as dt

import pytest

DUE = dt.date(2025, 4, 7)


def day(n, time="10:00"):
    return f"{DUE + dt.timedelta(days=n)} {time}"


def story(world, birthday, *, paid=None, due="10:30"):
    shop = world("birthday")
    anna = shop.contact(zone="Europe/Paris", birthday=birthday)
    anna.at(day(0, due)).does("invoice_due", invoice="i1")
    if paid is not None:
        anna.at(day(paid, "12:00")).does("invoice_paid", invoice="i1")
    shop.until("2025-12-31")
    return anna


def born(n):
    return str(
        dt.date(1980, 1, 1).replace(month=(DUE + dt.timedelta(days=n)).month, day=(DUE + dt.timedelta(days=n)).day)
    )


@pytest.mark.parametrize(("n", "greeted"), [(3, True), (4, False), (17, False), (18, True)])
def test_golden(world, n, greeted):
    anna = story(world, born(n), paid=5)
    assert ("dunning_email", day(3)) in anna.sent
    assert (("birthday_greeting", day(n, "09:00")) in anna.sent) is greeted
    if not greeted:
        assert ("birthday_greeting", "coherence:after a reminder", "dunning_email") in anna.reasons
        assert [m for m, _ in anna.told("dropped")] == ["birthday_greeting"]  # dropped, not postponed


def test_three_reminders_on_time_none_after_payment(world):
    anna = story(world, "1980-12-30")
    assert anna.sent[:3] == [("dunning_email", day(3)), ("dunning_sms", day(10)), ("dunning_letter", day(20))]
    paid = story(world, "1980-12-30", paid=15)
    assert [m for m, _ in paid.sent] == ["dunning_email", "dunning_sms", "birthday_greeting"]


@pytest.mark.parametrize(("n", "greeted"), [(34, False), (36, False), (200, False)])
def test_unpaid_for_ever(world, n, greeted):
    anna = story(world, born(n))
    assert ("birthday_greeting" in [m for m, _ in anna.sent]) is greeted


def test_the_unpaid_span_ends_with_the_payment(world):
    # paid on day 40: the 14 days after the letter of day 20 are over on day 34
    assert ("birthday_greeting", "coherence:until paid", "") in story(world, born(38), paid=40).reasons
    assert ("birthday_greeting", day(41, "09:00")) in story(world, born(41), paid=40).sent


def test_two_invoices_keep_their_own_spans(world):
    shop = world("birthday")
    anna = shop.contact(zone="Europe/Paris", birthday=born(60))
    anna.at(day(0, "10:30")).does("invoice_due", invoice="i1")
    anna.at(day(1, "10:30")).does("invoice_due", invoice="i2")
    anna.at(day(30, "12:00")).does("invoice_paid", invoice="i1")
    shop.until(day(70))
    assert "birthday_greeting" not in [m for m, _ in anna.sent]
    assert len([m for m, _ in anna.sent if m == "dunning_email"]) == 2


def test_born_on_29_february(world):
    shop = world("birthday")
    anna = shop.contact(birthday="1988-02-29")
    shop.until("2025-03-05")
    assert anna.sent == [("birthday_greeting", "2025-02-28 09:00")]
    march = world("birthday", set=["journeys.birthday.trigger.date.leap=1 March"])
    bert = march.contact(birthday="1988-02-29")
    march.until("2025-03-05")
    assert bert.sent == [("birthday_greeting", "2025-03-01 09:00")]
