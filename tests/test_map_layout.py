"""The layout of a map, of any plan: angles, bundles, labels, stages, order, returns; the same bytes each time."""

import itertools
import json
import math
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
from drawn_journeys import drawn_map_plan

from bifurque.engine.load import load, loads

pytest.importorskip("scipy")

from bifurque.dashboard.layout import Layout
from bifurque.dashboard.map_flows import Flows
from bifurque.dashboard.map_graph import Network, Stop
from bifurque.dashboard.map_layout import KEPT, lay_out, plane_of
from bifurque.dashboard.map_stages import Cycle
from bifurque.dashboard.map_svg import draw
from bifurque.dashboard.map_tracks import corners, gaps, set_slopes
from bifurque.dashboard.style import PITCH
from bifurque.engine.trigger import Text

TEMPLATES = Path(__file__).parents[1] / "engine" / "templates"
HEAD = {"plan": "small", "start": "2026-01-01", "categories": [{"name": "news", "class": "promotional"}]}
HEAD |= {"channels": {"email": {}}, "messages": {m: {"channel": "email", "category": "news"} for m in "abcd"}}


def template(name):
    return lay_out(load(TEMPLATES / f"{name}.yaml"))


def small(journeys, **more):
    return lay_out(loads(json.dumps(HEAD | {"journeys": journeys} | more)))


def boxes(layout):
    """Every text that has a place: labels, plates, badges."""
    found = [(s.id, s.label.box) for s in layout.stations]
    found += [(f"{t.origin} {t.target}", t.tag.box) for t in layout.tracks if t.tag is not None]
    return found + [(f"{s.id} back", s.badge) for s in layout.stations if s.badge is not None]


def overlap(a, b, air=0.05):
    return a[0] < b[2] - air and b[0] < a[2] - air and a[1] < b[3] - air and b[1] < a[3] - air


def wrong(layout):
    """Everything a map must never have."""
    texts, found = boxes(layout), []
    found += [f"{a} over {b}" for (a, x), (b, y) in itertools.combinations(texts, 2) if overlap(x, y)]
    for station in layout.stations:
        signs = ((name, box) for name, box in texts if not name.startswith(station.id))
        found += [f"{name} over the sign of {station.id}" for name, box in signs if overlap(box, station.box, 1)]
        band = layout.bands[station.stage]
        for box in (station.box, station.label.box, station.badge or station.box):
            if box[0] < band.left - 0.05 or box[2] > band.right + 0.05:
                found.append(f"{station.id} leaves its stage")
            if box[1] < 0 or box[3] > layout.height:
                found.append(f"{station.id} leaves the map")
    stations = {s.id: s for s in layout.stations}
    for track in layout.tracks:
        found += [f"{track.origin} → {track.target}: {a} → {b}" for a, b in bent(track)]
        ends = (track.points[0], track.points[-1])
        for point, stop in zip(ends, (track.origin, track.target), strict=True):
            station = stations[stop]
            spot = (station.x, station.heights[station.lines.index(track.line)])
            if math.dist(point, spot) > 0.05:
                found.append(f"a track ends beside {stop}")
        if stations[track.origin].stage > stations[track.target].stage:
            found.append(f"{track.origin} → {track.target} runs back")
        badges = [s for s in layout.stations if s.badge is not None and s.id in (track.origin, track.target)]
        found += [f"a track under the badge of {s.id}" for s in badges if passes(track, s.badge, 4)]
    for station in layout.stations:
        pitches = [b - a for a, b in itertools.pairwise(station.heights)]
        if any(abs(p - PITCH) > 0.05 for p in pitches):
            found.append(f"the lines of {station.id} are not at their pitch")
    return found


def passes(track, box, air):
    """Whether a track comes that near to a box."""
    left, top, right, bottom = box[0] - air, box[1] - air, box[2] + air, box[3] + air
    for (x0, y0), (x1, y1) in itertools.pairwise(track.points):
        steps = math.ceil(math.dist((x0, y0), (x1, y1)))
        spots = ((x0 + (x1 - x0) * k / steps, y0 + (y1 - y0) * k / steps) for k in range(steps + 1))
        if any(left < x < right and top < y < bottom for x, y in spots):
            return True
    return False


def bent(track):
    """Parts of a track that are not level, upright or at 45°, or that run backwards."""
    found = []
    for (x0, y0), (x1, y1) in itertools.pairwise(track.points):
        dx, dy = x1 - x0, y1 - y0
        if min(abs(dx), abs(dy), abs(abs(dx) - abs(dy))) > 0.05 or dx < -0.05:
            found.append(((x0, y0), (x1, y1)))
    return found


@pytest.mark.parametrize("name", sorted(f.stem for f in TEMPLATES.glob("*.yaml")))
def test_every_template_is_laid_out_as_a_map_must_be(name):
    layout = template(name)
    assert wrong(layout) == []
    assert layout.crossings <= 2
    assert {s.id.split("#")[0] for s in layout.stations if s.kind == "start"} == {k.journey for k in layout.lines}


@pytest.mark.parametrize("seed", [3, 5, 7, 9, 24, 52, 92, 159, 182])
def test_badges_keep_clear_of_all_tracks_of_their_lines(seed):
    layout = lay_out(loads(json.dumps(drawn(seed))))
    badges = [s for s in layout.stations if s.badge is not None]
    assert badges
    covered = [(s.id, t.target) for s in badges for t in layout.tracks if t.line in s.lines and passes(t, s.badge, 4)]
    assert covered == []


def test_faults_would_be_seen():
    layout = template("welcome")
    text = json.loads(msgspec_json(layout))
    first = text["stations"][0]
    first["label"]["box"] = text["stations"][1]["label"]["box"]
    text["tracks"][0]["points"][-1][1] += 7
    text["stations"][2]["box"][2] += 5000
    found = " ".join(wrong(again(text)))
    for fault in ("over", "leaves its stage", "→", "a track ends beside"):
        assert fault in found


def msgspec_json(layout):
    import msgspec

    return msgspec.json.encode(layout)


def again(data):
    import msgspec

    return msgspec.convert(data, Layout, strict=False)


def test_a_layout_is_read_back_from_its_json():
    layout = template("demo")
    assert again(json.loads(msgspec_json(layout))) == layout


def drawn(seed):
    """The 12 journeys and 100 steps of the budget, or anything up to 25 and 150."""
    journeys = 1 + (seed * 7) % 25
    return drawn_map_plan(seed, journeys, 6 * journeys)


@pytest.mark.parametrize("seed", range(20))
def test_random_plans_are_laid_out(seed):
    assert wrong(lay_out(loads(json.dumps(drawn(seed))))) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20, 200))
def test_many_random_plans_are_laid_out(seed):
    assert wrong(lay_out(loads(json.dumps(drawn(seed))))) == []


@pytest.mark.slow
def test_the_largest_plans_and_the_time_of_usual_ones():
    assert wrong(lay_out(loads(json.dumps(drawn_map_plan(1000, 25, 150))))) == []
    seconds = []
    for seed in range(1001, 1006):
        plan = loads(json.dumps(drawn_map_plan(seed, 12, 100)))
        began = time.process_time()
        layout = lay_out(plan)
        seconds.append(time.process_time() - began)
        assert wrong(layout) == []
    assert statistics.median(seconds) < 5


def test_new_flows_are_drawn_at_once():
    layout = template("demo")
    flows = Flows((5.0,) * len(layout.tracks), (5.0,) * len(layout.stations), (5.0,) * len(layout.lines))
    fastest = 9.0
    for _ in range(5):
        began = time.process_time()
        draw(layout, flows)
        fastest = min(fastest, time.process_time() - began)
    assert fastest < 0.5


HASHED = """
import hashlib, sys
from bifurque.engine.load import load
from bifurque.dashboard.map_layout import lay_out
from bifurque.dashboard.map_svg import draw
for file in sys.argv[1:]:
    print(hashlib.sha256(draw(lay_out(load(file))).encode()).hexdigest())
"""


def test_the_same_plan_gives_the_same_bytes(tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text(json.dumps(drawn_map_plan(3, 8, 40)), "utf-8")
    words = [sys.executable, "-c", HASHED, str(plan), str(TEMPLATES / "nurturing.yaml")]
    found = {
        subprocess.run(
            words, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(found) == 1


def test_the_map_depends_on_what_it_shows_of_the_plan():
    text = (TEMPLATES / "welcome.yaml").read_text("utf-8")
    plan = loads(text)
    layout = lay_out(plan)
    assert lay_out(loads(text, ["days=30"])) is layout  # nothing a map shows
    assert lay_out(loads(text.replace("Merci et bienvenue", "Bonjour"))).key != layout.key
    assert layout.key in KEPT


# Stages


def stages_of(layout):
    return {s.id: layout.bands[s.stage].name for s in layout.stations}


def send(*messages):
    return [{"send": m} for m in messages]


def test_journeys_stand_in_the_stages_the_plan_says():
    stages = ["new", {"name": "warm", "score": "heat", "at": 5}, {"name": "hot", "score": "heat", "at": 20}]
    found = stages_of(
        small(
            {
                "by_trigger": {"trigger": {"stage": "hot"}, "steps": send("a")},
                "by_when": {"trigger": {"event": "x"}, "when": 'stage in ["hot", "warm"]', "steps": send("a")},
                "by_segment": {"trigger": {"event": "x"}, "when": "segment.buyer", "steps": send("a")},
                "by_points": {"trigger": {"event": "buys"}, "steps": send("a")},
                "by_crossing": {"trigger": {"crossing": {"score": "heat", "below": 20}}, "steps": send("a")},
                "by_joining": {"trigger": {"event": "joined"}, "steps": send("a")},
                "moving": {
                    "trigger": {"event": "joined"},
                    "steps": [*send("a"), {"set": {"stage": "hot"}}, *send("b")],
                },
                "parting": {
                    "trigger": {"event": "x"},
                    "steps": [{"branch": [{"if": 'stage == "hot"', "then": send("b")}, {"else": send("c")}]}],
                },
                "nowhere": {"trigger": {"event": "x"}, "steps": send("a")},
                "not_there": {"trigger": {"event": "x"}, "when": 'stage != "hot"', "steps": send("a")},
            },
            stages=stages,
            scores={"heat": {"on": {"buys": 8}}},
            attributes={"orders": {"type": "int", "default": 0}},
            segments={"buyer": "contact.orders > 0"},
            events={"buys": {"set": {"orders": "contact.orders + 1"}}, "x": {}},
        )
    )
    starts = {i.removesuffix("#start"): s for i, s in found.items() if i.endswith("#start")}
    assert starts == {
        "by_trigger": "hot",
        "by_when": "warm",
        "by_segment": "warm",
        "by_points": "warm",
        "by_crossing": "warm",
        "by_joining": "new",
        "moving": "new",
        "parting": "new",
        "nowhere": "",
        "not_there": "",
    }
    assert (found["moving/a"], found["moving/set"], found["moving/b"]) == ("new", "hot", "hot")
    assert (found["parting/b"], found["parting/c"]) == ("hot", "new")


def test_a_journey_stands_where_it_leads_or_is_led_into():
    found = stages_of(
        small(
            {
                "first": {"trigger": {"stage": "two"}, "steps": [*send("a"), {"transfer": "second"}]},
                "second": {"steps": send("b")},
                "before": {"trigger": {"event": "x"}, "steps": [*send("c"), {"transfer": "first"}]},
            },
            stages=["one", "two"],
            events={"x": {}},
        )
    )
    assert {found[f"{j}#start"] for j in ("first", "second", "before")} == {"two"}


def test_without_stages_there_is_one_band_without_a_name():
    layout = small({"j": {"trigger": {"event": "x"}, "steps": send("a")}}, events={"x": {}})
    assert [b.name for b in layout.bands] == [""]
    assert ">1<" not in draw(layout).split("</style>")[1].split('class="station"')[0]


def test_a_plan_without_journeys_is_an_empty_map():
    assert "<svg" in draw(lay_out(loads("plan: none\nstart: 2026-01-01\nstages: [a, b]\n")))


# Where lines meet, and what returns


def lines_at(layout, stop):
    return [layout.lines[n].journey for n in next(s for s in layout.stations if s.id == stop).lines]


def test_lines_meet_at_transfers_and_at_shared_goals():
    goal = {"event": "buys", "within": "7d"}
    layout = small(
        {
            "one": {"trigger": {"event": "x"}, "goal": goal, "steps": send("a")},
            "two": {"trigger": {"event": "x"}, "goal": goal, "steps": send("b")},
            "thanks": {"trigger": {"event": "buys"}, "steps": [*send("c"), {"transfer": "care"}]},
            "care": {"steps": send("d")},
        },
        events={"x": {}, "buys": {}},
    )
    assert wrong(layout) == []
    assert sorted(lines_at(layout, "event:buys")) == ["one", "thanks", "two"]
    assert sorted(lines_at(layout, "care#start")) == ["care", "thanks"]


def test_an_exit_to_a_journey_and_a_rule_lead_there():
    rule = {"name": "anger", "when": "fact.angry", "then": [{"enter": "care"}]}
    layout = small(
        {
            "one": {"trigger": {"event": "x"}, "exit": {"event": "buys", "to": "care"}, "steps": send("a")},
            "care": {"steps": send("d")},
        },
        events={"x": {"set": {"fact.angry": True}}, "buys": {}},
        rules=[rule],
    )
    assert sorted(lines_at(layout, "care#start")) == ["care", "one"]
    assert "anger" in next(s.note.en for s in layout.stations if s.id == "care#start")


def test_a_circle_and_an_earlier_stage_end_at_a_badge():
    layout = small(
        {
            "there": {"trigger": {"event": "x"}, "steps": [*send("a"), {"transfer": "back"}]},
            "back": {"steps": [*send("b"), {"transfer": "there"}]},
            "falling": {"trigger": {"stage": "two"}, "steps": [*send("c"), {"set": {"stage": "one"}}, *send("d")]},
        },
        stages=["one", "two"],
        events={"x": {}},
    )
    assert wrong(layout) == []
    badges = {s.id: s.back.en for s in layout.stations if s.back is not None}
    assert badges == {"back#to_there": "there", "falling/set": "one"}
    svg = draw(layout, lang="en")
    assert "↩ there" in svg
    assert "back to there" in svg


def test_parallel_lines_keep_their_distance():
    """Two lines from one meeting to another run side by side, around every bend."""
    goal = {"event": "buys", "within": "7d"}
    layout = small(
        {
            "a": {"trigger": {"event": "x"}, "goal": goal, "steps": [*send("a", "b"), {"transfer": "care"}]},
            "b": {"trigger": {"event": "x"}, "goal": goal, "steps": [*send("c"), {"transfer": "care"}]},
            "care": {"steps": send("d", "a", "b")},
        },
        events={"x": {}, "buys": {}},
    )
    assert wrong(layout) == []
    meeting = next(s for s in layout.stations if s.id == "care#start")
    assert [round(b - a, 2) for a, b in itertools.pairwise(meeting.heights)] == [PITCH] * 2


def test_a_bundle_keeps_its_distance_around_every_bend():
    """Lines that share a way: also where it turns, as far apart as everywhere."""
    plan = load(TEMPLATES / "welcome.yaml")
    net = Network(plan, Cycle(plan), ["a", "b", "c"], 1)
    for name in ("low", "left", "right", "far"):
        net.stop(Stop(name, "event", 0, Text("x", "x")))
    for number in range(5):
        net.stop(Stop(f"own{number}", "send", 0, Text("y", "y")))
    for line in range(3):
        net.link(line, "left", "right")
        net.link(line, "right", "far")
    net.link(0, "own0", "left")
    net.link(2, "low", "left")
    net.link(1, "left", "own1")
    net.link(1, "own1", "own2")
    net.link(2, "own3", "right")
    net.link(0, "right", "own4")
    plane, _ = plane_of(net)
    heights = {"right": 150.0, "far": 20.0}
    for place in plane.rows.y:  # bends, whatever the rows would like
        plane.rows.y[place] += heights.get(place[1][0], 0.0) if not place[1][1] else 0.0
    plane.x = [0.0, *itertools.accumulate(gaps(plane))]
    set_slopes(plane)
    for way in (("left", "right"), ("right", "far")):
        tracks = [corners(plane, (line, *way)) for line in range(3)]
        tracks.sort(key=lambda t: t[0][1])
        for upper, lower in itertools.pairwise(tracks):
            assert len(upper) == len(lower) == 4
            inner = [distance(point, upper) for point in lower[1:3]]
            assert inner == pytest.approx([PITCH, PITCH], abs=0.1)


def distance(point, track):
    """How far a point is from the straight lines a track runs along."""
    found = []
    for (x0, y0), (x1, y1) in itertools.pairwise(track):
        length = math.dist((x0, y0), (x1, y1))
        along = ((point[0] - x0) * (x1 - x0) + (point[1] - y0) * (y1 - y0)) / length
        if -PITCH <= along <= length + PITCH:
            found.append(abs((point[0] - x0) * (y1 - y0) - (point[1] - y0) * (x1 - x0)) / length)
    return min(found)


def test_more_lines_than_colours_are_drawn_hollow():
    layout = small({f"j{n}": {"trigger": {"event": "x"}, "steps": send("a")} for n in range(13)}, events={"x": {}})
    assert sum(line.hollow for line in layout.lines) == 3
    seen = {(line.colour, line.hollow) for line in layout.lines}
    assert len(seen) == 13


def test_a_missing_scipy_is_said(monkeypatch):
    from bifurque.rules.errors import BifurqueError

    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(BifurqueError, match=r"bifurque\[dashboard\]"):
        small({"only": {"trigger": {"event": "y"}, "steps": send("d")}}, events={"y": {}})
