"""Who stands where at the end of a run, by stage, journey and step."""

from __future__ import annotations

from typing import Any

from bifurque.engine.routes import stations
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
    if not file.is_file():
        raise RunError(f"{run.folder}: does not say where contacts stand: simulate it again")
    table = read_parquet(file)
    if journey is None:
        return table
    journeys = run.plan.journeys
    if journey not in journeys:
        raise DataError(f"no journey is called `{short(journey)}`" + did_you_mean(journey, journeys))
    steps = [s.name for s in stations(journeys[journey])]
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
    import pyarrow.compute as pc

    table = standing(run)
    by_stage: dict[str, int] = {}
    by_journey: dict[str, int] = {}
    for name, found in (("stage", by_stage), ("journey", by_journey)):
        groups = table.group_by(name).aggregate([("contact", "count_distinct")])
        found |= dict(zip(groups[name].to_pylist(), groups["contact_count_distinct"].to_pylist(), strict=True))
    steps = table.group_by(["journey", "step"]).aggregate([([], "count_all")]).to_pylist()
    at = {(row["journey"], row["step"]): row["count_all"] for row in steps}
    journeys = {
        name: {
            "contacts": by_journey.get(name, 0),
            "steps": {s.name: at[(name, s.name)] for s in stations(plan) if (name, s.name) in at},
            "last_message": at.get((name, ""), 0),
        }
        for name, plan in run.plan.journeys.items()
    }
    contacts = pc.count_distinct(table["contact"]).as_py()
    return {"contacts": contacts, "stages": by_stage, "journeys": journeys, "nowhere": by_journey.get("", 0)}


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
