"""Hosts on Ray: the same bytes as threads, though processes and nodes are killed. Mostly slow: Ray takes its time."""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading

import pytest
from killed import killed
from shared_runs import ALONE, MERGED, OFFERS, live, outcome, outcomes, tidy
from test_checkpoints import stopping

from bifurque.engine.executors import Executor
from bifurque.engine.hosting import Place
from bifurque.engine.resume import resume
from bifurque.engine.run import open_run

ray = pytest.importorskip("ray", reason="ray is not installed: pip install 'bifurque[ray]'")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
slow = pytest.mark.slow
SMALL = {"include_dashboard": False, "object_store_memory": 80 << 20}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return outcomes(tmp_path_factory)


@pytest.fixture
def watched(monkeypatch):
    """What runs reach their hosts by."""
    from bifurque.engine import executor_ray

    made, init = [], executor_ray.OnRay.__init__

    def seen(transport, *given, **more):
        init(transport, *given, **more)
        made.append(transport)

    monkeypatch.setattr(executor_ray.OnRay, "__init__", seen)
    return made


def at_round(monkeypatch, number, act):
    """Do something when the driver has asked its hosts so often."""
    ask, count = Executor.ask, [0]

    def counted(executor, tasks):
        count[0] += 1
        if count[0] == number:
            act()
        return ask(executor, tasks)

    monkeypatch.setattr(Executor, "ask", counted)


def killing(watched, dice):
    """Kill one of the hosts a moment from now, whatever it is doing then."""

    def kill():
        victim = dice.choice(watched[0].processes)
        threading.Timer(dice.uniform(0, 0.05), os.kill, (victim, signal.SIGKILL)).start()

    return kill


def assert_only_its_part_was_lived_again(run, hosts):
    timing = run.manifest["timing"]
    assert timing["hosts_lost"] == 1
    assert timing["tasks_repeated"] < 0.9 * timing["rounds"] / hosts


def test_on_this_machine_though_a_host_is_killed(base, tmp_path, monkeypatch, watched):
    """The short one, which starts a Ray of its own."""
    at_round(monkeypatch, 333, killing(watched, random.Random(1)))
    run = live(OFFERS, tmp_path / "run", executor="ray", workers=1, hosts=2, checkpoint_every=10)
    assert outcome(run) == base(OFFERS)
    assert len(set(watched[0].processes)) == 2
    assert_only_its_part_was_lived_again(run, 2)
    assert tidy(run)
    assert not ray.is_initialized()


@pytest.fixture(scope="module")
def cluster():
    """Three nodes on this machine."""
    from ray.cluster_utils import Cluster

    from bifurque.engine.executor_ray import connect

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, **SMALL})
    made.others = [made.add_node(num_cpus=1, object_store_memory=80 << 20) for _ in range(2)]
    connect(made.address)
    yield made
    ray.shutdown()
    made.shutdown()


@slow
@pytest.mark.parametrize("text", [OFFERS, ALONE, MERGED], ids=["shared", "alone", "merged"])
@pytest.mark.parametrize("hosts", [1, 2, 3])
def test_the_same_bytes_on_ray(cluster, base, tmp_path, text, hosts):
    run = live(text, tmp_path / "run", executor="ray", workers=1, hosts=hosts)
    assert outcome(run) == base(text)
    assert tidy(run)


@slow
def test_one_host_per_node(cluster, base, tmp_path, watched):
    run = live(OFFERS, tmp_path / "run", executor="ray", workers=1)
    assert outcome(run) == base(OFFERS)
    assert len(set(watched[0].processes)) == 3


@slow
@pytest.mark.parametrize("seed", range(8))
def test_a_host_is_killed(cluster, base, tmp_path, monkeypatch, watched, seed):
    dice = random.Random(seed)
    at_round(monkeypatch, dice.randint(2, 800), killing(watched, dice))
    run = live(OFFERS, tmp_path / "run", executor="ray", workers=1, hosts=2, checkpoint_every=10)
    assert outcome(run) == base(OFFERS)
    assert_only_its_part_was_lived_again(run, 2)


@slow
@pytest.mark.parametrize("text", [ALONE, MERGED], ids=["alone", "merged"])
def test_a_host_is_killed_of_whom_nobody_waits(cluster, base, tmp_path, monkeypatch, watched, text):
    at_round(monkeypatch, 4, killing(watched, random.Random(2)))
    run = live(text, tmp_path / "run", executor="ray", workers=1, hosts=2, checkpoint_every=10)
    assert outcome(run) == base(text)


@slow
@pytest.mark.parametrize("seed", range(3))
def test_the_driver_is_killed(cluster, base, tmp_path, seed):
    """Its hosts may still be writing when another driver goes on, elsewhere or on the same cluster."""
    folder = tmp_path / "run"
    killed(OFFERS, folder, seed, executor="ray", address=cluster.address, hosts=2, workers=1)
    left = open_run(folder)
    if not left.complete:
        left = resume(folder, **({"executor": "threads"} if seed % 2 else {"hosts": 3, "address": cluster.address}))
    assert outcome(left) == base(OFFERS)


@slow
def test_two_hosts_then_five_then_three(cluster, base, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    with stopping(monkeypatch, 6):
        live(OFFERS, folder, executor="ray", workers=1, hosts=2, checkpoint_every=10)
    with stopping(monkeypatch, 2):
        resume(folder, workers=1, hosts=5)
    assert outcome(resume(folder, workers=1, hosts=3)) == base(OFFERS)


@slow
def test_from_ray_to_threads_and_back(cluster, base, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    with stopping(monkeypatch, 8):
        live(OFFERS, folder, executor="ray", workers=1, hosts=2, checkpoint_every=10)
    with stopping(monkeypatch, 2):
        resume(folder, executor="threads", workers=2)
    assert outcome(resume(folder, executor="ray", workers=1, hosts=3)) == base(OFFERS)


@slow
@pytest.mark.parametrize("number", [50, 600])
def test_a_node_is_killed(cluster, base, tmp_path, monkeypatch, watched, number):
    at_round(monkeypatch, number, lambda: cluster.remove_node(cluster.others.pop(), allow_graceful=False))
    run = live(OFFERS, tmp_path / "run", executor="ray", workers=1, hosts=len(cluster.others) + 1, checkpoint_every=20)
    assert outcome(run) == base(OFFERS)
    assert run.manifest["timing"]["hosts_lost"] >= 1


ALONE_ON_RAY = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from shared_runs import ALONE, live
print(live(ALONE, Path(sys.argv[1]), executor="ray", workers=1).digest)
"""


def child(out, *before, **env):
    command = [*before, sys.executable, "-c", ALONE_ON_RAY, str(out), os.path.dirname(__file__)]
    given = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")} | env
    return subprocess.run(command, env=given, capture_output=True, text=True, timeout=300)


@slow
def test_a_home_that_cannot_be_written(base, tmp_path):
    (tmp_path / "file").touch()
    cache = os.environ.get("BIFURQUE_CACHE") or os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    done = child(tmp_path / "run", HOME=str(tmp_path / "file" / "home"), BIFURQUE_CACHE=cache)
    assert done.stdout.strip() == base(ALONE)[0], done.stderr
    assert done.stderr == ""


def apart(flag, first):
    """A command that runs another in a namespace of its own, after a first one; skips where that is not allowed."""
    command = ["unshare", flag, "sh", "-ec", f'{first}; exec "$@"', "sh"]
    if shutil.which("unshare") is None or subprocess.run([*command, "true"], capture_output=True).returncode:
        pytest.skip(f"no namespace can be made here: {' '.join(command)}")
    return command


@slow
def test_a_small_shared_memory(base, tmp_path):
    """As containers have it: 64 MB."""
    done = child(tmp_path / "run", *apart("-m", "mount -t tmpfs -o size=64m tmpfs /dev/shm"))
    assert done.stdout.strip() == base(ALONE)[0], done.stderr
    assert done.stderr == ""


@slow
def test_a_machine_without_a_network(base, tmp_path):
    done = child(tmp_path / "run", *apart("-n", "ip link set lo up"))
    assert done.stdout.strip() == base(ALONE)[0], done.stderr
    assert [line for line in done.stderr.splitlines() if "Failed to determine local IP" not in line] == []


@slow
def test_a_machine_without_a_loopback(tmp_path):
    done = child(tmp_path / "run", *apart("-n", "true"))
    assert "Ray does not start on this machine: it has no loopback interface" in done.stderr


def test_places_of_ray():
    assert Place("ray").every == 90
    assert Place("ray", hosts=2, checkpoint_every=7).every == 7
