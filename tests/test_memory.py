"""Memory grows little with the contacts: counters only, five million people, the plan of journey-bench."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLAN = ROOT / "benchmarks" / "journey_bench.yaml"
BYTES, BASE = 200, 500 * 2**20
"""Per contact, beyond what a run of nobody may take."""

PEAK = """
import resource, sys
from bifurque.engine.simulate import simulate
run = simulate(sys.argv[1], out=sys.argv[2], contacts=int(sys.argv[3]), ledger="none", workers=2)
assert run.kpis["contacts"] > 0.99 * int(sys.argv[3])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def peak(folder, contacts):
    """The most memory a run of its own process took."""
    command = [sys.executable, "-c", PEAK, str(PLAN), str(folder / str(contacts)), str(contacts)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.slow
def test_less_than_200_bytes_per_contact(tmp_path):
    contacts = 5_000_000
    few, many = peak(tmp_path, 10_000), peak(tmp_path, contacts)
    print(f"{few / 2**20:.0f} MB for 10,000 contacts, {many / 2**20:.0f} MB for {contacts:,}")
    assert many < BASE + BYTES * contacts
    assert many - few < BYTES * contacts
