"""A dashboard that is served, and a browser that looks at it: what the browser's tests and the pictures share."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from importlib.resources import files
from pathlib import Path

from bifurque.dashboard.runs import HOME
from bifurque.dashboard.server import command, environment

BROWSER = next((b for b in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if b), None)
PATIENCE = 120_000
STILL = """() => document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState === 'notRunning'
    && !document.querySelector('[data-testid="stStatusWidget"]')
    && !document.querySelector('[data-testid="stSpinner"], [data-stale="true"]')
    && document.querySelector('h1')"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def served(runs, home):
    """The address of a dashboard over some runs."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    around = environment(runs) | {HOME: str(home)}
    with subprocess.Popen(command(port), env=around, stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(f"{address}/_stcore/health")
            yield address
        finally:
            process.terminate()


def wait_for(address, seconds=90):
    until = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < until, "the dashboard does not answer"
            time.sleep(0.2)


@contextlib.contextmanager
def browser():
    """A browser without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        options = ["--no-sandbox", "--disable-gpu"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        found = play.chromium.launch(executable_path=BROWSER, args=options)
        try:
            yield found
        finally:
            found.close()


class Watched:
    """A page of the browser, and all that went wrong on it."""

    def __init__(self, page, address):
        self.page, self.address = page, address
        self.errors, self.strangers = [], []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._console)
        page.on("request", self._request)

    def _console(self, message):
        # Streamlit looks for its server below each page's own address first, and is told 404.
        looked_for = "/_stcore/" in (message.location or {}).get("url", "")
        if message.type == "error" and not looked_for:
            self.errors.append(message.text)

    def _request(self, request):
        local = (self.address, self.address.replace("http", "ws"), "data:", "blob:")
        if not request.url.startswith(local):
            self.strangers.append(request.url)

    def open(self, path):
        """Go to a page and wait until it is still."""
        self.page.goto(self.address + path)
        self.settle()

    def settle(self):
        """Wait until nothing moves any more."""
        self.page.wait_for_timeout(400)
        self.page.wait_for_function(STILL)
        self.page.wait_for_timeout(400)


def barriers(watched):
    """What keeps people out of a page, as axe-core finds it: which rule, where, and why."""
    watched.page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    found = watched.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [(rule["id"], node["html"][:160]) for rule in found["violations"] for node in rule["nodes"]]


def picture(watched, file: Path, height=2400):
    """The whole page as it is."""
    width = watched.page.viewport_size["width"]
    tall = "Math.max(...[...document.querySelectorAll('.block-container')].map(e => e.scrollHeight))"
    watched.page.set_viewport_size({"width": width, "height": min(int(watched.page.evaluate(tall)) + 40, height)})
    watched.settle()
    watched.page.screenshot(path=str(file))
