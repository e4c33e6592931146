"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def sets(command: F) -> F:
    """The option every command has that takes a plan."""
    return click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="PATH=VALUE",
        help="Override one value of the plan, such as caps.0.max=2 or journeys.cart.steps.0.wait=3h. Repeatable.",
    )(command)


def lang(command: F) -> F:
    """The language of what is read by people."""
    text = "Language; by default that of the environment."
    return click.option("--lang", type=click.Choice(["fr", "en"]), help=text, callback=_keep)(command)


def as_json(command: F) -> F:
    """Machine-readable output."""
    return click.option("--json", "json", is_flag=True, help="Print JSON instead of text.", callback=_keep)(command)


def _keep(ctx: click.Context, option: click.Parameter, value: Any) -> Any:
    """A value that is also asked for when a command ends in an error."""
    ctx.meta[f"bifurque.{option.name}"] = value
    return value


def errors_in(ctx: click.Context) -> str:
    """The language of errors; English beside JSON."""
    from bifurque.engine.words import language_of_errors

    return "en" if ctx.meta.get("bifurque.json") else language_of_errors(ctx.meta.get("bifurque.lang"))
