"""What pages work out themselves: the path of a contact, streams and cohorts, conditions, sweeps, intervals."""

import datetime as dt
import shutil
import time
from collections import Counter
from html import escape

import numpy as np
import pytest

pytest.importorskip("streamlit")
duckdb = pytest.importorskip("duckdb")


from dashboard_shown import page_of, showing  # noqa: E402

from bifurque.dashboard import (  # noqa: E402
    app,
    comparing,
    conditions,
    jobs,
    page_cohorts,
    page_station,
    page_turning,
    station_flows,
    sweeping,
)
from bifurque.dashboard.map_flows import flows_of, tracks_of  # noqa: E402
from bifurque.dashboard.map_layout import layout_of  # noqa: E402
from bifurque.dashboard.map_svg import draw  # noqa: E402
from bifurque.dashboard.map_text import say  # noqa: E402
from bifurque.dashboard.parts import View  # noqa: E402
from bifurque.dashboard.runs import HOME, RUNS, open_store  # noqa: E402
from bifurque.dashboard.texts import T  # noqa: E402
from bifurque.engine.compare import compare  # noqa: E402
from bifurque.engine.simulate import simulate  # noqa: E402
from bifurque.engine.templates_list import template  # noqa: E402

PEOPLE, DAYS = 400, 120


pytestmark = pytest.mark.usefixtures("no_fault")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    place = tmp_path_factory.mktemp("home")
    for name, changes in (("plain", []), ("fewer", ["caps.1.max=1"]), ("more", ["caps.1.max=5"])):
        options = {"contacts": PEOPLE, "days": DAYS, "ledger": "full", "workers": 1, "overrides": changes}
        simulate(template("demo", "fr"), out=place / name, **options)
    return place


@pytest.fixture
def shown(home, monkeypatch):
    """Shows a page with what the address says."""
    return showing(monkeypatch, home, 180)


@pytest.fixture(scope="module")
def view(home):
    return View(open_store(home / "plain"), "plain", "en", "all", "", (0, DAYS // 7))


def said(test):
    kinds = ("header", "caption", "markdown", "info", "warning")
    return "\n".join(str(e.value) for kind in kinds for e in getattr(test, kind))


def finished(test, key):
    """The page once a job is done."""
    until = time.monotonic() + 120
    while not jobs.all_jobs()[key].finished:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert not jobs.all_jobs()[key].failed
    del jobs.all_jobs()[key]
    return test.run()


def job_of(kind):
    return next(key for key in jobs.all_jobs() if key.startswith(kind))


@pytest.mark.parametrize("lang", T)
def test_a_contact_on_the_map_and_its_scores(shown, lang):
    test = shown("contact", lang=lang, contact="1")
    assert not test.exception
    assert not test.error
    assert len(test.get("bidi_component")) == 1
    assert T[lang]["on_map"] in said(test)
    assert T[lang]["scores"] in said(test)


def test_all_contacts_together_fill_the_tracks(view):
    """The tracks of a path are those the whole run is drawn on."""
    layout = layout_of(view.store.run)
    rows = view.rows('SELECT journey, "from" AS origin, "to" AS target FROM edge_week GROUP BY ALL')
    taken = set(tracks_of(view.store.plan, layout, [r | {"goal": True} for r in rows]))
    goals = {n for n, t in enumerate(layout.tracks) if t.target.endswith("#goal") or t.target.startswith("event:")}
    drawn = {n for n, count in enumerate(flows_of(view.store.run, layout).tracks) if count}
    assert taken - goals == {n for n in drawn - goals if not layout.tracks[n].origin.startswith("event:")}
    assert len(taken) > 30
    ended = tracks_of(view.store.plan, layout, [r for r in rows if not r["target"]])
    assert not set(ended) & goals, "who only came to the end reached no goal"


@pytest.mark.parametrize("lang", T)
def test_streams_and_cohorts_show(shown, lang):
    test = shown("lifecycle", lang=lang)
    assert not test.exception
    assert T[lang]["streams"] in said(test)
    assert T[lang]["cohorts"] in said(test)
    assert not shown("lifecycle", lang=lang, segment="persona.devoted", weeks="3-4").exception


def test_streams_are_the_stock_of_stages(view):
    """Where every life is kept, they add up to what the run counted day by day."""
    start = dt.datetime.fromtimestamp(view.store.run.manifest["start"], dt.UTC)
    days = [10, 45, 90]
    lives = page_cohorts.stage_at(view, [start + dt.timedelta(days=d, seconds=-1) for d in days], None)
    unseen = PEOPLE - len(lives)  # nothing ever happened to them
    for place, day in enumerate(days):
        stock = {r["stage"]: r["stock"] for r in view.rows("SELECT * FROM stage_day WHERE day = ?", day - 1)}
        found = Counter(life[place] for life in lives)
        assert all(found[s] == stock[s] for s in ("acquisition", "engagement", "loyalty"))
        assert 0 <= stock["discovery"] - found["discovery"] <= unseen


def test_cohorts_are_counted(view, monkeypatch):
    grids = []
    monkeypatch.setattr(page_cohorts, "grid", lambda view, rows: grids.append(rows))
    page_cohorts.cohorts(view, None)
    bought = {}
    for event in view.rows("SELECT contact, epoch(time) AS t FROM sample_events WHERE type = 'purchase'"):
        bought.setdefault(event["contact"], set()).add(dt.datetime.fromtimestamp(event["t"], dt.UTC).month)
    sizes = Counter(min(months) for months in bought.values())
    again = Counter((min(months), m - min(months)) for months in bought.values() for m in months)
    assert sum(sizes.values()) > 30
    assert {(r["size"], r["later"], r["contacts"]) for r in grids[0] if r["contacts"]} == {
        (sizes[first], later, n) for (first, later), n in again.items()
    }


def test_how_long_people_wait_before_a_station(view):
    people, wait = page_station.lives(view, "cart", {"cart_reminder"})
    rows = view.rows("SELECT * FROM ledger WHERE journey = 'cart' AND contact IN (SELECT contact FROM sample_walks)")
    visits = {}
    for row in rows:
        visits.setdefault((row["contact"], row["visit"]), []).append(row)
    waits = []
    for visit in visits.values():
        came = [r["time"] for r in visit if r["step"] == "cart_reminder" and r["message"]]
        if came:
            before = [r["time"] for r in visit if r["time"] <= min(came) and r["step"] != "cart_reminder"]
            waits.append((min(came) - max(before)).total_seconds())
    assert wait[1] == page_station.lasting(view, float(np.median(waits)))
    assert len({c for c, _ in visits}) >= int(people[2].split()[0].replace(",", "")) > 20


@pytest.mark.parametrize("lang", T)
def test_conditions_show(shown, lang):
    test = shown("turning", lang=lang, step="cart/branch")
    assert not test.exception
    assert T[lang]["tree"] in said(test)


def test_a_planted_condition_is_found_and_chance_is_not():
    draws, found = np.random.default_rng(4), 0
    names = [f"condition {n}" for n in range(20)]
    for _ in range(60):
        holds = {name: draws.random(500) < 0.4 for name in names}
        rows = [{"bought": b} for b in draws.random(500) < 0.2]
        found += len(conditions.tree(rows, holds)) > 1
    assert found <= 6, "one tree in twenty may rest on chance"
    planted = holds["condition 7"]
    rows = [{"bought": b} for b in draws.random(500) < np.where(planted, 0.45, 0.1)]
    first, yes, _ = conditions.tree(rows, holds)[:3]
    assert (first.contacts, first.end) == (500, False)
    assert yes.path == (("condition 7", True),)
    assert yes.contacts == planted.sum()
    assert {leaf.path[0] for leaf in conditions.tree(rows, holds) if leaf.path} == {
        ("condition 7", True),
        ("condition 7", False),
    }


def test_conditions_are_those_a_plan_can_ask(view):
    from bifurque.rules.syntax import parse

    rows = conditions.visits(view.store, "digest")
    asked = conditions.asked(view.store.plan, rows)
    assert len(rows) > 200
    assert any(holds.any() for holds in asked.values())
    for name in asked:
        parse(name)


def test_the_interval_of_a_spread():
    low, high = page_turning.reach(np.array([(5000, 1000), (5000, 2000)]))
    assert 0.09 < low < 0.1 < high < 0.11
    low, high = page_turning.reach(np.array([(40, 8), (40, 9)]))
    assert low == 0.0


def test_groups_of_contacts_have_intervals(home, monkeypatch):
    """Work it out once more for people apart, by the same means as for all."""
    monkeypatch.setenv(HOME, str(home))
    place = comparing.place(home / "plain", home / "fewer")
    compare(home / "plain", home / "fewer", replications=2).write(place)
    found = {(r["group"], r["name"]): r for r in comparing.groups(place) if r["figure"] == "sent"}
    assert {kind for kind, _ in found} == {"persona", "zone", "segment"}
    every = next(r for r in comparing.figures(place) if r["group"] == "total" and r["figure"] == "sent")
    of_personas = sum(r["difference"] for (kind, _), r in found.items() if kind == "persona")
    assert of_personas == pytest.approx(every["difference"])
    assert all(r["low"] <= r["difference"] <= r["high"] for r in found.values())
    shutil.rmtree(place)


def test_the_middle_of_the_weeks():
    rows = [{"median_wait": w, "passed": n} for w, n in ((86400, 3), (60, 2), (3600, 4), (None, 90))]
    assert station_flows.waited(rows) == 3600
    assert station_flows.waited([]) == 0


@pytest.mark.parametrize("lang", T)
def test_a_track_tells_who_passed_and_how_long_it_took(shown, view, lang):
    layout = layout_of(view.store.run)
    ends = ("cart/cart_reminder", "cart/cart_delivery")
    number = next(i for i, t in enumerate(layout.tracks) if (t.origin, t.target) == ends)
    test = shown("map", lang=lang, pick=f"track:{number}")
    assert not test.exception
    assert T[lang]["after_wait"] in [m.label for m in test.metric]


@pytest.mark.parametrize("lang", T)
def test_intervals_contact_by_contact(shown, lang):
    other = {"fr": "fewer", "en": "more"}[lang]  # each is worked out once and kept
    test = shown("compare", lang=lang, run=other, **{"with": "plain"})
    assert T[lang]["map_gap"] in said(test)
    test.button(key="pair").click().run()
    assert not test.exception
    done = finished(test, job_of("compare"))
    assert not done.exception
    assert T[lang]["by_part"] in said(done)
    for by, figure in (("stage", "revenue"), ("persona", "sent"), ("segment", "opened")):
        again = shown("compare", lang=lang, run=other, by=by, figure=figure, **{"with": "plain"})
        assert not again.exception
        chosen = {widget.key: widget.value for widget in [*again.selectbox, *again.segmented_control]}
        assert (chosen["by"], chosen["figure"]) == (by, figure)
    assert not again.button or "pair" not in [b.key for b in again.button]


@pytest.mark.parametrize("lang", T)
def test_a_sweep_is_launched_and_shown(shown, home, lang):
    values = {"fr": "1..2", "en": "1,3"}[lang]
    test = shown("compare", lang=lang, vary="caps.three a week.max", values=values)
    assert not test.exception
    test.number_input(key="swept_contacts").set_value(100).run()
    test.button(key="sweep").click().run()
    assert not test.exception
    done = finished(test, job_of("sweep"))
    assert not done.exception
    assert T[lang]["prices"] in said(done)
    store = open_store(home / "plain")
    vary = f"caps.three a week.max={values}"
    rows = sweeping.found(sweeping.place(store, vary, 100), "variants")
    assert [r["variant"] for r in rows] == [-1, 0, 1]
    assert rows[0]["contacts"] == 100


def test_a_sweep_that_cannot_be_read(shown):
    for values in ("", "5..1", "1..100000"):
        test = shown("compare", lang="en", vary="caps.three a week.max", values=values)
        assert not test.exception
        assert test.warning


def test_numbers_that_can_be_tried(home):
    store = open_store(home / "plain")
    paths = sweeping.paths(store)
    assert paths[0].startswith("caps.")
    assert sweeping.spread(store, "caps.three a week.max") == "1..5"


@pytest.mark.parametrize("lang", T)
def test_one_line_of_the_map(shown, lang):
    test = shown("map", lang=lang, line="cart", segment="persona.devoted")
    assert not test.exception
    assert test.selectbox(key="line").value == "cart"
    assert T[lang]["everybody"] in said(test)


@pytest.mark.parametrize("lang", T)
def test_the_map_tells_what_does_not_leave(view, lang):
    layout = layout_of(view.store.run)
    flows = flows_of(view.store.run, layout)
    (due, gone) = (
        view.store.ask("""SELECT sum(arrived)::INT, sum(lost)::INT FROM station_week
        WHERE journey = 'cart' AND step = 'cart_delivery'""")
        .to_pylist()[0]
        .values()
    )
    place = next(n for n, s in enumerate(layout.stations) if s.id == "cart/cart_delivery")
    assert flows.lost[place] == gone / due > 0.1
    svg = draw(layout, flows, lang=lang)
    share = f"{100 * gone / due:.0f}" + ("\N{NO-BREAK SPACE}%" if lang == "fr" else "%")
    assert escape(say(lang, "lost").format(share)) in svg
    assert say(lang, "busiest").split("{}")[0] + "8 " in svg
    assert say(lang, "lost_sign") not in draw(layout, lang=lang)


@pytest.fixture(scope="module")
def logless(home, tmp_path_factory):
    """A run whose ledger and events are not there any more."""
    place = tmp_path_factory.mktemp("logless") / "plain"
    shutil.copytree(home / "plain", place, ignore=shutil.ignore_patterns("ledger", "events"))
    return place


@pytest.mark.parametrize("page", {**app.PAGES, **app.WORKSHOP})
def test_no_page_needs_the_log(logless, monkeypatch, page):
    monkeypatch.setenv(RUNS, str(logless))
    monkeypatch.setenv(HOME, str(logless.parent))
    test = page_of(page, 180)
    test.query_params.update({"lang": "en", "pick": "station:cart/cart_delivery"})
    test.run()
    assert not test.exception
    assert not test.error


@pytest.mark.parametrize("lang", T)
def test_totals_have_intervals_where_a_run_was_repeated(tmp_path, monkeypatch, lang):
    run = simulate(template("demo", "fr"), out=tmp_path / "run", contacts=60, days=60, replications=3, workers=1)
    monkeypatch.setenv(RUNS, str(run.folder))
    monkeypatch.setenv(HOME, str(tmp_path))
    test = page_of("results", 180)
    test.query_params["lang"] = lang
    test.run()
    assert not test.exception
    helps = {m.label: m.proto.help for m in test.metric}
    assert "3 " + T[lang]["replicated"].split("{2} ")[1] in helps[T[lang]["revenue"]]
    assert helps[T[lang]["contacts"]] == ""
