"""Whoever is killed goes on, on any number of hosts, and the bytes are those of a run that nobody stopped."""

import contextlib
import datetime as dt
import json
import random
import shutil
from collections import Counter

import numpy as np
import pytest
from click.testing import CliRunner
from killed import killed
from shared_runs import ALONE, MERGED, OFFERS, SOME, live, outcome, outcomes, tidy

from bifurque.engine.answers import Journal, answered_until, trail_of, whole
from bifurque.engine.checkpoints import Checkpoints
from bifurque.engine.cli import main
from bifurque.engine.resume import resume
from bifurque.engine.run import open_run
from bifurque.rules.errors import DataError, RunError
from bifurque.rules.settlement import Request, Supply

PLANS = pytest.mark.parametrize("text", [OFFERS, ALONE, MERGED], ids=["shared", "alone", "merged"])


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return outcomes(tmp_path_factory)


@contextlib.contextmanager
def stopping(monkeypatch, after):
    """End the run right after so many checkpoints."""
    save, count = Checkpoints.save, [0]

    def wrapped(*given):
        save(*given)
        count[0] += 1
        if count[0] == after:
            raise Killed

    with monkeypatch.context() as change:
        change.setattr(Checkpoints, "save", wrapped)
        with pytest.raises(Killed):
            yield


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A run of each plan that was stopped when it had written several checkpoints; a copy of it."""
    kept = {}

    def copy(text, to):
        if text not in kept:
            kept[text] = tmp_path_factory.mktemp("stopped") / "run"
            with pytest.MonkeyPatch.context() as patch, stopping(patch, 5 if text is OFFERS else 2):
                live(text, kept[text], workers=2, checkpoint_every=15)
        shutil.copytree(kept[text], to)
        return to

    return copy


@PLANS
@pytest.mark.parametrize(
    "how", [{"workers": 3}, pytest.param({"executor": "inline", "workers": 3}, marks=pytest.mark.slow)]
)
def test_going_on_elsewhere(base, stopped, tmp_path, text, how):
    folder = stopped(text, tmp_path / "run")
    left = open_run(folder)
    assert left.manifest["status"] == "incomplete"
    assert not (folder / "kpi.json").exists()
    run = resume(folder, **how)
    assert outcome(run) == base(text)
    assert run.complete
    assert tidy(run)
    with pytest.raises(RunError, match="this run has reached its end"):
        resume(folder)


@PLANS
def test_two_hosts_then_five_then_three(base, tmp_path, monkeypatch, text):
    folder = tmp_path / "run"
    first, second = (4, 1) if text is OFFERS else (1, 1)
    with stopping(monkeypatch, first):
        live(text, folder, executor="inline", workers=2, checkpoint_every=15)
    with stopping(monkeypatch, second):
        resume(folder, executor="inline", workers=5)
    assert outcome(resume(folder, executor="inline", workers=3)) == base(text)


def test_only_what_is_behind_the_checkpoint_is_lived_again(base, stopped, tmp_path):
    whole = live(ALONE, tmp_path / "whole", checkpoint_every=15, workers=1).manifest["timing"]
    again = resume(stopped(ALONE, tmp_path / "run"), workers=1).manifest["timing"]
    assert again["ledger_rows"] < 0.6 * whole["ledger_rows"]  # 2 of 4 shares were lived


@pytest.mark.parametrize(("text", "seed"), [(OFFERS, 1), (OFFERS, 2), (OFFERS, 3), (ALONE, 1), (ALONE, 2)])
def test_killed_at_a_random_moment(base, tmp_path, text, seed):
    assert_survives(base, tmp_path, text, seed, workers=2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 30))
def test_killed_again_and_again(base, tmp_path, seed):
    assert_survives(base, tmp_path, OFFERS, seed, executor=random.Random(seed).choice(["threads", "inline"]), workers=3)


def assert_survives(base, tmp_path, text, seed, **how):
    folder = tmp_path / "run"
    killed(text, folder, seed, **how)
    left = open_run(folder)
    if not left.complete:
        assert left.manifest["status"] == "running"
        left = resume(folder, workers=1 + seed % 3)
    assert outcome(left) == base(text)


def damage(file, how, dice):
    """Cut a file short, or turn one bit of it round."""
    data = bytearray(file.read_bytes())
    at = dice.randrange(len(data))
    if how == "truncated":
        del data[at:]
    else:
        data[at] ^= 1 << dice.randrange(8)
    file.write_bytes(data)


@pytest.mark.parametrize(
    ("which", "how"),
    [
        ("{last}/host-000-*.arrow", "flipped"),
        ("{last}/part-*.arrow", "truncated"),
        ("{last}.json", "flipped"),
        pytest.param("{last}/host-000-*.arrow", "truncated", marks=pytest.mark.slow),
        pytest.param("{last}/part-*.arrow", "flipped", marks=pytest.mark.slow),
        pytest.param("{last}.json", "truncated", marks=pytest.mark.slow),
    ],
)
def test_a_damaged_checkpoint_is_refused_by_name(base, stopped, tmp_path, how, which):
    folder = stopped(OFFERS, tmp_path / "run")
    names = sorted(f.stem for f in (folder / "checkpoints").glob("*.json"))
    assert len(names) == 2
    file = sorted((folder / "checkpoints").glob(which.format(last=names[1])))[0]
    damage(file, how, random.Random(3))
    run = resume(folder, workers=1)
    told = [note for note in run.manifest["notes"] if note.startswith(f"checkpoint {names[1]}: {file.name} is damaged")]
    assert len(told) == 1
    assert told[0].endswith(f"checkpoint {names[0]} is used")
    assert outcome(run) == base(OFFERS)


@pytest.mark.parametrize("text", [OFFERS, ALONE], ids=["shared", "alone"])
def test_rows_that_are_damaged(base, stopped, tmp_path, text):
    """Rows that only the last checkpoint counts on, then rows that both do: the run begins again."""
    folder = stopped(text, tmp_path / "run")
    checkpoints = sorted((folder / "checkpoints").glob("*.json"))
    before, last = (json.loads(file.read_bytes().rpartition(b"\n")[0]) for file in checkpoints)
    if text is OFFERS:
        size = {s["file"]: s["bytes"] for some in before["segments"].values() for s in some}
        new = next(s for some in last["segments"].values() for s in some if s["bytes"] > size.get(s["file"], 0))
        file, at = folder / "checkpoints" / "rows" / new["file"], size.get(new["file"], 0)
    else:
        file, at = folder / next(name for name in last["written"] if name not in before["written"]), 100
    other = folder / "other"
    shutil.copytree(folder, other / "run")
    data = bytearray(file.read_bytes())
    data[at + 3] ^= 4
    file.write_bytes(data)
    run = resume(folder, workers=2)
    assert [n for n in run.manifest["notes"] if f"{file.name} is damaged: it is not what was written" in n]
    assert outcome(run) == base(text)
    for manifest in (other / "run" / "checkpoints").glob("*.json"):
        manifest.write_bytes(manifest.read_bytes()[:-7])
    run = resume(other / "run", workers=2)
    notes = [n for n in run.manifest["notes"] if n.startswith("checkpoint ")]
    assert len(notes) == 2
    assert all(n.endswith("the run begins again") for n in notes)
    assert outcome(run) == base(text)


def test_two_at_one_run(stopped, tmp_path):
    folder = stopped(ALONE, tmp_path / "run")
    first = Checkpoints(folder, "", 1, 1)
    with pytest.raises(RunError, match="somebody else is at this run"):
        resume(folder)
    first.leave()


def test_checkpoints_of_another_program(stopped, tmp_path, monkeypatch):
    folder = stopped(ALONE, tmp_path / "run")
    monkeypatch.setattr("bifurque.engine.checkpoints.program_hash", lambda setting: "another")
    run = resume(folder)
    assert "it is of another version of bifurque, or of another plan" in str(run.manifest["notes"])


def test_runs_without_checkpoints(tmp_path, monkeypatch):
    monkeypatch.setattr("bifurque.engine.simulate._results", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        live(ALONE, tmp_path / "run", contacts=10)
    with pytest.raises(RunError, match=r"has no checkpoints \(--checkpoint-every DAYS\): simulate it again"):
        resume(tmp_path / "run")


REQUESTS = [Request(7, 0, 1.0, True, ((0, 1),)), Request(3, 1, 1.0, True, ((0, 1),))]
ROWS = [[3, 10, -1], [7, 10, 0], [3, 11, -1], [7, 11, -1]]
"""One item, and who gets it: by contact, whoever asks first."""


def asked_twice(folder, stock=1):
    journal = Journal([Supply("a", "offer", stock)], 1, folder)
    journal.begin({})
    for t, requests in ((10, REQUESTS), (11, REQUESTS[::-1])):
        journal.settle(t, requests)
    journal.flush()
    return folder / "checkpoints" / "answers.rows"


def test_the_journal(tmp_path):
    """What was answered must be answered again, in whatever order hosts ask; a torn answer counts for nothing."""
    file = asked_twice(tmp_path)
    assert whole(file).tolist() == ROWS
    known = file.read_bytes()
    file.write_bytes(known[:-9])
    assert whole(file).tolist() == ROWS[:3]
    asked_twice(tmp_path)
    assert file.read_bytes() == known
    for at in range(24):
        file.write_bytes(known[:48] + bytes(b ^ (i == at) for i, b in enumerate(known[48:])))
        assert whole(file).tolist() == ROWS[:2]
    file.write_bytes(known)
    with pytest.raises(RunError, match="what was answered at 10 is not what it was before the run stopped"):
        asked_twice(tmp_path, stock=2)


def test_a_journal_that_differs_ends_the_run(base, stopped, tmp_path, monkeypatch):
    folder = stopped(OFFERS, tmp_path / "run")
    sorted((folder / "checkpoints").glob("*.json"))[-1].unlink()  # what was answered before it comes again
    settle, count = Journal.settle, [0]

    def otherwise(journal, t, requests):
        answers, count[0] = settle(journal, t, requests), count[0] + 1
        if count[0] == 1:
            journal.noted["answers.rows"][-1] = (requests[0].contact, t, -7)
        return answers

    monkeypatch.setattr(Journal, "settle", otherwise)
    with pytest.raises(RunError, match="is not what it was before the run stopped: start it anew"):
        resume(folder)


def test_from_the_command_line(base, stopped, tmp_path):
    folder = stopped(ALONE, tmp_path / "run")
    for words in (["plan.yaml", "--resume", folder], ["--resume", folder, "--contacts", "7"], []):
        assert CliRunner().invoke(main, ["simulate", *map(str, words)]).exit_code == 2
    done = CliRunner().invoke(main, ["simulate", "--resume", str(folder), "--workers", "2"])
    assert done.exit_code == 0, done.output
    assert outcome(open_run(folder)) == base(ALONE)


def test_checkpoints_are_for_those_who_ask(tmp_path):
    timing = live(ALONE, tmp_path / "run", **SOME | {"contacts": 300}).manifest["timing"]
    assert "checkpoints" not in timing
    every = live(ALONE, tmp_path / "every", **SOME | {"contacts": 300}, checkpoint_every=30).manifest
    assert every["timing"]["checkpoints"] == 1
    assert every["checkpoint_every"] == 30
    assert np.isfinite(every["timing"]["checkpoint_s"])


def test_anybody_can_be_asked_about_in_a_run_that_was_stopped(stopped, tmp_path):
    """With the answers given so far a life is lived again alone, a newcomer's too; not what is not known yet."""
    folder = stopped(OFFERS, tmp_path / "run")
    left, whole = open_run(folder), live(OFFERS, tmp_path / "whole")
    reached = answered_until(folder) - 1
    at = f"{dt.datetime.fromtimestamp(reached, dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
    friends = trail_of(folder, "newcomers.rows")[:, 0].tolist()
    busiest = Counter(whole.ledger()["contact"].to_pylist()).most_common(5)
    for contact in [0, 7, *friends[:3], *(c for c, _ in busiest)]:
        state = left.contact(contact)
        assert state.at.timestamp() == reached
        assert state == left.contact(contact, at) == whole.contact(contact, at)
    assert len(friends) > 2
    with pytest.raises(DataError, match=r"the run has come as far as 2025-.* UTC: before that `2025-02-28` is not"):
        left.contact(0, "2025-02-28")
    with pytest.raises(RunError, match="did not reach its end"):
        left.where("best")
    shown = CliRunner().invoke(main, ["contact", str(folder), str(friends[0]), "--lang", "en"])
    assert shown.exit_code == 0, shown.output


def test_anybody_can_be_asked_about_in_a_run_under_way(tmp_path, monkeypatch):
    whole, folder = live(OFFERS, tmp_path / "whole"), tmp_path / "run"
    save, seen = Checkpoints.save, []

    def asking(*given):
        save(*given)
        state = open_run(folder).contact(7)
        at = f"{state.at:%Y-%m-%dT%H:%M:%SZ}"
        seen.append((at, state == whole.contact(7, at)))

    monkeypatch.setattr(Checkpoints, "save", asking)
    live(OFFERS, folder, workers=2, checkpoint_every=20)
    assert len({at for at, _ in seen}) > 2
    assert all(same for _, same in seen)
