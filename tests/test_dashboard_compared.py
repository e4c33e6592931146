"""What is compared can be compared, everything goes by its own title, and what fails says so in the reader's words."""

import re
import shutil

import pytest

pytest.importorskip("streamlit")
duckdb = pytest.importorskip("duckdb")

from dashboard_shown import page_of, showing  # noqa: E402

from bifurque.dashboard import comparing, page_arbitration, page_contact, page_frontier, page_turning  # noqa: E402
from bifurque.dashboard.map_layout import layout_of  # noqa: E402
from bifurque.dashboard.parts import View, technical  # noqa: E402
from bifurque.dashboard.runs import HOME, RUNS, open_store  # noqa: E402
from bifurque.dashboard.texts import T  # noqa: E402
from bifurque.dashboard.titles import way_called  # noqa: E402
from bifurque.engine.compare import compare  # noqa: E402
from bifurque.engine.simulate import simulate  # noqa: E402
from bifurque.engine.templates_list import template  # noqa: E402
from bifurque.rules.errors import DataError  # noqa: E402

PEOPLE, DAYS = 300, 60
RUNS_MADE = {
    "plain": {},
    "fewer": {"overrides": ["caps.1.max=1"]},
    "more": {"overrides": ["caps.1.max=5"]},
    "small": {"contacts": 100},
    "short": {"days": 30},
    "seeded": {"seed": 5},
}


pytestmark = pytest.mark.usefixtures("no_fault")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Runs of a plan that differ in one thing each; of its next version; and of another plan."""
    place = tmp_path_factory.mktemp("home")
    text = template("demo", "fr")
    usual = {"contacts": PEOPLE, "days": DAYS, "ledger": "full", "workers": 1}
    for name, asked in RUNS_MADE.items():
        simulate(text, out=place / name, **(usual | asked))
    simulate(text.replace("holdout: 2%", "holdout: 3%"), out=place / "version", **usual)
    simulate(template("cart", "fr"), out=place / "other", **usual)
    return place


@pytest.fixture
def shown(home, monkeypatch):
    """Shows a page with what the address says."""
    return showing(monkeypatch, home, 180)


@pytest.fixture(params=T)
def view(home, request):
    return View(open_store(home / "plain"), "plain", request.param, "all", "", (0, DAYS // 7))


def said(test):
    kinds = ("header", "caption", "markdown", "info", "warning", "error")
    return "\n".join(str(e.value) for kind in kinds for e in getattr(test, kind)).replace("\\", "")


def start_of(text):
    """A text of the page up to its first blank."""
    return text.split("{")[0]


def test_who_can_be_paired_is_what_the_engine_pairs(home):
    base = open_store(home / "plain").run
    for name in (*RUNS_MADE, "version", "other"):
        other = open_store(home / name).run
        if comparing.hindrances(base, other):
            with pytest.raises(DataError, match="cannot be paired"):
                compare(base, other)
        else:
            assert compare(base, other, workers=1, replications=2).contacts == PEOPLE


def test_people_of_another_file_cannot_be_paired(tmp_path):
    (tmp_path / "a.csv").write_text("contact,persona\nann,curious\nben,curious\n", "utf-8")
    (tmp_path / "b.csv").write_text("contact,persona\nann,curious\neve,curious\n", "utf-8")
    (tmp_path / "c.csv").write_text("contact,persona\nann,careful\nben,curious\n", "utf-8")
    text, runs = template("demo", "fr"), {}
    for name in "abc":
        asked = {"population": tmp_path / f"{name}.csv", "days": 10, "workers": 1}
        runs[name] = simulate(text, out=tmp_path / name, **asked)
    assert comparing.hindrances(runs["a"], runs["b"]) == ["people"]
    with pytest.raises(DataError, match="cannot be paired"):
        compare(runs["a"], runs["b"])
    assert comparing.hindrances(runs["a"], runs["c"]) == []
    assert compare(runs["a"], runs["c"], workers=1, replications=2).contacts == 2


@pytest.mark.parametrize("lang", T)
@pytest.mark.parametrize("other", ["small", "short", "seeded"])
def test_pairing_is_not_offered_where_it_would_be_refused(shown, lang, other):
    test = shown("compare", lang=lang, **{"with": other})
    assert not test.exception
    text = said(test)
    assert "pair" not in [b.key for b in test.button]
    assert T[lang]["paired_why"] not in text
    assert start_of(T[lang]["cannot_pair"]) in text
    assert (
        start_of(T[lang][{"small": "differ_contacts", "short": "differ_days", "seeded": "differ_seed"}[other]]) in text
    )


@pytest.mark.parametrize("lang", T)
def test_runs_of_other_sizes_are_told_per_thousand_contacts(shown, home, lang):
    test = shown("compare", lang=lang, **{"with": "small"})
    text = said(test)
    assert T[lang]["basis_size"] in text
    assert T[lang]["map_gap"] not in text
    b, a = (open_store(home / name).kpis["totals"] for name in ("plain", "small"))
    rows = test.dataframe[0].value
    found = dict(zip(rows["figure"], rows["difference"], strict=True))
    for figure in ("revenue", "sent"):
        gap = b[figure] * 1000 / PEOPLE - a[figure] * 1000 / 100
        assert found[T[lang][figure]] == pytest.approx(gap)
    for other, basis in (("short", "basis_length"), ("fewer", None)):
        text = said(shown("compare", lang=lang, **{"with": other}))
        assert [k for k in ("basis_size", "basis_length", "basis_sizelength") if T[lang][k] in text] == [basis] * bool(
            basis
        )


@pytest.mark.parametrize("lang", T)
def test_plans_that_differ_are_named(shown, home, lang):
    text = said(shown("compare", lang=lang, **{"with": "other"}))
    for name in ("demo", "cart"):
        assert T[lang]["plan_as_written"].format(name) in text
    text = said(shown("compare", lang=lang, run="fewer", **{"with": "version"}))
    versions = [open_store(home / n).run.manifest["plan"]["sha256"][:8] for n in ("fewer", "version")]
    told = [T[lang]["version_of"].format("demo", v) for v in versions]
    assert T[lang]["plan_with"].format(told[0], "caps.1.max=1") in text
    assert T[lang]["plan_as_written"].format(told[1]) in text
    assert T[lang]["as_written"] in said(shown("compare", lang=lang, run="fewer", **{"with": "plain"}))


def test_a_file_is_named_where_only_the_file_differs(tmp_path, monkeypatch):
    for n, name in enumerate(("first", "second")):
        (tmp_path / f"{name}.yaml").write_text(template("demo", "en") + f"#{n}\n", "utf-8")
        simulate(tmp_path / f"{name}.yaml", out=tmp_path / name, contacts=20, days=10, workers=1)
    monkeypatch.setenv(RUNS, str(tmp_path / "first"))
    monkeypatch.setenv(HOME, str(tmp_path))
    test = page_of("compare", 180)
    test.query_params["lang"] = "en"
    text = said(test.run())
    assert T["en"]["plan_as_written"].format("demo (first.yaml)") in text
    assert T["en"]["plan_as_written"].format("demo (second.yaml)") in text
    assert str(tmp_path) not in text


def test_the_frontier_has_only_what_can_be_compared(home, monkeypatch):
    monkeypatch.setenv(HOME, str(home))
    monkeypatch.delenv(RUNS, raising=False)
    assert {r["name"] for r in page_frontier.summaries(open_store(home / "plain"))} == {"plain", "fewer", "more"}
    assert {r["name"] for r in page_frontier.summaries(open_store(home / "other"))} == {"other"}


def test_the_matrix_counts_what_the_ledger_tells(view):
    outcomes = {"lost": ("dropped", "replaced"), "kept": ("held",)}
    for fate, which in outcomes.items():
        rows = view.rows(
            f"""SELECT message, winner, reason, outcome, count(*)::INT AS n, sum(value_cents)::INT AS cents FROM ledger
            WHERE winner <> '' AND message <> '' AND outcome IN {which if which[1:] else "('held')"}
            GROUP BY ALL"""
        )
        told = page_arbitration.contests(view, fate)
        assert len(rows) > 5
        assert sorted((r["times"], round(100 * r["value"])) for r in told) == sorted((r["n"], r["cents"]) for r in rows)
        for row in rows:
            names = view.called(row["message"], "message"), page_arbitration.winner(view, row["reason"], row["winner"])
            same = [r for r in told if (r["loser"], r["winner"]) == names]
            assert (view.reason(row["reason"]), view.t(row["outcome"])) in {(r["reason"], r["outcome"]) for r in same}
        squares = page_arbitration.pairs(told)
        assert sum(s["times"] for s in squares) == sum(r["n"] for r in rows)
        assert len({(s["loser"], s["winner"]) for s in squares}) == len(squares)


def test_names_of_the_matrix_have_room(home):
    view = View(open_store(home / "plain"), "plain", "en", "all", "", (0, 8))
    squares = [{"loser": f"loser {n % 7}", "winner": f"winner {n}", "times": n + 1, "reason": ""} for n in range(40)]
    assert page_arbitration.by_times(squares, "winner")[:2] == ["winner 39", "winner 38"]
    axis = page_arbitration.drawn(view, squares).to_dict()["encoding"]["x"]["axis"]
    assert axis["labelAngle"] == -90
    assert page_arbitration.NARROW in axis["labelFontSize"]["expr"]
    plot = 390 - 2 * 13 - 90 - 45  # the page's margins, the losers' names, the title of their axis
    assert plot / page_arbitration.MOST_WINNERS >= 9


@pytest.mark.parametrize("lang", T)
@pytest.mark.parametrize("fate", page_arbitration.FATES)
def test_the_matrix_shows_what_is_lost_or_held(shown, lang, fate):
    test = shown("arbitration", lang=lang, fate=fate)
    assert not test.exception
    assert not test.error
    assert T[lang][f"matrix_alt_{fate}"].split("{1}")[0].removeprefix("{0}") in said(test)


def test_a_name_of_two_kinds_has_the_title_of_its_kind(home):
    fr, en = (View(open_store(home / "plain"), "plain", lang, "all", "", (0, 8)) for lang in ("fr", "en"))
    assert fr.called("digest", "message") == "La lettre du mois"
    assert fr.called("digest", "journey") == "Lettre du mois"
    assert fr.called("digest/digest", "step") == "La lettre du mois"
    assert page_arbitration.winner(fr, "cap:one a day", "digest") == "La lettre du mois"
    assert page_arbitration.winner(fr, "preempted", "digest") == "Lettre du mois"
    assert fr.called("cart/branch", "step") == "big spender ?"
    assert fr.called("welcome/looking_for_answer", "step") == "Que cherchez-vous ?"
    assert fr.called("welcome/wait_for_purchase", "step") == "Achat ?"
    assert (fr.called("opened", "event"), en.called("opened", "event")) == ("Ouverture", "Open")
    assert fr.called("nobody knows", "journey") == "nobody knows"
    stations = {s.id for s in layout_of(fr.store.run).stations}
    for row in fr.rows("SELECT DISTINCT journey, step FROM branch"):
        step = f"{row['journey']}/{row['step']}"
        assert step in stations or step.removesuffix("_answer") in stations
        assert "_" not in page_turning.label(fr, row)
    assert way_called(fr.store.plan, "fr", 'stage == "loyalty"') == "Fidélité"
    assert way_called(fr.store.plan, "fr", "segment.big_spender") == "big spender"


def test_every_decision_is_told_in_titles(view, monkeypatch):
    tables = []
    monkeypatch.setattr(page_contact, "table", lambda view, rows, *more, **how: tables.append(rows))
    names = {n for part in (view.store.plan.journeys, view.store.plan.messages) for n in part if "_" in n}
    for contact in range(40):
        rows, events, known = page_contact.lived(view, str(contact))
        if rows:
            page_contact.decisions(view, rows, events, str(known["zone"]))
    lines = [row["what"] for table in tables for row in table]
    assert len(lines) > 200
    for line in lines:
        words = set(re.findall(r"\w+", re.sub(r"[(]?(cap|plafond|coh[ée]rence|règle|rule) .*", "", line)))
        assert not words & names, line
        assert "`" not in line
    told = "\n".join(lines)
    fr = view.lang == "fr"
    assert ("entre dans « Soldes »" if fr else "enters “Soldes”" if "“Soldes”" in told else "enters “") in told
    assert f"{view.called('sale_opening', 'message')} ({T[view.lang]['channel_email']}," in told
    assert f"● {view.called('visit', 'event')}" in told


def unsampled(folder, contact):
    """A run whose sample and ledger have never heard of a contact."""
    import pyarrow.compute as pc
    import pyarrow.parquet as parquet

    for name in ("sample_walks", "sample_events"):
        file = folder / "aggregates" / f"{name}.parquet"
        found = parquet.read_table(file)
        parquet.write_table(found.filter(pc.not_equal(found["contact"], contact)), file)
    shutil.rmtree(folder / "events")


@pytest.mark.parametrize("lang", T)
def test_who_is_outside_the_sample_is_as_well_known(home, tmp_path, monkeypatch, lang):
    store = open_store(home / "plain")
    row = store.rows("""SELECT contact, persona, any_value(zone) AS zone FROM sample_walks
        WHERE zone <> 'Europe/Paris' GROUP BY ALL ORDER BY count(*) DESC LIMIT 1""")[0]
    kept = page_contact.lived(View(store, "plain", lang, "all", "", (0, 8)), str(row["contact"]))
    run = tmp_path / "plain"
    shutil.copytree(home / "plain", run)
    unsampled(run, row["contact"])
    view = View(open_store(run), "plain", lang, "all", "", (0, 8))
    rows, events, known = page_contact.lived(view, str(row["contact"]))
    assert (known["persona"], known["zone"]) == (row["persona"], row["zone"])
    assert len(rows) == len(kept[0])
    assert [(e["time"], e["type"]) for e in events] == [(e["time"], e["type"]) for e in kept[1]]
    assert page_contact.points(view, rows, events, known["zone"])[0]["time"].tzinfo.key == row["zone"]
    monkeypatch.setenv(RUNS, str(run))
    monkeypatch.setenv(HOME, str(tmp_path))
    test = page_of("contact", 180)
    test.query_params.update({"lang": lang, "contact": str(row["contact"])})
    test.run()
    assert not test.exception
    assert not test.error
    found = {m.label: m.value for m in test.metric}
    assert found[T[lang]["zone"]] == row["zone"]
    assert found[T[lang]["persona"]] == view.called(row["persona"], "persona")


@pytest.mark.parametrize("lang", T)
def test_nobody_is_said_once_and_in_words(shown, home, lang):
    test = shown("contact", lang=lang, contact="abc")
    assert [e.value for e in test.error] == [T[lang]["contact_unknown"]]
    assert len(test.code) == 1
    assert str(home) not in said(test) + test.code[0].value
    assert start_of(T[lang]["no_contact"]) not in said(test)


@pytest.mark.parametrize("lang", T)
@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda run: rewrite(run / "manifest.json", '"complete"', '"running"'), "run_unfinished"),
        (lambda run: (run / "aggregates" / "loop.parquet").unlink(), "run_old"),
        (lambda run: (run / "manifest.json").write_text("{", "utf-8"), "run_unreadable"),
        (lambda run: (run / "aggregates" / "group_kpi.parquet").write_bytes(b"PAR1 no more PAR1"), "table_damaged"),
    ],
)
def test_a_run_that_fails_says_what_to_do(home, tmp_path, monkeypatch, caplog, lang, harm, why):
    run = tmp_path / "harmed"
    shutil.copytree(home / "plain", run)
    harm(run)
    monkeypatch.setenv(RUNS, str(run))
    monkeypatch.setenv(HOME, str(tmp_path))
    test = page_of("results", 180)
    test.query_params["lang"] = lang
    test.run()
    caplog.clear()
    assert not test.exception
    assert [e.value for e in test.error] == [T[lang][why]]
    assert str(tmp_path) not in said(test) + test.code[0].value


def rewrite(file, old, new):
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize("lang", T)
def test_what_fails_beside_is_told_too(home, tmp_path, monkeypatch, lang):
    for name in ("plain", "torn"):
        shutil.copytree(home / "plain", tmp_path / name)
    (tmp_path / "torn" / "aggregates" / "loop.parquet").unlink()
    test = showing(monkeypatch, tmp_path, 180)("compare", lang=lang, vary="caps.three a week.max", values="5..1")
    assert T[lang]["other_unread"] in said(test)
    assert T[lang]["values_unread"] in said(test)
    assert str(tmp_path) not in said(test) + "".join(c.value for c in test.code)


def test_folders_of_this_machine_are_left_out():
    assert technical("/home/me/runs/a: no contact `x`", "en") == "a: no contact `x`"
    assert technical("No magic bytes at '/tmp/r/loop.parquet'", "en") == "No magic bytes at 'loop.parquet'"
    assert technical("opens/sends of 3/4", "en") == "opens/sends of 3/4"
