"""RP-02, welcome: nothing before the confirmation click, then three messages."""


def story(world, *, confirms=True):
    shop = world("welcome")
    anna = shop.contact("v1", zone="Europe/Paris", consent="none")
    for _ in range(4):
        anna.at("2025-02-03 20:00").does("page_viewed", interest="randonnée")
    anna.at("2025-02-05 21:30").does("returned")
    for _ in range(2):
        anna.does("page_viewed", interest="randonnée")
    anna.at("2025-02-05 21:35").does("signup")
    anna.at("2025-02-05 21:50")
    assert anna.score("interest", "randonnée") == 7
    if confirms:
        anna.does("optin_confirmed")
    return shop, anna


def test_golden(world):
    shop, anna = story(world)
    shop.until("2025-02-24 23:59")
    assert anna.sent == [
        ("welcome_1", "2025-02-05 21:50"),
        ("welcome_2", "2025-02-07 10:00"),
        ("welcome_3", "2025-02-10 10:00"),
    ]


def test_scores_are_kept_by_interest(world):
    _, anna = story(world)
    for _ in range(3):
        anna.does("page_viewed", interest="plage")
    assert (anna.score("interest", "randonnée"), anna.score("interest", "plage"), anna.score("interest")) == (7, 3, 7)


def test_the_offer_is_valid_until_the_end_of_the_fourteenth_day(world):
    # Held from the start by a cap that frees one second before, or exactly at, the end of the validity.
    for last, sent in (("24 23:59:59", True), ("25 00:00", False)):
        shop = world(
            "welcome",
            set=[
                "coherence=[{never: promotional, while: contact.busy, policy: hold}]",
                "attributes={busy: bool}",
                "events.page_viewed={set: {busy: false}}",
            ],
        )
        anna = shop.contact(busy=True, zone="Europe/Paris")
        anna.at("2025-02-05 21:50").does("optin_confirmed")
        anna.at(f"2025-02-{last}").does("page_viewed")
        shop.advance("1s")
        assert ("welcome_3" in [m for m, _ in anna.sent]) is False  # quiet hours at 23:59:59
        expired = [r for r in anna.decisions if r["message"] == "welcome_3" and r["outcome"] == "dropped"]
        assert expired
        assert str(expired[0]["time"]).startswith("2025-02-24 22:59:59" if sent else "2025-02-24 23:00:00")


def test_without_the_click_no_commercial_message_ever(world):
    shop, anna = story(world, confirms=False)
    shop.until("2025-12-31")
    assert anna.sent == []


def test_a_first_purchase_leads_on(world):
    shop, anna = story(world)
    anna.at("2025-02-08 12:00").does("purchase", value=4000)
    shop.until("2025-03-01")
    assert [m for m, _ in anna.sent] == ["welcome_1", "welcome_2"]
    assert anna.stage == "customer"
    assert anna.visits("post_purchase") == 1
