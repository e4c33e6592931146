"""A picture of a map as PNG, taken by a Chromium that is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path as File

from bifurque.rules.errors import BifurqueError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
SECONDS = 120
MOST = 12_000
"""Pixels of the longer side: a browser takes no larger picture."""
_FLAGS = ("--headless", "--disable-gpu", "--hide-scrollbars", "--no-sandbox", "--disable-dev-shm-usage")


def browser() -> str:
    """The program of a Chromium.

    Raises:
        BifurqueError: none is installed.
    """
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise BifurqueError(
            "a PNG is taken by Chromium, and none is installed: write a .svg, or install it (Debian: chromium)"
        )
    return found


def write_png(svg: str, file: File, scale: float = 2.0) -> None:
    """Write an SVG as PNG.

    Raises:
        BifurqueError: no Chromium is installed, or it takes no picture.
    """
    size = re.search(r'width="(\d+)" height="(\d+)"', svg)
    assert size is not None, "every map says its size"
    width, height = int(size[1]), int(size[2])
    scale = min(scale, MOST / max(width, height))
    with tempfile.TemporaryDirectory(prefix="bifurque-map-") as folder:
        page, picture = File(folder) / "map.html", File(folder) / "map.png"
        head = '<!doctype html><meta charset="utf-8"><style>body{margin:0}svg{display:block}</style>'
        page.write_text(head + svg, encoding="utf-8")
        words = [browser(), *_FLAGS, f"--user-data-dir={folder}/profile", f"--force-device-scale-factor={scale:g}"]
        words += [f"--window-size={width},{height}", f"--screenshot={picture}", page.as_uri()]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise BifurqueError(f"{file}: the browser took no picture within {SECONDS} s") from None
        if not picture.is_file():
            said = done.stderr.strip().splitlines()[-1:] or ["it says nothing"]
            raise BifurqueError(f"{file}: the browser took no picture: {said[0]}")
        shutil.copyfile(picture, file)
