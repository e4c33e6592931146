"""Draws docs/map.svg from a run of the demo plan: python docs/map_picture.py demo/run."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import bifurque
from bifurque.dashboard.map_flows import flows_of
from bifurque.dashboard.map_layout import lay_out
from bifurque.dashboard.map_svg import draw


def picture(run: bifurque.Run) -> str:
    """The lived flow of a run, without what only a reader who points at it sees: a smaller file."""
    layout = lay_out(run.plan)
    svg = draw(layout, flows_of(run, layout), theme="auto", lang="en")
    return re.sub(r"<title>.*?</title>", "", svg)


if __name__ == "__main__":
    Path(__file__).with_name("map.svg").write_text(picture(bifurque.open_run(sys.argv[1])), encoding="utf-8")
