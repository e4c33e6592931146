"""`bifurque map`: a plan, or what was lived of it, as a metro map in a file."""

from __future__ import annotations

import datetime as dt
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
@click.option(
    "--weeks",
    metavar="FROM-TO",
    help="Only these weeks of the runs, such as 0-3: the first is 0, as on the dashboard.",
)
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
    were many; with two, the second is drawn above the first; below the title stand their folders and dates. The file is
    .svg, .png (where a Chromium is installed) or .mmd (Mermaid text). The same plan always gives the same map, whatever
    was lived; a run keeps it as layout.json.
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
    shown = [] if mode == "plan" else [_known(run) for run in lived]
    chosen = None if weeks is None else _weeks(weeks, shown)
    flows = [flows_of(run, layout, chosen) for run in shown]
    return draw(
        layout,
        flows[-1] if flows else None,
        other=flows[0] if len(flows) == 2 else None,
        lived=_called(shown, chosen, lang),
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


def _weeks(text: str, runs: Sequence[Run]) -> range:
    """The weeks `FROM-TO` means, counted from 0, which every run must have."""
    first, dash, last = text.partition("-")
    numbers = [first, last] if dash else [first, first]
    if not all(n.isdecimal() for n in numbers) or int(numbers[0]) > int(numbers[1]):
        raise click.UsageError(f"--weeks {text}: expected such as 0-3")
    if not runs:
        raise click.UsageError(f"--weeks {text}: the map shows no run")
    found = range(int(numbers[0]), int(numbers[1]) + 1)
    for run in runs:
        there = _last_week(run)
        if found[-1] > there:
            raise click.UsageError(f"--weeks {text}: {run.folder} has the weeks 0-{there}")
    return found


def _last_week(run: Run) -> int:
    return -(-int(run.manifest["days"]) // 7) - 1


def _called(runs: Sequence[Run], weeks: range | None, lang: str) -> str:
    """The folders of the runs that are drawn, and from when to when."""
    from bifurque.dashboard.wording import day

    told = []
    for run, letter in zip(runs, ("A : ", "B : ") if len(runs) == 2 else ("",), strict=False):
        start = dt.datetime.fromtimestamp(run.manifest["start"] + 43200, dt.UTC).date()
        days = int(run.manifest["days"])
        first, last = (0, days - 1) if weeks is None else (7 * weeks[0], min(7 * weeks[-1] + 6, days - 1))
        when = " – ".join(day(lang, start + dt.timedelta(days=n)) for n in (first, last))
        told.append(f"{letter if lang == 'fr' else letter.replace(' :', ':')}{run.folder.resolve().name}, {when}")
    return " · ".join(told)
