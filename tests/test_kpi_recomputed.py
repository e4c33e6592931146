"""Every figure of a run, added up again from its full ledger and its events by naive loops."""

import datetime as dt
import math
from collections import Counter, defaultdict
from zoneinfo import ZoneInfo

import pytest

from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template

ZONES = ("Europe/Paris", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")
DAY = dt.timedelta(days=1)
TRIALS = [f"experiments.{e}.enabled=true" for e in ("inactivity", "subject", "delay")]
RUNS = {
    "cart": {"overrides": [*TRIALS, "journeys.cart.holdout=20%", "holdout=10%"]},
    "welcome": {},
    "nurturing": {"days": 120},
    "recovery": {"days": 150},
    "pile-up": {"days": 60},
    "sunset": {"days": 150, "overrides": ["attributes.patience.default=6"]},
    "birthday": {},
}


class Life:
    """What one contact did and what was decided about it, in order."""

    def __init__(self, zone):
        self.zone = ZoneInfo(zone)
        self.rows, self.events, self.stages = [], [], []

    def stage_at(self, moment):
        """The stage just before an event."""
        return [stage for at, stage in self.stages if at is None or at < moment][-1]

    def arm(self, journey):
        return next((r["arm"] for r in self.rows if r["journey"] == journey), "")


class Sums:
    """Figures by group and name."""

    def __init__(self):
        self.found = defaultdict(Counter)

    def add(self, places, key, by=1):
        for place in places:
            self.found[place][key] += by


def lives_of(run, zones, first_stage):
    found = {contact: Life(zone) for contact, zone in zones.items()}
    for life in found.values():
        life.stages.append((None, first_stage))
    for row in run.ledger().to_pylist():
        life = found[row["contact"]]
        if row["cause"] == "stage":
            life.stages.append((row["time"], row["step"]))
        row["stage"] = life.stages[-1][1]
        life.rows.append(row)
    for event in run.events().to_pylist():
        found[event["contact"]].events.append(event)
    return found


def added_up(plan, lives, start, end):
    sums = Sums()
    journeys = {m: {r["journey"] for x in lives.values() for r in x.rows if r["message"] == m} for m in plan.messages}
    for life in lives.values():
        sums.add([("stages", life.stages[-1][1])], "now")
        for row in life.rows:
            decided(sums, plan, row, start)
        for event in life.events:
            happened(sums, plan, life, event, journeys, start)
        unsubscribed(sums, plan, life, journeys)
        goals(sums, plan, life)
        recent = end - 365 * DAY
        sends = [r for r in life.rows if r["outcome"] == "sent" and r["time"] >= recent]
        opens = [e for e in life.events if e["type"] == "opened" and e["time"] >= recent]
        sums.add(["totals"], "indifferent", int(len(sends) >= 12 and not opens))
    return sums.found


def decided(sums, plan, row, start):
    places = ["totals", ("stages", row["stage"]), ("journeys", row["journey"])]
    places += [("arms", f"{row['journey']}/{row['arm']}")]
    if not row["message"]:
        if row["cause"] == "stage":
            sums.add([("stages", row["step"])], "entered")
        elif entry(row):
            sums.add([places[0], *places[2:]], "entered")
        return
    places += [("messages", row["message"]), ("channels", row["channel"])]
    sums.add(places, row["outcome"])
    sums.add(places, (row["outcome"], row["reason"]))
    if row["outcome"] == "sent":
        cost = round(plan.channels[row["channel"]].cost * 1_000_000)
        sums.add(places, "cost", cost)
        sums.add(places, "value", row["value_cents"])
        if row["time"] < start + 365 * DAY:
            sums.add(["totals"], "first year", -cost)


def entry(row):
    caused = row["cause"].startswith("entry:") or row["cause"] == "resumed"
    return row["visit"] > 0 and (caused or (row["cause"] == "transfer" and not row["winner"]))


def about(plan, life, event, journeys):
    """Where an event about a message counts beside the totals."""
    if not event["message"]:
        return []
    (journey,) = journeys[event["message"]]
    channel = plan.messages[event["message"]].channel
    places = [("messages", event["message"]), ("channels", channel), ("journeys", journey)]
    return [*places, ("arms", f"{journey}/{life.arm(journey)}")]


def happened(sums, plan, life, event, journeys, start):
    stage, places = ("stages", life.stage_at(event["time"])), about(plan, life, event, journeys)
    sums.add(["totals"], "events")
    sums.add([("events", event["type"])], "count")
    if event["type"] in ("opened", "clicked"):
        sums.add(["totals", stage, *places], event["type"])
    if event["type"] == "purchase":
        money = max(event["value"] or 0, 0)
        sums.add(["totals", stage, *places[:2]], "converted")
        sums.add(["totals", stage, *places[:2]], "revenue", money)
        if event["time"] < start + 365 * DAY:
            sums.add(["totals"], "first year", money * 10_000)


def unsubscribed(sums, plan, life, journeys):
    """All start with every consent, or none; an event gives or takes it."""
    consents = sum(plan.population.consent.values()) > 0
    for event in life.events:
        declared = plan.events.get(event["type"])
        if declared is not None and declared.grant:
            consents = True
        if consents and event["type"] == "unsubscribed":
            consents = False
            stage = ("stages", life.stage_at(event["time"]))
            sums.add(["totals", stage, *about(plan, life, event, journeys)], "unsubscribed")


def goals(sums, plan, life):
    for name, journey in plan.journeys.items():
        if journey.goal is None:
            continue
        places = [("journeys", name), ("arms", f"{name}/{life.arm(name)}")]
        entries = [r["time"] for r in life.rows if r["journey"] == name and entry(r)]
        windows = [(t, later(t, journey.goal.within, life.zone)) for t in entries]
        reached = [e for e in life.events if e["type"] == journey.goal.event]
        for first, last in windows:
            sums.add(places, "converted", int(any(first < e["time"] < last for e in reached)))
        for e in reached:
            open_ = any(first < e["time"] < last for first, last in windows)
            sums.add(places, "revenue", max(e["value"] or 0, 0) if open_ else 0)


def later(t, duration, zone):
    wall = t.astimezone(zone).replace(tzinfo=None) + duration.days * DAY
    return wall.replace(tzinfo=zone).astimezone(dt.UTC) + dt.timedelta(seconds=duration.seconds)


def lived_pressure(lives, start, end):
    histogram = Counter()
    for life in lives.values():
        sends = Counter(week(r["time"], life.zone) for r in life.rows if r["outcome"] == "sent")
        weeks = week(end - dt.timedelta(seconds=1), life.zone) - week(start, life.zone) + 1
        histogram.update(sends.values())
        histogram[0] += weeks - len(sends)
    return {n: count for n, count in histogram.items() if count}


def week(t, zone):
    return (t.astimezone(zone).date().toordinal() - 1) // 7


PLAIN = ("sent", "held", "dropped", "replaced", "opened", "clicked", "converted", "unsubscribed", "entered", "now")
MONEY = {"revenue": 100, "value": 100, "cost": 1_000_000}
ABSENT = {"totals": ("converted",), "stages": ("value", "replaced"), "arms": ("value", "replaced")}


def compare(group, name, figures, sums):
    """What a group of figures says, and the rows do not."""
    for key in (*PLAIN, *MONEY):
        if key in figures and key not in ABSENT.get(group, ()):
            expected = sums[key] / MONEY.get(key, 1)
            assert figures[key] == pytest.approx(expected, rel=1e-12), f"{group} {name}: {key}"
    for outcome in ("held", "dropped"):
        by_reason = {k[1]: n for k, n in sums.items() if isinstance(k, tuple) and k[0] == outcome}
        assert figures[f"{outcome}_by_reason"] == by_reason, f"{group} {name}: {outcome} by reason"
    if figures.get("roi") is not None:
        revenue, cost = sums["revenue"] / 100, sums["cost"] / 1_000_000
        assert figures["roi"] == pytest.approx((revenue - cost) / cost, abs=1e-6)


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A run of a template over people of four zones, and their lives."""
    found = {}

    def run_of(name):
        if name not in found:
            folder = tmp_path_factory.mktemp(name)
            found[name] = live(folder, name)
        return found[name]

    return run_of


def live(folder, name):
    zones = {contact: ZONES[contact % len(ZONES)] for contact in range(160)}
    consent = "none" if name == "welcome" else "all"
    persona = {"nurturing": ("curious", "engaged", "buyer"), "sunset": ("silent", "reader")}.get(name, ("person",))
    lines = [f"{c},{zone},{consent},{persona[c % len(persona)]},1981-0{1 + c % 9}-11" for c, zone in zones.items()]
    header = "contact,zone,consent,persona,birthday"
    (folder / "people.csv").write_text("\n".join([header, *lines]), "utf-8")
    text = template(name, "en").replace("Europe/Paris", "Pacific/Auckland", 1)  # the run starts at its midnight
    options = {"population": folder / "people.csv", "ledger": "full", "workers": 1, **RUNS[name]}
    run = simulate(text, out=folder / "run", **options)
    start, end = (dt.datetime.fromtimestamp(run.manifest[k], dt.UTC) for k in ("start", "end"))
    plan = run.plan
    first = plan.stages[0] if plan.stages else "contact"
    lives = lives_of(run, zones, first)
    return run, plan, lives, start, end


def any_figure(figures):
    return any(isinstance(value, int | float) and value for value in figures.values())


@pytest.mark.parametrize("name", RUNS)
def test_figures_are_what_the_rows_add_up_to(lived, name):
    run, plan, lives, start, end = lived(name)
    told, sums = run.kpis, added_up(plan, lives, start, end)
    totals, all_ = told["totals"], sums["totals"]
    assert totals["sent"] > 50
    compare("totals", "", totals, all_)
    for group in ("journeys", "messages", "channels", "arms", "stages"):
        added = {place[1] for place in sums if place[0] == group and any(sums[place].values())}
        assert group == "arms" or added == {part for part, figures in told[group].items() if any_figure(figures)}
        for part, figures in told[group].items():
            compare(group, part, figures, sums[group, part])
    assert told["events"] == {e: sums["events", e]["count"] for e in told["events"]}
    assert (totals["events"], totals["purchases"]) == (all_["events"], all_["converted"])
    assert (totals["indifferent"], totals["contacts"]) == (all_["indifferent"], len(lives))
    assert math.isclose(totals["value_12_months"], all_["first year"] / 1_000_000 / len(lives), abs_tol=1e-4)
    pressure = {n: count for n, count in enumerate(told["pressure"]["histogram"]) if count}
    assert pressure == lived_pressure(lives, start, end)


@pytest.mark.parametrize("name", RUNS)
def test_aggregates_are_what_the_rows_add_up_to(lived, name):
    run, _, lives, start, _ = lived(name)
    counted = Counter()
    for life in lives.values():
        for row in life.rows:
            if row["message"]:
                key = ("journey", "step", "message", "channel", "outcome", "reason")
                counted[((row["time"] - start) // (7 * DAY), *(row[k] for k in key))] += 1
    told = Counter()
    for row in run.aggregate("decision_week").to_pylist():
        *key, _, count, _ = row.values()
        told[tuple(key)] += count
    assert told == counted
    stations = run.aggregate("station_week").to_pylist()
    for key in ("sent", "opened", "clicked", "dropped", "held", "unsubscribed"):
        assert sum(row[key] for row in stations) == sum(m[key] for m in run.kpis["messages"].values())


def test_every_kind_of_figure_was_put_to_the_test(lived):
    """Nothing agrees because it is zero everywhere."""
    seen = Counter()
    for name in RUNS:
        run, *_ = lived(name)
        for group in ("totals", "journeys", "messages", "channels", "arms", "stages"):
            parts = [run.kpis["totals"]] if group == "totals" else run.kpis[group].values()
            for figures in parts:
                seen.update((group, key) for key, value in figures.items() if isinstance(value, int | float) and value)
    for group in ("totals", "journeys", "messages", "channels", "arms", "stages"):
        for key in ("sent", "held", "dropped", "opened", "clicked", "revenue", "cost", "unsubscribed"):
            assert seen[group, key] or (group, key) in QUIET, f"{group}: no {key} anywhere"
        assert seen[group, "converted"] or group == "totals"


QUIET = {("arms", "opened"), ("arms", "clicked"), ("arms", "unsubscribed")}
"""The template with arms has readers who neither open nor click: it counts purchases."""


def test_a_figure_that_is_off_by_one_is_seen(lived):
    run, plan, lives, start, end = lived("cart")
    sums = added_up(plan, lives, start, end)
    wrong = run.kpis["journeys"]["cart"] | {"converted": run.kpis["journeys"]["cart"]["converted"] + 1}
    with pytest.raises(AssertionError, match="journeys cart: converted"):
        compare("journeys", "cart", wrong, sums["journeys", "cart"])
