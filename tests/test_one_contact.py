"""One contact at any instant, and who stands where: the life lived again is the life of the run, to the second."""

import json
from collections import Counter

import pyarrow.compute as pc
import pytest
from click.testing import CliRunner

from bifurque.engine.cli import main
from bifurque.engine.run import open_run
from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template
from bifurque.rules.errors import DataError

SIZES = {"demo": (300, 120), "best-offer": (400, 120), "b2b": (300, 90)}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    made = {}

    def of(name, workers=1):
        if (name, workers) not in made:
            contacts, days = SIZES[name]
            out = tmp_path_factory.mktemp(name) / "run"
            text = template(name, "en")
            made[name, workers] = simulate(
                text, out=out, contacts=contacts, days=days, ledger="full", workers=workers, seed=3
            )
        return made[name, workers]

    return of


def rows_of(table, contact):
    return table.filter(pc.equal(table["contact"], contact)).to_pylist()


@pytest.mark.parametrize("name", SIZES)
def test_its_history_is_the_ledger_up_to_that_instant(run, name):
    told, ledger, events = run(name), run(name).ledger(), run(name).events()
    most = Counter(ledger["contact"].to_pylist()).most_common(2)
    for contact in (0, *(c for c, _ in most)):
        state = told.contact(contact)
        rows = rows_of(ledger, contact)
        assert state.history == rows
        assert state.events == rows_of(events, contact)
        for row in rows[:: max(len(rows) // 2, 1)]:
            then = told.contact(contact, f"{row['time']:%Y-%m-%dT%H:%M:%SZ}")
            assert then.history == [r for r in rows if r["time"] <= row["time"]]


@pytest.mark.parametrize("name", SIZES)
def test_where_everybody_stands_is_where_each_stands(run, name):
    told = run(name)
    table = told.where()
    assert table["contact"].to_pylist() == sorted(table["contact"].to_pylist())
    for contact in (0, 7, *pc.unique(table.filter(pc.not_equal(table["journey"], ""))["contact"]).to_pylist()[:3]):
        state = told.contact(contact)
        found = [(r["journey"], r["step"], r["due"]) for r in rows_of(table, contact)]
        assert found == ([(v.journey, v.step, v.due) for v in state.inside] or [("", "", None)])
        assert {r["stage"] for r in rows_of(table, contact)} == {state.stage}


@pytest.mark.parametrize("name", SIZES)
def test_how_many_stand_there_is_what_the_figures_say(run, name):
    told = run(name)
    answer = json.loads(CliRunner().invoke(main, ["where", str(told.folder), "--json"]).output)
    assert answer["contacts"] == SIZES[name][0]
    assert sum(answer["stages"].values()) == SIZES[name][0]
    inside = Counter(j for j in told.where()["journey"].to_pylist() if j)
    assert dict(inside) == {j: row["inside"] for j, row in told.kpis["journeys"].items() if row["inside"]}
    for stage, row in told.kpis["stages"].items():
        assert answer["stages"].get(stage, 0) == row["now"]


def test_any_number_of_lanes_says_the_same(run):
    for name in ("demo", "best-offer"):
        one, three = run(name), run(name, 3)
        assert one.digest == three.digest
        for file in ("standing.parquet", *(["answers.parquet"] if name == "best-offer" else [])):
            assert (one.folder / file).read_bytes() == (three.folder / file).read_bytes()


def test_the_mailbox_says_what_happens_next(run):
    told = run("demo")
    ledger = told.ledger()
    held = ledger.filter(pc.and_(pc.equal(ledger["outcome"], "held"), pc.is_valid(ledger["until"]))).to_pylist()[0]
    state = told.contact(held["contact"], f"{held['time']:%Y-%m-%dT%H:%M:%SZ}")
    waiting = [w for w in state.mailbox if w.kind == "message" and w.name == held["message"]]
    assert [w.at for w in waiting] == [held["until"]]
    assert waiting[0].reason == held["reason"]


def test_before_a_contact_arrives_it_does_not_live(tmp_path):
    plan = template("cart", "en")
    (tmp_path / "people.csv").write_text("contact,zone,joined,consent\nanna,Europe/Paris,2025-03-01T00:00:00Z,all\n")
    run = simulate(
        plan, population=tmp_path / "people.csv", behaviour="off", days=90, out=tmp_path / "run", ledger="none"
    )
    assert not run.contact("anna", "2025-02-01").lives
    assert run.contact("anna", "2025-03-02").lives
    assert run.contact("anna").consents["marketing.email"]
    with pytest.raises(DataError, match="not within the run"):
        run.contact("anna", "2026-02-01")
    with pytest.raises(DataError, match="no instant"):
        run.contact("anna", "yesterday")
    with pytest.raises(DataError, match="no contact"):
        run.contact("bert")


@pytest.mark.parametrize(("lang", "head", "word"), [("fr", "Étape", "En attente"), ("en", "Stage", "Waiting")])
def test_told_in_both_languages(run, lang, head, word):
    folder = str(run("demo").folder)
    text = CliRunner().invoke(main, ["contact", folder, "7", "--at", "2026-02-10", "--lang", lang])
    assert text.exit_code == 0, text.output
    assert f"{head}: " in text.output
    assert f"{word}:" in text.output
    text = CliRunner().invoke(main, ["where", folder, "--lang", lang])
    assert text.exit_code == 0, text.output
    text = CliRunner().invoke(main, ["where", folder, "nowhere", "--lang", lang])
    assert text.exit_code == 2
    assert {"fr": "aucun parcours ne s'appelle `nowhere`", "en": "no journey is called `nowhere`"}[lang] in text.output


def test_who_is_in_a_journey(run):
    told = open_run(run("demo").folder)
    journey = Counter(j for j in told.where()["journey"].to_pylist() if j).most_common(1)[0][0]
    text = CliRunner().invoke(main, ["where", str(told.folder), journey, "--lang", "en"]).output.splitlines()
    assert len([line for line in text if journey in line]) == min(len(told.where(journey)), 50)
    rows = CliRunner().invoke(main, ["where", str(told.folder), journey, "--json"]).output
    assert len(json.loads(rows)) == len(told.where(journey))
    with pytest.raises(DataError, match="has no step"):
        told.where(journey, "nowhere")
