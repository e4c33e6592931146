"""Who of some contacts passed a station, in a process of its own: `python -m bifurque.dashboard.passing RUN ASKED`.

`ASKED` is JSON: the journey, its steps, the first instant and the one after the last, contacts, how many to find.
"""

from __future__ import annotations

import sys
from pathlib import Path as File
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from bifurque.rules.errors import BifurqueError

if TYPE_CHECKING:
    from bifurque.engine.lifeline import Way


class Asked(Struct):
    """Who is looked for."""

    journey: str
    steps: list[str]
    since: int
    until: int
    contacts: list[int]
    most: int


def main(folder: str, text: str) -> int:
    """Live them again one by one until enough are found, and write their numbers."""
    from bifurque.engine.lifeline import lifeline
    from bifurque.engine.run import open_run

    asked, found = msgspec.json.decode(text, type=Asked), []
    try:
        run = open_run(File(folder))
        for contact in asked.contacts:
            if any(_here(asked, way) for way in lifeline(run, contact).ways):
                found.append(contact)
            if len(found) == asked.most:
                break
    except BifurqueError as error:
        print(error, file=sys.stderr)
        return 2
    sys.stdout.write(msgspec.json.encode(found).decode())
    return 0


def _here(asked: Asked, way: Way) -> bool:
    """Whether a way leads to the station in time."""
    return way.journey == asked.journey and way.target in asked.steps and asked.since <= way.time < asked.until


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
