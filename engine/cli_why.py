"""`bifurque why`: what was decided about one contact and what it rests on; why a message was not sent."""

from __future__ import annotations

from pathlib import Path as File
from typing import Any

import click

from bifurque.engine.cli_options import as_json, lang
from bifurque.engine.cli_rules import rules_engine


@click.command()
@click.argument("run", type=click.Path(path_type=File))
@click.argument("contact")
@click.argument("message", required=False)
@click.option("--zone", help="On whose wall clock; by default the contact's own.")
@click.option(
    "--events", is_flag=True, help="Also what the contact did: opens, by itself or by its mail program, clicks."
)
@click.option("--laws", is_flag=True, help="Also the laws that let a message pass, and what set a decision off.")
@click.option("--brief", is_flag=True, help="One line a decision, without what it rests on.")
@click.option("--not", "absent", metavar="MESSAGE", help="Why MESSAGE was not sent, and what would have let it go.")
@click.option("--at", "day", metavar="DATE", help="With --not: on that day of the contact's, such as 2026-03-10.")
@rules_engine
@lang
@as_json
def why(
    run: File, contact: str, message: str | None, zone: str | None, lang: str | None, json: bool, **options: Any
) -> None:
    """Say every decision about CONTACT in RUN, in time order, with what it rests on; of one MESSAGE if it is named.

    The contact's life is lived again, so this works whether or not the ledger kept it; where it did, the two are
    compared. ✓ true, ✗ false, ? unknown.
    """
    from bifurque.engine.run import open_run
    from bifurque.engine.why import told
    from bifurque.engine.why import why as reasons
    from bifurque.engine.words import language, say

    spoken = language(lang)
    if options["absent"]:
        from bifurque.engine.why_not import report_why_not

        report_why_not(open_run(run), contact, options["absent"], options["day"], spoken, zone, json)
        return
    found = reasons(open_run(run), contact, message, options["rules_engine"])
    for note in found.notes:
        click.echo(f"{say(spoken, 'note')}: {note}", err=True)
    if json:
        import msgspec

        click.echo(msgspec.json.encode(found.data + found.lived if options["events"] else found.data))
        return
    shown = {"events": options["events"], "because": not options["brief"], "laws": options["laws"]}
    for line in told(found, spoken, zone, **shown):
        click.echo(line)
    if not found.rows:
        click.echo(say(spoken, "why.nothing") if message is None else say(spoken, "why.nothing_message", message))
