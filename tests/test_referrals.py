"""Referral: a pair is rewarded once, nobody brings themselves; newcomers live like anybody, for any number of lanes."""

import pyarrow.compute as pc
import pyarrow.parquet as parquet
import pytest

from bifurque.engine.load import loads
from bifurque.engine.referrals import BEFORE, CIRCLE, NEW, SECOND, SELF, Invited, pair
from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template
from bifurque.rules.errors import PlanError


def invited(time, by, friend):
    return Invited(time, by, friend, str(friend))


@pytest.mark.parametrize(
    ("invitations", "joined", "pairs", "refused"),
    [
        ([(1, 1, 2)], {2: 5}, [(1, 2, 5)], {}),
        ([(1, 1, 2), (2, 1, 2)], {2: 5}, [(1, 2, 5)], {}),  # the same said twice
        ([(5, 1, 2)], {2: 5}, [(1, 2, 5)], {}),  # at the very instant
        ([(6, 1, 2)], {2: 5}, [], {BEFORE: 1}),
        ([(1, 1, 1)], {1: 5}, [], {SELF: 1}),
        ([(1, 1, 2), (2, 3, 2)], {2: 5}, [(1, 2, 5)], {SECOND: 1}),
        ([(1, 1, 2), (6, 2, 1)], {2: 5, 1: 7}, [(1, 2, 5)], {CIRCLE: 1}),
        ([(1, 1, 2), (6, 2, 3), (8, 3, 1)], {2: 5, 3: 7, 1: 9}, [(1, 2, 5), (2, 3, 7)], {CIRCLE: 1}),
        ([(1, 1, 2), (6, 2, 1)], {2: 5}, [(1, 2, 5)], {CIRCLE: 1}),  # who never joins was there before
        ([(1, 1, 2), (1, 2, 1)], {1: 5, 2: 5}, [(2, 1, 5)], {CIRCLE: 1}),  # both at once: the first number joins first
        ([(1, 1, 2)], {}, [], {}),
    ],
)
def test_who_is_rewarded_for_whom(invitations, joined, pairs, refused):
    found, why = pair([invited(*i) for i in invitations], joined)
    assert [(i.by, i.friend, t) for i, t in found] == pairs
    assert dict(why) == refused


EVENTS = """contact,time,type,key,value
anna,2025-03-03T12:00:00+01:00,invited,bert,
anna,2025-03-03T12:00:00+01:00,invited,anna,
zoe,2025-03-04T12:00:00+01:00,invited,bert,
bert,2025-03-10T14:00:00+01:00,joined,,
bert,2025-03-11T14:00:00+01:00,invited,anna,
bert,2025-03-12T14:00:00+01:00,joined,,
"""


def test_both_are_rewarded_once_when_the_friend_joins(tmp_path):
    (tmp_path / "people.csv").write_text(
        "contact,zone,consent\n" + "".join(f"{n},Europe/Paris,all\n" for n in ("anna", "bert", "zoe"))
    )
    (tmp_path / "events.csv").write_text(EVENTS)
    run = simulate(
        template("loyalty", "en"),
        population=tmp_path / "people.csv",
        events=tmp_path / "events.csv",
        behaviour="off",
        ledger="full",
        out=tmp_path / "run",
    )
    ids = {r["contact"]: r["id"] for r in parquet.read_table(run.folder / "contacts.parquet").to_pylist()}
    sent = sorted(
        (ids[r["contact"]], r["message"], f"{r['time']:%m-%d %H:%M}")
        for r in run.ledger().to_pylist()
        if r["outcome"] == "sent"
    )
    assert sent == [("anna", "referral_reward", "03-10 13:00"), ("bert", "referral_reward", "03-10 13:00")]
    rewarded = [(ids[r["contact"]], r["key"], r["value"]) for r in run.events().to_pylist() if r["type"] == "rewarded"]
    assert sorted(rewarded) == [("anna", "bert", 1000), ("bert", "anna", 1000)]
    assert run.kpis["referral"] == {"joined": 1, "simulated": 0, "rewards": 20.0}
    note = next(n for n in run.manifest["notes"] if n.startswith("invitations refused"))
    assert note == "invitations refused: 1 after that of another, 1 in a circle, 1 of oneself"
    assert [r["message"] for r in run.contact("anna").history if r["message"]] == ["referral_reward"]


@pytest.fixture(scope="module")
def lanes(tmp_path_factory):
    """The same run on 1, 2 and 7 lanes, with friends who join and calls that there are too few of."""
    more = [
        "channels.call.capacity=1 per business day",
        "journeys.support.trigger.event=purchase",
        "journeys.support.reentry=replace",
    ]
    out = tmp_path_factory.mktemp("lanes")
    return {
        n: simulate(
            template("loyalty", "en"),
            contacts=400,
            days=200,
            seed=5,
            ledger="full",
            workers=n,
            overrides=more,
            out=out / str(n),
        )
        for n in (1, 2, 7)
    }


def test_any_number_of_lanes_brings_the_same_people(lanes):
    assert len({run.digest for run in lanes.values()}) == 1
    for part in ("ledger", "events", "."):
        files = [{f.name: f.read_bytes() for f in (run.folder / part).glob("*.parquet")} for run in lanes.values()]
        assert files[0] == files[1] == files[2]
    assert lanes[1].kpis["shared"]["call"]["refused"] > 0


def test_newcomers_live_from_the_instant_they_join(lanes):
    run = lanes[1]
    friends = parquet.read_table(run.folder / "referrals.parquet").to_pylist()
    assert len(friends) == run.kpis["referral"]["joined"] > 20
    assert run.kpis["totals"]["contacts"] == 400 + len(friends)
    everybody = set(run.where()["contact"].to_pylist())
    events = run.events()
    second = 0
    for friend in friends:
        assert friend["contact"] >= NEW
        assert friend["contact"] in everybody
        assert friend["by"] in everybody
        second += friend["by"] >= NEW
        mine = events.filter(pc.equal(events["contact"], friend["contact"])).to_pylist()
        assert min(r["time"] for r in mine) == friend["joined"]
        assert {"joined", "rewarded"} <= {r["type"] for r in mine if r["time"] == friend["joined"]}
        his = events.filter(pc.equal(events["contact"], friend["by"])).to_pylist()
        assert friend["joined"] in [r["time"] for r in his if r["type"] == "rewarded"]
    assert second > 0


def test_a_newcomer_can_be_asked_about(lanes):
    run = lanes[2]
    friends = parquet.read_table(run.folder / "referrals.parquet").to_pylist()
    ledger = run.ledger()
    for friend in friends[:3]:
        state = run.contact(friend["contact"])
        assert state.history == ledger.filter(pc.equal(ledger["contact"], friend["contact"])).to_pylist()


def test_lives_kept_for_the_pages_say_who_a_newcomer_is(lanes):
    run = lanes[1]
    walks = parquet.read_table(run.folder / "aggregates" / "sample_walks.parquet")
    found = {r["contact"]: (r["persona"], r["zone"]) for r in walks.to_pylist()}
    friends = [contact for contact in found if contact >= NEW]
    assert len(friends) > 5
    for contact in [*friends[:4], *list(found)[:2]]:
        state = run.contact(contact)
        assert found[contact] == (state.persona, state.zone)


def test_more_seeds_leave_the_friends_of_the_first_as_they_were(tmp_path):
    found = []
    for count in (60, 120):
        run = simulate(
            template("loyalty", "en"),
            contacts=count,
            days=120,
            seed=5,
            ledger="none",
            workers=1,
            out=tmp_path / str(count),
        )
        found.append(parquet.read_table(run.folder / "referrals.parquet").to_pylist())
    assert found[0]
    assert all(row in found[1] for row in found[0])


def test_a_plan_that_names_the_wrong_events_is_told(tmp_path):
    with pytest.raises(PlanError, match="cannot be"):
        loads("plan: p\nstart: 2026-01-01\nreferral: {invited: invited, rewarded: invited}\n")
