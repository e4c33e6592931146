"""Who stands where at the end of a run, by stage, journey and step."""

from __future__ import annotations

from typing import Any

from bifurque.engine.run import Run, read_parquet
from bifurque.engine.words import figure, say
from bifurque.rules.errors import DataError, RunError, did_you_mean, short


def standing(run: Run, journey: str | None = None, step: str | None = None) -> Any:
    """The rows of `standing.parquet`, or only those in a journey, or at a step of it.

    Raises:
        DataError: the plan has no such journey, or the journey no such step.
        RunError: the run did not keep them.
    """
    import pyarrow.compute as pc

    file = run.folder / "standing.parquet"
    if not run.complete:
        raise RunError(f"{run.folder}: this run did not reach its end, so it does not say where contacts stand")
    if not file.is_file():
        raise RunError(f"{run.folder}: does not say where contacts stand: simulate it again")
    table = read_parquet(file)
    if journey is None:
        return table
    if journey not in run.kpis["journeys"]:
        raise DataError(f"no journey is called `{short(journey)}`" + did_you_mean(journey, run.kpis["journeys"]))
    steps = _steps(run.kpis, journey)
    if step is not None and step not in steps:
        raise DataError(f"`{journey}` has no step `{short(step)}`" + did_you_mean(step, steps))
    table = table.filter(pc.equal(table["journey"], journey))
    return table if step is None else table.filter(pc.equal(table["step"], step))


def counts(run: Run) -> dict[str, Any]:
    """How many contacts are in each stage, in each journey and in none, and at each step; in the plan's order.

    A contact may be on several visits, even to one journey: the steps of a journey add up to visits.

    Raises:
        RunError: the run did not keep them.
    """
    import numpy as np

    table, figures = standing(run), run.kpis
    who = np.asarray(table["contact"])
    (stages, stage), (names, journey), (steps, step) = (_coded(table[c]) for c in ("stage", "journey", "step"))
    new = np.ones(len(who), bool)
    new[1:] = np.diff(who) != 0  # rows are sorted by contact, those of a contact by journey
    entered = new.copy()
    entered[1:] |= np.diff(journey) != 0
    by_stage = np.bincount(stage[new], minlength=len(stages)).tolist()
    by_journey = dict(zip(names, np.bincount(journey[entered], minlength=len(names)).tolist(), strict=True))
    at = np.bincount(journey * len(steps) + step, minlength=len(names) * len(steps)).reshape(len(names), len(steps))
    visits = {(n, s): int(at[k, i]) for k, n in enumerate(names) for i, s in enumerate(steps) if at[k, i]}
    journeys = {
        name: {
            "contacts": by_journey.get(name, 0),
            "steps": {s: visits[name, s] for s in _steps(figures, name) if (name, s) in visits},
            "last_message": visits.get((name, ""), 0),
        }
        for name in figures["journeys"]
    }
    now = {name: many for name, many in zip(stages, by_stage, strict=True) if many}
    return {"contacts": int(new.sum()), "stages": now, "journeys": journeys, "nowhere": by_journey.get("", 0)}


def _steps(figures: dict[str, Any], journey: str) -> list[str]:
    """The steps of a journey, in the plan's order: the figures name them all, without the plan being read."""
    return [name.removeprefix(f"{journey}/") for name in figures["steps"] if name.startswith(f"{journey}/")]


def _coded(column: Any) -> tuple[list[str], Any]:
    """The texts of a column, and its codes."""
    import numpy as np

    whole = column.unify_dictionaries().combine_chunks()
    whole = whole.chunk(0) if hasattr(whole, "num_chunks") else whole
    return whole.dictionary.to_pylist(), np.asarray(whole.indices, np.int64)


def told(found: dict[str, Any], lang: str) -> list[str]:
    """Counts in words."""
    lines = [say(lang, "stages"), *(_line(lang, 2, name, many) for name, many in found["stages"].items())]
    lines.append(say(lang, "journeys"))
    for name, one in found["journeys"].items():
        lines.append(_line(lang, 2, name, one["contacts"]))
        lines += [_line(lang, 4, step, many) for step, many in one["steps"].items()]
        if one["last_message"]:
            lines.append(_line(lang, 4, say(lang, "where.last"), one["last_message"]))
    return [*lines, _line(lang, 2, say(lang, "where.nowhere"), found["nowhere"])]


def _line(lang: str, indent: int, name: str, many: int) -> str:
    return " " * indent + f"{name:<{44 - indent}} {figure(lang, many):>12}"


def listed(table: Any, ids: dict[int, str], most: int) -> list[str]:
    """Who stands somewhere, one line each."""
    lines = []
    for row in table.slice(0, most).to_pylist():
        due = f"{row['due']:%Y-%m-%d %H:%M:%S} UTC" if row["due"] else "-"
        who = ids.get(row["contact"], row["contact"])
        lines.append(f"{who}  {row['stage']}  {row['journey']}/{row['step'] or '-'}  {due}")
    return lines


def names_of(run: Run) -> dict[int, str]:
    """The names of contacts by number, where the files of the run had names."""
    file = run.folder / "contacts.parquet"
    if not file.is_file():
        return {}
    table = read_parquet(file)
    return dict(zip(table["contact"].to_pylist(), table["id"].to_pylist(), strict=True))
