"""RP-07, the best offer: what there is goes to those it is worth most for, and never twice."""

import json
from collections import Counter

import pyarrow.dataset as dataset
import pytest

from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template

NOON = "2025-03-11 10:00"


def shop(world, **stocks):
    return world("best-offer", set=[f"offers.{name}.stock={many}" for name, many in stocks.items()])


def test_the_best_one_while_it_lasts_then_the_next(world):
    place = shop(world, a=1, b=1)
    people = [place.contact(i, taste="a") for i in range(4)]
    for one in people:
        one.at(NOON).does("offer_moment")
    place.advance("1h")
    assert Counter(m for one in people for m, _ in one.sent) == {"offer_a": 1, "offer_b": 1, "offer_c": 2}
    assert {t for one in people for _, t in one.sent} == {NOON}


def test_sold_out_one_second_before_means_the_fallback(world):
    place = shop(world, a=1, b=0)
    first, second = place.contact(1, taste="a"), place.contact(2, taste="a")
    first.at("2025-03-11 09:59:59").does("offer_moment")
    second.at(NOON).does("offer_moment")
    place.advance("1h")
    assert [m for m, _ in first.sent] == ["offer_a"]
    assert [m for m, _ in second.sent] == ["offer_c"]
    passed = [(r["reason"], r["cause"]) for r in second.decisions if r["cause"].startswith("offer:")]
    assert passed == [("offer_unavailable", "offer:a"), ("offer_unavailable", "offer:b"), ("", "offer:c")]


def test_what_is_not_taken_in_48_hours_goes_to_somebody_else(world):
    place = shop(world, a=1, b=0)
    first, second, third = (place.contact(i, taste="a") for i in range(3))
    first.at(NOON).does("offer_moment")
    second.at("2025-03-13 09:59:59").does("offer_moment")
    third.at("2025-03-13 10:00").does("offer_moment")
    place.advance("1h")
    assert [one.sent[0][0] for one in (first, second, third)] == ["offer_a", "offer_c", "offer_a"]


@pytest.mark.parametrize("key", ["a", "offer_a"])
def test_what_is_taken_is_gone(world, key):
    place = shop(world, a=1, b=0)
    first, second = place.contact(1, taste="a"), place.contact(2, taste="a")
    first.at(NOON).does("offer_moment")
    first.at("2025-03-11 12:00").does("purchase", key=key)
    second.at("2025-03-20 10:00").does("offer_moment")
    place.advance("1h")
    assert [m for m, _ in second.sent] == ["offer_c"]


def test_a_message_that_is_dropped_gives_its_offer_back_at_once(world):
    place = shop(world, a=1, b=0)
    first, second = place.contact(1, taste="a", consent="none"), place.contact(2, taste="a")
    first.at(NOON).does("offer_moment")
    second.at("2025-03-11 10:00:01").does("offer_moment")
    place.advance("1h")
    assert first.reasons == [("offer_a", "consent", "")]
    assert [m for m, _ in second.sent] == ["offer_a"]


def test_an_offer_held_for_the_morning_stays_reserved(world):
    place = shop(world, a=1, b=0)
    first, second = place.contact(1, taste="a"), place.contact(2, taste="a")
    first.at("2025-03-11 22:00").does("offer_moment")
    second.at("2025-03-12 09:00").does("offer_moment")
    place.advance("1h")
    assert first.sent == [("offer_a", "2025-03-12 08:00")]
    assert [m for m, _ in second.sent] == ["offer_c"]


def everybody(folder, moments):
    """10,000 people, all at the same instants: 4,000 like a, 4,000 b, 2,000 c; in no particular order."""
    tastes = {i: "aabbc"[(i * 7919) % 5] for i in range(10_000)}
    people = ["contact,taste,consent", *(f"{i},{taste},all" for i, taste in tastes.items())]
    rows = [f"{i},{moment},offer_moment,," for moment in moments for i in tastes]
    (folder / "people.csv").write_text("\n".join(people))
    (folder / "events.csv").write_text("\n".join(["contact,time,type,key,value", *rows]))
    return {"population": folder / "people.csv", "events": folder / "events.csv"}


@pytest.fixture(scope="module")
def waves(tmp_path_factory):
    folder = tmp_path_factory.mktemp("waves")
    given = everybody(folder, ["2025-03-11T10:00:00+01:00", "2025-03-13T10:00:00+01:00"])
    runs = {}
    for lanes in (1, 2, 3):
        out = folder / f"run{lanes}"
        text = template("best-offer", "en")
        runs[lanes] = simulate(text, out=out, behaviour="off", ledger="full", workers=lanes, days=90, **given)
    return runs


def sent(run):
    table = (
        dataset.dataset(run.folder / "ledger").to_table(columns=["contact", "time", "message", "outcome"]).to_pylist()
    )
    return [(r["contact"], r["time"], r["message"]) for r in table if r["outcome"] == "sent"]


def test_two_waves_of_ten_thousand_share_what_there_is(waves):
    rows = sent(waves[1])
    first, second = sorted({t for _, t, _ in rows})
    assert Counter(m for _, t, m in rows if t == first) == {"offer_a": 1000, "offer_b": 3000, "offer_c": 6000}
    assert Counter(m for _, t, m in rows if t == second) == {"offer_a": 1000, "offer_b": 3000, "offer_c": 6000}
    figures = json.loads((waves[1].folder / "kpi.json").read_text())["shared"]
    assert figures["a"] | {"refused": 0} == {
        "kind": "offer", "refused": 0, "returned": 2000, "stock": 1000, "restocked": 0, "available": 1000,
        "reserved": 0, "taken": 0, "least": 0,
    }  # fmt: skip


def test_any_number_of_lanes_gives_the_same_bytes(waves):
    assert len({run.manifest["digest"] for run in waves.values()}) == 1
    assert sorted(sent(waves[1])) == sorted(sent(waves[3]))
    files = [{f.name: f.read_bytes() for f in (run.folder / "ledger").iterdir()} for run in waves.values()]
    assert files[0] == files[1] == files[2]
