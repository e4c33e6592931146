"""Hosts on Ray: the same bytes as threads, though processes and nodes are killed. Slow: Ray takes its time to start."""

import os
import random
import signal
import subprocess
import sys
import threading

import pytest
from shared_runs import ALONE, OFFERS, live, outcome, tidy

from bifurque.engine.executors import Executor
from bifurque.engine.hosting import Place
from bifurque.engine.resume import resume

ray = pytest.importorskip("ray", reason="ray is not installed: pip install 'bifurque[ray]'")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")]
SMALL = {"include_dashboard": False, "object_store_memory": 80 << 20}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    lived = {}

    def of(text):
        if text not in lived:
            lived[text] = outcome(live(text, tmp_path_factory.mktemp("base") / "run", workers=1))
        return lived[text]

    return of


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


@pytest.mark.parametrize("text", [OFFERS, ALONE], ids=["shared", "alone"])
@pytest.mark.parametrize("hosts", [1, 2, 3])
def test_the_same_bytes_on_ray(cluster, base, tmp_path, text, hosts):
    run = live(text, tmp_path / "run", executor="ray", workers=1, hosts=hosts)
    assert outcome(run) == base(text)
    assert tidy(run)


def test_one_host_per_node(cluster, base, tmp_path, watched):
    run = live(OFFERS, tmp_path / "run", executor="ray", workers=1)
    assert outcome(run) == base(OFFERS)
    assert len(set(watched[0].processes)) == 3


@pytest.fixture
def watched(monkeypatch):
    """The executors that runs make."""
    from bifurque.engine import executor_ray

    made, init = [], executor_ray.OnRay.__init__

    def seen(executor, *given, **more):
        init(executor, *given, **more)
        made.append(executor)

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


@pytest.mark.parametrize("seed", range(3))
def test_a_host_is_killed(cluster, base, tmp_path, monkeypatch, watched, seed):
    dice = random.Random(seed)

    def kill():
        victim = dice.choice(watched[0].processes)
        threading.Timer(dice.uniform(0, 0.05), os.kill, (victim, signal.SIGKILL)).start()

    at_round(monkeypatch, dice.randint(2, 600), kill)
    run = live(OFFERS, tmp_path / "run", executor="ray", workers=1, hosts=2, checkpoint_every=20)
    assert outcome(run) == base(OFFERS)
    timing = run.manifest["timing"]
    assert timing["hosts_lost"] == 1
    assert timing["tasks_repeated"] < 0.7 * timing["rounds"]


def test_from_ray_to_threads_and_back(cluster, base, tmp_path, monkeypatch):
    from test_checkpoints import stopping

    folder = tmp_path / "run"
    with stopping(monkeypatch, 8):
        live(OFFERS, folder, executor="ray", workers=1, hosts=2, checkpoint_every=10)
    with stopping(monkeypatch, 3):
        resume(folder, executor="threads", workers=2)
    assert outcome(resume(folder, executor="ray", workers=1, hosts=3)) == base(OFFERS)


def test_a_node_is_killed(cluster, base, tmp_path, monkeypatch, watched):
    at_round(monkeypatch, 400, lambda: cluster.remove_node(cluster.others.pop(), allow_graceful=False))
    run = live(OFFERS, tmp_path / "run", executor="ray", workers=1, hosts=3, checkpoint_every=20)
    assert outcome(run) == base(OFFERS)
    assert run.manifest["timing"]["hosts_lost"] == 1


ALONE_ON_RAY = """
import sys
sys.path.insert(0, sys.argv[2])
from shared_runs import ALONE, live
print(live(ALONE, sys.argv[1], executor="ray", workers=1).digest)
"""


def child(out, **env):
    command = [sys.executable, "-c", ALONE_ON_RAY, str(out), os.path.dirname(__file__)]
    given = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")} | env
    return subprocess.run(command, env=given, capture_output=True, text=True, timeout=300)


def test_a_home_that_cannot_be_written(base, tmp_path):
    (tmp_path / "file").touch()
    cache = os.environ.get("BIFURQUE_CACHE") or os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    done = child(tmp_path / "run", HOME=str(tmp_path / "file" / "home"), BIFURQUE_CACHE=cache)
    assert done.stdout.strip() == base(ALONE)[0], done.stderr
    assert done.stderr == ""


def test_places_of_ray():
    assert Place("ray").every == 30
    assert Place("ray", hosts=2, checkpoint_every=7).every == 7
