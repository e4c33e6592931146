"""Lets people live a plan, in a folder of their own, and returns the story that the auditor judges."""

import csv
from unittest import mock

import numpy as np
from auditor import story_of

from bifurque.actors.lane import run_lane
from bifurque.engine.living import ROWS
from bifurque.engine.simulate import simulate
from bifurque.engine.sink import Nowhere
from bifurque.rules.layout import CONTACT, HASH, MISSING


def write(file, rows):
    """Rows as a CSV file."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


def lived(folder, plan, people, events, seed=1, **more):
    """The story of a run over people and events."""
    folder.mkdir(exist_ok=True)
    files = {"population": write(folder / "people.csv", people)}
    if events:
        files["events"] = write(folder / "events.csv", events)
    options = {"ledger": "full", "behaviour": "off", "workers": 1, "seed": seed, "overwrite": True}
    with mock.patch.dict(ROWS, full=1024):  # little room: lanes must hand their rows over in between
        run = simulate(plan, out=folder / "run", **files, **{**options, **more})
    return story_of(run, people)


def assert_same_memory(setting):
    """The compiled and the uncompiled step leave the same memory behind, of all contacts of a setting."""
    stretch, compiled, plain = setting.stretch(0, 0, setting.people.count, 1.0), setting.lane(), setting.lane().words
    compiled.live(stretch, Nowhere())
    plain[CONTACT] = MISSING
    with np.errstate(over="ignore"):
        run_lane(plain, stretch.people, stretch.events, stretch.bounds)
    first = setting.program.first_counter
    assert compiled.words[first:].any()
    assert np.array_equal(compiled.words[first:], plain[first:])
    assert compiled.words[HASH] == plain[HASH] != 0
