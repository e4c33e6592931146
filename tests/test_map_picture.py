"""Maps as pictures: SVG well formed, escaped, spoken; what Chromium really draws; PNG, Mermaid; the command."""

import itertools
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from click.testing import CliRunner
from drawn_journeys import drawn_map_plan

from bifurque.engine.cli import main
from bifurque.engine.load import load, loads
from bifurque.engine.run import open_run
from bifurque.engine.simulate import simulate

pytest.importorskip("scipy")

from bifurque.dashboard.font import cut, text_width, wrap
from bifurque.dashboard.map_flows import flows_of, imagined, weekly
from bifurque.dashboard.map_layout import FILE, lay_out, layout_of
from bifurque.dashboard.map_mermaid import mermaid
from bifurque.dashboard.map_png import browser
from bifurque.dashboard.map_script import COMPACT
from bifurque.dashboard.map_svg import draw
from bifurque.dashboard.map_text import compact, visible
from bifurque.rules.errors import BifurqueError

TEMPLATES = Path(__file__).parents[1] / "engine" / "templates"
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    "<script>alert(1)</script>",
    '" onload="alert(1)" x=\'',
    "</title></svg><img src=x onerror=alert(1)>",
    "&lt;b&gt; &amp; ]]>",
    "مرحبا بالعالم ‮abc‬ שלום",
    "🎁🎉👩‍👩‍👧‍👦 émoji",
    "x" * 300,
    "mot " * 75,
    "url(javascript:alert(1)) @import 'http://x.example/'",
    'click x0 href "javascript:alert(1)"',
)


def hostile():
    """A plan all of whose titles are hostile."""
    names = itertools.cycle(HOSTILE)

    def title():
        text = next(names)
        return {"fr": text, "en": text[::-1] if len(text) < 80 else text}

    plan = drawn_map_plan(11, 6, 30)
    plan["title"] = HOSTILE[0]
    for stage in plan["stages"]:
        stage["title"] = title()
    for part in (*plan["messages"].values(), *plan["journeys"].values(), *plan["events"].values()):
        part["title"] = title()
    return loads(json.dumps(plan, ensure_ascii=False))


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """The demo plan, lived twice."""
    folder = tmp_path_factory.mktemp("map")
    more = {"contacts": 600, "days": 60, "ledger": "none"}
    one = simulate(TEMPLATES / "demo.yaml", out=folder / "one", **more)
    other = simulate(TEMPLATES / "demo.yaml", out=folder / "other", overrides=["caps.0.max=3"], seed=2, **more)
    return one, other


def test_characters_no_document_may_hold_are_left_out():
    assert visible("a\x00\x07b\ufffe\U0001ffffc\ud800\u202ed") == "abcd"


def parsed(svg):
    return ElementTree.fromstring(svg)


def test_a_map_is_well_formed_and_spoken():
    svg = draw(lay_out(load(TEMPLATES / "welcome.yaml")), lang="en")
    root = parsed(svg)
    assert root.get("role") == "group"
    assert root.get("aria-label")
    assert root.get("lang") == "en"
    stations = [g for g in root.iter(f"{SVG}g") if g.get("class") == "station"]
    assert len(stations) == 7
    for group in stations:
        assert (group.get("role"), group.get("tabindex")) == ("button", "0")
        assert group.get("aria-label") == group.find(f"{SVG}title").text
    assert any("Interchange" in g.get("aria-label") for g in stations)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_hostile_names_stay_text(lang):
    layout = lay_out(hostile())
    svg = draw(layout, lang=lang)
    root = parsed(svg)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags == {"svg", "style", "rect", "text", "tspan", "g", "path", "circle", "line", "title"}
    names = {name for element in root.iter() for name in element.attrib}
    assert not {n for n in names if n.startswith("on") or "href" in n or n == "src"}
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "").replace(
        "@import 'http://x.example/'", ""
    ).replace("@import &#x27;http://x.example/&#x27;", "")
    assert not re.search("[\u202a-\u202e\u2066-\u2069\ufffe\x00-\x08]", svg)
    style = root.find(f"{SVG}style").text
    assert "alert" not in style
    text = mermaid(layout, lang)
    assert not re.search(r"<script|javascript:|onload=\"|\"\"", text)
    assert all(line.count('"') in (0, 2) for line in text.splitlines())


@pytest.mark.parametrize("theme", ["light", "dark", "auto", "page"])
def test_themes_are_colours_of_the_paper_alone(theme):
    layout = lay_out(load(TEMPLATES / "welcome.yaml"))
    light, other = (draw(layout, theme=t).split("</style>") for t in ("light", theme))
    assert light[1] == other[1]
    assert {"dark": "#11161D", "auto": "prefers-color-scheme", "page": "--st-text-color"}.get(theme, "#fff") in other[0]


def test_what_was_lived_lies_on_the_tracks(lived):
    one, _ = lived
    layout = layout_of(one)
    flows = flows_of(one, layout)
    kpis = one.kpis
    assert flows.lines == tuple(float(kpis["journeys"][k.journey]["entered"]) for k in layout.lines)
    arrived = dict(zip((s.id for s in layout.stations), flows.stations, strict=True))
    for step, figures in kpis["steps"].items():
        if step in arrived and not step.endswith("/exit"):
            assert arrived[step] == figures["entered"], step
    goals = {j for j, journey in one.plan.journeys.items() if journey.goal is not None}
    reached = sum(arrived[s.id] for s in layout.stations if s.kind in ("event", "goal"))
    assert reached == pytest.approx(sum(kpis["journeys"][j]["converted"] for j in goals), abs=1)
    moves = one.aggregate("stage_move").to_pylist()
    came = [sum(m["contacts"] for m in moves if m["stage"] == band.name) for band in layout.bands]
    assert flows.bands == tuple(came)
    assert came[0] == 600 + kpis["stages"]["discovery"]["entered"], "who begins there, and who comes back"
    weeks = weekly(one, layout)
    assert tuple(map(sum, zip(*(w.bands for w in weeks), strict=True))) == flows.bands
    assert weeks[3] == flows_of(one, layout, [3])
    assert [sum(w.tracks[n] for w in weeks) for n in range(len(layout.tracks))] == pytest.approx(list(flows.tracks))
    two = zip(weeks[0].lines, weeks[1].lines, strict=True)
    assert flows_of(one, layout, range(2)).lines == tuple(a + b for a, b in two)
    most = imagined(layout, flows)
    pairs = zip(layout.stations, most.stations, flows.stations, strict=True)
    assert [s.id for s, a, b in pairs if a < b - 1e-6 and s.kind not in ("event", "goal")] == []


def test_every_mode_shows_its_figures(lived):
    one, other = lived
    layout = layout_of(one)
    a, b = flows_of(one, layout), flows_of(other, layout)
    plan, flow = draw(layout), draw(layout, a)
    gap, compared = draw(layout, a, mode="gap"), draw(layout, b, other=a, lang="en")
    assert plan.count('class="ghost"') == flow.count('class="ghost"') == 0
    assert gap.count('class="ghost"') == compared.count('class="ghost"') == len(layout.tracks)
    assert re.search(r"·\s−\d+\N{NO-BREAK SPACE}%", gap)
    assert re.search(r"·\s[+−]\d+%", compared)
    assert re.search(r"·\s✕\d+\N{NO-BREAK SPACE}%", flow)
    places = [re.findall(r'class="track" d="([^"]+)"[^>]*data-track', svg) for svg in (plan, flow, gap, compared)]
    assert places[0] == places[1] == places[2] == places[3]
    for wrong in ({"mode": "flow"}, {"mode": "compare", "flows": a}, {"mode": "plan", "flows": a}):
        with pytest.raises(BifurqueError, match="mode"):
            draw(layout, **wrong)


def test_a_run_keeps_its_layout(lived, monkeypatch):
    one, other = lived
    layout = layout_of(one)
    kept = one.folder / FILE
    assert json.loads(kept.read_text("utf-8"))["key"] == layout.key
    monkeypatch.setattr("bifurque.dashboard.map_layout.KEPT", {})
    monkeypatch.setattr("bifurque.dashboard.map_layout._lay_out", None)  # it is read, not made again
    assert layout_of(open_run(one.folder)) == layout
    monkeypatch.undo()
    kept.write_text("{", "utf-8")
    assert layout_of(one) == layout
    assert json.loads(kept.read_text("utf-8"))["key"] == layout.key
    assert layout_of(other).key == layout.key  # the same journeys, whatever the caps


# The command


def run_map(*words):
    done = CliRunner().invoke(main, ["map", *map(str, words)])
    return done.exit_code, done.output


def test_the_command_writes_files(lived, tmp_path):
    one, other = lived
    plan = TEMPLATES / "demo.yaml"
    assert run_map(plan, "-o", tmp_path / "plan.svg", "--lang", "fr") == (0, f"{tmp_path / 'plan.svg'}\n")
    assert "Une enseigne en 2026" in (tmp_path / "plan.svg").read_text("utf-8")
    for words in (
        [plan, one.folder],
        [one.folder],
        [plan, one.folder, other.folder],
        [plan, one.folder, "--mode", "gap"],
    ):
        assert run_map(*words, "-o", tmp_path / "map.svg", "--lang", "en")[0] == 0
        parsed((tmp_path / "map.svg").read_text("utf-8"))
    assert run_map(plan, one.folder, "--weeks", "0-8", "-o", tmp_path / "map.svg")[0] == 0
    assert run_map(plan, "-o", tmp_path / "map.mmd", "--lang", "en")[0] == 0
    assert (tmp_path / "map.mmd").read_text("utf-8").startswith('flowchart LR\n  subgraph b0["Discovery"]\n')


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "map.pdf"], "a map is written as .svg, .png, .mmd"),
        (["--mode", "flow"], "shows no flows"),
        (["--weeks", "9-3"], "expected such as 0-3"),
        (["--weeks", "0-3"], "the map shows no run"),
        (["nowhere"], "is not a run folder"),
    ],
)
def test_what_cannot_be_drawn_is_said(words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, output = run_map(TEMPLATES / "welcome.yaml", *words)
    assert code == 2
    assert said in output
    assert list(tmp_path.iterdir()) == []


def test_weeks_are_counted_as_on_the_pages(lived, tmp_path):
    one, _ = lived
    layout = layout_of(one)
    file = tmp_path / "map.svg"
    assert run_map(one.folder, one.folder, "--weeks", "0", "-o", file, "--lang", "en")[0] == 0
    shown = file.read_text("utf-8")
    assert shown == draw(layout, flows_of(one, layout, [0]), lang="en", lived=re.search("one, [^<]+", shown)[0])
    code, output = run_map(one.folder, one.folder, "--weeks", "9-11", "-o", tmp_path / "none.svg")
    assert code == 2
    assert f"{one.folder} has the weeks 0-8" in output
    assert not (tmp_path / "none.svg").exists()


def test_a_picture_names_its_runs(lived, tmp_path):
    one, other = lived
    dates = {name: set() for name in ("en", "fr")}
    for lang, found in dates.items():
        for words in ([one.folder], [other.folder, "--weeks", "1"], [one.folder, other.folder], []):
            assert run_map(one.folder, *words, "-o", tmp_path / "map.svg", "--lang", lang)[0] == 0
            texts = re.findall(r"<text[^>]*>([^<]+)</text>", (tmp_path / "map.svg").read_text("utf-8"))
            found.add(texts[1])
    assert {t for t in dates["en"] if t.startswith(("one", "other", "A:"))} == {
        "one, 1 Jan 2026 – 1 Mar 2026",
        "other, 8 Jan 2026 – 14 Jan 2026",
        "A: one, 1 Jan 2026 – 1 Mar 2026 · B: other, 1 Jan 2026 – 1 Mar 2026",
    }
    assert "other, 8 janv. 2026 – 14 janv. 2026" in dates["fr"]


def test_the_legend_explains_what_its_mode_draws(lived):
    one, other = lived
    layout = layout_of(one)
    a, b = flows_of(one, layout), flows_of(other, layout)
    flow, gap, compared = draw(layout, a), draw(layout, a, mode="gap"), draw(layout, b, other=a)
    assert ("des messages ne partent pas" in flow, "✕%" in flow, "±%" in flow) == (True, True, False)
    for svg, words in ((gap, "de l'imaginé au vécu"), (compared, "de A à B")):
        assert ("✕" in svg, "±%" in svg, words in svg.replace("&#x27;", "'")) == (False, True, True)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_what_passes_is_called_passages(lived, lang):
    one, _ = lived
    layout = layout_of(one)
    flows = flows_of(one, layout)
    root = parsed(draw(layout, flows, lang=lang))
    assert not [t.text for t in root.iter(f"{SVG}text") if "ontact" in (t.text or "")]
    word = "passages :" if lang == "fr" else "passages:"
    for group in (g for g in root.iter(f"{SVG}g") if g.get("class") == "station"):
        assert word in group.get("aria-label")
    tracks = [p.find(f"{SVG}title").text for p in root.iter(f"{SVG}path") if p.get("data-track")]
    assert len(tracks) == len(layout.tracks)
    assert all(word in told for told in tracks)


def test_a_run_of_an_older_version_is_said(lived, tmp_path):
    one, _ = lived
    folder = tmp_path / "old"
    shutil.copytree(one.folder, folder)
    (folder / "aggregates" / "edge_week.parquet").unlink()
    code, output = run_map(TEMPLATES / "demo.yaml", folder, "-o", tmp_path / "map.svg")
    assert (code, "holds no edge_week" in output) == (2, True)


def test_without_a_browser_there_is_no_png(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    code, output = run_map(TEMPLATES / "welcome.yaml", "-o", tmp_path / "map.png")
    assert code == 2
    assert "none is installed" in output


# What a browser really draws


def installed():
    try:
        return browser()
    except BifurqueError:
        return None


with_browser = pytest.mark.skipif(installed() is None, reason="no Chromium is installed")
MEASURE = """<script>
const found = [...document.querySelectorAll('svg')].map(svg => [...svg.querySelectorAll('text')].map(t => {
  const b = t.getBoundingClientRect(), s = t.closest('.station');
  return [s ? s.dataset.station : '', t.textContent, b.left, b.top, b.right, b.bottom, t.className.baseVal];
}));
document.body.textContent = 'MEASURED' + JSON.stringify(found) + 'END';
</script>"""


def measured(pages, tmp_path):
    """The boxes Chromium gives every text."""
    page = tmp_path / "page.html"
    style = "<style>svg{display:block}</style>"
    page.write_text(f'<!doctype html><meta charset="utf-8">{style}{"".join(pages)}{MEASURE}', "utf-8")
    words = [installed(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--dump-dom"]
    words += [f"--user-data-dir={tmp_path / 'profile'}", "--window-size=3000,2000", page.as_uri()]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    text = re.search("MEASURED(.*)END", done.stdout, re.DOTALL)[1]
    for escaped, plain in (("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", "\xa0"), ("&amp;", "&")):
        text = text.replace(escaped, plain)
    return json.loads(text)


@with_browser
def test_the_browser_writes_figures_as_python_does(tmp_path):
    values = [*range(0, 3000, 7), *range(3000, 2_000_000, 7919), 1250, 9949, 9950, 99_950, 999_499, 999_500, 9_995_000]
    page = tmp_path / "page.html"
    asked = f"JSON.stringify({values}.map(v => [compact(v, 'fr'), compact(v, 'en')]))"
    page.write_text(f"<!doctype html><body><script>{COMPACT}document.body.textContent = {asked};</script>", "utf-8")
    words = [installed(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--dump-dom"]
    words += [f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    found = json.loads(re.search(r"\[\[.*\]\]", done.stdout.replace("&nbsp;", "\xa0"))[0])
    assert found == [[compact(v, "fr"), compact(v, "en")] for v in values]


@with_browser
def test_no_text_covers_another_in_a_browser(lived, tmp_path):
    one, _ = lived
    layout = layout_of(one)
    maps = [draw(layout), draw(layout, flows_of(one, layout), lang="en"), draw(lay_out(hostile()))]
    maps += [draw(lay_out(load(TEMPLATES / f"{name}.yaml"))) for name in ("nurturing", "sortie")]
    maps.append(draw(lay_out(loads(json.dumps(drawn_map_plan(5, 9, 45)))), lang="en"))
    for svg, texts in zip(maps, measured(maps, tmp_path), strict=True):
        assert len(texts) == svg.count("<text")
        halos = [t for t in texts if "halo" in t[6] or not t[0]]
        for a, b in itertools.combinations(halos, 2):
            apart = a[4] <= b[2] + 1 or b[4] <= a[2] + 1 or a[5] <= b[3] + 4 or b[5] <= a[3] + 4
            assert apart or a[0] == b[0] != "", (a, b)  # 4: lines of text are closer than the boxes of their letters


@with_browser
def test_a_png_is_taken(tmp_path):
    assert run_map(TEMPLATES / "welcome.yaml", "-o", tmp_path / "map.png")[0] == 0
    head = (tmp_path / "map.png").read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(head[16:20], "big") > 1000


# Widths of texts


def test_texts_are_cut_and_wrapped_to_their_room():
    assert text_width("Bonjour", 10) == pytest.approx(34.47, abs=0.02)
    assert text_width("e\N{COMBINING ACUTE ACCENT}", 10) == text_width("e", 10)
    assert wrap("Que cherchez-vous ?", 12, False, 96) == ("Que", "cherchez-vous\xa0?")
    for text in HOSTILE:
        for width in (60.0, 112.0):
            lines = wrap(text, 12, True, width)
            assert 1 <= len(lines) <= 2
            assert all(text_width(line, 12, True) <= width for line in lines)
            assert text_width(cut(text, 12, False, width), 12) <= width
