"""What may be changed in a plan by a path, and what `check` says of the change."""

from __future__ import annotations

from typing import Any

import yaml

from bifurque.engine.load import inspect
from bifurque.engine.problems import Problem, Problems
from bifurque.engine.reader import read_text

SKIPPED = ("title", "name")


def values(text: str) -> dict[str, str]:
    """Every single value of a plan by its path, as `--set` takes it."""
    found: dict[str, str] = {}
    raw, _ = read_text(text, Problems("plan"))
    _walk(raw, "", found)
    return found


def _walk(raw: Any, path: str, found: dict[str, str]) -> None:
    if isinstance(raw, dict):
        for key, inside in raw.items():
            if key not in SKIPPED and not (isinstance(inside, dict) and set(inside) == {"fr", "en"}):
                _walk(inside, f"{path}.{key}" if path else str(key), found)
    elif isinstance(raw, list):
        for n, inside in enumerate(raw):
            _walk(inside, f"{path}.{_entry(inside, n, raw)}" if path else str(n), found)
    elif path:
        found[path] = yaml.safe_dump(raw, allow_unicode=True).removesuffix("...\n").strip()


def _entry(inside: Any, n: int, raw: list[Any]) -> str:
    """An entry of a list by its own name where that is enough to find it."""
    for key in ("name", "send", "survey"):
        name = inside.get(key) if isinstance(inside, dict) else None
        same = [x for x in raw if isinstance(x, dict) and x.get(key) == name]
        if isinstance(name, str) and len(same) == 1 and not any(c in name for c in ".=") and not name.isdecimal():
            return name
    return str(n)


def findings(text: str, changes: list[str]) -> list[Problem]:
    """Everything `check` has to say about a plan with some values replaced."""
    import tempfile
    from pathlib import Path as File

    with tempfile.TemporaryDirectory() as folder:
        file = File(folder) / "plan.yaml"
        file.write_text(text, "utf-8")
        _, problems = inspect(file, changes)
    return problems.sorted()
