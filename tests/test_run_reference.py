"""The reference of the run folder names what a run writes, no more and no less; what it shows works."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bifurque.engine.templates_list import template
from bifurque.rules.layout import CAUSES, OUTCOMES, REASONS

DOCUMENT = (Path(__file__).parents[1] / "docs" / "run.md").read_text("utf-8")
FENCE = re.compile(r"^```(\w+) ?(.*)\n((?:.*\n)*?)^```$", re.MULTILINE)
BLOCKS = {f"{kind} {more}".strip(): text for kind, more, text in FENCE.findall(DOCUMENT)}


def section(heading):
    return re.split(rf"^#+ {heading}$", DOCUMENT, flags=re.MULTILINE)[1].split("\n#")[0]


def first_cells(text):
    """What stands in backquotes in the first cells of the tables of a section."""
    cells = [row.split("|")[1] for row in text.splitlines() if row.startswith("|")]
    return [word for cell in cells for word in re.findall(r"`([^`]+)`", cell)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder that holds a small run, called `run`."""
    from bifurque.engine.simulate import simulate

    place = tmp_path_factory.mktemp("reference")
    (place / "plan.yaml").write_text(template("recovery", "en"), "utf-8")
    options = {"contacts": 100, "days": 40, "seed": 1, "ledger": "full", "workers": 1}
    simulate(place / "plan.yaml", out=place / "run", overrides=["journeys.cart.holdout=10%"], **options)
    return place


def opened(folder):
    from bifurque.engine.run import open_run

    return open_run(folder / "run")


def test_the_columns(folder):
    run = opened(folder)
    assert first_cells(section("The ledger")) == run.ledger().column_names
    assert first_cells(section("Events")) == run.events().column_names


def test_the_closed_lists():
    words = {re.sub(":<.*>$", "", word) for word in first_cells(section("Reasons"))}
    assert words == set(REASONS) - {""} | {"cap", "coherence"}
    causes = {re.sub(":<.*>$", "", word) for word in first_cells(section("Causes"))}
    assert causes == set(CAUSES) - {""}
    assert all(f"`{outcome}`" in section("The ledger") for outcome in OUTCOMES if outcome)


def keys_of(figures):
    """The names of all figures, those of each group's first member included."""
    found = set(figures["totals"])
    for group in ("journeys", "messages", "channels", "arms", "stages", "steps"):
        found |= set(next(iter(figures[group].values())))
    return found


def test_the_figures(folder):
    figures = json.loads((folder / "run" / "kpi.json").read_text("utf-8"))
    text = section("Figures")
    table = set(first_cells(text)) | {"passed"}  # explained beside what it adds up to
    assert keys_of(figures) == table
    assert "`passed`" in text
    prose = text.split("\n|")[0] + text.split("|\n")[-1]
    named = {re.sub(r"\[.*", "", word) for word in re.findall(r"`([\w\[\]]+)`", prose)}
    assert set(figures) | set(figures["pressure"]) <= named


def test_the_aggregates(folder):
    rows = [row for row in section("Aggregates").splitlines() if row.startswith("| `")]
    run = opened(folder)
    tables = {words[0]: words[1:] for row in rows if (words := re.findall(r"`(\w+)`", row))}
    assert set(tables) == {file.stem for file in (folder / "run" / "aggregates").iterdir()}
    assert tables.pop("sample_walks") == run.aggregate("sample_walks").column_names[-2:]
    assert tables.pop("sample_events") == []
    assert run.aggregate("sample_events").column_names == run.events().column_names
    assert tables == {name: run.aggregate(name).column_names for name in tables}


def test_the_manifest(folder):
    manifest = opened(folder).manifest
    assert set(first_cells(section("The manifest"))) == set(manifest)
    inside = [*manifest["plan"], *manifest["executor"], *manifest["versions"], manifest["status"]]
    assert [key for key in inside if f"`{key}`" not in section("The manifest")] == []


def ran(folder, *command):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_python(folder):
    sent, digest, rows = ran(folder, sys.executable, "-c", BLOCKS["python"]).split()[:3]
    assert (int(sent), digest, int(rows)) == (
        opened(folder).kpis["totals"]["sent"],
        opened(folder).digest,
        opened(folder).ledger().num_rows,
    )


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_the_jq(folder):
    for line in BLOCKS["sh"].splitlines():
        assert ran(folder, "bash", "-c", line).strip() not in ("", "null")


def test_the_sql(folder, monkeypatch):
    duckdb = pytest.importorskip("duckdb")
    monkeypatch.chdir(folder)
    for query in BLOCKS["sql"].split(";")[:-1]:
        assert duckdb.sql(query).shape[1] >= 3


def test_the_polars(folder):
    pytest.importorskip("polars")
    assert "quiet_hours" in ran(folder, sys.executable, "-c", BLOCKS["python polars"])
