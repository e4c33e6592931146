"""The command line's group: finds commands, and turns what goes wrong into one clear line."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from importlib import import_module
from typing import Any

import click

from bifurque.rules.errors import BifurqueError, PlanError

CLEAN, FINDINGS, UNREADABLE = 0, 1, 2
ELSEWHERE = {
    "compare": "cli_compare",
    "endless": "cli_endless",
    "experiment": "cli_experiment",
    "sweep": "cli_compare",
    "walk": "cli_walk",
    "why": "cli_why",
}
"""Commands that stand in files of their own, read when they are asked for."""


class Commands(click.Group):
    """Commands whose errors are one clear line, never a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, those of other files included."""
        return sorted({*super().list_commands(ctx), *ELSEWHERE})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name."""
        if cmd_name in ELSEWHERE and cmd_name not in self.commands:
            module = import_module(f"bifurque.engine.{ELSEWHERE[cmd_name]}")
            self.add_command(getattr(module, cmd_name))
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what bifurque has to say goes to stderr, and the exit code is 2."""
        try:
            return super().invoke(ctx)
        except PlanError as error:
            for problem in error.problems:
                click.echo(str(problem), err=True)
            ctx.exit(UNREADABLE)
        except BifurqueError as error:
            click.echo(str(error), err=True)
            ctx.exit(UNREADABLE)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(130)
        except MemoryError:
            click.echo("not enough memory: fewer --workers need less", err=True)
            ctx.exit(UNREADABLE)
        except OSError as error:
            if error.errno == errno.EPIPE:  # nobody reads on: nothing to say
                raise
            click.echo(f"{error.filename or 'the output'}: {error.strerror or error}", err=True)
            _close_output()
            ctx.exit(UNREADABLE)


def _close_output() -> None:
    """What could not be written is not tried again when Python ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
