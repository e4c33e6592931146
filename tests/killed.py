"""Runs that are killed at random moments, as the kernel of a machine kills them."""

import json
import random
import signal
import subprocess
import sys
import time

from shared_runs import OFFERS, given

CHILD = """
import json, sys
from bifurque.engine.simulate import simulate
text, how = json.loads(sys.stdin.read())
simulate(text, **how)
"""


def killed(text, out, seed, **how):
    """Start a run in a process of its own and kill it after a random checkpoint."""
    dice = random.Random(seed)
    asked = given(text, out) | {"checkpoint_every": 15, "out": out} | how
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, text=True)
    child.stdin.write(json.dumps([text, asked], default=str))
    child.stdin.close()
    number, late = dice.randint(0, 6 if text is OFFERS else 3), dice.uniform(0, 0.15)
    until = time.monotonic() + 300
    mark = out / "checkpoints" / f"{number:06d}.json" if number else out / "manifest.json"
    while not mark.exists() and child.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.005)
    time.sleep(late)
    child.send_signal(signal.SIGKILL)
    child.wait()
