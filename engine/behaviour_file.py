"""A file of realistic behaviour, as `bifurque calibrate` writes it: what `--behaviour FILE` reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as File
from typing import Any

import msgspec

from bifurque.engine.check_realistic import check_figures
from bifurque.engine.decode import decode
from bifurque.engine.habits import Behaviour
from bifurque.engine.problems import Path, Problems
from bifurque.engine.reader import read_file
from bifurque.engine.realistic import Realistic
from bifurque.rules.errors import DataError, PlanError, did_you_mean

KINDS = ("off", "constant", "realistic")


def with_behaviour(behaviour: str | None, overrides: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """The kind of behaviour, and the overrides that carry a file's figures into the plan.

    A run keeps overrides in its manifest, so it can be looked into when the file is gone.

    Raises:
        DataError: neither a kind nor a file.
        PlanError: the file's problems, each with its place.
    """
    if behaviour is None or behaviour in KINDS:
        return behaviour, tuple(overrides)
    if not File(behaviour).is_file():
        raise DataError(f"behaviour: neither a kind nor a file: `{behaviour}`" + did_you_mean(behaviour, KINDS))
    figures, sector = _figures(*read_file(behaviour))
    more = [f"behaviour.realistic={msgspec.json.encode(figures).decode()}"]
    if sector is not None:
        more.append(f"behaviour.sector={sector}")
    return "realistic", (*more, *overrides)


def _figures(raw: Any, problems: Problems) -> tuple[Any, Any]:
    """The figures and the sector of a file: of a plan, of a plan's `behaviour:`, or of the figures alone."""
    path: Path = ("behaviour",) if isinstance(raw, dict) and "behaviour" in raw else ()
    section = raw["behaviour"] if path else raw
    whole = isinstance(section, dict) and (bool(path) or "realistic" in section)
    if not problems.errors:
        found = decode(section, Behaviour if whole else Realistic, path, problems)
    if not problems.errors and whole:
        check_figures(found.realistic, (*path, "realistic"), problems)
    elif not problems.errors:
        check_figures(found, path, problems)
    if problems.errors:
        raise PlanError(problems.errors)
    return (section.get("realistic", {}), section.get("sector")) if whole else (section, None)
