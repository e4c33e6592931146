"""A simulation or a sweep in a process of its own: `python -m bifurque.dashboard.work JOB`; it tells how far it is."""

from __future__ import annotations

import json
import sys
from pathlib import Path as File

from bifurque.rules.errors import BifurqueError, PlanError


def main(file: str) -> int:
    """Simulate what a job file asks for, or try its values, and say on the output how far it is."""
    from bifurque.engine.simulate import simulate
    from bifurque.engine.sweep import sweep

    job_file = File(file)
    asked = json.loads(job_file.read_text("utf-8"))
    job_file.unlink()
    told = -1

    def progress(done: int, total: int, days: int = 0) -> None:
        nonlocal told
        percent = 100 * done // max(total, 1)
        if percent != told:
            told = percent
            print(f"progress {percent / 100}", flush=True)

    plan = asked.pop("plan")
    work = sweep if "vary" in asked else simulate
    try:
        work(plan if "\n" in plan else plan + "\n", progress=progress, **asked)
    except PlanError as error:
        print("\n".join(map(str, error.problems)))
        return 2
    except BifurqueError as error:
        print(error)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
