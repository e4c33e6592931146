"""`bifurque map`: a plan, or what was lived of it, as a metro map in a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as File
from typing import TYPE_CHECKING, Any, get_args

import click

from bifurque.engine.cli_options import lang
from bifurque.rules.errors import RunError

if TYPE_CHECKING:
    from bifurque.engine.run import Run

SUFFIXES = (".svg", ".png", ".mmd")
MODES, THEMES = ("plan", "flow", "gap", "compare"), ("light", "dark", "auto")


@click.command("map")
@click.argument("plan", type=click.Path(path_type=File))
@click.argument("runs", type=click.Path(path_type=File), nargs=-1, metavar="[RUN [RUN]]")
@click.option("-o", "--out", type=click.Path(path_type=File), default="map.svg", show_default=True, help="To.")
@click.option(
    "--mode",
    type=click.Choice(MODES),
    help="plan: the journeys alone; flow: what was lived, by width; gap: the same above what the plan imagines; "
    "compare: the second RUN above the first. By default what the runs allow.",
)
@click.option("--theme", type=click.Choice(THEMES), default="light", show_default=True, help="Colours of the paper.")
@click.option("--weeks", metavar="FROM-TO", help="Only these weeks of the run, such as 1-4.")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="PATH=VALUE",
    help="Override one value of the plan, such as journeys.sale.enabled=false. Repeatable.",
)
@lang
def map_(plan: File, runs: tuple[File, ...], out: File, lang: str | None, **options: Any) -> None:
    """Draw PLAN as a metro map: stages from left to right, journeys as numbered lines, steps as stations.

    PLAN is a plan file or the folder of a run, whose plan is then drawn. With a RUN the lines are as wide as contacts
    were many; with two, the second is drawn above the first. The file is .svg, .png (where a Chromium is installed) or
    .mmd (Mermaid text). The same plan always gives the same map, whatever was lived; a run keeps it as layout.json.
    """
    from bifurque.engine.words import language

    if out.suffix not in SUFFIXES:
        raise click.UsageError(f"{out}: a map is written as {', '.join(SUFFIXES)}")
    if len(runs) > 2:
        raise click.UsageError("a map shows one run, or compares two")
    text = drawn(plan, runs, mermaid_text=out.suffix == ".mmd", lang=language(lang), **options)
    if out.suffix == ".png":
        from bifurque.dashboard.map_png import write_png

        write_png(text, out)
    else:
        out.write_text(text, encoding="utf-8")
    click.echo(str(out))


def drawn(
    plan: File,
    runs: Sequence[File],
    *,
    mode: str | None,
    theme: str,
    weeks: str | None,
    overrides: Sequence[str],
    lang: str,
    mermaid_text: bool,
) -> str:
    """The text of a map."""
    from bifurque.dashboard.map_flows import flows_of
    from bifurque.dashboard.map_layout import lay_out, layout_of
    from bifurque.dashboard.map_mermaid import mermaid
    from bifurque.dashboard.map_svg import Mode, Theme, draw
    from bifurque.engine.load import load
    from bifurque.engine.run import open_run

    lived = [open_run(r) for r in runs]
    layout = layout_of(open_run(plan)) if plan.is_dir() else lay_out(load(plan, overrides))
    if lived and not plan.is_dir() and layout.key == (kept := layout_of(lived[-1])).key:
        layout = kept
    if mermaid_text:
        return mermaid(layout, lang)
    assert mode is None or mode in get_args(Mode)
    assert theme in get_args(Theme)
    chosen = None if weeks is None else _weeks(weeks)
    flows = [flows_of(_known(run), layout, chosen) for run in lived]
    return draw(
        layout,
        flows[-1] if flows and mode != "plan" else None,
        other=flows[0] if len(flows) == 2 and mode != "plan" else None,
        mode=mode,  # type: ignore[arg-type]
        theme=theme,  # type: ignore[arg-type]
        lang=lang,
    )


def _known(run: Run) -> Run:
    """A run that knows how contacts went from step to step."""
    if not (run.folder / "aggregates" / "edge_week.parquet").is_file():
        raise RunError(
            f"{run.folder}: holds no edge_week: it is not complete, or an older version's; simulate it again"
        )
    return run


def _weeks(text: str) -> range:
    """The weeks `FROM-TO` means, counted from 1."""
    first, _, last = text.partition("-")
    try:
        found = range(int(first) - 1, int(last or first))
    except ValueError:
        found = range(0)
    if not found or found.start < 0:
        raise click.UsageError(f"--weeks {text}: expected such as 1-4")
    return found
