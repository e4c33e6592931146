"""`bifurque experiment`: before an experiment (size, power, factors), after it (read), and holdouts (lift)."""

from __future__ import annotations

from pathlib import Path as File
from typing import Any

import click

from bifurque.engine.cli_compare import often, people
from bifurque.engine.cli_options import as_json, lang, sets


@click.group()
def experiment() -> None:
    """Experiments: how many contacts, what power, what they say, what journeys bring."""


def _show(data: Any, lines: list[str], json: bool) -> None:
    import msgspec

    click.echo(msgspec.json.encode(data) if json else "\n".join(lines))


@experiment.command()
@click.option("--from", "base", required=True, help="The share (or mean, with --sd) there is, such as 4%.")
@click.option("--to", "other", required=True, help="The share or mean to tell from it, such as 5%.")
@click.option("--sd", type=float, help="Of the figure, when it is no share.")
@click.option("--power", "target", default="80%", show_default=True, help="How likely the difference is to be seen.")
@click.option("--alpha", default="5%", show_default=True, help="How often one is seen where there is none.")
@click.option("--looks", type=click.IntRange(1, 50), default=1, show_default=True, help="How often it is looked at.")
@lang
@as_json
def size(lang: str | None, json: bool, **asked: Any) -> None:
    """Contacts per arm by the textbook's formula, and what looking more than once costs."""
    from bifurque.engine.experiment_report import size_data, size_report
    from bifurque.engine.words import language

    data = size_data(**asked)
    _show(data, size_report(data, language(lang)), json)


@experiment.command()
@click.argument("plan", type=click.Path(path_type=File))
@click.argument("name", metavar="EXPERIMENT")
@click.option("--figure", default="purchases", show_default=True, help="revenue, cart/converted, event/complaint, …")
@click.option("--power", "target", default="80%", show_default=True, help="The power wanted.")
@people
@often
@sets
@lang
@as_json
def power(plan: File, name: str, figure: str, target: str, lang: str | None, json: bool, **asked: Any) -> None:
    """The power of EXPERIMENT in PLAN, by simulation of this plan: overlap, caps and drop-out included.

    Every contact lives both arms with the same luck; then experiments of every size are drawn from them.
    """
    import msgspec

    from bifurque.engine.experiment_report import power_report
    from bifurque.engine.replications_report import share_of
    from bifurque.engine.trial import power as simulated
    from bifurque.engine.words import language

    given = {k: v for k, v in asked.items() if v is not None}
    found = simulated(plan, name, figure, target=share_of(target) or 0.8, **given)
    _show(msgspec.to_builtins(found), power_report(found, language(lang)), json)


@experiment.command()
@click.argument("plan", type=click.Path(path_type=File))
@click.argument("experiments", nargs=-1, required=True)
@click.option("--figure", default="purchases", show_default=True, help="revenue, cart/converted, event/complaint, …")
@click.option("--half", is_flag=True, help="The half fraction: half the runs; effects are mixed with others.")
@people
@often
@sets
@lang
@as_json
def factors(plan: File, experiments: tuple[str, ...], lang: str | None, json: bool, **asked: Any) -> None:
    """The effects of several EXPERIMENTS of PLAN with two arms each, and of their interactions."""
    from bifurque.engine.experiment_report import factors_data, factors_report
    from bifurque.engine.trial import factorial
    from bifurque.engine.words import language

    given = {k: v for k, v in asked.items() if v is not None}
    found = factorial(plan, experiments, given.pop("figure"), **given)
    _show(factors_data(found), factors_report(found, language(lang)), json)


@experiment.command()
@click.argument("source", type=click.Path(path_type=File))
@click.argument("name", metavar="[EXPERIMENT]", required=False)
@click.option("--figure", default="purchases", show_default=True, help="Of a run: revenue, cart/converted, …")
@click.option("--arm", default="arm", show_default=True, help="Of a file: the column of arms.")
@click.option("--value", default="value", show_default=True, help="Of a file: the column of values.")
@click.option("--by", help="Stratify by this attribute, persona, zone, stage or segment.<name>; or column of a file.")
@click.option("--planned", type=click.IntRange(1), help="At how many contacts it was planned to end.")
@lang
@as_json
def read(source: File, name: str | None, lang: str | None, json: bool, planned: int | None, **options: Any) -> None:
    """Read an experiment, at any time: intervals that stay true however often one looks.

    SOURCE is a run, with EXPERIMENT one of its plan, `holdout` or `holdout:<journey>`; or a Parquet or CSV file with a
    row per contact.
    """
    import msgspec

    from bifurque.engine.experiment import of_file, of_run, readout
    from bifurque.engine.experiment_report import read_report
    from bifurque.engine.run import open_run
    from bifurque.engine.why import setting_of
    from bifurque.engine.words import language

    if source.is_dir():
        if name is None:
            raise click.UsageError("say which experiment of the run to read")
        found = of_run(setting_of(open_run(source)), name, options["figure"], by=options["by"])
    else:
        found = of_file(source, arm=options["arm"], value=options["value"], by=options["by"])
    told = readout(found, planned=planned)
    _show(msgspec.to_builtins(told), read_report(told, language(lang)), json)


@experiment.command()
@click.argument("plan", type=click.Path(path_type=File))
@click.argument("journeys", nargs=-1)
@people
@often
@sets
@lang
@as_json
def lift(plan: File, journeys: tuple[str, ...], lang: str | None, json: bool, **asked: Any) -> None:
    """What each of JOURNEYS brings (by default all), and the whole PLAN: against holding the same contacts out."""
    from bifurque.engine.experiment_report import lift_report
    from bifurque.engine.trial import lift as brought
    from bifurque.engine.words import language

    given = {k: v for k, v in asked.items() if v is not None}
    rows = brought(plan, journeys=journeys, **given)
    _show(rows, lift_report(rows, language(lang)), json)
