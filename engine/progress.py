"""The progress bar of the command line."""

from __future__ import annotations

import sys
import time

import click


class Progress:
    """A progress bar on stderr with contact-days per second and the time left; silent when nobody watches."""

    def __init__(self, days: int | None) -> None:
        self.days = days
        self.began = 0.0
        self.shown = False

    def __enter__(self) -> Progress:
        return self

    def show(self, done: int, total: int, days: int) -> None:
        """Draw the bar again."""
        now = time.perf_counter()
        if not self.began:
            self.began = now
        if not sys.stderr.isatty():
            return
        self.shown = True
        spent = max(now - self.began, 1e-6)
        rate = done * days / spent
        left = (total - done) * spent / max(done, 1)
        filled = round(30 * done / total)
        bar = "█" * filled + "░" * (30 - filled)
        speed = f"  {rate / 1e6:8.1f} M contact-days/s" if days else ""
        text = f"\r{bar} {done / total:4.0%}{speed}  {left:5.0f} s "
        click.echo(text, nl=False, err=True)

    def __exit__(self, *_: object) -> None:
        if self.shown:
            click.echo("\r" + " " * 78 + "\r", nl=False, err=True)
