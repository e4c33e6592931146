"""RP-02, welcome: nothing before the confirmation click, then three messages; two cookies that are one person."""

import pyarrow.compute as pc
import pytest

from bifurque.engine.contacts import contact_number
from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template
from bifurque.engine.why import why


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


V1 = [
    *[("v1", "2025-02-03T20:00:00+01:00", "page_viewed", "randonnée")] * 4,
    ("v1", "2025-02-05T21:30:00+01:00", "returned", ""),
    *[("v1", "2025-02-05T21:30:00+01:00", "page_viewed", "randonnée")] * 2,
    ("v1", "2025-02-05T21:35:00+01:00", "signup", ""),
    ("v1", "2025-02-05T21:50:00+01:00", "optin_confirmed", ""),
]
V2 = [("v2", "2025-02-10T11:00:00+01:00", "page_viewed", "plage")] * 3
LOGIN = ("v2", "2025-02-10T12:00:00+01:00", "identified", "v1")


@pytest.fixture
def files(tmp_path):
    def run(events, name="run", consent="none", **more):
        lines = [f"{who},{at},{kind},{key}," for who, at, kind, key in events]
        (tmp_path / f"{name}.csv").write_text("\n".join(["contact,time,type,key,value", *lines]) + "\n", "utf-8")
        (tmp_path / "people.csv").write_text(
            f"contact,zone,consent\nv1,Europe/Paris,{consent}\nv2,Europe/Paris,{consent}\n"
        )
        return simulate(
            template("welcome", "en"),
            population=tmp_path / "people.csv",
            events=tmp_path / f"{name}.csv",
            behaviour="off",
            ledger="full",
            out=tmp_path / name,
            **more,
        )

    return run


def sent(run):
    """Who got what: the older id is kept."""
    rows = [r for r in run.ledger().to_pylist() if r["outcome"] == "sent"]
    rows.sort(key=lambda r: r["contact"] != contact_number("v1"))
    return [(r["contact"] == contact_number("v1"), r["message"], f"{r['time']:%m-%d %H:%M}") for r in rows]


GOLDEN = [
    (True, "welcome_1", "02-05 20:50"),
    (True, "welcome_2", "02-07 09:00"),
    (True, "welcome_3", "02-10 09:00"),
]


@pytest.mark.parametrize("login", [LOGIN, ("v1", LOGIN[1], "identified", "v2")])
def test_two_cookies_are_one_person(files, login):
    run = files([*V1, *V2, login])
    assert sent(run) == GOLDEN
    assert run.kpis["totals"]["contacts"] == 1
    assert set(run.where()["contact"].to_pylist()) == {contact_number("v1")}
    before, after = run.contact("v1", "2025-02-10 11:59"), run.contact("v1", "2025-02-10 12:00")
    assert before.scores == {"interest": {"randonnée": 7}}
    assert after.scores == {"interest": {"randonnée": 7, "plage": 3}}
    assert run.contact("v2", "2025-02-10 13:00").stopped
    ledger = run.ledger()
    assert run.contact("v1").history == ledger.filter(pc.equal(ledger["contact"], contact_number("v1"))).to_pylist()


def test_merging_again_changes_nothing(files):
    again = ("v2", "2025-02-11T12:00:00+01:00", "identified", "v1")
    once, twice = files([*V1, *V2, LOGIN]), files([*V1, *V2, LOGIN, LOGIN, again], "twice")
    assert once.ledger().equals(twice.ledger())
    assert once.contact("v1").scores == twice.contact("v1").scores


def test_later_events_of_the_other_id_are_the_survivors(files):
    later = [
        ("v2", "2025-02-12T12:00:00+01:00", "page_viewed", "plage"),
        ("v2", "2025-02-13T12:00:00+01:00", "purchase", ""),
    ]
    run = files([*V1, *V2, LOGIN, *later])
    assert run.contact("v1").scores == {"interest": {"randonnée": 7, "plage": 4}}
    assert [e["type"] for e in run.contact("v1").events[-2:]] == ["page_viewed", "purchase"]
    assert {r["contact"] for r in run.events().to_pylist() if r["time"].day > 11} == {contact_number("v1")}


def test_a_timer_is_kept_once(files):
    # Both have confirmed: the survivor goes on with its own welcome, the other's ends.
    v2 = [*V2, ("v2", "2025-02-10T11:30:00+01:00", "optin_confirmed", "")]
    run = files([*V1[:-1], ("v1", "2025-02-09T10:00:00+01:00", "optin_confirmed", ""), *v2, LOGIN])
    mine = [(m, t) for of_v1, m, t in sent(run) if of_v1]
    assert mine == [("welcome_1", "02-09 09:00"), ("welcome_2", "02-11 09:00"), ("welcome_3", "02-14 09:00")]
    assert [m for of_v1, m, _ in sent(run) if not of_v1] == ["welcome_1"]


def test_a_timer_of_the_other_is_not_lost(files):
    # Only the other is on its way: its visit goes on in the survivor, at the same step, due when it was.
    v2 = [("v2", "2025-02-10T11:30:00+01:00", "optin_confirmed", "")]
    run = files([*V1[:-1], *v2, LOGIN], consent="all")
    assert sent(run) == [
        (True, "welcome_2", "02-12 09:00"),
        (True, "welcome_3", "02-15 09:00"),
        (False, "welcome_1", "02-10 10:30"),
    ]


def test_the_stricter_consent_holds(files):
    # One has confirmed, the other has not: nothing commercial may leave to the person they are.
    run = files([*V1, *V2, ("v2", "2025-02-06T12:00:00+01:00", "identified", "v1")])
    assert [m for _, m, _ in sent(run)] == ["welcome_1"]
    run = files([*V1, *V2, ("v2", "2025-02-06T12:00:00+01:00", "identified", "v1")], "both", consent="all")
    assert [m for _, m, _ in sent(run)] == ["welcome_1", "welcome_2", "welcome_3"]


def test_what_both_were_sent_counts_together(files):
    # The other one's message of 8 February fills the cap of the survivor's week.
    v1 = [*V1[:-1], ("v1", "2025-02-08T12:00:00+01:00", "optin_confirmed", "")]
    v2 = [("v2", "2025-02-06T09:00:00+01:00", "optin_confirmed", "")]
    login = ("v2", "2025-02-09T12:00:00+01:00", "identified", "v1")
    run = files([*v1, *v2, login], consent="all", overrides=["caps=[{name: weekly, max: 1, per: 7d}]"])
    assert sent(run) == [
        (True, "welcome_1", "02-08 11:00"),
        (True, "welcome_3", "02-15 09:00"),
        (False, "welcome_1", "02-06 08:00"),
        (False, "welcome_2", "02-08 09:00"),
    ]


def test_merged_lives_are_the_same_for_any_number_of_lanes(files):
    events = [*V1, *V2, LOGIN]
    runs = [files(events, f"lanes{n}", workers=n) for n in (1, 3)]
    assert runs[0].digest == runs[1].digest
    assert runs[0].ledger().equals(runs[1].ledger())


def test_why_tells_the_life_of_both(files):
    v2 = [("v2", "2025-02-10T11:30:00+01:00", "optin_confirmed", "")]
    run = files([*V1[:-1], *v2, LOGIN], consent="all")
    ledger = run.ledger()
    for who in ("v1", "v2"):
        rows = ledger.filter(pc.equal(ledger["contact"], contact_number(who))).to_pylist()
        assert why(run, who).rows == rows
