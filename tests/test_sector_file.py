"""`bifurque behaviour SECTOR`: a file to start from, those people to the byte, every figure with its source."""

import json

import pytest
from click.testing import CliRunner
from msgspec.structs import asdict
from realistic_plans import letter_plan

from bifurque.engine.check_realistic import check_figures
from bifurque.engine.cli import main
from bifurque.engine.decode import decode
from bifurque.engine.habits import Behaviour
from bifurque.engine.problems import Problems
from bifurque.engine.reader import read_text
from bifurque.engine.realistic import Known, Realistic
from bifurque.engine.sector_file import CHANNELS, PERSONAS, SECTORS, SOURCES, sector_text
from bifurque.engine.sectors import usual
from bifurque.engine.simulate import simulate

PARTS = ("purchases", "spend", "lift", "visits", "fatigue", "clock", "interest", "opinion")


def told(*command):
    return CliRunner().invoke(main, ["behaviour", *command])


def people_of(text):
    """The behaviour a text says; without any problem."""
    raw, problems = read_text(text, Problems("file"))
    behaviour = decode(raw["behaviour"], Behaviour, ("behaviour",), problems)
    check_figures(behaviour.realistic, ("behaviour", "realistic"), problems)
    assert not problems.found
    return behaviour


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("sector", SECTORS)
def test_every_figure_is_that_of_the_sector_and_has_a_source(sector, lang):
    text = sector_text(sector, lang)
    behaviour = people_of(text)
    assert (behaviour.sector, behaviour.kind) == (sector, "realistic")
    for part in PARTS:
        assert getattr(behaviour.realistic, part) == getattr(Realistic(), part)
    for channel in CHANNELS:
        for key, known in asdict(usual(sector, channel)).items():
            figure = known.value if isinstance(known, Known) else known
            assert getattr(behaviour.realistic.channels[channel], key) == pytest.approx(figure, abs=1e-12)
    for line in text.splitlines():
        key, _, value = line.strip().partition(": ")
        if value[:1].isdigit() and not key.startswith("#"):
            assert "  # " in value, line
    assert ("quoted from memory" in text) == ("from memory" in usual(sector, "email").open.source)


def test_every_source_is_of_a_figure():
    known = {f"{part}.{key}" for part in PARTS for key in asdict(getattr(Realistic(), part))}
    known |= {f"email.{key}" for key in asdict(usual("all", "email"))}
    assert set(SOURCES) <= known


def test_its_personas_can_be_lived_once_they_are_uncommented():
    lines = sector_text("retail", "en").splitlines()
    first = next(i for i, line in enumerate(lines) if line.endswith("# personas:"))
    more = [line.replace("    # ", "    ", 1) for line in lines[first : first + 1 + len(PERSONAS)]]
    behaviour = people_of("\n".join([*lines[:first], *more]))
    assert behaviour.realistic.personas == PERSONAS


@pytest.mark.parametrize("sector", ["all", "beauty"])
def test_the_file_gives_the_same_bytes_as_the_name(tmp_path, sector):
    """Whoever writes the file and changes nothing has changed nothing."""
    file = tmp_path / "people.yaml"
    assert told(sector, "-o", str(file)).exit_code == 0
    options = {"contacts": 800, "ledger": "full"}
    plan = letter_plan()
    asked = ["behaviour.kind=realistic", f"behaviour.sector={sector}"]
    named = simulate(plan, overrides=asked, out=tmp_path / "a", **options)
    read = simulate(plan, behaviour=str(file), out=tmp_path / "b", **options)
    assert named.kpis["totals"]["purchases"] > 100
    assert read.digest == named.digest
    assert read.kpis == named.kpis
    assert read.events().equals(named.events())


def test_on_the_command_line(tmp_path):
    listed = told("--list").stdout.split()
    assert listed == list(SECTORS)
    assert json.loads(told("--list", "--json").stdout) == listed
    assert told("retail", "--lang", "en").stdout == sector_text("retail", "en")
    assert told("--lang", "fr").stdout == sector_text("all", "fr")
    file = tmp_path / "people.yaml"
    assert told("retail", "-o", str(file), "--lang", "en").stdout.strip() == str(file)
    assert file.read_text("utf-8") == sector_text("retail", "en")
    again = told("retail", "-o", str(file))
    assert again.exit_code == 2
    assert "exists already" in again.stderr
    wrong = told("retial")
    assert wrong.exit_code == 2
    assert "did you mean `retail`?" in wrong.stderr
    nowhere = told("retail", "-o", str(tmp_path / "no" / "file.yaml"))
    assert nowhere.exit_code == 2
    assert "Traceback" not in nowhere.output
