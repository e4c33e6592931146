"""docs/behaviour.md says what the types and the sectors say, and its examples can be read."""

from pathlib import Path

import pytest

from bifurque.engine.check_realistic import check_figures
from bifurque.engine.decode import decode
from bifurque.engine.habits import Behaviour
from bifurque.engine.problems import Problems
from bifurque.engine.reader import read_text
from bifurque.engine.realistic import Known, Sector
from bifurque.engine.reference import filled
from bifurque.engine.sectors import usual

PAGE = (Path(__file__).parent.parent / "docs" / "behaviour.md").read_text("utf-8")


def test_its_tables_are_those_of_the_types():
    assert filled(PAGE) == PAGE


@pytest.mark.parametrize("sector", Sector.__args__)
def test_its_sectors_are_those_of_the_presets(sector):
    row = next(line for line in PAGE.splitlines() if line.startswith((f"| {sector} |", f"| {sector} * |")))
    opened, clicked, hard, soft, left = (float(cell) / 100 for cell in row.split("|")[2:7])
    reads = usual(sector, "email")
    figures = [opened, clicked / opened, hard, soft, left]
    for known, figure in zip(
        (reads.open, reads.click, reads.hard, reads.soft, reads.unsubscribe), figures, strict=True
    ):
        assert isinstance(known, Known)
        assert known.value == pytest.approx(figure, abs=1e-6)
        assert ("from memory" in known.source) == ("*" in row)


def test_its_example_can_be_lived():
    text = next(block for block in PAGE.split("```") if block.startswith("yaml\nbehaviour:")).removeprefix("yaml\n")
    raw, problems = read_text(text, Problems("page"))
    behaviour = decode(raw["behaviour"], Behaviour, ("behaviour",), problems)
    assert not problems.found
    check_figures(behaviour.realistic, ("behaviour", "realistic"), problems)
    assert not problems.found
