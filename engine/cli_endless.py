"""`bifurque endless`: who lives the same day again and again, and a way out."""

from __future__ import annotations

from pathlib import Path as File
from typing import Any

import click

from bifurque.engine.cli_options import as_json, lang
from bifurque.engine.progress import Progress


@click.command()
@click.argument("run", type=click.Path(path_type=File))
@click.option("--passes", type=click.IntRange(2, 100), default=3, show_default=True, help="So many of the same.")
@click.option("--signal", "signals", multiple=True, help="An event that is a positive signal. Repeatable.")
@click.option("--exit-from", "journey", help="Also try a way out of this journey; `worst` for the most endless one.")
@click.option("-o", "--out", type=click.Path(path_type=File), help="A folder for the tables, as Parquet.")
@lang
@as_json
def endless(
    run: File,
    passes: int,
    signals: tuple[str, ...],
    journey: str | None,
    out: File | None,
    lang: str | None,
    json: bool,
) -> None:
    """Find the contacts of RUN who live the same steps again and again without a positive signal.

    Who has three passes of the same messages in a journey, and opened, clicked, answered, bought or brought a friend in
    none, is flagged at the end of the third, until the next signal. Also: sends to people who opened nothing for a
    year, and how much is new to its readers. Needs a ledger; `simulate --ledger full` for exact counts.
    """
    import msgspec

    from bifurque.engine.endless import SIGNALS
    from bifurque.engine.endless import endless as find
    from bifurque.engine.endless_exit import exit_effect
    from bifurque.engine.endless_report import effect_report, endless_report, worst, write_endless
    from bifurque.engine.run import open_run
    from bifurque.engine.words import language

    spoken = language(lang)
    opened = open_run(run)
    found = find(opened, signals=signals or SIGNALS, passes=passes)
    data: dict[str, Any] = {"ledger": found.kept, "journeys": found.journeys, "months": found.months}
    lines = endless_report(found, spoken)
    name = worst(found) if journey == "worst" else journey
    if name:
        with Progress(None) as bar:
            effect, words = exit_effect(opened, name, passes=passes, progress=bar.show)
        data |= {"exit": {"journey": name, "plan": words, "figures": effect.rows()}}
        lines += effect_report(effect, name, words, spoken)
    if out is not None:
        write_endless(found, out)
    click.echo(msgspec.json.encode(data) if json else "\n".join(lines))
