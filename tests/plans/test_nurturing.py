"""RP-03, scoring and nurturing: half-life, crossings computed and scheduled, stages with hysteresis."""

import datetime as dt

import pytest

EVENTS = [("2025-02-01 12:00", 4), ("2025-02-03 12:00", 3), ("2025-02-11 12:00", 2)]


def test_half_life(world):
    shop = world("nurturing")
    anna = shop.contact(zone="Europe/Paris")
    seen = []
    for moment, pages in EVENTS:
        anna.at(moment)
        for _ in range(pages):
            anna.does("page_viewed", interest="x")
        seen.append(anna.score("interest", "x"))
    anna.at("2025-03-13 12:00")
    seen.append(anna.score("interest", "x"))
    assert seen == pytest.approx([4, 6.819366, 7.668516, 3.834258], abs=5e-7)


def crossing(anna):
    (row,) = [r for r in anna.decisions if r["journey"] == "cooling" and r["cause"].startswith("entry")]
    return row["time"].timestamp()


def test_the_crossing_below_ten_fires_at_the_first_second_on_the_other_side(world):
    shop = world("nurturing")
    anna = shop.contact(zone="Europe/Paris")
    anna.at("2025-02-01 12:00")
    start = shop.now
    for _ in range(25):
        anna.does("page_viewed", interest="x")
    assert anna.stage == "decision"
    shop.until("2025-04-30")
    after = (crossing(anna) - start) / 86400
    assert after == pytest.approx(39.657843, abs=1 / 86400)
    stages = [(str(r["time"])[:16], r["step"]) for r in anna.decisions if r["cause"] == "stage"]
    # 25 − 2 is passed after 3.6 days, 10 − 2 after 49.3 days
    assert [s for _, s in stages] == ["consideration", "decision", "consideration", "awareness"]
    assert [moment[:10] for moment, _ in stages[2:]] == ["2025-02-05", "2025-03-22"]


def test_an_event_of_another_interest_in_the_same_second_does_not_hide_the_crossing(world):
    shop = world("nurturing")
    anna = shop.contact(zone="Europe/Paris")
    anna.at("2025-02-01 12:00")
    for _ in range(25):
        anna.does("page_viewed", interest="x")
    for second in (17, 18, 19):
        anna.at(f"2025-03-13 03:47:{second}").does("page_viewed", interest="y")
    shop.until("2025-04-30")
    assert str(dt.datetime.fromtimestamp(crossing(anna), dt.UTC)) == "2025-03-13 02:47:18+00:00"


def test_forty_to_twenty_five(world):
    shop = world("nurturing", set=["journeys.cooling.trigger={crossing: {score: interest, below: 25}}"])
    anna = shop.contact(zone="Europe/Paris")
    anna.at("2025-02-01 12:00")
    start = shop.now
    for _ in range(40):
        anna.does("page_viewed", interest="x")
    shop.until("2025-04-30")
    assert (crossing(anna) - start) / 86400 == pytest.approx(20.342157, abs=1 / 86400)


def test_the_sales_alert_leaves_at_forty(world):
    shop = world("nurturing")
    anna = shop.contact(zone="Europe/Paris")
    anna.at("2025-02-01 12:00")
    for _ in range(39):
        anna.does("page_viewed", interest="x")
    shop.advance("0s")
    assert anna.sent == []
    anna.at("2025-02-01 12:00:01").does("page_viewed", interest="x")
    shop.advance("0s")
    assert anna.sent == []  # 39 points have already lost some thousandths
    anna.does("page_viewed", interest="x")
    shop.advance("0s")
    assert anna.sent == [("sales_alert", "2025-02-01 12:00:01")]
    assert anna.stage == "sales_ready"
    assert anna.attribute("temperature") == "hot"


def test_penalties_for_silence(world):
    visits, opens = (
        "{points: 5, after: 30d, without: [page_viewed, returned]}",
        "{points: 3, after: 30d, without: opened}",
    )
    variant = f"scores.interest.penalties=[{visits}, {opens}]"
    shop = world("nurturing", set=[variant, "scores.interest.half_life=3650d"])
    anna = shop.contact(zone="Europe/Paris")
    anna.at("2025-02-01 12:00")
    for _ in range(20):
        anna.does("page_viewed", interest="x")
    anna.does("opened", key="x")
    shop.until("2025-03-03 11:59:59")
    assert anna.score("interest") == pytest.approx(21, abs=0.2)
    shop.until("2025-03-03 12:00")
    assert anna.score("interest") == pytest.approx(13, abs=0.2)  # both silences, once each
    anna.at("2025-03-10 12:00").does("page_viewed", interest="x")
    shop.until("2025-04-02 12:00")
    assert anna.score("interest") == pytest.approx(11, abs=0.2)  # only the opens are still missing
    shop.until("2025-12-01")
    assert anna.score("interest") == 0


def test_the_ladder_follows_the_stage(world):
    shop = world("nurturing")
    anna = shop.contact(zone="Europe/Paris")
    for moment, pages in (
        ("2025-02-03 12:00", 2),
        ("2025-02-10 12:00", 12),
        ("2025-02-17 12:00", 20),
        ("2025-02-24 12:00", 20),
    ):
        anna.at(moment)
        for _ in range(pages):
            anna.does("page_viewed", interest="x")
    shop.until("2025-02-28")
    contents = [m for m, _ in anna.sent if m.startswith("content")]
    assert contents == ["content_1", "content_2", "content_3", "content_4"]
