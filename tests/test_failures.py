"""When a run cannot go on: one clear line, no traceback, and nothing half-written that looks whole."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from click.testing import CliRunner

from bifurque.engine.cli import main
from bifurque.engine.run import open_run
from bifurque.engine.simulate import simulate
from bifurque.engine.templates_list import template
from bifurque.engine.why import why
from bifurque.rules.errors import BifurqueError, DataError, RunError

COMMAND = [sys.executable, "-m", "bifurque"]


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    file = folder / "plan.yaml"
    file.write_text(template("cart", "en"), "utf-8")
    simulate(file, contacts=10, days=10, out=folder / "first", workers=1)  # now there is machine code
    return file


@pytest.fixture(scope="module")
def whole(plan):
    return simulate(plan, contacts=300, days=60, out=plan.parent / "whole", ledger="full", workers=1).folder


@pytest.fixture
def run(whole, tmp_path):
    """A run folder to do harm to."""
    return Path(shutil.copytree(whole, tmp_path / "run"))


def bifurque(*words, **how):
    """The exit code of a command and what it printed."""
    done = subprocess.run([*COMMAND, *map(str, words)], capture_output=True, text=True, check=False, **how)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def files(folder):
    return sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file())


def room(size):
    """Files may not grow beyond a size: what a full disk does, to one process."""
    return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))}


def heed_interrupts():
    """As in a terminal: what a shell starts in the background does not hear Ctrl-C, nor do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("ledger", ["full", "sample"])
def test_interrupted(ledger, plan, tmp_path):
    out = tmp_path / "run"
    words = ["simulate", plan, "--contacts", 50_000_000, "--ledger", ledger, "--workers", 2, "--out", out]
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "preexec_fn": heed_interrupts}
    child = subprocess.Popen([*COMMAND, *map(str, words)], **how)
    while not (out / "manifest.json").exists():
        assert child.poll() is None
        time.sleep(0.02)
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    told, said = child.communicate(timeout=60)
    assert (child.returncode, told, said) == (130, "", "interrupted\n")
    left = open_run(out)
    assert (left.manifest["status"], left.manifest["digest"], left.complete) == ("incomplete", None, False)
    for file in out.rglob("*.parquet"):
        parquet.read_metadata(file)
    assert not [f for f in files(out) if f.endswith(".partial") or f.startswith(("kpi", "aggregates"))]
    assert why(left, "3").rows  # one life can be looked into all the same
    with pytest.raises(RunError, match="this run did not reach its end, so it has no figures: simulate it again"):
        _ = left.kpis


@pytest.mark.parametrize("moment", ["live_job", "_results", "_files", "_manifest"])
def test_interrupted_at_any_moment(moment, plan, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"bifurque.engine.simulate.{moment}", stop)
    out = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        simulate(plan, contacts=300, days=30, out=out, ledger="full", workers=1)
    assert json.loads((out / "manifest.json").read_text())["status"] == "incomplete"
    assert not [f for f in files(out) if f.endswith(".partial") or f.startswith(("kpi", "aggregates"))]


@pytest.mark.parametrize("ledger", ["full", "sample", "none"])
def test_a_full_disk(ledger, plan, tmp_path):
    how = {"contacts": 20_000, "days": 365, "ledger": ledger, "workers": 1}
    whole = simulate(plan, **how, out=tmp_path / "whole").folder
    largest = max(f.stat().st_size for f in whole.rglob("*") if f.is_file())
    assert (whole / "manifest.json").stat().st_size < largest
    out = tmp_path / "run"
    words = [w for key, value in how.items() for w in (f"--{key}", value)]
    code, told, said = bifurque("simulate", plan, *words, "--out", out, **room(largest - 1))
    assert (code, told, said) == (2, "", f"{out}: cannot be written: File too large\n")
    left = files(out)  # of a sample the ledger was whole by then
    assert [f for f in left if ledger == "full" or not f.startswith(("ledger", "events"))] == ["manifest.json"]
    assert open_run(out).manifest["status"] == "incomplete"


def test_a_disk_so_full_that_nothing_is_left(plan, tmp_path):
    code, _, said = bifurque("simulate", plan, "--contacts", 10, "--out", tmp_path / "run", **room(1_000))
    assert (code, said) == (2, f"{tmp_path / 'run'}: cannot be written: File too large\n")
    assert files(tmp_path) == []
    assert not (tmp_path / "run").exists()


def test_a_full_disk_under_a_template(tmp_path):
    code, _, said = bifurque("init", "cart", tmp_path / "shop", **room(100))
    assert (code, said) == (2, f"{tmp_path / 'shop' / 'plan.yaml'}: cannot be written: File too large\n")
    assert files(tmp_path) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device here")
@pytest.mark.parametrize("words", [("schema",), ("check", "--json"), ("init", "--list")])
def test_output_that_cannot_be_written(words, plan):
    more = [plan] if words[0] == "check" else []
    with open("/dev/full", "w") as full:
        done = subprocess.run([*COMMAND, *words, *more], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "the output: No space left on device\n")


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("plan.yaml/run", "cannot be written: Not a directory"),
        ("x" * 300, "cannot be written: File name too long"),
        ("full", "exists already; choose another --out, or add --overwrite"),
        ("full --overwrite", "is not a run folder, so it is not overwritten; choose another --out"),
        ("plan.yaml --overwrite", "is not a run folder, so it is not overwritten; choose another --out"),
    ],
)
def test_a_folder_that_cannot_be_used(out, said, plan, tmp_path, monkeypatch):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    (tmp_path / "plan.yaml").write_bytes(plan.read_bytes())
    monkeypatch.chdir(tmp_path)
    words = ["simulate", "plan.yaml", "--contacts", "10", "--workers", "1", "--out", *out.split()]
    done = CliRunner().invoke(main, words)
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", f"{out.split()[0]}: {said}\n")
    assert files(tmp_path) == ["full/letter.txt", "plan.yaml"]


def test_overwriting_what_is_incomplete(run, plan):
    (run / "manifest.json").write_text((run / "manifest.json").read_text().replace('"complete"', '"incomplete"'))
    with pytest.raises(RunError, match="exists already"):
        simulate(plan, contacts=10, days=30, out=run, workers=1)
    assert simulate(plan, contacts=10, days=30, out=run, workers=1, overwrite=True).complete


def test_not_a_run(tmp_path):
    with pytest.raises(RunError, match=r"is not a run folder: it has no manifest\.json"):
        open_run(tmp_path)
    code, told, said = bifurque("why", tmp_path, 3)
    assert (code, told, said) == (2, "", f"{tmp_path}: is not a run folder: it has no manifest.json\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "manifest.json: is damaged: "),
        (b"{", "manifest.json: is damaged: "),
        (b"[]", "manifest.json: is damaged: it holds no object"),
        (b"\xff\xfe", "manifest.json: is damaged: "),
        (b"[" * 100_000, "manifest.json: is damaged: "),
        (b"{}", "manifest.json: is damaged: Object missing required field `status`"),
        (b'{"status": "done"}', "manifest.json: is damaged: Invalid enum value 'done'"),
    ],
)
def test_a_damaged_manifest(content, said, tmp_path):
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(RunError) as error:
        open_run(tmp_path)
    assert str(error.value).startswith(f"{tmp_path}/{said}")
    assert "\n" not in str(error.value)


def test_damaged_results(run):
    (run / "kpi.json").write_bytes(b"{")
    for file in run.rglob("*.parquet"):
        file.write_bytes(file.read_bytes()[:50])
    left = open_run(run)
    for look, name in (
        (lambda: left.kpis, "kpi.json"),
        (left.ledger, "ledger/decisions-00000.parquet"),
        (left.events, "events/events-00000.parquet"),
        (lambda: left.aggregate("station_week"), "aggregates/station_week.parquet"),
        (lambda: left.aggregate("nothing"), "aggregates/nothing.parquet"),
    ):
        with pytest.raises(RunError) as error:
            look()
        assert str(error.value).startswith(f"{run / name}: ")
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("300",), "no contact `300` in this run: they are numbered from 0 to 299"),
        (("anna",), "no contact `anna` in this run: they are numbered from 0 to 299"),
        (("3", "cart_remindr"), "no message is called `cart_remindr`; did you mean `cart_reminder`?"),
    ],
)
def test_why_of_what_is_not_there(words, said, run):
    with pytest.raises(DataError) as error:
        why(open_run(run), *words)
    assert str(error.value).endswith(said)


def test_why_of_a_name_misspelt_and_of_files_that_are_gone(plan, tmp_path):
    people, events = tmp_path / "people.csv", tmp_path / "events.csv"
    people.write_text("contact,consent\nanna,all\nbert,all\n")
    events.write_text("contact,time,type\nanna,2025-01-05T10:00:00Z,cart_updated\n")
    run = simulate(plan, days=30, population=people, events=events, out=tmp_path / "run", workers=1)
    assert why(run, "anna").rows
    with pytest.raises(DataError, match=r"no contact `ana` in this run; did you mean `anna`\?"):
        why(run, "ana")
    events.write_text(events.read_text() + "bert,2025-01-05T10:00:00Z,cart_updated\n")
    with pytest.raises(RunError, match="the events file has changed since the run"):
        why(run, "anna")
    events.unlink()
    with pytest.raises(RunError, match="the events of this run is no longer there: bring it back"):
        why(run, "anna")
    (run.folder / "contacts.parquet").write_bytes(b"PAR1")
    with pytest.raises(BifurqueError):
        why(open_run(run.folder), "anna")


def test_a_cache_that_cannot_be_kept(plan, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bifurque.engine.simulate.warm", full)
    with pytest.raises(RunError, match="machine code cannot be kept: No space left on device: set BIFURQUE_CACHE"):
        simulate(plan, contacts=10, days=30, out=tmp_path / "run", workers=1)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"contacts": 0}, "contacts: expected a whole number from 1 to 10,000,000,000, got `0`"),
        ({"contacts": "7"}, "contacts: expected a whole number"),
        ({"days": 99999}, "days: expected a whole number from 1 to 3,700, got `99999`"),
        ({"seed": -1}, "seed: expected a whole number from 0"),
        ({"workers": 0}, "workers: expected a whole number from 1 to 256"),
        ({"behaviour": "of"}, "behaviour: neither a kind nor a file: `of`; did you mean `off`?"),
        ({"ledger": "ful"}, "ledger: no such word: `ful`; did you mean `full`?"),
    ],
)
def test_asked_for_what_cannot_be(asked, said, plan, tmp_path):
    with pytest.raises(DataError) as error:
        simulate(plan, out=tmp_path / "run", **asked)
    assert str(error.value).startswith(said)
    assert not (tmp_path / "run").exists()
