"""Anybody's question in SQL, answered by a process that can be ended: `python -m bifurque.dashboard.asked RUN`.

The question comes on the input, the answer goes to the output as an Arrow stream.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path as File

import duckdb
import pyarrow as pa

from bifurque.dashboard.runs import Store, open_store

MOST_ROWS, MOST_SECONDS, MOST_BYTES = 10_000, 20.0, 64 << 20
PATIENCE = 5.0
"""Seconds that the process may take beyond those of the question."""
REFUSED = 3
SELECT, SLOW, LARGE = "select", "slow", "large"


class NotAnswered(Exception):  # noqa: N818
    """A question that was not answered: one of the words above, or what the database says."""


def ask_freely(folder: File, sql: str) -> tuple[pa.Table, bool]:
    """The answer to anybody's question: one SELECT, bounded in time, rows and bytes; and whether there was more.

    Raises:
        NotAnswered: it is no question, it cannot be answered, it takes too long or answers too much.
    """
    command = [sys.executable, "-m", "bifurque.dashboard.asked", str(folder)]
    try:
        done = subprocess.run(
            command, input=sql.encode(), capture_output=True, timeout=MOST_SECONDS + PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise NotAnswered(SLOW) from None
    if done.returncode != 0:
        raise NotAnswered(done.stderr.decode(errors="replace").strip() or f"exit {done.returncode}")
    with pa.ipc.open_stream(done.stdout) as stream:
        table = stream.read_all()
    return table.slice(0, MOST_ROWS), table.num_rows > MOST_ROWS


def answer(store: Store, sql: str) -> pa.Table:
    """The answer, one row more than may be shown if there are more.

    Raises:
        NotAnswered: see `ask_freely`.
    """
    cursor = store.con.cursor()
    alarm = threading.Timer(MOST_SECONDS, cursor.interrupt)
    alarm.start()
    try:
        asked = cursor.extract_statements(sql)
        if len(asked) != 1 or asked[0].type.name != "SELECT":
            raise NotAnswered(SELECT)
        found: pa.Table = cursor.sql(asked[0].query).limit(MOST_ROWS + 1).to_arrow_table()
    except duckdb.InterruptException:
        raise NotAnswered(SLOW) from None
    except duckdb.Error as error:
        raise NotAnswered(str(error)) from None
    finally:
        alarm.cancel()
    if found.nbytes > MOST_BYTES:
        raise NotAnswered(LARGE)
    return found


def main(folder: str) -> int:
    """Answer the question on the input."""
    try:
        found = answer(open_store(File(folder)), sys.stdin.buffer.read().decode())
    except NotAnswered as error:
        print(error, file=sys.stderr)
        return REFUSED
    with pa.ipc.new_stream(sys.stdout.buffer, found.schema) as stream:
        stream.write_table(found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
