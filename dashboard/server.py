"""Starts the web process: on this machine only, and nothing is fetched from anywhere or told to anybody."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Sequence
from pathlib import Path as File

from bifurque.dashboard.runs import HOME, RUNS
from bifurque.engine.run import open_run
from bifurque.rules.errors import RunError

APP = File(__file__).with_name("app.py")
OPTIONS = {
    "server.address": "127.0.0.1",
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.runOnSave": "false",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "viewer",
    "client.showErrorDetails": "none",
    "theme.primaryColor": "#2F45C4",
    "theme.baseRadius": "8px",
    "theme.dark.primaryColor": "#8FA2FF",
}
PATIENCE = 60.0


def command(port: int) -> list[str]:
    """The command line of the web process."""
    options = [f"--{key}={value}" for key, value in OPTIONS.items()]
    return [sys.executable, "-m", "streamlit", "run", str(APP), f"--server.port={port}", *options]


def environment(runs: Sequence[File]) -> dict[str, str]:
    """The environment of the web process: what it shows, and where it writes.

    Raises:
        RunError: a folder is no run.
    """
    found = dict(os.environ)
    folders = [open_run(folder).folder.resolve() for folder in runs]
    if any(os.pathsep in str(f) for f in folders):
        raise RunError(f"a run folder with `{os.pathsep}` in its name cannot be shown: rename it")
    found[RUNS] = os.pathsep.join(map(str, folders))
    if folders:
        found.setdefault(HOME, str(folders[0].parent))
    return found


def free(port: int) -> bool:
    """Whether nobody else serves on a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def serve(runs: Sequence[File], port: int, *, browser: bool) -> int:
    """Run the web process until it ends."""
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command(port), env=environment(runs), stdout=subprocess.DEVNULL) as process:
        if browser:
            threading.Thread(target=_show, args=(address, process), daemon=True).start()
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.terminate()
            return 0


def _show(address: str, process: subprocess.Popen[bytes]) -> None:
    """Open the browser once the process answers."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                webbrowser.open(address)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
