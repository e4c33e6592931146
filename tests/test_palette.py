"""The colours of lines, for everybody's eyes, on both papers: measured, never judged by eye."""

import itertools

import pytest

from bifurque.dashboard.palette import COLOURS, PAPER, VISIONS, colours_of, contrast, distance, ink_on, seen


@pytest.mark.parametrize(("first", "apart"), [(6, 10.0), (8, 8.0), (10, 7.2)])
def test_every_pair_is_told_apart_by_every_eye(first, apart):
    pairs = itertools.combinations(COLOURS[:first], 2)
    worst = min(distance(a, b, vision) for a, b in pairs for vision in VISIONS)
    assert worst >= apart - 0.05


def test_every_colour_stands_out_from_its_paper():
    assert min(contrast(c, PAPER["light"]) for c in COLOURS) >= 3
    assert min(contrast(c, PAPER["dark"]) for c in COLOURS) >= 2.55


def test_numbers_are_read_on_their_colour():
    assert min(contrast(ink_on(c), c) for c in COLOURS) >= 4.2


def test_measures_are_those_of_the_literature():
    """Tableau's ten colours, of which two are one to a deuteranope; white and black in OKLab; contrast of black."""
    tableau = [
        "#4E79A7",
        "#F28E2B",
        "#E15759",
        "#76B7B2",
        "#59A14F",
        "#EDC948",
        "#B07AA1",
        "#FF9DA7",
        "#9C755F",
        "#BAB0AC",
    ]
    assert min(distance(a, b, v) for a, b in itertools.combinations(tableau, 2) for v in VISIONS) < 1
    assert seen("#FFFFFF")[0] == pytest.approx(100, abs=0.1)
    assert seen("#000000")[0] == pytest.approx(0, abs=0.1)
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)


def test_lines_that_meet_get_different_colours():
    meetings = {(0, 1): 3.0, (1, 2): 3.0, (0, 11): 5.0}
    found = colours_of(12, meetings)
    assert found == colours_of(12, meetings)
    assert len(set(found)) == len(COLOURS)
    assert all(found[a] != found[b] for a, b in meetings)
