"""How long the dashboard takes over a large run: `python benchmarks/dashboard_times.py [--contacts 1000000] [RUN]`.

Measures until the server answers, until the first page stands (a new browser each time, the layout stored with the run:
best of three), from a click on a station until its panel stands (median), and how smoothly the weeks pass. The ledger
and the events are moved away before, so nothing that is measured can read them. Needs Chromium.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from dashboard_served import BROWSER, Watched, browser, served

from bifurque.dashboard.map_layout import layout_of
from bifurque.engine.run import open_run
from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template

FIRST, CLICK = 6.0, 0.5
"""Seconds that the first page and a click may take."""
PANEL = """name => {
    const heading = [...document.querySelectorAll('h2')].some(h => h.innerText === name);
    return heading && document.querySelector('[data-testid="stMetric"]')
        && !document.querySelector('[data-stale="true"]');
}"""
FRAMES = """slider => new Promise(done => {
    const began = performance.now(), weeks = +slider.max, root = slider.getRootNode();
    let frames = 0, busy = 0;
    const next = now => {
        const t0 = performance.now();
        slider.value = Math.round(now / 16) % (weeks + 1);
        slider.dispatchEvent(new Event('input'));
        root.querySelector('[data-station]').getBoundingClientRect();
        busy += performance.now() - t0;
        frames += 1;
        if (now - began < 3000) requestAnimationFrame(next);
        else done([frames * 1000 / (now - began), busy / frames]);
    };
    requestAnimationFrame(next);
})"""


def large(folder, contacts):
    """A year of the example, a hundredth of its ledger kept."""
    began = time.perf_counter()
    run = simulate(template("demo", "fr"), out=folder / "large", contacts=contacts)
    print(f"simulated {contacts:,} contacts x 365 days in {time.perf_counter() - began:.0f} s")
    return run.folder


def without_log(run):
    """Lay the map out and keep it, then take the ledger and the events away."""
    layout_of(open_run(run))
    for name in ("ledger", "events"):
        if (run / name).exists():
            shutil.rmtree(run / name)
    size = sum(f.stat().st_size for f in (run / "aggregates").iterdir())
    print(f"aggregates: {size / 1e6:.1f} MB; ledger and events taken away")


def first_page(chromium, address):
    """Seconds until the map stands in a browser that was never there."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1000}, locale="fr-FR")
    watched = Watched(context.new_page(), address)
    began = time.perf_counter()
    watched.page.goto(address)
    watched.page.locator("[data-station]").first.wait_for()
    took = time.perf_counter() - began
    watched.settle()
    return took, watched, context


def clicks(watched, most):
    """Seconds from each click until the panel of that station stands."""
    found = []
    stations = watched.page.locator("[data-station*='/']")
    seen = set()
    for n in range(stations.count()):
        name = stations.nth(n).get_attribute("aria-label").split(" — ")[0]
        if name in seen or len(found) == most:
            continue
        seen.add(name)
        began = time.perf_counter()
        stations.nth(n).dispatch_event("click")
        watched.page.wait_for_function(PANEL, arg=name, polling=20)
        found.append(time.perf_counter() - began)
        watched.settle()
    return found


def report(name, seconds, limit=None):
    """Print a figure; whether it keeps its limit."""
    kept = limit is None or seconds < limit
    print(f"{name:<44}{seconds:8.2f} s" + ("" if limit is None else f"   limit {limit:.1f} s  {'✓' if kept else '✗'}"))
    return kept


def measure(run, home):
    """All of it, over one run."""
    began = time.perf_counter()
    with served([run], home) as address, browser() as chromium:
        report("server answers (browser started too)", time.perf_counter() - began)
        pages, good = [], []
        for _ in range(3):
            took, watched, context = first_page(chromium, address)
            pages.append(took)
            errors, strangers = watched.errors, watched.strangers
            context.close()
        print("first pages: " + " · ".join(f"{p:.2f} s" for p in pages))
        good.append(report("first page, best of 3", min(pages), FIRST))
        _, watched, context = first_page(chromium, address)
        panels = clicks(watched, 25)
        good.append(report(f"click to panel, median of {len(panels)}", statistics.median(panels), CLICK))
        report("click to panel, slowest", max(panels))
        rate, busy = watched.page.locator(".time input").evaluate(FRAMES)
        print(f"{'moving the week slider':<44}{rate:8.0f} frames a second, {busy:.1f} ms of script and layout in each")
        assert not errors + strangers + watched.errors + watched.strangers
        context.close()
    return all(good)


def main():
    """Simulate a large run, unless one is given, and measure."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("run", nargs="?", type=Path, help="a run that is there already; it is copied")
    asked.add_argument("--contacts", type=int, default=1_000_000)
    options = asked.parse_args()
    if BROWSER is None:
        sys.exit("no browser is installed: apt install chromium")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        if options.run is None:
            run = large(home, options.contacts)
        else:
            run = Path(shutil.copytree(options.run, home / "large"))
        without_log(run)
        sys.exit(0 if measure(run, home) else 1)


if __name__ == "__main__":
    main()
