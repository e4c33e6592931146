"""RP-08, the endless day: a newsletter for three years, and a way out for those who no longer open."""

NAIVE = ["journeys.reengagement.enabled=false"]


def dead(world, set=()):
    shop = world("sunset", set=set)
    anna = shop.contact(zone="Europe/Paris")
    shop.until("2027-12-31")
    return anna


def test_naive_means_156_issues(world):
    assert [m for m, _ in dead(world, NAIVE).sent] == ["newsletter"] * 156


def test_sunset_means_52_issues_and_three_last_words(world):
    anna = dead(world)
    assert [m for m, _ in anna.sent] == ["newsletter"] * 52 + ["exclusive_content", "reason_survey", "last_chance"]
    assert anna.sent[0] == ("newsletter", "2025-01-07 10:00")
    assert anna.sent[52:] == [
        ("exclusive_content", "2026-01-06 10:00"),  # when the 53rd issue would leave
        ("reason_survey", "2026-01-20 10:00"),
        ("last_chance", "2026-02-03 10:00"),
    ]
    assert not anna.consents("marketing", "email")


def test_an_open_leads_back_to_the_line(world):
    shop = world("sunset")
    anna = shop.contact(zone="Europe/Paris")
    anna.at("2026-01-22 12:00").does("opened", key="reason_survey")
    assert not anna.inside("reengagement")
    shop.until("2026-01-27 10:00")
    assert anna.sent[-1] == ("newsletter", "2026-01-27 10:00")
    assert anna.consents("marketing", "email")


def test_an_open_now_and_then_is_enough(world):
    shop = world("sunset")
    anna = shop.contact(zone="Europe/Paris")
    for year in (2025, 2026, 2027):
        anna.at(f"{year}-05-01 12:00").does("opened", key="newsletter")
    shop.until("2027-12-31")
    assert [m for m, _ in anna.sent] == ["newsletter"] * 156
