"""What is said where Ray is not installed, or cannot start."""

import socket
import sys

import pytest
from shared_runs import ALONE, live

from bifurque.engine.executor_ray import _loopback, connect
from bifurque.rules.errors import RunError


def test_ray_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(RunError, match=r"--executor ray needs the package ray.*pip install 'bifurque\[ray\]'"):
        live(ALONE, tmp_path / "run", contacts=10, executor="ray")


def test_no_loopback(monkeypatch):
    def unreachable(*_):
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", unreachable)
    with pytest.raises(RunError, match="it has no loopback interface"):
        _loopback()
    with pytest.raises(RunError, match="it has no loopback interface"):
        connect(None)


def test_a_cluster_that_is_not_there(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(RunError, match=f"the Ray cluster at {address} cannot be reached: .*refused"):
        live(ALONE, tmp_path / "run", contacts=10, executor="ray", address=address)
