"""Commands about single people: one contact, who stands where, what is bought together."""

from __future__ import annotations

from pathlib import Path as File

import click

from bifurque.engine.cli_options import as_json, lang

SHOWN = 50


@click.command()
@click.argument("run", type=click.Path(path_type=File))
@click.argument("contact")
@click.option("--at", metavar="TIME", help="At an instant such as 2026-03-10 14:00, on the contact's wall clock.")
@lang
@as_json
def contact(run: File, contact: str, at: str | None, lang: str | None, json: bool) -> None:
    """Show CONTACT of RUN: where it stands, what waits for it, and every decision so far.

    At the end of the run, or with --at at any instant: its life is lived again up to there.
    """
    from bifurque.engine.contact_report import told
    from bifurque.engine.run import open_run
    from bifurque.engine.words import language

    opened = open_run(run)
    found = opened.contact(contact, at)
    _print(found, told(found, language(lang), {r.name: r.when for r in opened.plan.rules}), json)


@click.command()
@click.argument("run", type=click.Path(path_type=File))
@click.argument("journey", required=False)
@click.argument("step", required=False)
@lang
@as_json
def where(run: File, journey: str | None, step: str | None, lang: str | None, json: bool) -> None:
    """Show who stands where at the end of RUN: how many; or, in JOURNEY or at a STEP of it, who.

    At most 50 contacts are listed; --json lists all. Python: `open_run(RUN).where(JOURNEY, STEP)`, an Arrow table.
    """
    from bifurque.engine.run import open_run
    from bifurque.engine.where import counts, listed, names_of, told
    from bifurque.engine.words import figure, language, say

    opened, spoken = open_run(run), language(lang)
    if journey is None:
        many = counts(opened)
        _print(many, told(many, spoken), json)
        return
    table = opened.where(journey, step)
    lines = listed(table, names_of(opened), SHOWN)
    if len(table) > SHOWN:
        lines.append(say(spoken, "where.more", figure(spoken, len(table) - SHOWN)))
    _print(table.to_pylist() if json else None, lines, json)


def _print(data: object, lines: list[str], json: bool) -> None:
    """A result for programs, or for people."""
    import msgspec

    if json:
        click.echo(msgspec.json.encode(data))
    for line in lines if not json else ():
        click.echo(line)


@click.command()
@click.argument("baskets", type=click.Path(path_type=File))
@click.argument("plan", type=click.Path(path_type=File), required=False)
@click.option("--support", type=click.FloatRange(0, 1), default=0.01, show_default=True, help="Least share of baskets.")
@click.option("--lift", type=click.FloatRange(0), default=1.2, show_default=True, help="More than this.")
@click.option("-o", "--out", type=click.Path(path_type=File), help="Also write the rules, as CSV or Parquet.")
@lang
@as_json
def associate(
    baskets: File, plan: File | None, support: float, lift: float, out: File | None, lang: str | None, json: bool
) -> None:
    """Find what is bought together in BASKETS, and what that means for the offers of PLAN.

    BASKETS is a CSV or Parquet file with the columns basket and item. For every pair: support (share of the baskets
    with both), confidence (of those with the first, the share with the second), lift (how many times more often than by
    chance). Then `goes_with`, as an offer of the plan takes it; with PLAN only for its offers.
    """
    from bifurque.engine.associations import associations, proposal, read_baskets
    from bifurque.engine.associations_report import as_table, told, write_rules
    from bifurque.engine.words import language

    read = read_baskets(baskets)
    rows = associations(read, support, lift)
    offers: tuple[str, ...] = ()
    if plan is not None:
        from bifurque.engine.load import load

        offers = tuple(load(plan).offers)
    proposed = proposal(rows, offers)
    if out is not None:
        write_rules(out, rows)
    data = {"baskets": read.count, "items": len(read.names), "rules": as_table(rows), "goes_with": proposed}
    _print(data, told(read, rows, proposed, support, lift, language(lang)), json)
