"""A file of realistic behaviour, as `bifurque calibrate` writes it: what `--behaviour FILE` reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as File
from typing import get_args

import msgspec

from bifurque.engine.decode import decode
from bifurque.engine.reader import read_file
from bifurque.engine.realistic import Realistic, Sector
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
        raise DataError(f"--behaviour {behaviour}: neither a file nor a kind" + did_you_mean(behaviour, KINDS))
    raw, problems = read_file(behaviour)
    section = raw.get("behaviour", raw) if isinstance(raw, dict) else raw
    figures = section.get("realistic", section) if isinstance(section, dict) else section
    sector = section.get("sector") if isinstance(section, dict) and section is not figures else None
    if not problems.errors:
        path = tuple(k for k, inside in (("behaviour", raw), ("realistic", section)) if k in (inside or ()))
        decode(figures, Realistic, path, problems)
        if sector is not None:
            decode(sector, Sector, ("behaviour", "sector"), problems)
    if problems.errors:
        raise PlanError(problems.errors)
    more = [f"behaviour.realistic={msgspec.json.encode(figures).decode()}"]
    if sector in get_args(Sector):
        more.append(f"behaviour.sector={sector}")
    return "realistic", (*more, *overrides)
