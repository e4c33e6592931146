"""One source text, two lives: plain Python for one contact, machine code for millions.

A function marked `@kernel` stays an ordinary Python function. `compiled(function)` builds its twin in machine code,
with every kernel function it calls, without touching the source. Both see one flat `Memory` of 64-bit words: an array
when plain, a bare address when compiled (an array argument costs seven machine words a call, an address one).
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.int64]
"""A vector, or rows, of int64 words."""


class Memory(Protocol):
    """Tables, record, work space and counters of a lane, as one vector of int64 words."""

    def __getitem__(self, at: int) -> int:
        """The word at an address."""

    def __setitem__(self, at: int, word: int) -> None:
        """Change the word at an address."""


F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Mark a function as part of the kernel: plain Python here, machine code through `compiled`."""
    function.__kernel__ = True  # type: ignore[attr-defined]
    return function


def seldom(function: F) -> F:
    """Mark a part of the kernel that many plans never run: its code stays out of that of its callers."""
    function.__seldom__ = True  # type: ignore[attr-defined]
    return kernel(function)


def memory(words: Words) -> Memory:
    """The lane's memory as kernel functions receive it."""
    return words


def real(m: Memory, at: int) -> float:
    """The word at `at`, read as a float64."""
    return as_real(m[at])


def put_real(m: Memory, at: int, value: float) -> None:
    """Write a float64 into the word at `at`."""
    m[at] = as_word(value)


def as_real(word: int) -> float:
    """The float64 whose bits are `word`."""
    return float(np.int64(word).view(np.float64))


def as_word(value: float) -> int:
    """The bits of a float64 as an int64."""
    return int(np.float64(value).view(np.int64))


def sources() -> bytes:
    """A digest of every file of rules/ and actors/, by name and content."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for file in sorted([*here.glob("*.py"), *here.parent.joinpath("actors").glob("*.py")]):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.digest()


LOADED = sources()
"""What this process runs, whatever becomes of the files while it does: an upgrade must not find old code as its own."""


def cache_folder() -> Path:
    """Where machine code is kept: named by the files of rules/ and actors/ as they were loaded, numba, the processor.

    Numba itself does not notice a change in a callee or in an imported constant; the name of this folder does.
    """
    import llvmlite.binding as llvm
    import numba

    digest = hashlib.sha256(LOADED)
    digest.update(f"{numba.__version__} {llvm.get_host_cpu_name()} {sys.version}".encode())
    name = f"kernel-{digest.hexdigest()[:16]}"
    try:
        home = os.environ.get("BIFURQUE_CACHE") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(home) / "bifurque" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".writable").touch()
    except (OSError, RuntimeError):  # no home, or one that cannot be written
        folder = private_folder() / name
        folder.mkdir(exist_ok=True)
    return folder


def private_folder() -> Path:
    """A folder for temporary files that nobody else can write: what is read back from it is run."""
    folder = Path(tempfile.gettempdir()) / f"bifurque-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022:
        return folder
    made = tempfile.mkdtemp(prefix="bifurque-")  # somebody else was there first
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


@functools.cache
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The machine-code twin of a kernel function that takes arrays; kept on disk between processes.

    Every function below it is compiled once, for the types it is annotated with, when the first call to it is met.
    """
    import numba

    from bifurque.rules import machine

    numba.config.CACHE_DIR = str(cache_folder())
    worlds: dict[int, dict[str, Any]] = {}
    twins: dict[int, Any] = {}

    def twin(f: Any) -> Any:
        if id(f) not in twins:
            own = FunctionType(f.__code__, world(f.__globals__), f.__name__, f.__defaults__)
            twins[id(f)] = machine.callee(own, f.__annotations__)
            if getattr(f, "__seldom__", False):
                machine.SELDOM.add(f"{len(f.__name__)}{f.__name__}B")
        return twins[id(f)]

    def world(names: dict[str, Any]) -> dict[str, Any]:
        if id(names) not in worlds:
            mine = worlds[id(names)] = dict(names)
            for name, value in names.items():
                if getattr(value, "__kernel__", False):
                    mine[name] = twin(value)
                elif getattr(value, "__module__", None) == __name__ and name in machine.TWINS:
                    mine[name] = machine.TWINS[name]
        return worlds[id(names)]

    entry = FunctionType(function.__code__, world(function.__globals__), function.__name__, function.__defaults__)
    options = {"nogil": True, "cache": True, "error_model": "numpy", "pipeline_class": machine.Entry}
    return numba.njit(entry, **options)  # type: ignore[no-any-return]
