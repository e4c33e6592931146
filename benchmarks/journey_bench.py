"""journey-bench: one plan, one population, five programs: the engine, C, numpy, SimPy and Mesa.

    python benchmarks/journey_bench.py            ratios of CPU time, then agreement at 200,000 contacts
    python benchmarks/journey_bench.py --agree 10000 --no-ratios

Every version gets the same contacts, ready made. The engine and C draw the same keyed numbers and must agree on every
counter and on the hash of every decision; the others draw their own and must agree statistically. CPU seconds of one
core, the least of several interleaved runs.
"""

from __future__ import annotations

import argparse
import gc
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from native import Native, Tables
from person import SEND_ROW, SENDS, Board, Person
from vectors import Crowd

from bifurque.actors.host import run
from bifurque.engine.compile_books import books_place
from bifurque.engine.setting import Setting, prepare
from bifurque.engine.sink import Nowhere

PLAN = Path(__file__).parent / "journey_bench.yaml"
PROTOTYPE = Path(__file__).parents[2] / "shared" / "prototypes" / "journey-bench"
Array = np.ndarray[Any, Any]
BATCH = 500
FLOORS = {"C": 6.0, "SimPy": 80.0, "Mesa": 80.0}


class Engine:
    """The engine's kernel on a lane, nothing kept."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.compared = books_place(setting.program).start
        self.run(0)

    def run(self, count: int) -> tuple[Array, int, float]:
        """Counters, the sum of the hashes of all decision rows, CPU seconds."""
        lane = self.setting.lane()
        lane.live(self.setting.stretch(0, 0, count, 0.0), Nowhere())
        return lane.counters[: self.compared], lane.digest % 2**64, lane.cpu

    def wall(self, count: int, threads: int) -> float:
        """Seconds on the clock for a whole run on several threads, people included."""
        lanes = [self.setting.lane() for _ in range(threads)]
        makers = (lambda i=i: self.setting.stretch(i, i, i + 10_000, 0.0) for i in range(0, count, 10_000))
        began = time.perf_counter()
        run(makers, lanes, Nowhere(), lambda done: None, threading.Event())
        return time.perf_counter() - began


def simpy_run(people: Array, tables: Tables, board: Board) -> None:
    """SimPy: a process for each contact."""
    import simpy

    def life(env: Any, person: Person) -> Iterator[Any]:
        while (t := person.next()) < end:
            yield env.timeout(t - env.now)
            person.wake()
        person.finish()

    start, end = tables.header[:2]
    env = simpy.Environment(initial_time=start)
    for row in people.tolist():
        env.process(life(env, Person(row, tables, board)))
    env.run()


def mesa_run(people: Array, tables: Tables, board: Board) -> None:
    """Mesa: an agent for each contact, stepped day by day."""
    import mesa

    class Contact(mesa.Agent):  # type: ignore[misc]
        def __init__(self, model: Any, row: list[int]) -> None:
            super().__init__(model)
            self.person = Person(row, tables, board)

        def step(self) -> None:
            while self.person.next() < self.model.until:
                self.person.wake()

    start, end = tables.header[:2]
    model = mesa.Model(seed=1)
    for row in people.tolist():
        Contact(model, row)
    model.until = start
    while model.until < end:
        model.until = min(model.until + 86400, end)
        model.agents.do("step")
    for agent in model.agents:
        agent.person.finish()


def numpy_run(people: Array, tables: Tables, board: Board) -> None:
    """numpy: every contact's next wake at once."""
    board.k[:] = Crowd(people, tables, random.getrandbits(32)).run().tolist()


PEERS: dict[str, Callable[[Array, Tables, Board], None]] = {"numpy": numpy_run, "SimPy": simpy_run, "Mesa": mesa_run}
SIZES = {"numpy": 20_000, "SimPy": 1_000, "Mesa": 1_000}


def ratios(engine: Engine, native: Native, setting: Setting, rounds: int) -> list[str]:
    """Measure and print CPU time per contact-year; what misses its floor."""
    count = 100_000
    people = setting.stretch(0, 0, count, 0.0).people
    versions: dict[str, Callable[[], float]] = {
        "bifurque": lambda: engine.run(count)[2] / count,
        "C": lambda: native.run(people)[2] / count,
    }
    for name, size in SIZES.items():
        versions[name] = lambda name=name, size=size: _peer_seconds(PEERS[name], people[:size], setting) / size
    if PROTOTYPE.exists():
        versions["C, no laws"] = _prototype
    best = {name: float("inf") for name in versions}
    for turn in range(rounds):
        for name, measure in versions.items():
            if turn and name in ("SimPy", "Mesa") and turn > 1:
                continue
            gc.collect()
            best[name] = min(best[name], measure())
    print(f"{'version':<12} {'µs/contact-year':>16} {'M contact-days/s':>17} {'bifurque is':>22}")
    failures = []
    for name, seconds in best.items():
        ratio = seconds / best["bifurque"]
        text = "" if name == "bifurque" else f"{ratio:.1f} × as fast" if ratio > 1 else f"1/{1 / ratio:.2f} as fast"
        print(f"{name:<12} {seconds * 1e6:>16.2f} {365 / seconds / 1e6:>17.2f} {text:>22}")
        if name == "C" and 1 / ratio > FLOORS["C"]:
            failures.append(f"slower than 1/{FLOORS['C']:.0f} of C")
        if name in ("SimPy", "Mesa") and ratio < FLOORS[name]:
            failures.append(f"less than {FLOORS[name]:.0f} times {name}")
    gains = sorted(engine.wall(200_000, 1) / engine.wall(200_000, 2) for _ in range(5))
    print(f"two threads: {gains[-1]:.2f} × one thread, by the clock (best of five; median {gains[2]:.2f})")
    if gains[-1] < 1.7:
        failures.append("two threads are not 1.7 times one: is the machine busy?")
    return failures


def _peer_seconds(peer: Callable[..., None], people: Array, setting: Setting) -> float:
    tables = Tables(setting)
    board = Board(tables)
    began = time.process_time()
    peer(people, tables, board)
    return time.process_time() - began


def _prototype() -> float:
    """CPU seconds per contact-year of the C prototype that obeys no law, run in a process of its own."""
    code = "import time, jb_c; lib = jb_c.load(); best = 9.0\nfor _ in range(3):\n    began = time.process_time()\n"
    code += "    jb_c.run_major(lib, 100_000, 365, 1)\n    best = min(best, time.process_time() - began)\nprint(best)"
    with tempfile.TemporaryDirectory() as folder:
        found = subprocess.run(
            [sys.executable, "-c", code],
            cwd=PROTOTYPE,
            env={"JB_BUILD": folder, "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
            check=True,
            capture_output=True,
            text=True,
        )
    return float(found.stdout) / 100_000


def agreement(engine: Engine, native: Native, setting: Setting, peers: list[str]) -> list[str]:
    """Compare every counter; what disagrees."""
    people = setting.stretch(0, 0, setting.people.count, 0.0).people
    count = len(people)
    ours, digest, _ = engine.run(count)
    theirs, hashed, _ = native.run(people)
    failures = []
    if not np.array_equal(ours, theirs) or digest != hashed:
        failures.append(f"C: {int((ours != theirs).sum())} counters differ, digests {digest:016x} and {hashed:016x}")
    print(f"C: {len(ours):,} counters and the digest of all decisions equal: {not failures} ({count:,} contacts)")
    expected = _weeks_added(ours, native.tables)
    parts = [_weeks_added(native.run(people[i : i + BATCH])[0], native.tables) for i in range(0, count, BATCH)]
    spread = np.sqrt(2 * len(parts) * np.var(np.array(parts, float), axis=0, ddof=1))
    for name in peers:
        found = np.zeros(len(expected))
        random.seed(1)
        for first in range(0, count, SIZES["numpy"]):
            board = Board(native.tables)
            PEERS[name](people[first : first + SIZES["numpy"]], native.tables, board)
            found += board.k
        failures += _z(name, found, expected, spread)
    return failures


def _weeks_added(counters: Array, tables: Tables) -> Array:
    """Counters with those of send rows added up over weeks."""
    rows = tables.header[3] * SENDS * SEND_ROW
    added: Array = np.concatenate([counters[:rows].reshape(tables.header[3], -1).sum(axis=0), counters[rows:]])
    return added


def _z(name: str, found: Array, expected: Array, spread: Array) -> list[str]:
    """|z| < 4 for every counter that counts at least 25; a counter that never moves may not move."""
    counted = expected + found >= 50
    z = (found - expected)[counted] / np.maximum(spread[counted], 1e-9)
    fixed = (spread[counted] == 0) & (found == expected)[counted]
    z[fixed] = 0
    print(f"{name}: {counted.sum()} counters, rms z {np.sqrt(np.mean(z * z)):.2f}, largest |z| {np.abs(z).max():.2f}")
    return [
        f"{name}: counter {i} is {found[i]:.0f}, not {expected[i]:.0f} (z = {z[n]:.1f})"
        for n, i in enumerate(np.nonzero(counted)[0])
        if abs(z[n]) >= 4
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run; 0 if every floor holds and everything agrees."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agree", type=int, default=200_000, metavar="N", help="contacts compared (default 200,000)")
    parser.add_argument("--no-ratios", action="store_true", help="only compare counters")
    parser.add_argument("--rounds", type=int, default=5, help="how often each version runs (default 5)")
    parser.add_argument("--peers", default="numpy,SimPy,Mesa", help="versions compared besides C")
    asked = parser.parse_args(arguments)
    if asked.agree < 10 * BATCH and asked.peers:
        parser.error(f"--agree {asked.agree}: spreads are told from batches of {BATCH:,} contacts; take ten or more")
    setting = prepare(PLAN, contacts=max(asked.agree, 200_000), rows=2048)
    engine = Engine(setting)
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        native = Native(setting, Path(folder))
        if not asked.no_ratios:
            failures += ratios(engine, native, setting, asked.rounds)
        setting.people.count = asked.agree
        failures += agreement(engine, native, setting, [p for p in asked.peers.split(",") if p])
    for failure in failures:
        print("FAILED:", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
