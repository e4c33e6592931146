"""Options of the command line that say how sure the figures of a run are to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
COUNT, MOST = click.IntRange(1, 10_000), click.IntRange(5, 10_000)


def replicating(command: F) -> F:
    """Replications, the rule that stops them, and the warm-up."""
    options = [
        click.option("--replications", type=COUNT, default=1, help="Live it so often, for intervals."),
        click.option("--until", metavar="SHARE", help="… until the interval of --figure is that narrow, such as 1%."),
        click.option("--figure", default="revenue", show_default=True, help="The figure --until is about."),
        click.option("--most", type=MOST, default=200, show_default=True, help="Replications at most."),
        click.option("--warm-up", metavar="DAYS", help="Count figures only after so many days, such as 30d."),
    ]
    for option in reversed(options):
        command = option(command)
    return command
