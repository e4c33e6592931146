"""The panels below the map: their numbers are the map's, and the people they name were there."""

import json
import shutil
from collections import Counter

import pytest

pytest.importorskip("streamlit")
pytest.importorskip("duckdb")

from dashboard_shown import page_of, showing

from bifurque.dashboard import (
    launching,
    page_station,
    station_ends,
    station_flows,
    station_losses,
    station_people,
)
from bifurque.dashboard.map_flows import flows_of, weekly
from bifurque.dashboard.map_layout import layout_of
from bifurque.dashboard.parts import View
from bifurque.dashboard.runs import HOME, RUNS, open_store
from bifurque.dashboard.texts import T
from bifurque.dashboard.wording import brief
from bifurque.engine.lifeline import lifeline
from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template

PEOPLE, DAYS = 600, 200
ALL, SOME = (0, DAYS // 7), (3, 15)


pytestmark = pytest.mark.usefixtures("no_fault")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    place = tmp_path_factory.mktemp("home")
    simulate(template("demo", "fr"), out=place / "plain", contacts=PEOPLE, days=DAYS, ledger="full", workers=1)
    return place


@pytest.fixture
def shown(home, monkeypatch):
    """Shows a page with what the address says."""
    return showing(monkeypatch, home, 180)


@pytest.fixture(scope="module")
def store(home):
    return open_store(home / "plain")


@pytest.fixture(scope="module")
def layout(store):
    return layout_of(store.run)


@pytest.fixture(scope="module", params=[ALL, SOME], ids=["all", "some"])
def view(request, store):
    return View(store, "plain", "en", "all", "", request.param)


@pytest.fixture
def told(monkeypatch):
    """What a panel tells: its figures, its courses week by week, its tables."""
    heard = {"figures": [], "course": [], "table": {}}
    for module in (page_station, station_ends, station_losses):
        for name in ("figures", "course"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, lambda *a, name=name: heard[name].append(a))
        monkeypatch.setattr(
            module, "table", lambda view, rows, columns, key, **more: heard["table"].update({key: rows})
        )
    monkeypatch.setattr(station_people, "by_lives", lambda view, at: [])
    return heard


def listen(heard, view, layout, picked):
    for part in heard.values():
        part.clear()
    page_station.show(view, layout, picked)
    (figures,), (course,) = heard["figures"], heard["course"]
    return dict(f[:2] for f in figures[0]), course[1], heard["table"]


def flows_over(view, layout):
    return flows_of(view.store.run, layout, range(view.weeks[0], view.weeks[1] + 1))


def test_every_station_tells_the_arrivals_that_the_map_writes(view, layout, told):
    flows, by_week = flows_over(view, layout), weekly(view.store.run, layout)
    for n, at in enumerate(layout.stations):
        figures, course, _ = listen(told, view, layout, f"station:{at.id}")
        arrived = figures[view.t("entered" if at.id.endswith("#start") else "arrived")]
        assert arrived == brief(view.lang, round(flows.stations[n])), at.id
        assert sum(course.values()) == pytest.approx(flows.stations[n]), at.id
        weeks = range(view.weeks[0], min(view.weeks[1] + 1, len(by_week)))
        assert course == {w: by_week[w].stations[n] for w in weeks}, at.id


def test_every_track_tells_the_passages_that_the_map_draws(view, layout, told):
    flows = flows_over(view, layout)
    for n, count in enumerate(flows.tracks):
        figures, course, tables = listen(told, view, layout, f"track:{n}")
        assert figures[view.t("passed")] == brief(view.lang, round(count)), n
        assert sum(course.values()) == pytest.approx(count), n
        rows = [r["passed"] for r in tables["track"]]
        assert sum(rows) == pytest.approx(count, abs=0.51 * len(course)), n


def test_next_steps_are_the_tracks_of_the_map_and_the_end(view, layout, told):
    """Whoever leaves a step is in one row; those who reach a goal are not those who come to the end without it."""
    flows = flows_over(view, layout)
    for at in layout.stations:
        ways = station_flows.onward(view, layout, at)
        drawn = {n: round(flows.tracks[n]) for n, t in enumerate(layout.tracks) if t.origin == at.id}
        assert {way.track: way.passed for way in ways if way.track is not None} == drawn
        _, _, tables = listen(told, view, layout, f"station:{at.id}")
        assert [r["passed"] for r in tables.get("next", [])] == [way.passed for way in ways]
    at = next(s for s in layout.stations if s.id == "cart/branch")
    rows = {way.title: way.passed for way in station_flows.onward(view, layout, at)}
    left = view.rows(
        """SELECT "to", sum(passed)::INT AS n FROM edge_week WHERE journey = 'cart' AND "from" = 'branch'
        AND week BETWEEN ? AND ? GROUP BY ALL""",
        *view.weeks,
    )
    ended = next(r["n"] for r in left if not r["to"])
    assert rows[view.t("the_goal")] + rows[view.t("the_end")] == ended
    assert 0 < rows[view.t("the_goal")] < ended
    assert sum(rows.values()) == sum(r["n"] for r in left)


def test_how_long_goals_were_waited_for_is_not_told(store, layout, told):
    view = View(store, "plain", "en", "all", "", ALL)
    for n, track in enumerate(layout.tracks):
        figures, _, tables = listen(told, view, layout, f"track:{n}")
        if station_flows.reached(track.target) or track.origin.startswith("event:"):
            assert view.t("after_wait") not in figures
            assert all(r["contacts"] is None and r["after_wait"] is None for r in tables["track"])
    assert view.t("share") in figures
    ends = ("cart/branch", "event:purchase")
    goal = next(n for n, t in enumerate(layout.tracks) if (t.origin, t.target) == ends)
    assert page_station.track_of(view, layout, goal)["share"] < 1


def test_where_lines_meet_each_line_has_its_share(view, layout, told):
    flows = flows_over(view, layout)
    _, _, tables = listen(told, view, layout, "station:event:purchase")
    rows = {r["line"]: r for r in tables["origins"]}
    by_line = Counter()
    for n, track in enumerate(layout.tracks):
        if track.target == "event:purchase":
            by_line[layout.lines[track.line].title.en] += flows.tracks[n]
    assert set(rows) == set(by_line)
    assert len(rows) > 3
    for line, count in by_line.items():
        assert rows[line]["arrived"] == pytest.approx(count, abs=1)
    assert sum(r["share"] for r in rows.values()) == pytest.approx(1, abs=0.02)
    assert {r["next"] for r in tables["next"]} == {"Order", "Second purchase"}
    assert {r["line"] for r in tables["losses"]} <= set(rows)
    _, _, tables = listen(told, view, layout, "station:service#start")
    assert sum(r["share"] for r in tables["origins"]) == pytest.approx(1)
    assert view.t("own_trigger") in {r["previous"] for r in tables["origins"]}


def test_only_stations_that_send_tell_of_losses(view, layout, told):
    counted = {(r["journey"], r["step"]) for r in view.rows("SELECT DISTINCT journey, step FROM decision_week")}
    for at in layout.stations:
        if station_flows.no_step(at.id):
            continue
        listen(told, view, layout, f"station:{at.id}")
        journey = at.id.partition("/")[0]
        sent = any((journey, step) in counted for step in station_flows.steps_of(view, at.id))
        assert page_station.sends(at) or not sent, at.id
        assert page_station.sends(at) or "losses" not in told["table"], at.id
    assert not page_station.sends(next(s for s in layout.stations if s.id == "service/wait"))
    assert page_station.sends(next(s for s in layout.stations if s.id == "dunning/dunning_call"))


@pytest.fixture(scope="module")
def lives(store):
    """The ways of a contact, lived again once."""
    known = {}

    def ways(contact):
        if contact not in known:
            known[contact] = lifeline(store.run, contact).ways
        return known[contact]

    return ways


def instants(view):
    start = view.store.run.manifest["start"]
    return range(start + view.weeks[0] * 604800, start + (view.weeks[1] + 1) * 604800)


def test_people_named_at_a_step_were_there(view, layout, lives):
    for at in layout.stations:
        if station_flows.no_step(at.id):
            continue
        journey, steps = at.id.partition("/")[0], station_flows.steps_of(view, at.id)
        for row in station_people.by_rows(view, layout, at, sends=page_station.sends(at)):
            assert any(w.journey == journey and w.target in steps for w in lives(row["contact"])), (at.id, row)


def test_people_named_at_a_start_or_a_goal_were_there(view, layout, lives):
    for at in (s for s in layout.stations if station_flows.no_step(s.id)):
        people = station_people.by_rows(view, layout, at, sends=False)
        lines = {layout.lines[n].journey for n in station_ends.lines_into(layout, at)}
        for row in people:
            entries = [w for w in lives(row["contact"]) if w.journey in lines and not w.origin]
            assert entries, (at.id, row)
            if at.id.endswith("#start"):
                assert any(w.time in instants(view) for w in entries), (at.id, row)
        if at.id == "sale#goal":  # others of the line reach it where lines meet
            assert all(any(w.target == "sale_preview" for w in lives(row["contact"])) for row in people)
        if at.id in ("event:purchase", "second_purchase#goal", "cart#start", "order#end"):
            assert len(people) == 3, at.id
    goal = view.store.plan.journeys["second_purchase"].goal
    at = next(s for s in layout.stations if s.id == "second_purchase#goal")
    for row in station_people.to_goal(view, layout, at, "second_purchase"):
        entered = min(w.time for w in lives(row["contact"]) if w.journey == "second_purchase" and not w.origin)
        bought = view.rows(
            "SELECT epoch(time)::BIGINT AS t FROM sample_events WHERE type = 'purchase' AND contact = ?", row["contact"]
        )
        within = station_people.seconds(goal.within)
        assert any(0 < r["t"] - entered < within and r["t"] in instants(view) for r in bought)


def test_people_at_a_step_without_a_message_are_found_in_any_weeks(store, layout, lives):
    """Rows do not tell when they passed: their lives do."""
    view = View(store, "plain", "en", "all", "", SOME)
    at = next(s for s in layout.stations if s.id == "sale/branch" or s.id == "cart/branch")
    assert station_people.by_rows(view, layout, at, sends=False) == []
    people = station_people.by_lives(view, at)
    assert len(people) == 3
    journey, _, step = at.id.partition("/")
    for row in people:
        ways = lives(row["contact"])
        assert any((w.journey, w.target) == (journey, step) and w.time in instants(view) for w in ways)


def test_who_passed_a_step_is_asked_of_a_process_of_its_own(store, lives):
    asked = list(range(100, 124))
    since, until = store.run.manifest["start"], store.run.manifest["end"]
    found = launching.passers(store.folder, "cart", ["branch"], (since, until), asked, 2)
    assert len(found) == 2
    passed = [c for c in asked if any((w.journey, w.target) == ("cart", "branch") for w in lives(c))]
    assert found == passed[:2]
    assert launching.passers(store.folder, "cart", ["branch"], (until, until + 1), asked[:3], 2) == []


def test_a_run_whose_inputs_are_gone_says_so_quietly(home, tmp_path, monkeypatch):
    place = tmp_path / "plain"
    shutil.copytree(home / "plain", place)
    manifest = json.loads((place / "manifest.json").read_text("utf-8"))
    manifest["inputs"] = {"population": {"file": str(tmp_path / "gone.csv"), "sha256": "0"}}
    (place / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    monkeypatch.setenv(RUNS, str(place))
    monkeypatch.setenv(HOME, str(tmp_path))
    for lang in T:
        test = page_of("map", 180)
        test.query_params.update({"lang": lang, "pick": "station:cart/branch", "weeks": "3-15"})
        test.run()
        assert not test.exception
        assert not test.error
        assert T[lang]["nobody_lives"] in [c.value for c in test.caption]


@pytest.mark.parametrize("lang", T)
@pytest.mark.parametrize(
    "pick", ["event:purchase", "cart#start", "sale#goal", "order#end", "service#start", "service/wait", "cart/branch"]
)
def test_a_station_on_the_page(shown, lang, pick):
    test = shown("map", lang=lang, pick=f"station:{pick}")
    assert not test.exception
    assert not test.error
    assert T[lang]["arrived"] in [m.label for m in test.metric] or pick.endswith("#start")
    assert [b for b in test.button if str(b.key).startswith("see_")]
    assert T[lang]["nothing"] not in [i.value for i in test.info]
