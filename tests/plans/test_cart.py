"""RP-01, cart abandonment: golden times, the experiment's arms, the oracle."""

import pytest

GOLDEN = [
    # the end of the 30 minutes, then the three sendings
    ("2025-03-10 13:30", ["2025-03-10 15:00", "2025-03-11 14:00", "2025-03-13 14:00"]),
    ("2025-03-29 13:30", ["2025-03-29 15:00", "2025-03-30 15:00", "2025-04-01 14:00"]),
    ("2025-03-10 20:00", ["2025-03-11 08:00", "2025-03-12 08:00", "2025-03-13 20:30"]),
]
NAMES = ["cart_reminder", "free_shipping", "cart_survey"]


@pytest.mark.parametrize(("moment", "times"), GOLDEN)
def test_golden_times(world, moment, times):
    shop = world("cart")
    anna = shop.contact(zone="Europe/Paris")
    anna.at(moment).does("cart_updated", cart="c1")
    shop.advance("6d")
    assert anna.sent == list(zip(NAMES, times, strict=True))


def test_quiet_hours_and_the_day_cap_say_so(world):
    shop = world("cart")
    anna = shop.contact(zone="Europe/Paris")
    anna.at("2025-03-10 20:00").does("cart_updated", cart="c1")
    shop.advance("6d")
    assert anna.reasons == [
        ("cart_reminder", "quiet_hours", ""),
        ("free_shipping", "cap:one a day", "cart_reminder"),
    ]


def test_a_purchase_of_the_cart_exits_at_once(world):
    shop = world("cart")
    anna = shop.contact()
    anna.at("2025-03-10 13:30").does("cart_updated", cart="c1")
    anna.at("2025-03-10 15:30").does("purchase", cart="c1", value=5000)
    shop.advance("6d")
    assert anna.sent == [("cart_reminder", "2025-03-10 15:00")]
    assert not anna.inside("cart")


def test_a_purchase_cancels_the_mail_of_the_same_second(world):
    shop = world("cart")
    anna = shop.contact()
    anna.at("2025-03-10 13:30").does("cart_updated", cart="c1")
    anna.at("2025-03-10 15:00").does("purchase", cart="c1")
    shop.advance("6d")
    assert anna.sent == []


def test_a_purchase_of_another_cart_changes_nothing_one_without_key_ends_all(world):
    shop = world("cart")
    anna, bert = shop.contact(), shop.contact()
    anna.at("2025-03-10 13:30").does("cart_updated", cart="c1")
    bert.does("cart_updated", cart="c1")
    anna.at("2025-03-10 14:30").does("purchase", cart="c2")
    bert.does("purchase")
    shop.advance("6d")
    assert [m for m, _ in anna.sent] == NAMES
    assert bert.sent == []


def test_a_newer_cart_replaces_the_older_one(world):
    shop = world("cart")
    anna = shop.contact()
    anna.at("2025-03-10 13:30").does("cart_updated", cart="c1")
    anna.at("2025-03-10 16:30").does("cart_updated", cart="c2")
    shop.advance("8d")
    assert anna.visits("cart") == 2
    assert anna.sent == [
        ("cart_reminder", "2025-03-10 15:00"),
        ("cart_reminder", "2025-03-11 08:00"),  # due at 18:00, but one a day; the first instant both laws allow
        ("free_shipping", "2025-03-12 08:00"),
        ("cart_survey", "2025-03-17 15:00"),  # three a week: the first of them is then a week old
    ]


def test_an_update_within_the_half_hour_starts_it_anew(world):
    shop = world("cart")
    anna = shop.contact()
    anna.at("2025-03-10 13:00").does("cart_updated", cart="c1")
    anna.at("2025-03-10 13:29:59").does("cart_updated", cart="c1")
    shop.advance("2h")
    assert anna.sent == [("cart_reminder", "2025-03-10 14:59:59")]


def test_an_answer_to_the_survey_is_kept(world):
    shop = world("cart")
    anna = shop.contact()
    anna.at("2025-03-10 13:30").does("cart_updated", cart="c1")
    anna.at("2025-03-13 18:00").does("answered", key="price", message="cart_survey")
    assert anna.attribute("abandon_reason") == "price"


def test_arms_switched_on_change_what_they_say(world):
    arms = ["experiments.inactivity", "experiments.subject", "experiments.delay"]
    shop = world("cart", set=[f"{a}.enabled=true" for a in arms], seed=3)
    seen = set()
    contacts = [shop.contact() for _ in range(24)]
    for contact in contacts:
        contact.at("2025-03-10 10:00").does("cart_updated", cart="c1")
    shop.advance("6h")
    for contact in contacts:
        (row,) = [r for r in contact.decisions if r["outcome"] == "sent"]
        arm = dict(part.split("=") for part in row["arm"].split(";"))
        hours = {"half_hour": 0.5, "one_hour": 1}[arm["inactivity"]] + {"one_hour": 1, "three_hours": 3}[arm["delay"]]
        assert (row["time"].timestamp() - 1741597200) / 3600 == hours
        assert row["message"] == {"reminder": "cart_reminder", "question": "cart_question"}[arm["subject"]]
        seen.add(tuple(arm.values()))
    assert len(seen) == 8
