"""Options of the command line that choose a rules engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def rules_engine(command: F) -> F:
    """Which engine says what fires."""
    text = "What says which rule fires: the kernel, or the package durable-rules (slow; the same answers)."
    option = click.option(
        "--rules-engine", type=click.Choice(["kernel", "durable"]), default="kernel", show_default=True, help=text
    )
    return option(command)


def shadow(command: F) -> F:
    """The share of contacts who live with both engines."""
    text = "Let this share of the contacts, such as 0.1%, first live with both rules engines: stop if they ever differ."
    return click.option("--shadow", metavar="SHARE", callback=_share, help=text)(command)


def _share(_context: click.Context, _option: click.Parameter, text: str | None) -> float | None:
    """A share such as 0.1%, or 0.001."""
    try:
        return None if text is None else float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        raise click.BadParameter(f"`{text}` is no share: write 0.1%") from None
