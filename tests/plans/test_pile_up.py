"""RP-06, pile-up: what three policies make of one crowded day."""

import pytest

WORTH = {"promotion": 30, "newsletter": 10, "cart_reminder": 70, "back_in_stock": 60, "birthday_greeting": 50}


def black_friday(world, policy):
    shop = world("pile-up", set=[f"arbitration={policy}"])
    anna = shop.contact(zone="Europe/Paris", birthday="1985-11-28")
    anna.at("2025-11-28 08:00").does("promotion_created")
    anna.at("2025-11-28 09:00").does("cart_updated")
    anna.at("2025-11-28 09:02").does("order_confirmed")
    anna.at("2025-11-28 09:30").does("newsletter_created")
    anna.at("2025-11-28 11:00").does("back_in_stock")
    shop.until("2025-12-10")
    assert ("order_confirmation", "2025-11-28 09:02") in anna.sent
    return [(m, t) for m, t in anna.sent if m != "order_confirmation"]


@pytest.mark.parametrize(
    ("policy", "value", "sent"),
    [
        (
            "first_come",
            100,
            [("promotion", "11-28 08:00"), ("newsletter", "11-29 08:00"), ("back_in_stock", "11-30 08:00")],
        ),
        (
            "priority",
            160,
            [("promotion", "11-28 08:00"), ("cart_reminder", "11-29 08:00"), ("back_in_stock", "11-30 08:00")],
        ),
        (
            "look_ahead",
            180,
            [("birthday_greeting", "11-28 09:00"), ("cart_reminder", "11-29 08:00"), ("back_in_stock", "11-30 08:00")],
        ),
    ],
)
def test_black_friday(world, policy, value, sent):
    found = black_friday(world, policy)
    assert found == [(m, f"2025-{t}") for m, t in sent]
    assert sum(WORTH[m] for m, _ in found) == value
