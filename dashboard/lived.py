"""One life from step to step, in a process of its own: `python -m bifurque.dashboard.lived RUN CONTACT`, as JSON."""

from __future__ import annotations

import sys
from pathlib import Path as File

import msgspec

NOBODY, FAILED = 3, 2
"""What the process ends with: the run has no such contact; anything else that cannot be."""


def main(folder: str, contact: str) -> int:
    """Live it again, and write the ways it took and what its scores were worth."""
    from bifurque.engine.lifeline import lifeline
    from bifurque.engine.run import open_run
    from bifurque.rules.errors import BifurqueError, DataError

    try:
        found = lifeline(open_run(File(folder)), contact)
    except BifurqueError as error:
        print(error, file=sys.stderr)
        return NOBODY if isinstance(error, DataError) else FAILED
    sys.stdout.write(msgspec.json.encode(found).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
