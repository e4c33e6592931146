"""The colours of lines: told apart by everybody, whatever their colour vision, on white and on dark paper.

Distances are Euclidean in OKLab, times 100; colour-blindness after Machado, Oliveira & Fernandes 2009, severity 1.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping

COLOURS = (
    "#024BDD",
    "#F5500E",
    "#279ADB",
    "#A33206",
    "#AD6585",
    "#763FA1",
    "#9065F9",
    "#126740",
    "#199A16",
    "#EC50CA",
)
"""Every prefix is as distinct as can be: the worst pair of the first 6 is 10.0 apart, of 8, 8.0, of all 10, 7.2."""
PAPER = {"light": "#FFFFFF", "dark": "#11161D"}
VISIONS = {
    "normal": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
_TO_CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
Vector = tuple[float, float, float]


def _times(matrix: tuple[Vector, ...], v: Vector) -> Vector:
    a, b, c = (sum(m * x for m, x in zip(row, v, strict=True)) for row in matrix)
    return a, b, c


def linear(colour: str) -> Vector:
    """The light of a colour `#RRGGBB`, by primary."""
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    a, c, d = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in (r, g, b))
    return a, c, d


def seen(colour: str, vision: str = "normal") -> Vector:
    """A colour in OKLab, times 100, as somebody sees it."""
    r, g, b = (min(max(x, 0.0), 1.0) for x in _times(VISIONS[vision], linear(colour)))
    cones = _times(_TO_CONES, (r, g, b))
    lightness, a, b = _times(_TO_LAB, (cones[0] ** (1 / 3), cones[1] ** (1 / 3), cones[2] ** (1 / 3)))
    return 100 * lightness, 100 * a, 100 * b


def distance(one: str, other: str, vision: str = "normal") -> float:
    """How far apart two colours look."""
    pairs = zip(seen(one, vision), seen(other, vision), strict=True)
    return float(sum((a - b) ** 2 for a, b in pairs) ** 0.5)


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2."""
    r, g, b = linear(colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""
    low, high = sorted((luminance(one) + 0.05, luminance(other) + 0.05))
    return high / low


def ink_on(colour: str) -> str:
    """Black or white, whichever reads better on a colour."""
    return max("#FFFFFF", "#10151C", key=lambda ink: contrast(ink, colour))


def colours_of(lines: int, meetings: Mapping[tuple[int, int], float]) -> tuple[int, ...]:
    """A colour for each line: lines that meet get the most different ones; the same plan always gets the same.

    Args:
        lines: how many there are.
        meetings: how closely pairs of lines meet; those not named meet nowhere.
    """
    cost = _likeness()
    near = {k: {} for k in range(lines)}  # type: dict[int, dict[int, float]]
    for a, b in itertools.combinations(range(lines), 2):
        near[a][b] = near[b][a] = 0.02 + meetings.get((a, b), 0.0) + meetings.get((b, a), 0.0)

    def pain(line: int, colour: int, chosen: list[int], but: int = -1) -> float:
        return sum(w * cost[colour][chosen[o]] for o, w in near[line].items() if o != but)

    chosen = [k % len(COLOURS) for k in range(lines)]
    dice = random.Random(lines)
    pairs = list(itertools.combinations(range(lines), 2))
    for _ in range(12):
        dice.shuffle(pairs)
        moved = False
        for a, b in pairs:
            now = pain(a, chosen[a], chosen, b) + pain(b, chosen[b], chosen, a)
            then = pain(a, chosen[b], chosen, b) + pain(b, chosen[a], chosen, a)
            if then < now - 1e-9:
                chosen[a], chosen[b], moved = chosen[b], chosen[a], True
        if not moved:
            break
    return tuple(chosen)


def _likeness() -> list[list[float]]:
    """How much two colours may be mistaken for each other, over all visions."""

    def alike(one: str, other: str) -> float:
        if one == other:
            return 60.0
        worst = min(distance(one, other, v) for v in VISIONS)
        return float(min((10 / worst) ** 2 + (22 / distance(one, other)) ** 2, 60.0))

    return [[alike(one, other) for other in COLOURS] for one in COLOURS]
