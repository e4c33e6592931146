"""Templates: plans to start from. Their comments are written in French and in English; `init` keeps one of the two."""

from __future__ import annotations

import importlib.resources
import os
import re
from pathlib import Path as File

from bifurque.engine.words import LANGUAGES
from bifurque.rules.errors import DataError, RunError, did_you_mean

_COMMENT = re.compile(r"^(\s*)#(fr|en) ?(.*)$")


def _text(name: str) -> str:
    return importlib.resources.files("bifurque.engine").joinpath("templates", f"{name}.yaml").read_text("utf-8")


def template_names() -> tuple[str, ...]:
    """Every template, `demo` first."""
    folder = importlib.resources.files("bifurque.engine").joinpath("templates")
    names = sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))
    return ("demo", *(n for n in names if n != "demo"))


def templates(lang: str) -> dict[str, str]:
    """Every template with what it shows: the first comment of its file."""
    return {name: _titles(_text(name))[lang] for name in template_names()}


def _titles(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _COMMENT.match(line)
        if match:
            found.setdefault(match[2], match[3])
    return found


def template(name: str, lang: str) -> str:
    """The text of a template with the comments of one language.

    Raises:
        DataError: no template has this name.
    """
    if name not in template_names():
        raise DataError(f"no template is called `{name}`" + did_you_mean(name, template_names()))
    other = LANGUAGES[1 - LANGUAGES.index(lang)]
    lines = []
    for line in _text(name).splitlines():
        match = _COMMENT.match(line)
        if match and match[2] == other:
            continue
        lines.append(f"{match[1]}# {match[3]}".rstrip() if match else line)
    return "\n".join(lines) + "\n"


def write_template(name: str, folder: File, lang: str) -> File:
    """Write a template as `plan.yaml` into a folder, which is made if need be; nothing is overwritten.

    Raises:
        DataError: no template has this name.
        RunError: a plan stands there already, or the folder cannot be written.
    """
    text = template(name, lang)
    file = folder / "plan.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        where = file if folder.is_dir() else folder
        raise RunError(f"{where}: exists already; choose another folder") from None
    except OSError as error:
        raise RunError(f"{folder}: cannot be written: {error.strerror or error}") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        file.unlink()
        raise RunError(f"{file}: cannot be written: {error.strerror or error}") from None
    return file
