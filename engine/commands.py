"""The commands of the command line as one group: errors in one clear line, and commands of the folder above."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from importlib import import_module
from typing import Any

import click

from bifurque.engine.cli_options import errors_in
from bifurque.engine.french import in_language
from bifurque.engine.problems import Problem
from bifurque.rules.errors import BifurqueError, PlanError

CLEAN, FINDINGS, UNREADABLE = 0, 1, 2
"""Exit codes."""
ABOVE = {"map": "bifurque.dashboard.map_command:map_", "dashboard": "bifurque.dashboard.command:dashboard"}
"""Commands of the folder above this one: named here, imported when they are asked for."""
ELSEWHERE = {
    "associate": "bifurque.engine.cli_people:associate",
    "compare": "bifurque.engine.cli_compare:compare",
    "contact": "bifurque.engine.cli_people:contact",
    "endless": "bifurque.engine.cli_endless:endless",
    "experiment": "bifurque.engine.cli_experiment:experiment",
    "sweep": "bifurque.engine.cli_compare:sweep",
    "walk": "bifurque.engine.cli_walk:walk",
    "where": "bifurque.engine.cli_people:where",
    "why": "bifurque.engine.cli_why:why",
}
"""Commands that stand in files of their own."""


class Commands(click.Group):
    """Commands whose errors are one clear line, never a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted({*super().list_commands(ctx), *ABOVE, *ELSEWHERE})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """A command by its name."""
        place = (ABOVE | ELSEWHERE).get(name)
        if place is None:
            return super().get_command(ctx, name)
        module, _, attribute = place.partition(":")
        found: click.Command = getattr(import_module(module), attribute)
        return found

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what bifurque has to say goes to stderr, and the exit code is 2."""
        try:
            return super().invoke(ctx)
        except PlanError as error:
            lang = errors_in(ctx)
            for problem in error.problems:
                click.echo(problem.told(lang) if isinstance(problem, Problem) else str(problem), err=True)
            ctx.exit(UNREADABLE)
        except BifurqueError as error:
            _say(ctx, str(error))
            ctx.exit(UNREADABLE)
        except KeyboardInterrupt:
            _say(ctx, "interrupted")
            ctx.exit(130)
        except MemoryError:
            _say(ctx, "not enough memory: fewer --workers need less")
            ctx.exit(UNREADABLE)
        except OSError as error:
            if error.errno == errno.EPIPE:  # nobody reads on: nothing to say
                raise
            _say(ctx, f"{error.filename or 'the output'}: {error.strerror or error}")
            _close_output()
            ctx.exit(UNREADABLE)


def _say(ctx: click.Context, error: str) -> None:
    """An error to stderr, in the language of who reads it."""
    click.echo(in_language(error, errors_in(ctx)), err=True)


def _close_output() -> None:
    """What could not be written is not tried again when Python ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
