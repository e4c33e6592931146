"""What people do in answer to an event of a file is drawn from its type's name and its count: nothing else redraws."""

import random

import pyarrow.compute as pc
import pytest

from bifurque.engine.simulate import simulate

PLAN = """
plan: draws
start: 2025-01-06
days: 60
{more}
categories: [{{name: news, class: service}}]
channels: {{email: {{cost: 1}}}}
messages: {{letter: {{channel: email, category: news}}}}
journeys:
  thanks: {{trigger: {{event: purchase}}, steps: [{{send: letter}}]}}
behaviour:
  kind: constant
  reactions:
    buys:
      on: viewed
      one_of: [{{event: purchase, chance: 50%, after: 1h, spread: 5h, value: {{mean: 50, spread: 50%}}}}]
"""
PLAIN = "events: {noise: {}}"


def viewed(contacts=60, times=8):
    draw = random.Random(5)
    rows = []
    for contact in range(contacts):
        days = sorted(draw.sample(range(6, 31), times))
        rows += [(contact, f"2025-01-{day:02}T{draw.randint(0, 23):02}:00:00Z", "viewed") for day in days]
    return rows


def lived(folder, events, more=PLAIN, **options):
    """A run over events."""
    lines = [",".join(map(str, row)) for row in events]
    folder.mkdir()
    (folder / "events.csv").write_text("\n".join(["contact,time,type", *lines]), "utf-8")
    files = {"events": folder / "events.csv", "contacts": 60, "ledger": "full", "workers": 1}
    return simulate(PLAN.format(more=more), out=folder / "run", **files, **options)


def bought(folder, events, more=PLAIN, **options):
    """The purchases of a run over events."""
    every = lived(folder, events, more, **options).events().to_pylist()
    return [(e["contact"], e["time"], e["value"]) for e in every if e["type"] == "purchase"]


def test_other_events_and_types_change_no_draw(tmp_path):
    events = viewed()
    expected = bought(tmp_path / "plain", events)
    assert 180 < len(expected) < 300
    noise = [(contact, time.replace(":00:00Z", ":00:01Z"), "noise") for contact, time, _ in events[::2]]
    assert bought(tmp_path / "noise", [*events, *noise]) == expected
    assert bought(tmp_path / "before", [(c, "2025-01-06T00:00:00Z", "noise") for c in range(60)] + events) == expected
    more = "events: {another: {}, a_third: {}, noise: {}}\nattributes: {age: int}\nscores: {s: {on: {yet_another: 1}}}"
    assert bought(tmp_path / "types", events, more) == expected
    assert bought(tmp_path / "seed", events, seed=2) != expected


def test_each_event_of_a_type_draws_by_its_count(tmp_path):
    every = bought(tmp_path / "every", viewed())
    assert len({len([1 for who, *_ in every if who == c]) for c in range(60)}) > 3
    first = bought(tmp_path / "first", [r for i, r in enumerate(viewed()) if i % 8 < 4])
    assert first
    assert [p for p in every if p in first] == first


@pytest.mark.parametrize("contact", [3, 17])
def test_a_world_draws_as_a_run_does(world, tmp_path, contact):
    ledger = lived(tmp_path / "run", viewed()).ledger()
    shop = world(PLAN.format(more=PLAIN), behaviour="constant")
    anna = shop.contact(contact)
    for who, time, kind in viewed():
        if who == contact:
            anna.at(time.replace("T", " ").replace("Z", "")).does(kind)
    shop.advance("7d")
    assert anna.sent
    assert anna.decisions == ledger.filter(pc.equal(ledger["contact"], contact)).to_pylist()
