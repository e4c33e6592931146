"""Work that is done outside the web process: simulations, comparisons, the life of one contact."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any

from bifurque.dashboard.lived import NOBODY
from bifurque.dashboard.runs import home
from bifurque.engine.run import MANIFEST
from bifurque.rules.errors import BifurqueError, DataError

WORK, LIVED, PASSING = (f"bifurque.dashboard.{name}" for name in ("work", "lived", "passing"))


@dataclass
class Job:
    """A process at work, and how far it is.

    Attributes:
        out: the folder it fills.
        done: the share that is done.
        failed: what it said when it failed.
        finished: whether it is over.
    """

    out: File
    process: subprocess.Popen[str]
    done: float = 0.0
    failed: str = ""
    finished: bool = False
    said: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Read what the process says until it ends."""
        assert self.process.stdout is not None
        with self.process.stdout as said:
            for line in said:
                self._heard(line.rstrip("\n"))
        if self.process.wait() != 0 and not self.failed:
            self.failed = "\n".join(self.said[-20:]) or f"exit {self.process.returncode}"
        self.done, self.finished = 1.0, True

    def _heard(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "progress":
            self.done = float(rest)
        elif line.strip():
            self.said.append(line)

    def stop(self) -> None:
        """End it; a run it was simulating goes with it."""
        self.process.terminate()
        self.process.wait()
        job_of(self.out).unlink(missing_ok=True)
        if self.out.is_dir() and not is_there(self.out):
            shutil.rmtree(self.out, ignore_errors=True)


def job_of(out: File) -> File:
    """The file that says what is asked for, until its process has read it."""
    return out.with_name(out.name + ".job")


def start(arguments: Sequence[str], out: File) -> Job:
    """Start a process of the product's own."""
    command = [sys.executable, "-m", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8")
    job = Job(out, process)
    threading.Thread(target=job.watch, daemon=True).start()
    return job


def work(asked: dict[str, Any], out: File) -> Job:
    """Have something done that fills a folder (see `dashboard.work`), in a process of its own."""
    out.parent.mkdir(parents=True, exist_ok=True)
    job_file = job_of(out)
    job_file.write_text(json.dumps(asked | {"out": str(out)}), "utf-8")
    return start([WORK, str(job_file)], out)


def folder_for(name: str) -> File:
    """A new folder among the runs, named after what is tried."""
    short = re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-.")[:60] or "run"
    place, n = home() / short, 1
    while place.exists():
        n += 1
        place = home() / f"{short}-{n}"
    return place


def simulate(plan: str, name: str, **options: Any) -> Job:
    """Simulate the text of a plan, in a process of its own."""
    return work({"plan": plan} | options, folder_for(name))


def example() -> File:
    """Where the bundled example is, or will be."""
    return home() / "demo"


def simulate_example(contacts: int = 20_000) -> Job:
    """Simulate the bundled example."""
    from bifurque.engine.templates_list import template

    return simulate(template("demo", "fr"), "demo", contacts=contacts)


def is_there(folder: File) -> bool:
    """Whether a run has reached its end."""
    try:
        return bool(json.loads((folder / MANIFEST).read_text("utf-8")).get("status") == "complete")
    except (OSError, ValueError):
        return False


def life(folder: File, contact: str) -> list[dict[str, Any]]:
    """Every decision about one contact of a run, lived again in a process of its own.

    Raises:
        BifurqueError: nobody has this number; a file of the run is gone.
    """
    found: list[dict[str, Any]] = _told(["bifurque", "why", str(folder), "--json", "--", contact])
    return found


def lifeline(folder: File, contact: str) -> dict[str, Any]:
    """Who a contact is, what it did, its ways and the course of its scores, lived again in a process of its own.

    Raises:
        DataError: nobody has this number.
        BifurqueError: a file of the run is gone.
    """
    found: dict[str, Any] = _told([LIVED, str(folder), contact])
    return found


def passers(
    folder: File, journey: str, steps: Sequence[str], between: tuple[int, int], contacts: Sequence[int], most: int
) -> list[int]:
    """Who of some contacts of a run came to one of these steps between two instants; it stops at so many.

    Raises:
        BifurqueError: a file of the run is gone.
    """
    asked = {"journey": journey, "steps": steps, "since": between[0], "until": between[1]}
    found: list[int] = _told([PASSING, str(folder), json.dumps(asked | {"contacts": contacts, "most": most})])
    return found


def _told(arguments: list[str]) -> Any:
    """What a process of the product's own says, as JSON."""
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    if done.returncode != 0:
        kind = DataError if done.returncode == NOBODY else BifurqueError
        raise kind(done.stderr.strip() or arguments[0])
    return json.loads(done.stdout)
