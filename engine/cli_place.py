"""Options of the command line that say where a run is run, and whether it can be gone on with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as File
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

OPTIONS = (
    click.option(
        "--executor",
        type=click.Choice(["threads", "inline", "ray"]),
        help="Threads of this process (by default), one lane after the other, or hosts on a Ray cluster. Same result.",
    ),
    click.option("--workers", type=click.IntRange(1, 256), help="Lanes; by default one per processor. Same result."),
    click.option("--address", help="Of a Ray cluster, such as auto; by default Ray is started on this machine."),
    click.option("--hosts", type=click.IntRange(1, 256), help="On Ray, how many; by default one per node."),
    click.option(
        "--checkpoint-every",
        type=click.IntRange(1, 3700),
        metavar="DAYS",
        help="Keep what is needed to go on from there; else never, on Ray every 90 days, a minute apart at least.",
    ),
    click.option(
        "--resume",
        "stopped",
        type=click.Path(path_type=File),
        metavar="RUN",
        help="Go on with a run that was stopped, from its last checkpoint, on any number of hosts; without PLAN.",
    ),
)
PLACE = ("executor", "workers", "address", "hosts", "checkpoint_every")


def placed(command: F) -> F:
    """Where a run is run."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def run_or_resume(plan: File | None, stopped: File | None, options: dict[str, Any], **how: Any) -> Any:
    """Simulate a plan, or go on with a run that was stopped."""
    place = {name: options.pop(name) for name in PLACE}
    if stopped is None:
        from bifurque.engine.simulate import simulate

        if plan is None:
            raise click.UsageError("say which PLAN, or --resume RUN")
        place["executor"] = place["executor"] or "threads"
        return simulate(plan, **options, **place, **how)
    context = click.get_current_context()
    own = ("plan", *options)
    given = [n for n in own if context.get_parameter_source(n) == click.core.ParameterSource.COMMANDLINE]
    if given:
        raise click.UsageError(f"--resume takes all but where it runs from the run: leave out {', '.join(given)}")
    from bifurque.engine.resume import resume

    return resume(stopped, **place, **how)
