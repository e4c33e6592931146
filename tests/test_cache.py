"""Machine code kept on disk is never stale, and never read from where somebody else can write."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bifurque.rules import compiled

ROOT = Path(__file__).parents[1]


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the folders that hold jitted code."""
    for folder in ("rules", "actors"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(compiled, "__file__", str(tmp_path / "rules" / "compiled.py"))
    return tmp_path


def folder_of(monkeypatch, copy):
    """The cache folder of a process that has loaded the files as they are."""
    monkeypatch.setenv("BIFURQUE_CACHE", str(copy / "cache"))
    monkeypatch.setattr(compiled, "LOADED", compiled.sources())
    return compiled.cache_folder()


def test_any_change_of_a_file_with_jitted_code_names_another_folder(copy, monkeypatch):
    seen = {folder_of(monkeypatch, copy)}
    files = [*copy.glob("rules/*.py"), *copy.glob("actors/*.py")]
    assert sum("@kernel" in f.read_text("utf-8") for f in files) > 15
    for file in files:
        file.write_text(file.read_text("utf-8") + "# changed\n", "utf-8")
        folder = folder_of(monkeypatch, copy)
        assert folder not in seen
        seen.add(folder)
    assert all(f.parent == copy / "cache" / "bifurque" for f in seen)


def test_a_file_more_or_with_another_name_names_another_folder(copy):
    first = compiled.sources()
    (copy / "actors" / "more.py").write_text("", "utf-8")
    second = compiled.sources()
    (copy / "actors" / "more.py").rename(copy / "actors" / "less.py")
    assert len({first, second, compiled.sources()}) == 3


LATE = """
import sys
from bifurque.rules import compiled
before = compiled.cache_folder()
with open(sys.argv[1], "a") as file:
    file.write("# changed\\n")
assert compiled.cache_folder() == before
print(before.name)
"""


def test_files_that_change_while_a_process_runs_are_not_those_it_runs(tmp_path):
    """Its machine code must not be kept under the name of files it has never loaded."""
    for folder in ("rules", "actors"):
        shutil.copytree(ROOT / folder, tmp_path / "bifurque" / folder)
    changed = str(tmp_path / "bifurque" / "actors" / "ways.py")
    asked = [sys.executable, "-c", LATE, changed]
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "BIFURQUE_CACHE": str(tmp_path / "cache")}
    names = [
        subprocess.run(asked, env=environment, capture_output=True, text=True, check=True).stdout for _ in range(2)
    ]
    assert names[0] != names[1]
    assert names[0].startswith("kernel-")


def test_jitted_code_stands_in_the_files_that_are_hashed():
    kernels = {f for f in ROOT.glob("[a-z]*/*.py") if "@kernel" in f.read_text("utf-8")}
    assert {f.parent.name for f in kernels - {ROOT / "tests" / "test_cache.py"}} == {"rules", "actors"}


def nowhere(tmp_path, monkeypatch):
    """A home that cannot be written; temporary files go to `tmp_path`."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("BIFURQUE_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / f"bifurque-{os.getuid()}"


def test_an_unwritable_home_falls_back_to_a_folder_of_ones_own(tmp_path, monkeypatch):
    own = nowhere(tmp_path, monkeypatch)
    folder = compiled.cache_folder()
    assert folder.parent == own
    assert own.stat().st_mode & 0o777 == 0o700
    assert compiled.cache_folder() == folder


def test_no_home_at_all(tmp_path, monkeypatch):
    own = nowhere(tmp_path, monkeypatch)
    for name in ("BIFURQUE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", home)
    assert compiled.cache_folder().parent == own


def open_to_all(own, monkeypatch):
    own.mkdir()
    own.chmod(0o777)


def a_link(own, monkeypatch):
    (own.parent / "elsewhere").mkdir(mode=0o700)
    own.symlink_to(own.parent / "elsewhere")


def a_file(own, monkeypatch):
    own.touch(mode=0o600)


def of_somebody_else(own, monkeypatch):
    somebody = os.getuid() + 1
    (own.parent / f"bifurque-{somebody}").mkdir(mode=0o700)
    monkeypatch.setattr(os, "getuid", lambda: somebody)


@pytest.mark.parametrize("made", [open_to_all, a_link, a_file, of_somebody_else])
def test_a_shared_folder_others_can_write_is_not_used(tmp_path, monkeypatch, made):
    made(nowhere(tmp_path, monkeypatch), monkeypatch)
    there = {f.resolve() for f in tmp_path.iterdir()}
    folder = compiled.private_folder()
    assert folder.parent == tmp_path
    assert folder.resolve() not in there
    assert folder.stat().st_mode & 0o777 == 0o700


HASHES = """
import sys
import numpy as np
from bifurque.actors.lane import run_lane
from bifurque.engine.setting import prepare
from bifurque.engine.sink import Nowhere
from bifurque.rules.layout import CONTACT, HASH, MISSING
setting = prepare(sys.argv[1], contacts=40, days=90)
stretch, lane, plain = setting.stretch(0, 0, 40, 0.0), setting.lane(), setting.lane().words
lane.live(stretch, Nowhere())
plain[CONTACT] = MISSING
with np.errstate(over="ignore"):
    run_lane(plain, stretch.people, stretch.events, stretch.bounds)
print(lane.words[HASH], plain[HASH])
"""


FASTER = ("rules/scores.py", "power_of_half(float(age) / half)", "0.999999 * power_of_half(float(age) / half)")
"""A decay that is a little faster: scores fall below their thresholds some seconds earlier."""


class Checkout:
    """A copy of the whole package, with a cache of its own."""

    def __init__(self, folder):
        self.folder = folder
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        for part in ("src", "rules", "actors", "engine", "dashboard"):
            shutil.copytree(ROOT / part, folder / part, symlinks=True, ignore=ignored)

    def hashes(self):
        """The hash of all decisions by machine code, and by the same source uncompiled."""
        env = os.environ | {"PYTHONPATH": str(self.folder / "src"), "BIFURQUE_CACHE": str(self.folder / "cache")}
        plan = str(self.folder / "engine" / "templates" / "nurturing.yaml")
        done = subprocess.run([sys.executable, "-c", HASHES, plan], env=env, capture_output=True, text=True, check=True)
        return tuple(map(int, done.stdout.split()))

    def edit(self, file, old, new):
        text = (self.folder / file).read_text("utf-8")
        assert text.count(old) == 1
        (self.folder / file).write_text(text.replace(old, new), "utf-8")

    def code(self):
        return {f: f.stat().st_mtime_ns for f in (self.folder / "cache").rglob("*.nb?")}


@pytest.mark.slow
def test_an_edited_callee_or_constant_takes_effect(tmp_path):
    copy = Checkout(tmp_path)
    first = copy.hashes()
    code = copy.code()
    assert code
    assert copy.hashes() == first
    assert copy.code() == code  # read back, not made again
    copy.edit(*FASTER)
    second = copy.hashes()
    copy.edit("actors/layout.py", "MOST_TRANSITIONS = 64", "MOST_TRANSITIONS = 2")
    third = copy.hashes()
    for machine, plain in (first, second, third):
        assert machine == plain
    assert len({first, second, third}) == 3


@pytest.mark.slow
def test_a_cache_named_by_nothing_would_be_stale(tmp_path):
    copy = Checkout(tmp_path)
    copy.edit("rules/compiled.py", 'f"kernel-{digest.hexdigest()[:16]}"', '"kernel"')
    machine, plain = copy.hashes()
    assert machine == plain
    copy.edit(*FASTER)
    stale, changed = copy.hashes()
    assert stale == machine
    assert changed != plain
