"""Hosts on Ray, one actor per node, each with its lanes on threads. The only module that knows Ray.

A contact is a row of a host, never an actor of Ray's: one of those is a process. Ray starts a lost process again and
never repeats a call (`max_task_retries=0`): what was lost is done again by the driver, which knows what that was.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path as File
from typing import Any

from bifurque.engine.executors import Executor, HostLost, Task
from bifurque.engine.hosting import Place, Recipe, lived_again, make_host
from bifurque.engine.hosts import Host, Stale, warm
from bifurque.engine.keeping import Point
from bifurque.engine.run import open_run
from bifurque.engine.setting import Setting
from bifurque.rules.errors import BifurqueError, RunError

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_SCHEDULER_EVENTS": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # no copy of the environment for each worker
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
STORE = 80 << 20
"""Bytes of Ray's shared memory: figures and answers only pass through it, rows never do."""
RESTART = 600.0
"""Seconds in which a lost host must be back: on a node that is new to this it compiles first."""


class RemoteHost:
    """A host in a process of Ray's. Ray runs `__init__` again when it starts a lost one anew: it then knows nothing."""

    def __init__(self, recipe: Recipe, number: int, workers: int | None) -> None:
        self.recipe, self.number, self.workers = recipe, number, workers
        self.setting: Setting | None = None
        self.host: Host | None = None

    def start(self, point: Point) -> int:
        """Go on from a point; the process's number."""
        if self.host is not None:
            self.host.abandon()
            self.host = None
        if self.setting is None:
            self.setting = lived_again(open_run(self.recipe.run), self.recipe.rows)
        lanes = [self.setting.lane() for _ in range(self.workers or os.cpu_count() or 1)]
        warm(lanes[0], self.setting)
        self.host = make_host(self.setting, self.recipe, self.number, point, lanes)
        return os.getpid()

    def do(self, number: int, tasks: list[Task]) -> Any:
        """See `Host.do`."""
        if self.host is None:
            raise Stale(f"host {self.number} has lost its state")
        return self.host.do(number, tasks)


class OnRay:
    """Hosts on the nodes of a Ray cluster."""

    reliable = False

    def __init__(self, ray: Any, recipe: Recipe, points: Sequence[Point], workers: int | None, *, ours: bool) -> None:
        self.ray, self.recipe, self.workers, self.ours = ray, recipe, workers, ours
        remote = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=0)(RemoteHost)
        nodes = _nodes(ray)
        self.actors = [
            remote.options(scheduling_strategy=_on(nodes[h % len(nodes)])).remote(recipe, h, workers)
            for h in range(len(points))
        ]
        started = [actor.start.remote(point) for actor, point in zip(self.actors, points, strict=True)]
        self.processes = [self._get(ticket) for ticket in started]

    def _get(self, ticket: Any, timeout: float | None = None) -> Any:
        errors = self.ray.exceptions
        try:
            return self.ray.get(ticket, timeout=timeout)
        except (errors.RayActorError, errors.ObjectLostError, errors.GetTimeoutError) as error:
            raise HostLost(str(error).splitlines()[0]) from None
        except errors.RayTaskError as error:
            if isinstance(error.cause, Stale):
                raise HostLost(str(error.cause)) from None
            if isinstance(error.cause, (BifurqueError, OSError)):
                raise error.cause from None
            raise

    def start(self, host: int, point: Point) -> None:
        """Have a host go on from a point, once Ray has started its process again."""
        self.processes[host] = self._patiently(host, point)

    def _patiently(self, host: int, point: Point) -> int:
        until = time.monotonic() + RESTART
        while True:
            try:
                return int(self._get(self.actors[host].start.remote(point), RESTART))
            except HostLost:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def send(self, host: int, number: int, tasks: list[Task]) -> Any:
        """Hand tasks to the process of a host."""
        try:
            return self.actors[host].do.remote(number, tasks)
        except self.ray.exceptions.RayActorError as error:
            raise HostLost(str(error)) from None

    def receive(self, host: int, ticket: Any) -> Any:
        """Wait for the answer to the last of them."""
        return self._get(ticket)

    def close(self) -> None:
        """Let the processes go; if Ray was started for this run, it goes too."""
        if self.ours:
            self.ray.shutdown()
            return
        for actor in self.actors:
            self.ray.kill(actor)


def connect(address: str | None) -> tuple[Any, bool]:
    """Ray, started on this machine for this run, or that of a cluster; and whether it was started here.

    Raises:
        RunError: there is none, or it does not start.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    if address is None:
        _without_home()
        _loopback()
    else:
        _reachable(address)
    try:
        import ray
    except ImportError as error:
        text = f"--executor ray needs the package ray, which cannot be loaded ({error}): pip install 'bifurque[ray]'"
        raise RunError(text) from None
    if ray.is_initialized():
        return ray, False
    alone = {"num_cpus": os.cpu_count(), "object_store_memory": STORE, "_node_ip_address": "127.0.0.1"}
    quiet = {"include_dashboard": False} if address is None else {}
    try:
        ray.init(
            address=address or "local",
            log_to_driver=False,
            logging_level=logging.ERROR,
            **quiet,
            **(alone if address is None else {}),
        )
    except Exception as error:
        told = str(error).strip().splitlines()
        why = told[0] if told else type(error).__name__
        where = f"the Ray cluster at {address} cannot be reached" if address else "Ray does not start on this machine"
        raise RunError(f"{where}: {why} (--executor threads needs no Ray)") from None
    return ray, True


def _without_home() -> None:
    """Where the home cannot be written, Ray's token is given rather than kept there."""
    if "RAY_AUTH_TOKEN" in os.environ or "RAY_AUTH_MODE" in os.environ:
        return
    home = File(os.path.expanduser("~")) / ".ray"
    try:
        home.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            return
    except OSError:
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(16)


def _loopback() -> None:
    """Without a loopback interface Ray would wait for a minute, and not say for what."""
    try:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            one.listen()
            with socket.socket() as other:
                other.settimeout(2)
                other.connect(one.getsockname())
    except OSError:
        raise RunError("Ray does not start on this machine: it has no loopback interface (ip link set lo up)") from None


def _reachable(address: str) -> None:
    """Nobody at an address is said at once: Ray would try for a minute or more, then end the process."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit():
        return  # auto, or a name that Ray knows
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
    except (OSError, OverflowError) as error:
        raise RunError(
            f"the Ray cluster at {address} cannot be reached: {error} (ray start --head starts one)"
        ) from None


def _nodes(ray: Any) -> list[str]:
    return [node["NodeID"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) > 0]


def _on(node: str) -> Any:
    """On one node as long as it lives; if it dies, anywhere."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(node_id=node, soft=True)


def start_ray(recipe: Recipe, place: Place, points: Callable[[int], Sequence[Point]]) -> Executor:
    """Hosts on Ray: one per node, or as many as asked for.

    Raises:
        RunError: Ray is not there, or does not start; or the cluster has no node with a processor.
    """
    ray, ours = connect(place.address)
    try:
        hosts = place.hosts or len(_nodes(ray))
        if hosts == 0:
            raise RunError("the Ray cluster has no node with a processor")
        first = points(hosts)
        return Executor(OnRay(ray, recipe, first, place.workers, ours=ours), first)
    except BaseException as error:
        if ours:
            ray.shutdown()
        if isinstance(error, HostLost):
            raise RunError(f"a host does not start on Ray: {error}") from None
        raise
