"""The golden histories of carts, welcomes and recovery, told from outside: files in, the ledger out."""

import pytest

PARIS = "Europe/Paris"
ZONES = [PARIS, "America/New_York", "Asia/Tokyo", "America/Sao_Paulo", "Asia/Kolkata"]
CART = ["cart_reminder", "free_shipping", "cart_survey"]
EVERYTHING = {"consent": "all"}


def person(zone=PARIS, **more):
    return {"zone": zone, **EVERYTHING, **more}


# RP-01 ----------------------------------------------------------------------------------------------------------------

CARTS = {
    # contact: zone, the last update, the three sendings; the trigger is half an hour later
    1: (PARIS, "2025-03-10 13:30", ["2025-03-10 15:00", "2025-03-11 14:00", "2025-03-13 14:00"]),
    2: (PARIS, "2025-03-29 13:30", ["2025-03-29 15:00", "2025-03-30 15:00", "2025-04-01 14:00"]),
    3: (PARIS, "2025-03-10 20:00", ["2025-03-11 08:00", "2025-03-12 08:00", "2025-03-13 20:30"]),
    # the same in other zones, the autumn change of Paris, the spring change of New York
    4: ("Asia/Kolkata", "2025-03-10 13:30", ["2025-03-10 15:00", "2025-03-11 14:00", "2025-03-13 14:00"]),
    5: ("Asia/Kolkata", "2025-03-10 20:00", ["2025-03-11 08:00", "2025-03-12 08:00", "2025-03-13 20:30"]),
    6: ("America/New_York", "2025-03-08 13:30", ["2025-03-08 15:00", "2025-03-09 15:00", "2025-03-11 14:00"]),
    7: (PARIS, "2025-10-25 13:30", ["2025-10-25 15:00", "2025-10-26 13:00", "2025-10-28 14:00"]),
    8: ("Asia/Tokyo", "2025-03-10 20:00", ["2025-03-11 08:00", "2025-03-12 08:00", "2025-03-13 20:30"]),
    9: ("America/Sao_Paulo", "2025-03-29 13:30", ["2025-03-29 15:00", "2025-03-30 14:00", "2025-04-01 14:00"]),
}


@pytest.fixture(scope="module")
def carts(outside):
    people = {c: person(zone) for c, (zone, *_) in CARTS.items()}
    events = [(c, moment, "cart_updated", f"cart-{c}", 4990) for c, (_, moment, _) in CARTS.items()]
    return outside("cart", people, reversed(events))


@pytest.mark.parametrize("contact", CARTS)
def test_cart_golden_times(carts, contact):
    assert carts.sent(contact) == list(zip(CART, CARTS[contact][2], strict=True))


def test_cart_held_rows_say_why_and_until_when(carts):
    assert carts.held(3) == [
        ("cart_reminder", "2025-03-10 21:30", "quiet_hours", "", "2025-03-11 08:00"),
        ("free_shipping", "2025-03-11 20:30", "cap:one a day", "cart_reminder", "2025-03-12 08:00"),
    ]
    assert carts.held(1) == []


def test_cart_what_ends_it(outside):
    afternoon = "2025-03-10 13:30"
    told = outside(
        "cart",
        {c: person() for c in range(9)},
        [(c, afternoon, "cart_updated", "a", 1000) for c in range(9)]
        + [
            (1, "2025-03-10 14:29", "purchase", "a", 1000),
            (2, "2025-03-10 14:29", "purchase", "", 1000),  # an empty key matches every cart
            (3, "2025-03-10 14:29", "purchase", "b", 1000),  # another cart
            (4, "2025-03-10 14:29", "cart_emptied", "a"),
            (5, "2025-03-10 13:59:59", "cart_updated", "a"),  # half an hour anew
            (6, "2025-03-10 15:00", "purchase", "a"),  # the second of the sending
            (7, "2025-03-11 20:00", "opt_out"),
            (8, "2025-03-10 13:40", "cart_emptied", "a"),  # nothing is left to be abandoned
        ],
        form="parquet",
    )
    assert [[m for m, _ in told.sent(c)] for c in range(9)] == [CART, [], [], CART, [], CART, [], CART[:2], []]
    assert told.sent(5)[0] == ("cart_reminder", "2025-03-10 15:29:59")
    assert told.dropped(7) == [("cart_survey", "2025-03-13 14:00", "consent", "")]
    assert [p[2] for p in told.passages(1)][-1] == "exit:purchase"


def test_cart_a_newer_cart_replaces_the_older(outside):
    told = outside(
        "cart",
        {1: person()},
        [(1, "2025-03-10 13:30", "cart_updated", 1), (1, "2025-03-10 20:00", "cart_updated", 2)],
        form="jsonl",
    )
    # the first cart's reminder has used the day; the second's waits for the morning, and its offer for the next one
    assert told.sent(1) == list(
        zip(
            ["cart_reminder", *CART],
            ["2025-03-10 15:00", "2025-03-11 08:00", "2025-03-12 08:00", "2025-03-17 15:00"],
            strict=True,
        )
    )
    assert {r["visit"] for r in told.of(1, outcome="sent")} == {1, 2}


def test_cart_an_opt_out_drops_what_is_held_for_the_morning(outside):
    told = outside(
        "cart",
        {1: person()},
        [(1, "2025-03-10 20:00", "cart_updated", "a"), (1, "2025-03-10 23:00", "opt_out")],
    )
    assert told.sent(1) == []
    assert told.dropped(1)[0] == ("cart_reminder", "2025-03-10 23:00", "consent", "")


# RP-02 ----------------------------------------------------------------------------------------------------------------


def visitor(contact, *, confirms=True):
    pages = [(contact, "2025-02-03 20:00", "page_viewed", "randonnée")] * 4
    back = [(contact, "2025-02-05 21:30", "returned", "randonnée")]
    more = [(contact, "2025-02-05 21:30", "page_viewed", "randonnée")] * 2
    form = [(contact, "2025-02-05 21:35", "signup")]
    return pages + back + more + form + [(contact, "2025-02-05 21:50", "optin_confirmed")] * confirms


WELCOME = [
    ("welcome_1", "2025-02-05 21:50"),  # 21:50 is quiet: an answer to the person's own act leaves all the same
    ("welcome_2", "2025-02-07 10:00"),
    ("welcome_3", "2025-02-10 10:00"),
]


@pytest.fixture(scope="module")
def welcomes(outside):
    nobody = {"consent": "none"}
    people = {1: nobody, 2: nobody, 3: nobody, 4: person(), 5: nobody | {"zone": "Asia/Tokyo"}}
    events = visitor(1) + visitor(2, confirms=False) + visitor(3) + visitor(4, confirms=False) + visitor(5)
    events += [(3, "2025-02-08 12:00", "purchase", None, 4000), (1, "2025-02-10 12:00", "identified", "v2")]
    return outside("welcome", people, events, form="jsonl")


def test_welcome_golden(welcomes):
    assert welcomes.sent(1) == WELCOME
    assert welcomes.sent(5) == WELCOME


@pytest.mark.parametrize("contact", [2, 4])
def test_welcome_without_the_click_nothing_ever(welcomes, contact):
    assert welcomes.sent(contact) == []


def test_welcome_a_first_purchase_leads_on(welcomes):
    assert welcomes.sent(3) == WELCOME[:2]
    moves = [(journey, cause) for journey, _, cause, _, _ in welcomes.passages(3) if "purchase" in journey + cause]
    assert ("welcome", "exit:purchase") in moves
    assert [j for j, _ in moves if j == "post_purchase"]


def test_welcome_the_last_day_of_the_offer_is_whole(outside):
    # Held by a cap that leaves no room: the last row says until when the offer stood.
    told = outside("welcome", {1: {"consent": "none"}}, visitor(1), set=["caps=[{name: none, max: 0, per: 30d}]"])
    assert [m for m, _ in told.sent(1)] == ["welcome_1"]
    assert ("welcome_3", "2025-02-10 10:00", "expired", "") in [d[:4] for d in told.dropped(1)]


# RP-04 ----------------------------------------------------------------------------------------------------------------

THREE = [("10:00", "product_viewed", "p"), ("10:05", "cart_updated", "c"), ("10:10", "checkout_started", "c")]


def abandons(contact, *more, day="2025-03-10"):
    return [(contact, f"{day} {time}", *what) for time, *what in (*THREE, *more)]


@pytest.fixture(scope="module")
def abandoned(outside):
    people = {c: person(zone) for c, zone in enumerate([PARIS, PARIS, PARIS, PARIS, "America/New_York", PARIS])}
    events = abandons(0) + abandons(1, ("10:30", "purchase", "c", 5000)) + abandons(2, ("12:00", "purchase", "c", 5000))
    events += abandons(3, ("12:00", "purchase", "another", 5000)) + abandons(4)
    events += abandons(5, ("11:00", "product_viewed", "p"), ("11:05", "cart_updated", "d"))
    return outside("recovery", people, events, form="jsonl")


@pytest.mark.parametrize("contact", [0, 4])
def test_recovery_golden(abandoned, contact):
    last = [("checkout_reminder", "2025-03-10 10:40"), ("checkout_last_call", "2025-03-11 10:40")]
    assert abandoned.sent(contact) == last
    entries = [(j, t[11:]) for j, t, cause, _, _ in abandoned.passages(contact) if cause.startswith("entry")]
    assert entries == [("browse", "10:00"), ("cart", "10:35"), ("checkout", "10:40")]
    losers = [(j, t[11:], w) for j, t, _, reason, w in abandoned.passages(contact) if reason == "preempted"]
    assert losers == [("browse", "10:35", "cart"), ("cart", "10:40", "checkout")]


def test_recovery_with_a_purchase(abandoned):
    assert abandoned.sent(1) == []
    assert abandoned.sent(2) == [("checkout_reminder", "2025-03-10 10:40")]
    assert abandoned.sent(3) == abandoned.sent(2)  # any purchase, whatever its key


def test_recovery_a_weaker_journey_does_not_enter(abandoned):
    refused = [(r["journey"], abandoned.at(r)[11:], r["winner"]) for r in abandoned.of(5, reason="preempted", visit=0)]
    assert refused == [("browse", "11:00", "checkout"), ("cart", "11:35", "checkout")]
    assert [m for m, _ in abandoned.sent(5)] == ["checkout_reminder", "checkout_last_call"]


def test_recovery_paused_only_the_survey_may_still_run(outside):
    pause = [f"journeys.{j}.group.recovery=pause" for j in ("browse", "cart", "checkout")]
    told = outside("recovery", {0: person()}, abandons(0), set=pause)
    assert told.sent(0) == [
        ("checkout_reminder", "2025-03-10 10:40"),
        ("checkout_last_call", "2025-03-11 10:40"),
        ("cart_survey", "2025-03-13 10:35"),
    ]
    assert {(m, r, w) for m, _, r, w in told.dropped(0)} == {
        ("cart_reminder", "preempted", "checkout"),
        ("browse_reminder", "preempted", "checkout"),
        ("free_shipping", "preempted", "checkout"),
    }
