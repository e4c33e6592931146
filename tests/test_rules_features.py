"""Windowed features against a naive recomputation over the log of events, bounds included."""

import random
from bisect import insort

import pytest

from bifurque.engine.load import inspect, loads
from bifurque.engine.simulate import simulate
from bifurque.rules.errors import ConditionError, PlanError
from bifurque.rules.types import condition

DAY = 86400
BOUND = 4
SPENT = "sum(purchase.value, '2d', event.value > 100)"
FEATURES = {
    "times": ("int", 'count(purchase, "2d")'),
    "long": ("int", 'count(purchase, "10d")'),
    "babies": ("int", 'count(purchase, "2d", key == "baby")'),
    "spent": ("int", SPENT),
    "latest": ("timestamp", "last(opened)"),
    "earliest": ("timestamp", 'first(purchase, key == "baby")'),
    "together": ("bool", 'both(purchase, opened, "1d")'),
}
PLAN = "\n".join(
    [
        "plan: features",
        "start: 2026-01-01",
        "days: 60",
        f"features: {{purchase: {BOUND}}}",
        "attributes: {" + ", ".join(f"{n}: {kind}" for n, (kind, _) in FEATURES.items()) + "}",
        "events:",
        "  purchase: {}",
        "  probe: {set: {" + ", ".join(f"{n}: '{text}'" for n, (_, text) in FEATURES.items() if "'" not in text) + "}}",
        f'rules: [{{name: spent, when: event.type == "probe", then: [{{set: {{spent: "{SPENT}"}}}}]}}]',
    ]
)


def naive(log, t):
    """Every feature at t, from the log alone."""

    def inside(window, test=lambda e: True, kind="purchase"):
        return [e for e in log if e[1] == kind and t - window < e[0] <= t and test(e)]

    def bounded(found, value):
        return None if len(found) > BOUND else value(found)

    babies = [e[0] for e in log if e[1] == "purchase" and e[2] == "baby"]
    opens = [e[0] for e in log if e[1] == "opened"]
    return {
        "times": bounded(inside(2 * DAY), len),
        "long": bounded(inside(10 * DAY), len),
        "babies": bounded(inside(2 * DAY, lambda e: e[2] == "baby"), len),
        "spent": bounded(inside(2 * DAY, lambda e: e[3] > 100), lambda found: sum(e[3] for e in found)),
        "latest": max(opens, default=None),
        "earliest": min(babies, default=None),
        "together": bool(inside(DAY) and inside(DAY, kind="opened")),
    }


@pytest.mark.parametrize("seed", range(6))
def test_features_are_what_the_log_says(world, seed):
    draw = random.Random(seed)
    shop = world(PLAN)
    anna = shop.contact()
    start, moments = shop.now, []
    for _ in range(40):  # steps of whole hours: window ends are met exactly
        insort(moments, start + 3600 * draw.randint(0, 15 * 24))
    log, unknown = [], 0
    for t in moments:
        shop.advance(f"{t - shop.now}s")
        kind = draw.choice(["purchase", "purchase", "opened", "probe"])
        key, value = draw.choice(["baby", "garden"]), draw.randint(0, 300)
        if kind != "probe":
            log.append((t, kind, key, value))
        if kind == "purchase":
            anna.does(kind, key=key, value=value)
        else:
            anna.does(kind)
        anna.does("probe")
        expected = naive(log, t)
        assert {name: anna.attribute(name) for name in FEATURES} == expected, (t - start) / 3600
        unknown += sum(v is None for v in expected.values())
    assert unknown > 5


def test_an_event_counts_for_its_own_evaluation_and_no_longer_at_the_end_of_the_window(world):
    plan = PLAN.replace(
        "name: spent, when: event.type",
        "name: third, when: 'count(purchase, \"2d\") == 3', then: [{set: fact.third}]}, {name: spent, when: event.type",
    )
    shop = world(plan)
    anna = shop.contact()
    for day in (2, 3):
        anna.at(f"2026-01-0{day} 10:00").does("purchase")
    anna.at("2026-01-04 09:59:59").does("purchase")
    assert anna.fact("third")
    shop = world(plan)
    bert = shop.contact()
    for day in (2, 3, 4):
        bert.at(f"2026-01-0{day} 10:00").does("purchase")
    assert not bert.fact("third")


def test_events_beyond_the_bound_are_counted_in_the_manifest(tmp_path):
    events = tmp_path / "events.csv"
    hours = [0, 1, 2, 3, 4, 5, 60, 61]
    rows = [f"1,2026-01-{2 + h // 24:02}T{h % 24:02}:00:00Z,purchase,baby,500" for h in hours]
    events.write_text("contact,time,type,key,value\n" + "\n".join(rows) + "\n")
    found = simulate(PLAN, events=events, out=tmp_path / "run", workers=1, ledger="none").manifest["features"]
    # of eight purchases four are forgotten: two of them within two days, all within ten
    assert found['count(purchase, "2d")'] == 2
    assert found['count(purchase, "10d")'] == 4
    assert found["last(opened)"] == 0


def test_check_prints_the_bytes(tmp_path):
    file = tmp_path / "plan.yaml"
    file.write_text(PLAN)
    _, problems = inspect(file)
    assert 'count(purchase, "2d"): 48 bytes per contact for the last 4 events' in problems.notes
    assert (
        'sum(purchase.value, "2d", (event.value > 100)): 80 bytes per contact for the last 4 events' in problems.notes
    )
    assert "last(opened): 8 bytes per contact" in problems.notes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('count(purchse, "2d") > 1', "no event is called `purchse`; did you mean `purchase`?"),
        ("count(purchase) > 1", '`count` is written such as `count(purchase, "30d")`'),
        ('sum(purchase, "2d") > 1', "`sum` is written such as"),
        ('count(purchase, "soon") > 1', "`soon` is not a duration"),
        ('count(purchase, "0d") > 1', "a window must last some time"),
        ('count(purchase, "1d", category == "baby") > 1', "an event has `key`, `value` and `message`"),
        ('count(purchase, "1d", count(opened, "1d") > 1) > 1', "a filter reads one event"),
        ('both(purchase, "1d")', "`both` is written such as"),
        ("last(purchase)", "a condition must be true or false, this is an instant"),
    ],
)
def test_a_feature_written_wrong_says_how_to_write_it(text, said):
    words = {"event.type": ("purchase", "opened")}
    with pytest.raises(ConditionError) as told:
        condition(text, {}, words)
    assert said in told.value.message


def test_a_bound_for_an_event_nobody_knows_is_an_error():
    with pytest.raises(PlanError, match="no event is called `purchse`"):
        loads(PLAN.replace("features: {purchase: 4}", "features: {purchse: 4}"))
