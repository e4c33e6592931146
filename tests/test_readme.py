"""Every block of the README runs, in order, in one folder, and prints what the README says it prints."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))


def shell(command, folder):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    ran = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=os.environ | {"PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    return ran.stdout.rstrip("\n")


def promised(text):
    """The commands of a console block, each with what it prints."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output.rstrip("\n")


def like(said, printed):
    """Whether a text is what was promised, `…` standing for anything within a line."""
    return re.fullmatch(re.escape(said).replace("…", "[^\n]*"), printed) is not None


def test_every_block(tmp_path):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    for kind, name, text in BLOCKS:
        if name:
            (tmp_path / name).write_text(text, encoding="utf-8")
        elif kind == "python":
            (tmp_path / "example.py").write_text(text, encoding="utf-8")
            assert "Traceback" not in shell("python example.py", tmp_path)
        elif kind == "console":
            for command, said in promised(text):
                printed = shell(command, tmp_path)
                assert like(said, printed), f"$ {command}\n{printed}"


def test_what_is_promised_with_make_is_what_ci_runs():
    made = {line.split("#")[0].strip() for kind, _, text in BLOCKS if kind == "sh" for line in text.splitlines()}
    assert made
    assert made <= set((ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines())


def test_a_wrong_promise_is_seen():
    assert like("1 passed in …", "1 passed in 0.31s")
    assert not like("2 passed in …", "1 passed in 0.31s")
    assert not like("a…c", "a\nc")
