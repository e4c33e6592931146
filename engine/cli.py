"""The command line: results on stdout, everything else on stderr."""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path as File
from typing import Any

import click

from bifurque.engine.cli_options import as_json, lang, sets
from bifurque.engine.cli_place import placed, run_or_resume
from bifurque.engine.cli_replications import replicating
from bifurque.engine.cli_rules import rules_engine, shadow
from bifurque.engine.commands import CLEAN, FINDINGS, UNREADABLE, Commands
from bifurque.engine.progress import Progress

STARTED = time.perf_counter()

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@click.group(cls=Commands, context_settings=SETTINGS)
@click.version_option(package_name="bifurque")
def main() -> None:
    """Try a whole plan of customer journeys before sending anything.

    \b
    bifurque init demo shop               write a plan to start from
    bifurque check shop/plan.yaml         prove what can be proved on the plan alone
    bifurque simulate shop/plan.yaml      a million contacts, a year, every law on
    bifurque why RUN 17                   every decision about one contact, with its reason
    bifurque walk shop/plan.yaml          live it yourself, reaction by reaction
    bifurque map shop/plan.yaml           the whole plan as a metro map
    bifurque compare shop other           which plan is better, for whom, and how sure
    """  # noqa: D301 - click wants the character, not a backslash and a letter


@main.command()
@click.argument("words", nargs=-1, metavar="[TEMPLATE] DIR")
@click.option("--list", "listing", is_flag=True, help="List the templates.")
@lang
@as_json
def init(words: tuple[str, ...], listing: bool, lang: str | None, json: bool) -> None:
    """Write a commented plan into DIR, as DIR/plan.yaml.

    TEMPLATE is one of those that --list shows; `demo` if none is named.
    """
    from bifurque.engine.templates_list import templates, write_template
    from bifurque.engine.words import language

    known = templates(language(lang))
    if listing:
        _print(known, [f"{name:<12} {title}" for name, title in known.items()], json)
        return
    if not 1 <= len(words) <= 2:
        raise click.UsageError("say where: bifurque init [TEMPLATE] DIR")
    template, folder = words if len(words) == 2 else (words[0] if words[0] in known else "demo", words[0])
    file = write_template(template, File(folder), language(lang))
    _print({"template": template, "file": str(file)}, [str(file)], json)


def _print(data: object, lines: list[str], json: bool) -> None:
    """A result for programs, or for people."""
    import msgspec

    if json:
        click.echo(msgspec.json.encode(data))
    for line in lines if not json else ():
        click.echo(line)


@main.command()
@click.argument("sector", required=False)
@click.option("-o", "--out", type=click.Path(path_type=File), help="To this file; by default on the screen.")
@click.option("--list", "listing", is_flag=True, help="List the sectors.")
@lang
@as_json
def behaviour(sector: str | None, out: File | None, listing: bool, lang: str | None, json: bool) -> None:
    """Write the usual people of SECTOR, to edit and use with `simulate --behaviour FILE`.

    Every figure comes with its source, or is said to be assumed. SECTOR is one of those that --list shows, such as
    retail, e-commerce, travel or software; `all` if none is named.
    """
    from bifurque.engine.sector_file import SECTORS, sector_text, write_sector
    from bifurque.engine.words import language

    if listing:
        _print(list(SECTORS), list(SECTORS), json)
        return
    sector = sector or "all"
    if out is None:
        text = sector_text(sector, language(lang))
        _print({"sector": sector, "text": text}, [text.rstrip()], json)
        return
    write_sector(out, sector, language(lang))
    _print({"sector": sector, "file": str(out)}, [str(out)], json)


@main.command()
@click.argument("plan", type=click.Path(path_type=File))
@rules_engine
@sets
@lang
@as_json
def check(plan: File, rules_engine: str, overrides: tuple[str, ...], lang: str | None, json: bool) -> None:
    """Find what is wrong with PLAN, all at once, each with its place.

    With `--rules-engine durable` also what of its rules durable-rules has no words for, and why.

    Exit code 0: clean; 1: it runs, but there are findings; 2: it cannot be run.
    """
    from bifurque.engine.load import inspect

    read, problems = inspect(plan, overrides)
    if rules_engine == "durable" and read is not None and not problems.errors:
        from bifurque.engine.durable_check import note_limits

        note_limits(read, problems, lang)
    found = problems.sorted()
    if json:
        import msgspec

        rows = [
            {"file": p.file, "line": p.line, "column": p.column, "path": [str(x) for x in p.path]}
            | {"level": p.level, "message": p.message}
            for p in found
        ]
        click.echo(msgspec.json.encode(rows))
    for problem in found if not json else ():
        click.echo(str(problem), err=problem.level == "error")
    for note in problems.notes if not json else ():
        click.echo(note)
    sys.exit(UNREADABLE if problems.errors else FINDINGS if found else CLEAN)


@main.command()
def schema() -> None:
    """Print the JSON Schema of plans, for editors."""
    import msgspec

    from bifurque.engine.schema import plan_schema

    click.echo(msgspec.json.format(msgspec.json.encode(plan_schema()), indent=2))


@main.command()
@click.argument("plan", type=click.Path(path_type=File), required=False)
@click.option("--contacts", type=click.IntRange(1, 10**10), help="How many contacts to draw; by default the plan's.")
@click.option("--days", type=click.IntRange(1, 3700), help="The horizon; by default the plan's.")
@click.option("--seed", type=click.IntRange(0, 2**62), default=1, show_default=True, help="Of all draws.")
@click.option("--out", type=click.Path(path_type=File), help="The run folder; by default the next of runs/.")
@click.option("--overwrite", is_flag=True, help="Replace a run folder that exists.")
@click.option(
    "--population",
    type=click.Path(path_type=File),
    help="Contacts from a Parquet or CSV file: contact, zone, persona, joined, consent, consent.<purpose>.<channel>, "
    "and the plan's attributes.",
)
@click.option(
    "--events",
    type=click.Path(path_type=File),
    help="Real events from a Parquet, CSV or JSON lines file: contact, time (with its offset), type, key, value (money "
    "in cents), message.",
)
@click.option(
    "--behaviour",
    metavar="KIND|FILE",
    help="How people behave: off: only imported events; constant: the plan's chances; realistic: people as "
    "docs/behaviour.md describes them; or a file that `bifurque calibrate` wrote. By default the plan's kind.",
)
@click.option(
    "--ledger",
    type=click.Choice(["full", "sample", "none"]),
    default="sample",
    show_default=True,
    help="Whose decisions are kept: everybody's, those of a keyed 1 %, nobody's.",
)
@placed
@replicating
@rules_engine
@shadow
@sets
@lang
@as_json
def simulate(plan: File | None, stopped: File | None, lang: str | None, json: bool, **options: Any) -> None:
    """Let every contact live PLAN to the horizon, and print the figures.

    The run folder holds manifest.json, kpi.json, ledger/, events/ and aggregates/; Parquet opens in DuckDB, polars or
    pandas. The same plan, inputs and seed give the same bytes, whatever the number of workers.
    """
    from bifurque.engine.replications_report import days_of, replications_report, share_of
    from bifurque.engine.report import report
    from bifurque.engine.words import language, say

    spoken = language(lang)
    options |= {"until": share_of(options["until"]), "warm_up": days_of(options["warm_up"])}
    with Progress(options["days"]) as progress:
        run = run_or_resume(plan, stopped, options, progress=progress.show, started=STARTED)
    for note in run.manifest["notes"]:
        click.echo(f"{say(spoken, 'note')}: {note}", err=True)
    if json:
        click.echo((run.folder / "kpi.json").read_text(encoding="utf-8"))
        return
    click.echo(report(run.kpis, spoken))
    for line in replications_report(run.kpis, options["warm_up"], spoken):
        click.echo(line)
    click.echo(f"{say(spoken, 'files')}: {run.folder}")


@main.command()
@click.argument("events", type=click.Path(path_type=File))
@click.argument("plan", type=click.Path(path_type=File), required=False)
@click.option("-o", "--out", type=click.Path(path_type=File), default="behaviour.yaml", show_default=True, help="To.")
@click.option("--overwrite", is_flag=True, help="Replace a file that exists.")
@click.option("--until", metavar="DATE", help="The last day to look at, such as 2025-09-30; keeps the rest for a test.")
@click.option("--zone", help="On whose wall clock people live; by default the plan's, or UTC.")
@click.option(
    "--life-from",
    type=click.Choice(["first_purchase", "start"]),
    help="When a customer's clock starts: at the first purchase, or with `joined` or else the first day of EVENTS. By "
    "default the latter for a run, and where nearly all buyers have joined.",
)
@click.option("--purchase", metavar="EVENT", help="The event a purchase is; by default the plan's revenue.")
@click.option("--visit", metavar="EVENT", default="visit", show_default=True, help="The event a visit is.")
@click.option("--cart", metavar="EVENT", default="cart_updated", show_default=True, help="The event a cart changed is.")
@click.option(
    "--replications",
    type=click.IntRange(0, 1000),
    default=20,
    show_default=True,
    help="How often the past is lived again to grade the figures; 0: no grade.",
)
@click.option("--predictions", type=click.Path(path_type=File), help="Also write what another group would do, by arm.")
@sets
@lang
@as_json
def calibrate(
    lang: str | None,
    json: bool,
    events: File,
    plan: File | None,
    out: File,
    overwrite: bool,
    predictions: File | None,
    replications: int,
    **options: Any,
) -> None:
    """Estimate realistic behaviour from EVENTS, and write it for `simulate --behaviour FILE`.

    EVENTS is a Parquet, CSV or JSON lines file with the columns contact, time (with its offset), type, and if there are
    any key, value (money in cents), message, channel, arm, machine; or the folder of a run. The types read are sent,
    opened, clicked, unsubscribed, complained, bounced, machine_opened, joined, assigned, and those of purchases, visits
    and carts. PLAN says the channels of messages, the zone and which event is revenue.

    Every figure is listed as estimated, weak or assumed, with its standard error. What messages cause is only said
    where EVENTS has arms drawn by lot. Then the figures are graded: estimated on the first two thirds of EVENTS, they
    forecast the last one.
    """
    from bifurque.engine.calibrate import calibrate as estimate
    from bifurque.engine.calibrate_file import write_behaviour
    from bifurque.engine.calibrate_report import as_data, report
    from bifurque.engine.calibrate_words import say
    from bifurque.engine.fit_lift import write_predictions
    from bifurque.engine.grade import Told, graded
    from bifurque.engine.grade_report import grade_data, grade_report
    from bifurque.engine.words import language

    if out.exists() and not overwrite:
        raise click.ClickException(f"{out}: exists already; choose another --out, or add --overwrite")
    spoken = language(lang)
    found = estimate(events, plan, lang=spoken, **options)
    if predictions is not None:
        write_predictions(predictions, found.lifts)
    rows: list[Told] = []
    if replications:
        with Progress(None) as bar:
            earlier = partial(estimate, events, plan, lang=spoken, **{k: v for k, v in options.items() if k != "until"})
            found, rows = graded(
                found,
                lambda until: earlier(until=until),
                replications=replications,
                progress=lambda done, total: bar.show(done, total, 0),
            )
    write_behaviour(out, found.behaviour, found.log.file, spoken)
    if json:
        import msgspec

        click.echo(msgspec.json.encode(as_data(found) | grade_data(found, rows)))
        return
    click.echo(report(found))
    click.echo("\n" + grade_report(found, rows) + "\n")
    click.echo(say(spoken, "written", out))
