"""`bifurque walk`: a walk through a plan, in the terminal or from a pipe."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path as File

import click

from bifurque.engine.cli_options import as_json, lang, sets
from bifurque.engine.cli_rules import rules_engine


@click.command()
@click.argument("plan")
@click.option("--persona", help="Who walks; by default the plan's first.")
@click.option("--zone", help="Where they live; by default the plan's zone.")
@click.option("--seed", type=click.IntRange(0, 2**62), default=1, show_default=True, help="Of the draws.")
@click.option("--load", "loaded", type=click.Path(path_type=File), help="Go on from a saved walk.")
@click.option("--replay", type=click.Path(path_type=File), help="Walk a saved walk again; exit code 1 if it differs.")
@sets
@rules_engine
@lang
@as_json
def walk(
    plan: str,
    persona: str | None,
    zone: str | None,
    seed: int,
    loaded: File | None,
    replay: File | None,
    overrides: tuple[str, ...],
    rules_engine: str,
    lang: str | None,
    json: bool,
) -> None:
    """Walk through PLAN (a file or a template) as one contact, with every law real.

    At each moment choose what the contact does (open, click, ignore, buy, complain, out, or any event of the plan), or
    let time go on (an empty line: to the next decision; +1d; a date). `undo`, `save FILE` and `help` are there too.
    Lines may come from a pipe.
    """
    from bifurque.engine.walk import Walk, Who
    from bifurque.engine.walk_file import differences, load
    from bifurque.engine.walk_talk import Talk
    from bifurque.engine.words import language, say

    spoken = language(lang)
    if replay is not None:
        again, saved = load(replay, plan, rules_engine=rules_engine)
        talk, found = Talk(again, spoken), differences(again, saved)
        outcome = say(spoken, "walk.differs" if found else "walk.same", replay)
        _print([*talk.recount(), *found, outcome], {"same": not found, "differences": found} if json else None)
        sys.exit(1 if found else 0)
    if loaded is not None:
        talk = Talk(load(loaded, plan, rules_engine=rules_engine)[0], spoken)
    else:
        who = Who(persona=persona or "", zone=zone or "")
        talk = Talk(Walk(plan, set=overrides, seed=seed, who=who, rules_engine=rules_engine), spoken)
    said = talk.recount() if loaded is not None else talk.greet()
    _print(said, talk.data("", said) if json else None)
    watched = sys.stdin.isatty()
    if watched:
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401 -- arrows and history at the prompt
    with contextlib.suppress(KeyboardInterrupt):
        while not talk.over and (line := _line("" if json else talk.prompt(), watched, json)) is not None:
            said = talk.hear(line)
            _print(said, talk.data(line, said) if json else None)
    sys.exit(2 if talk.misses and not watched else 0)


def _print(lines: list[str], data: object = None) -> None:
    """What is said; or the same for programs, on one line."""
    if data is not None:
        import msgspec

        click.echo(msgspec.json.encode(data))
        return
    for line in lines:
        click.echo(line)


def _line(prompt: str, watched: bool, json: bool) -> str | None:
    """The next line, or None at the end; a line from a pipe is shown, so that what follows can be read."""
    if watched:
        try:
            return input(prompt)
        except (EOFError, KeyboardInterrupt):
            click.echo()
            return None
    line = sys.stdin.readline()
    if not json:
        click.echo(f"{prompt}{line.rstrip(chr(10))}")
    return line or None
