"""RP-04, hierarchy of abandonment: the strongest journey of the group sets the others aside."""


def story(world, *, purchase=None, set=()):
    shop = world("recovery", set=set)
    anna = shop.contact(zone="Europe/Paris")
    anna.at("2025-03-10 10:00").does("product_viewed")
    anna.at("2025-03-10 10:05").does("cart_updated", cart="c1")
    anna.at("2025-03-10 10:10").does("checkout_started", cart="c1")
    if purchase:
        anna.at(purchase).does("purchase", cart="c1")
    shop.until("2025-03-20")
    return anna


def test_golden(world):
    anna = story(world)
    assert anna.sent == [("checkout_reminder", "2025-03-10 10:40"), ("checkout_last_call", "2025-03-11 10:40")]
    entries = [(r["journey"], str(r["time"])[11:16]) for r in anna.decisions if r["cause"].startswith("entry")]
    assert entries == [("browse", "09:00"), ("cart", "09:35"), ("checkout", "09:40")]  # UTC
    preempted = [(r["journey"], r["winner"]) for r in anna.decisions if r["reason"] == "preempted"]
    assert preempted == [("browse", "cart"), ("cart", "checkout")]


def test_a_purchase_at_half_past_ten_means_no_message(world):
    assert story(world, purchase="2025-03-10 10:30").sent == []


def test_a_purchase_at_noon_leaves_only_the_first(world):
    assert story(world, purchase="2025-03-10 12:00").sent == [("checkout_reminder", "2025-03-10 10:40")]


def test_paused_journeys_go_on_with_what_is_still_to_come(world):
    pause = [f"journeys.{j}.group.recovery=pause" for j in ("browse", "cart", "checkout")]
    anna = story(world, set=pause)
    assert anna.sent == [
        ("checkout_reminder", "2025-03-10 10:40"),
        ("checkout_last_call", "2025-03-11 10:40"),
        ("cart_survey", "2025-03-13 10:35"),
    ]
    dropped = [(r["message"], r["reason"], r["winner"]) for r in anna.decisions if r["outcome"] == "dropped"]
    assert dropped == [
        ("cart_reminder", "preempted", "checkout"),
        ("browse_reminder", "preempted", "checkout"),
        ("free_shipping", "preempted", "checkout"),
    ]


def test_a_weaker_journey_does_not_enter_beside_a_stronger_one(world):
    shop = world("recovery")
    anna = shop.contact(zone="Europe/Paris")
    anna.at("2025-03-10 10:10").does("checkout_started", cart="c1")
    anna.at("2025-03-10 11:00").does("product_viewed")
    shop.until("2025-03-10 20:00")
    assert anna.visits("browse") == 0
    (refused,) = [r for r in anna.decisions if r["cause"] == "refused"]
    assert (refused["journey"], refused["reason"], refused["winner"]) == ("browse", "preempted", "checkout")


def test_queued_entries_wait_for_the_group_to_be_free(world):
    queue = [f"journeys.{j}.group.recovery=queue" for j in ("browse", "cart", "checkout")]
    shop = world("recovery", set=queue)
    anna = shop.contact(zone="Europe/Paris")
    anna.at("2025-03-10 10:00").does("product_viewed")
    anna.at("2025-03-10 10:05").does("cart_updated", cart="c1")
    shop.until("2025-03-10 13:59")
    assert anna.inside("browse")
    assert not anna.inside("cart")
    shop.until("2025-03-10 14:00")
    assert anna.inside("cart")  # entered when browse was done; its anchor is still its trigger
    shop.until("2025-03-18")
    # cart_reminder was due at 11:35, reached at 14:00: still valid, but browse has just used the day
    assert anna.sent == [
        ("browse_reminder", "2025-03-10 14:00"),
        ("cart_reminder", "2025-03-11 10:00"),
        ("free_shipping", "2025-03-12 08:00"),
        ("cart_survey", "2025-03-17 14:00"),
    ]
