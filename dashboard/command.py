"""`bifurque dashboard`: opens the pages in a browser."""

from __future__ import annotations

import sys
from pathlib import Path as File

import click

from bifurque.rules.errors import RunError


@click.command()
@click.argument("runs", nargs=-1, type=click.Path(path_type=File))
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True, help="Of this machine only.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def dashboard(runs: tuple[File, ...], port: int, no_browser: bool) -> None:
    """Look at RUNS in the browser: the map of the plan, figures, pressure, decisions, one contact; simulate, compare.

    Without RUNS the bundled example is shown; it is simulated at the first start. Pages are served to this machine
    only, and fetch nothing from anywhere. New runs go beside the first of RUNS.
    """
    from importlib.util import find_spec

    missing = [name for name in ("streamlit", "duckdb") if find_spec(name) is None]
    if missing:
        raise RunError(f"the dashboard needs {' and '.join(missing)}: pip install 'bifurque[dashboard]'")
    from bifurque.dashboard.server import free, serve

    if not free(port):
        raise RunError(f"port {port} is taken: bifurque dashboard --port {port + 1}")
    click.echo(f"http://127.0.0.1:{port}")
    sys.exit(serve(runs, port, browser=not no_browser))
