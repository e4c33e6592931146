"""Where hosts run: in this process one after the other (`inline`) or as one (`threads`); on Ray see `executor_ray`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from bifurque.engine.contacts import PARTS
from bifurque.engine.hosts import Host, Lived
from bifurque.engine.keeping import Point
from bifurque.rules.compiled import Words
from bifurque.rules.errors import RunError

Task = tuple[str, tuple[Any, ...]]
"""The name of a method of `Host`, and what it is given."""
ATTEMPTS = 20


class HostLost(Exception):  # noqa: N818
    """A host does not answer any more, or has lost its state."""


class Transport(Protocol):
    """How tasks get to hosts, wherever these run."""

    @property
    def reliable(self) -> bool:
        """Whether no host is ever lost, so that nobody need remember what they were asked to do."""

    def start(self, host: int, point: Point) -> None:
        """Start a host from a point; whatever it did since is lost."""

    def send(self, host: int, number: int, tasks: list[Task]) -> Any:
        """Hand tasks to a host; what `receive` needs to wait for it."""

    def receive(self, host: int, ticket: Any) -> Any:
        """The answer to the last of the tasks handed over."""

    def close(self) -> None:
        """Let all hosts go; what they have not finished is lost."""


class Executor:
    """Hosts, wherever they run. A lost one starts again from its last point and does again what it did since.

    Attributes:
        transport: how tasks get to them.
        points: what each host goes on from if it is lost.
        recovered: how often a host was lost, and how many tasks were done again.
    """

    def __init__(self, transport: Transport, points: Sequence[Point]) -> None:
        self.transport, self.points = transport, list(points)
        self.hosts = range(len(self.points))
        self.calls = [0 for _ in self.hosts]
        self.log: list[list[Task]] = [[] for _ in self.hosts]
        self.recovered = {"hosts_lost": 0, "tasks_repeated": 0}

    def close(self) -> None:
        """Let all hosts go; what they have not finished is lost."""
        self.transport.close()

    def homes(self, parts: Words) -> Words:
        """The host that owns each of some partitions."""
        owners = np.zeros(PARTS, np.int64)
        for host, point in enumerate(self.points):
            owners[list(point.parts)] = host
        return owners[parts]

    def ask(self, tasks: Mapping[int, Task]) -> dict[int, Any]:
        """Let some hosts do something, all at once; their answers."""
        tickets: dict[int, Any] = {}
        for host, task in tasks.items():
            number = self.calls[host]
            self.calls[host] += 1
            if not self.transport.reliable:
                self.log[host].append(task)
            try:
                tickets[host] = self.transport.send(host, number, [task])
            except HostLost:
                tickets[host] = HostLost
        return {host: self._answer(host, ticket) for host, ticket in tickets.items()}

    def _answer(self, host: int, ticket: Any) -> Any:
        if ticket is not HostLost:
            try:
                return self.transport.receive(host, ticket)
            except HostLost:
                pass
        for _ in range(ATTEMPTS):
            try:
                self.transport.start(host, self.points[host])
                ticket = self.transport.send(host, self.points[host].calls, self.log[host])
                found = self.transport.receive(host, ticket)
            except HostLost:
                continue
            self.recovered["hosts_lost"] += 1
            self.recovered["tasks_repeated"] += len(self.log[host])
            return found
        raise RunError(f"host {host} was lost {ATTEMPTS} times in a row: look at its memory and at its node's logs")

    def committed(self, points: Sequence[Point]) -> None:
        """From now on lost hosts start from these points."""
        self.points = [replace(p, calls=self.calls[h]) for h, p in enumerate(points)]
        self.log = [[] for _ in self.hosts]


class InProcess:
    """Hosts in this process, one after the other; each may have several lanes on threads."""

    reliable = True

    def __init__(self, points: Sequence[Point], make: Callable[[int, Point], Host]) -> None:
        self.make = make
        self.here = [make(h, point) for h, point in enumerate(points)]

    def start(self, host: int, point: Point) -> None:
        """Make a host anew."""
        self.here[host].abandon()
        self.here[host] = self.make(host, point)

    def send(self, host: int, number: int, tasks: list[Task]) -> Any:
        """Do the tasks at once."""
        return self.here[host].do(number, tasks)

    def receive(self, host: int, ticket: Any) -> Any:
        """They are done."""
        return ticket

    def close(self) -> None:
        """Leave nothing half-written."""
        for host in self.here:
            host.abandon()


def everything(executor: Executor, folder: str | None) -> list[Lived]:
    """Let all hosts finish, and one of them put together where everybody stands; what each has counted."""
    found = executor.ask({h: ("finish", ()) for h in executor.hosts})
    if folder is not None:
        executor.ask({0: ("assemble", (folder, [file for one in found.values() for file in one.standing]))})
    return [found[h] for h in executor.hosts]
