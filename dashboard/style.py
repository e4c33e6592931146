"""The measures of a map, in pixels: see docs/map.md."""

from __future__ import annotations

import math

WIDTH, WIDEST, THINNEST = 7.0, 12.0, 1.4
"""A line in the plan; in a lived flow, the most and the least."""


def width_of(count: float, most: float) -> float:
    """How wide a line of so many contacts is: four times as many are twice as wide."""
    return max(THINNEST, WIDEST * math.sqrt(count / most))


PITCH = 13.0
"""Between the lines of one bundle."""
BEND = 20.0
"""The radius of a bend."""
TANGENT = math.tan(math.pi / 8)
"""How much later a 45° bend comes, by unit of offset, for two lines to stay parallel."""
RADIUS = 12.0
"""Of the largest station."""
DOT = 4.5
"""Of a wait."""
PASSING = 9.0
"""The room above and below a line that passes by."""
ROW_AIR = 5.0
TURN, FIRST_ON_LEG, LEG_PITCH = 20.0, 26.0, 44.0
"""A leg: its chamfer, from there to its first station, from one to the next."""
LABEL, NOTE, HUB_LABEL = 12.0, 10.0, 13.0
"""Font sizes."""
LINE = 1.18
LABEL_AIR = 3.0
"""Between a station and its label."""
LABEL_ROOM = math.ceil(LABEL_AIR + 2 * HUB_LABEL * LINE + NOTE * LINE + 2)
"""What a label of two lines and a note needs below its station; whole, as all heights are: nothing is nearly level."""
RETURN_STUB, RETURN_HIGH = 10.0, 19.0
RETURN_CLEAR = 30.0
"""How far a badge may reach on the side where its lines pass."""
RETURN_ROOM = RETURN_STUB + RETURN_HIGH + 5
"""The badge of a return, on its stub."""
COLUMN = 46.0
"""The least distance of two columns."""
BAND_AIR = 8.0
"""Between what stands in a band and its borders."""
HEAD = 34.0
"""The heading of the bands."""
