"""Every page of the dashboard, in both languages, without a browser: what it says, asks, downloads and refuses."""

import csv
import io
import json
import re
import shutil
import socket
import string

import pytest
from click.testing import CliRunner

pytest.importorskip("streamlit")
duckdb = pytest.importorskip("duckdb")

from dashboard_shown import PAGES, page_of, showing  # noqa: E402
from streamlit.testing.v1 import AppTest  # noqa: E402

from bifurque.dashboard import app, asked, editing, jobs, launching, page_board, page_compare  # noqa: E402
from bifurque.dashboard.parts import _csv  # noqa: E402
from bifurque.dashboard.runs import HOME, RUNS, open_store  # noqa: E402
from bifurque.dashboard.texts import T  # noqa: E402
from bifurque.dashboard.wording import interval, money, number, percent, plain, safe_cell, visible  # noqa: E402
from bifurque.engine import figures  # noqa: E402
from bifurque.engine.cli import main  # noqa: E402
from bifurque.engine.simulate import simulate  # noqa: E402
from bifurque.engine.templates_list import template  # noqa: E402

HOSTILE = [
    "<script>document.title='caught'</script>",
    "\"quoted\" 'twice' & <b>bold</b>",
    "\u202eright to left\u202c שלום",
    "x" * 300,
    "🎉 :red[emoji] $\\frac{1}{2}$ :material/home:",
    "=1+1",
]


pytestmark = pytest.mark.usefixtures("no_fault")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Two runs of a small retailer, one change apart."""
    place = tmp_path_factory.mktemp("home")
    for name, changes in (("plain", []), ("fewer", ["caps.1.max=1"])):
        options = {"contacts": 300, "days": 70, "ledger": "full", "workers": 1, "overrides": changes}
        simulate(template("demo", "fr"), out=place / name, **options)
    return place


@pytest.fixture
def shown(home, monkeypatch):
    """Shows a page with what the address says."""
    return showing(monkeypatch, home, 120)


def said(test):
    """All text of a page."""
    kinds = ("title", "header", "caption", "markdown", "info", "warning", "success", "error")
    found = [element.value for kind in kinds for element in getattr(test, kind)]
    return "\n".join(map(str, found + [m.label for m in test.metric]))


@pytest.mark.parametrize("lang", T)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_in_both_languages(shown, page, lang):
    test = shown(page, lang=lang)
    assert not test.exception
    assert not test.error
    assert test.title[0].value == T[lang][f"page_{page}"]
    other = T["en" if lang == "fr" else "fr"]
    text = said(test)
    for key in ("everybody", f"why_{page}", "chain_why", "reasons_why", "ranking_why", "stock_why"):
        assert other[key] not in text or other[key] == T[lang][key]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_follows_the_address(shown, page):
    test = shown(page, lang="en", run="fewer", segment="persona.devoted", weeks="2-5")
    assert not test.exception
    assert test.selectbox(key="run").value == "fewer"
    assert test.selectbox(key="segment").value == "persona.devoted"
    assert tuple(test.slider(key="weeks").value) == (2, 5)


def test_nonsense_in_the_address_is_left_aside(shown):
    test = shown("results", lang="xx", run="../../etc", segment="persona.nobody", weeks="-3-x")
    assert not test.exception
    assert test.selectbox(key="run").value == "plain"


@pytest.mark.parametrize("lang", T)
@pytest.mark.parametrize("mode", ["flow", "plan", "gap", "compare"])
def test_every_mode_of_the_map(shown, lang, mode):
    address = {"lang": lang, "mode": mode, "pick": "station:cart/cart_delivery", "with": "fewer"}
    test = shown("map", **address)
    assert not test.exception
    assert len(test.get("bidi_component")) == 1
    assert T[lang]["losses"] in said(test)


@pytest.mark.parametrize(("week", "place"), [("3", 4), ("0", 1), ("9", 10), ("10", 0), ("-1", 0), ("x", 0), ("", 0)])
def test_the_week_of_the_address(shown, monkeypatch, week, place):
    seen = []
    monkeypatch.setattr("bifurque.dashboard.page_map.metro", lambda *_, **more: seen.append(more))
    test = shown("map", week=week)
    assert not test.exception
    assert seen[0]["at"] == place
    assert len(seen[0]["weeks"]["labels"]) == 11
    assert len(json.dumps(seen[0]["weeks"])) < 100_000
    assert test.query_params.get("week", [""])[0] == (week if place else "")


def test_stages_say_how_many_entered(shown, home, monkeypatch):
    seen = []
    monkeypatch.setattr("bifurque.dashboard.page_map.metro", lambda svg, *_, **__: seen.append(svg))
    for weeks, day in (("", 10_000), ("2-4", 35)):
        shown("map", lang="en", **({"weeks": weeks} if weeks else {}))
        sql = "SELECT sum(entered)::BIGINT AS n FROM stage_day WHERE stage = 'discovery' AND day >= ? AND day < ?"
        (row,) = open_store(home / "plain").rows(sql, 14 if weeks else 0, day)
        assert f'data-figure="band:0">{row["n"]}<' in seen[-1]


@pytest.mark.parametrize("pick", ["station:nowhere", "track:0", "track:99999", "x", "station:cart#start", "track:-1"])
def test_whatever_is_picked(shown, pick):
    assert not shown("map", pick=pick).exception


@pytest.mark.parametrize("lang", T)
def test_nobody_and_nothing(shown, lang):
    assert not shown("contact", lang=lang, contact="").exception
    wrong = shown("contact", lang=lang, contact="nobody")
    assert not wrong.exception
    assert T[lang]["contact_unknown"] in said(wrong)


def test_a_contact_outside_the_sample_is_lived_again(shown, home, monkeypatch):
    asked = []
    person = {"contact": 99999, "persona": "curious", "zone": "Europe/Paris", "ways": [], "scores": [], "events": []}
    monkeypatch.setattr("bifurque.dashboard.launching.lifeline", lambda folder, contact: person)
    monkeypatch.setattr("bifurque.dashboard.launching.life", lambda folder, contact: asked.append(contact) or [])
    assert not shown("contact", contact="99999").exception
    assert asked == ["99999"]


def test_a_folder_that_is_no_run(home, monkeypatch, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(home / "plain", broken)
    (broken / "aggregates" / "group_kpi.parquet").unlink()
    monkeypatch.setenv(RUNS, str(broken))
    monkeypatch.setenv(HOME, str(tmp_path))
    for lang in T:
        test = page_of("results", 120)
        test.query_params["lang"] = lang
        test.run()
        assert not test.exception
        assert T[lang]["run_old"] in said(test)


@pytest.mark.parametrize("lang", T)
def test_a_damaged_table_is_told(home, monkeypatch, tmp_path, lang, caplog):
    broken = tmp_path / "broken"
    shutil.copytree(home / "plain", broken)
    (broken / "aggregates" / "decision_week.parquet").write_bytes(b"PAR1 and nothing else PAR1")
    monkeypatch.setenv(RUNS, str(broken))
    monkeypatch.setenv(HOME, str(tmp_path))
    test = page_of("arbitration", 120)
    test.query_params["lang"] = lang
    test.run()
    assert not test.exception
    assert T[lang]["table_damaged"] in said(test)
    caplog.clear()


@pytest.mark.parametrize("lang", T)
def test_check_speaks_while_one_edits(shown, lang):
    clean = shown("launch", lang=lang, set="caps.1.max=1")
    assert T[lang]["clean"] in said(clean)
    wrong = shown("launch", lang=lang, set="caps.1.max=many")
    assert {"fr": "il faut un nombre entier, pas", "en": "expected a whole number, got"}[lang] in said(wrong)
    assert plain("--set caps.1.max=many: caps.1.max: ", 400) in said(wrong)
    assert wrong.button(key="start").disabled


@pytest.mark.parametrize("lang", T)
def test_what_was_launched_and_failed_is_told_in_the_language(shown, home, lang):
    job = launching.Job(home / "gone", None, failed="runs/gone: exists already; choose another folder")
    jobs.all_jobs()["launched"] = job
    try:
        test = shown("launch", lang=lang)
        assert not test.exception
        assert test.code[0].value.startswith({"fr": "runs/gone: existe déjà", "en": job.failed}[lang])
    finally:
        del jobs.all_jobs()["launched"]


def test_values_are_found_by_their_paths():
    values = editing.values(template("demo", "en"))
    assert values["caps.three a week.max"] == "3"
    assert values["journeys.welcome.holdout"] == "5%"
    for path in list(values)[::7]:
        assert [
            p for p in editing.findings(template("demo", "en"), [f"{path}={values[path]}"]) if p.level == "error"
        ] == []


def test_the_board_measures_against_the_plan_as_written(shown, home):
    store = open_store(home / "plain")
    assert page_board.about("journeys.cart.steps.1.wait=2h") == "cart"
    assert page_board.about("caps.1.max=1") == ""
    base = page_board.reference(store)
    assert base.run.manifest["plan"]["set"] == []
    test = shown("board", lang="en")
    assert not test.exception
    assert page_board.read(home / "nothing.json") == {}
    (home / "bad.json").write_text('{"a": "idea", "b": 3}', "utf-8")
    assert page_board.read(home / "bad.json") == {"a": "idea"}


SPOOFS = [
    "SELECT 1; SELECT 2",
    "COPY kpi TO 'kpi.csv'",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_csv('http://localhost:1/x.csv')",
    "SELECT * FROM glob('/*')",
    "CREATE TABLE x AS SELECT 1",
    "DROP VIEW kpi",
    "INSTALL httpfs",
    "SET enable_external_access = true",
    "ATTACH 'x.db'",
    "SELECT * FROM read_text('{run}/manifest.json')",
    "EXPORT DATABASE 'x'",
    "this is no question",
    "",
]


@pytest.mark.parametrize("sql", SPOOFS)
def test_sql_reads_this_run_and_nothing_else(home, sql):
    with pytest.raises(asked.NotAnswered):
        asked.answer(open_store(home / "plain"), sql.replace("{run}", str(home / "plain")))


def test_sql_answers(home):
    folder = home / "plain"
    question = "SELECT kind, sum(contacts) AS n FROM group_kpi GROUP BY kind ORDER BY kind"
    table, more = asked.ask_freely(folder, question)
    assert table.to_pylist()[0] == {"kind": "all", "n": 300}
    assert not more
    assert asked.ask_freely(folder, "SELECT * FROM range(20000)")[1]
    assert asked.answer(open_store(folder), "SELECT count(*) AS n FROM ledger").num_rows == 1


def test_sql_that_never_ends_or_says_too_much_is_ended(home, monkeypatch):
    """Some work of the database cannot be interrupted: its process is."""
    with pytest.raises(asked.NotAnswered, match=asked.LARGE):
        asked.answer(open_store(home / "plain"), "SELECT repeat('x', 9000) FROM range(10000)")
    with pytest.raises(asked.NotAnswered, match=asked.SELECT):
        asked.ask_freely(home / "plain", "DROP VIEW kpi")
    monkeypatch.setattr(asked, "MOST_SECONDS", 1.0)
    monkeypatch.setattr(asked, "PATIENCE", 2.0)
    with pytest.raises(asked.NotAnswered, match=asked.SLOW):
        asked.ask_freely(home / "plain", "SELECT repeat('x', 2000000000)")


def test_sql_page_says_why_not(shown):
    for lang in T:
        assert T[lang]["only_select"] in said(shown("sql", lang=lang, sql="DROP VIEW kpi"))


@pytest.mark.parametrize("page", [p for p in PAGES if p != "sql"])
def test_hostile_names_are_only_names(monkeypatch, tmp_path, page, hostile):
    monkeypatch.setenv(RUNS, str(hostile))
    monkeypatch.setenv(HOME, str(tmp_path))
    test = page_of(page, 120).run()
    assert not test.exception
    for element in (*test.markdown, *test.caption, *test.header, *test.info, *test.warning):
        assert "<script>" not in element.value
        assert "\u202e" not in element.value
        assert not re.search(r"(?<!\\):material", element.value)


def quoted(text):
    """A text as YAML quotes it singly."""
    return "'" + text.replace("'", "''") + "'"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A run whose plan calls everything by hostile names."""
    place = tmp_path_factory.mktemp("hostile") / "run"
    text = template("demo", "fr")
    for n, name in enumerate(("cart", "welcome", "order", "sale", "digest", "birthday")):
        written = quoted(HOSTILE[n])
        at = text.index(f"\n  {name}:\n    title: ") + len(f"\n  {name}:\n    title: ")
        text = text[:at] + written + text[text.index("\n", at) :]
    at = text.index("curious: {share: 45%, title: ") + len("curious: {share: 45%, title: ")
    text = text[:at] + quoted(HOSTILE[0]) + text[text.index("}}", at) + 1 :]
    simulate(text, out=place, contacts=200, days=50, ledger="full", workers=1)
    return place


def test_words():
    nb = "\N{NARROW NO-BREAK SPACE}"
    assert number("fr", 12345.6, 1) == f"12{nb}345,6"
    assert number("en", 12345.6, 1) == "12,345.6"
    assert (percent("fr", 0.1234), percent("en", 0.1234)) == (f"12,3{nb}%", "12.3%")
    assert money("en", 1_250_000.0) == "€1.2M"
    assert money("fr", 1_250_000.0) == f"1,2{nb}M{nb}€"
    low, high = interval(0.5, 100)
    assert (round(low, 3), round(high, 3)) == (0.404, 0.596)
    assert interval(0.0, 10)[0] == 0.0


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_plain(name):
    text = plain(name)
    assert "\n" not in text
    assert "\u202e" not in text
    assert len(visible(name)) <= 80
    assert all(text[i - 1] == "\\" for i, c in enumerate(text) if c in "<>*_`[]$:")


def test_no_cell_is_a_formula():
    import pyarrow as pa

    cells = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "fine", "", "a=b"]
    table = pa.table({"=name": cells, "n": range(len(cells))})
    rows = list(csv.reader(io.StringIO(_csv(table).decode("utf-8-sig"), newline="")))
    assert rows[0] == ["'=name", "n"]
    assert all(row[0][:1] not in tuple("=+-@\t\r") for row in rows)
    assert [row[0].removeprefix("'") for row in rows[1:]] == cells
    assert safe_cell(-3) == -3


def test_texts_have_both_languages_and_the_same_blanks():
    for key, fr in T["fr"].items():
        blanks = [{f for _, f, _, _ in string.Formatter().parse(T[lang][key]) if f is not None} for lang in T]
        assert fr.strip()
        assert T["en"][key].strip()
        assert blanks[0] == blanks[1] or key in ("stock_alt",), key


def test_every_figure_of_a_comparison_has_a_name():
    names = {*figures._TOTAL, *figures._SENDS, *figures._ARM, *figures._STAGE, "count", "net", "held", "dropped"}
    for name in names:
        assert (f"figure_{name}" if name in page_compare.FIGURES else name) in T["fr"]
    assert {f"part_{group}" for group in figures.GROUPS} <= set(T["fr"])


def test_the_frame_goes_where_a_button_says(home, monkeypatch):
    """Language and choices go along, though the address of a page that is switched to starts empty."""
    monkeypatch.setenv(RUNS, str(home / "plain"))
    monkeypatch.setenv(HOME, str(home))
    test = AppTest.from_file(app.__file__, default_timeout=120)
    test.query_params.update({"lang": "en", "run": "fewer"})
    test.run()
    assert test.title[0].value == "Metro map"
    test.session_state["go_to"] = "compare"
    test.run()
    assert not test.exception
    assert test.title[0].value == "Compare"
    assert test.selectbox(key="run").value == "fewer"


def test_a_taken_port_is_said_before_any_address(home):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        found = CliRunner().invoke(main, ["dashboard", str(home / "plain"), "--no-browser", "--port", str(port)])
    assert found.exit_code == 2
    assert "http" not in found.output
    assert f"port {port} is taken: bifurque dashboard --port {port + 1}" in found.output


def test_what_was_launched_can_be_stopped(shown, home):
    before = set(home.iterdir())
    test = shown("launch", lang="fr", set="caps.1.max=2")
    test.number_input(key="contacts").set_value(1_000_000).run()
    test.button(key="start").click().run()
    job = jobs.all_jobs()["launched"]
    test.button(key="stop_launched").click().run()
    assert not test.exception
    assert job.process.returncode != 0
    assert jobs.all_jobs() == {}
    assert [b.key for b in test.button if b.key == "start"] == ["start"]
    assert set(home.iterdir()) == before
