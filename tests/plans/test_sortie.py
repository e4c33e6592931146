"""RP-09, the way out: a break, a monthly rhythm, topics, or the door; and nothing leaks."""

HELD = ['quiet_hours={from: "21:00", to: "08:00"}', "journeys.newsletter.trigger.schedule.at=22:00"]


def leaving(world, choice, set=()):
    shop = world("sortie", set=set)
    anna = shop.contact(zone="Europe/Paris")
    anna.at("2025-03-04 12:00").does("unsubscribe_click")
    if choice:
        anna.does("answered", key=choice)
        anna.does("answered", key="too_many")
    return shop, anna


def weeks(anna):
    return [t[:10] for m, t in anna.sent if t > "2025-03-04 12"]


def test_the_door(world):
    shop, anna = leaving(world, "out")
    shop.until("2025-12-31")
    assert weeks(anna) == []
    assert anna.attribute("reason") == "too_many"


def test_a_break_of_thirty_days_and_no_flood_after_it(world):
    shop, anna = leaving(world, "pause")
    shop.until("2025-04-30")
    assert weeks(anna) == ["2025-04-08", "2025-04-15", "2025-04-22", "2025-04-29"]
    dropped = [r for r in anna.decisions if r["outcome"] == "dropped"]
    assert {r["reason"] for r in dropped} == {"coherence:on a break"}
    assert len(dropped) == 4


def test_a_monthly_rhythm(world):
    shop, anna = leaving(world, "monthly")
    shop.until("2025-06-30")
    assert weeks(anna) == ["2025-04-01", "2025-04-29", "2025-05-27", "2025-06-24"]


def test_topics_change_nothing_in_the_rhythm(world):
    shop, anna = leaving(world, "topics")
    shop.until("2025-04-01 12:00")
    assert weeks(anna) == ["2025-03-11", "2025-03-18", "2025-03-25", "2025-04-01"]


def test_who_says_nothing_stays_out(world):
    shop, anna = leaving(world, None)
    shop.until("2025-12-31")
    assert weeks(anna) == []


def test_a_message_held_for_eight_o_clock_is_dropped_by_the_opt_out(world):
    shop = world("sortie", set=HELD)
    anna = shop.contact(zone="Europe/Paris")
    anna.at("2025-03-04 23:00")
    assert anna.told("held")[-1] == ("newsletter", "2025-03-04 22:00")
    anna.does("unsubscribe_click")
    shop.advance("5d")
    assert anna.told("dropped")[-1] == ("newsletter", "2025-03-04 23:00")
    assert anna.reasons[-1] == ("newsletter", "consent", "")
    assert anna.sent[-1] == ("newsletter", "2025-02-26 08:00")


def test_receipts_go_on(world):
    shop, anna = leaving(world, "out")
    anna.at("2025-05-01 12:00").does("purchase", order="o1", value=2000)
    shop.advance("1s")
    assert anna.sent[-1] == ("order_receipt", "2025-05-01 12:00")
