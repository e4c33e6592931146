"""Contact-days per second, memory and what the barrier costs, by executor: the measurements of docs/scale.md.

    python benchmarks/scale.py                      1e5 and 1e6 contacts; threads, inline, and Ray if it is there
    python benchmarks/scale.py --contacts 10000000 --executors threads
    python benchmarks/scale.py --contacts 1000000 --plans demo --executors threads ray --rounds 5

Each run is a process of its own, so that its memory is its own. `demo` shares what its plan says it shares; in
`best-offer` every contact asks for offers, which shows what the barrier costs. Seconds and processor time are those of
the living, without what starts before it: compiling, and Ray. With several rounds the executors take turns; the ratio
to threads is that of the fastest rounds, for a machine that others use too.
"""

import argparse
import importlib.util
import itertools
import json
import os
import subprocess
import sys
import tempfile

RUN = """
import json, sys
from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template
asked = json.loads(sys.argv[1])
name = asked.pop("plan")
run = simulate(template(name, "en"), **asked)
print(json.dumps(run.manifest["timing"] | {"digest": run.digest}))
"""
WIDTHS = "{:<11} {:<9} {:>11} {:>5} {:>9} {:>9} {:>12} {:>9} {:>9} {:>11} {:>11} {:>9}"


def measure(plan, executor, contacts, days, workers, every, settle, folder):
    """One run in a process of its own: its timing, its digest, its memory."""
    asked = {
        "plan": plan,
        "executor": executor,
        "contacts": contacts,
        "days": days,
        "ledger": "none",
        "overwrite": True,
    }
    asked |= {"workers": workers, "out": f"{folder}/{plan}-{executor}-{contacts}", "checkpoint_every": every}
    if plan == "best-offer":
        asked["overrides"] = [f"settle={settle}", f"offers.a.stock={contacts // 10}", f"offers.b.stock={contacts // 4}"]
    if executor == "inline":
        asked["workers"] = 1
    done = subprocess.run([sys.executable, "-c", RUN, json.dumps(asked)], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def told(plan, executor, contacts, days, found):
    """One line of the table."""
    rounds = found["rounds"]
    per_round = f"{1e6 * found['settling_s'] / rounds:.0f}" if rounds else "-"
    return WIDTHS.format(
        plan,
        executor,
        f"{contacts:,}",
        days,
        f"{found['living_s']:.1f}",
        f"{found['cpu_s']:.1f}",
        f"{contacts * days / found['living_s'] / 1e6:.1f} M",
        f"{found['hosts_rss_mb']:.0f}",
        f"{rounds:,}",
        f"{found['requests']:,}",
        per_round,
        found["digest"][:8],
    )


def ratios(every):
    """How much longer than threads the others took, and how much more of the processors."""
    best = {e: [min(found[w] for found in some) for w in ("living_s", "cpu_s")] for e, some in every.items()}
    for executor in best.keys() - {"threads"} if "threads" in best else ():
        pairs = zip(best[executor], best["threads"], strict=True)
        seconds, cpu = (100 * (mine / threads - 1) for mine, threads in pairs)
        yield f"    {executor} beside threads: {seconds:+.0f} % of the time, {cpu:+.0f} % of processor time"


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--contacts", type=int, nargs="*", default=[100_000, 1_000_000])
    words.add_argument("--days", type=int, default=365)
    words.add_argument("--workers", type=int, default=os.cpu_count())
    words.add_argument("--plans", nargs="*", default=["demo", "best-offer"])
    words.add_argument("--executors", nargs="*", default=["threads", "inline", "ray"])
    words.add_argument("--checkpoint-every", type=int)
    words.add_argument("--settle", default="0s", help="how often best-offer settles; 0s: at the second of each request")
    words.add_argument("--rounds", type=int, default=1)
    asked = words.parse_args()
    executors = [e for e in asked.executors if e != "ray" or importlib.util.find_spec("ray")]
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; best-offer lives a month at most")
    head = ("plan", "executor", "contacts", "days", "seconds", "cpu s", "contact-d/s", "hosts MB", "rounds", "requests")
    print(WIDTHS.format(*head, "µs a round", "digest"))
    with tempfile.TemporaryDirectory() as folder:
        for plan, contacts in itertools.product(asked.plans, asked.contacts):
            days = min(asked.days, 30) if plan == "best-offer" else asked.days
            every = {executor: [] for executor in executors}
            for _, executor in itertools.product(range(asked.rounds), executors):
                found = measure(
                    plan, executor, contacts, days, asked.workers, asked.checkpoint_every, asked.settle, folder
                )
                every[executor].append(found)
                print(told(plan, executor, contacts, days, found), flush=True)
            assert len({found["digest"] for some in every.values() for found in some}) == 1
            for line in ratios(every):
                print(line, flush=True)


if __name__ == "__main__":
    main()
