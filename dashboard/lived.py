"""One life from step to step, in a process of its own: `python -m bifurque.dashboard.lived RUN CONTACT`, as JSON."""

from __future__ import annotations

import sys
from pathlib import Path as File

import msgspec

from bifurque.rules.errors import BifurqueError


def main(folder: str, contact: str) -> int:
    """Live it again, and write the ways it took and what its scores were worth."""
    from bifurque.engine.lifeline import lifeline
    from bifurque.engine.run import open_run

    try:
        found = lifeline(open_run(File(folder)), contact)
    except BifurqueError as error:
        print(error, file=sys.stderr)
        return 2
    sys.stdout.write(msgspec.json.encode(found).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
