"""`bifurque compare` and `bifurque sweep`: which plan is better, for whom, and how sure."""

from __future__ import annotations

from pathlib import Path as File
from typing import Any

import click

from bifurque.engine.cli_options import F, as_json, lang, sets
from bifurque.engine.progress import Progress


def people(command: F) -> F:
    """Who lives the plans, and how long: the options of commands that run plans side by side."""
    options = [
        click.option("--contacts", type=click.IntRange(1, 10**10), help="How many contacts; by default the plan's."),
        click.option("--days", type=click.IntRange(1, 3700), help="The horizon; by default the plan's."),
        click.option("--seed", type=click.IntRange(0, 2**62), help="Of all draws; by default 1."),
        click.option("--population", type=click.Path(path_type=File), help="Contacts from a file, as for simulate."),
        click.option("--events", type=click.Path(path_type=File), help="Real events from a file, as for simulate."),
        click.option("--behaviour", metavar="KIND|FILE", help="How people behave, as for simulate."),
        click.option("--workers", type=click.IntRange(1, 256), help="Threads; by default one per processor."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


often = click.option(
    "--replications",
    type=click.IntRange(1, 10_000),
    help="Intervals from so many seeds instead of from contacts; by default 5, in a sweep 3, where lives depend on "
    "each other.",
)


@click.command()
@click.argument("a", type=click.Path(path_type=File))
@click.argument("b", type=click.Path(path_type=File), required=False)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="PATH=VALUE",
    help="Override one value of B, such as caps.0.max=2; without B, of A for the other side. Repeatable.",
)
@people
@often
@click.option("--level", type=float, default=0.95, show_default=True, help="Of the intervals.")
@click.option("--who", type=click.IntRange(0, 100), default=1, show_default=True, help="How many contacts to show.")
@click.option("-o", "--out", type=click.Path(path_type=File), help="A folder for all of it, as JSON and Parquet.")
@click.option("--overwrite", is_flag=True, help="Replace what the folder holds.")
@lang
@as_json
def compare(lang: str | None, json: bool, who: int, out: File | None, overwrite: bool, **asked: Any) -> None:
    """Compare A with B, contact by contact: the same people with the same luck live both.

    A and B are run folders or plans. A run is lived again for it, and a plan beside a run gets the run's contacts.
    Every difference has an interval, the probability that it is above zero, the number of contacts for whom it is not
    zero, and the gain: how many times more contacts independent seeds would need for the same interval.
    """
    import msgspec

    from bifurque.engine.compare import compare as pairwise
    from bifurque.engine.compare_report import compare_report
    from bifurque.engine.compare_words import say
    from bifurque.engine.words import language

    spoken = language(lang)
    with Progress(None) as bar:
        found = pairwise(progress=bar.show, **asked)
    if out is not None:
        found.write(out, overwrite=overwrite)
    if json:
        click.echo(msgspec.json.encode(found.data()))
        return
    click.echo(compare_report(found, spoken, who=who))
    if out is not None:
        click.echo(say(spoken, "written", out))


@click.command()
@click.argument("plan", type=click.Path(path_type=File))
@click.option(
    "--vary",
    multiple=True,
    required=True,
    metavar="PATH=VALUES",
    help="caps.0.max=1..5, caps.0.max=0..10..2 or journeys.cart.steps.0.wait=1h,3h,6h. Repeatable: all combinations.",
)
@click.option("--halving", is_flag=True, help="Successive halving: many variants on few contacts, few on all.")
@click.option(
    "--objective",
    default="net",
    show_default=True,
    help="What halving keeps the best of: net, revenue, purchases, clicked; the least of sent, unsubscribed.",
)
@people
@often
@sets
@click.option("-o", "--out", type=click.Path(path_type=File), help="A folder for the tables; again: goes on there.")
@click.option("--overwrite", is_flag=True, help="Forget what the folder holds.")
@lang
@as_json
def sweep(lang: str | None, json: bool, **asked: Any) -> None:
    """Try variants of PLAN on the same contacts with the same luck.

    Says which are worth having (the Pareto front of revenue against opt-outs and pressure), and the price of pressure:
    what one more message per week is worth, for whom. Interrupted with --out, it goes on where it stopped.
    """
    import msgspec

    from bifurque.engine.compare_words import say
    from bifurque.engine.sweep import sweep as try_all
    from bifurque.engine.sweep_report import sweep_report
    from bifurque.engine.words import language

    spoken = language(lang)
    with Progress(None) as bar:
        found = try_all(progress=lambda done, total: bar.show(done, total, 0), **asked)
    if json:
        told = {"variants": found.rows(), "prices": found.prices(), "best": found.best()}
        click.echo(msgspec.json.encode(told))
        return
    click.echo(sweep_report(found, spoken))
    if asked["out"] is not None:
        click.echo(say(spoken, "written", asked["out"]))
