"""Supervises the process of durable-rules: it may crash or hang, and then another one takes its place."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from pathlib import Path as File
from types import TracebackType
from typing import Any

from bifurque.rules.errors import RunError

CHILD = File(__file__).with_name("durable_child.py")
PATIENCE = 20.0
"""Seconds an answer may take; a busy machine gives one in some milliseconds."""
ATTEMPTS = 3
"""How often one conversation is begun again before giving up."""

Message = dict[str, int]


class Lost(Exception):  # noqa: N818
    """The process ended, or does not answer."""


class Host:
    """durable-rules in a process of its own, with its rules loaded.

    A conversation is `begin`, some `go_on`, `end`. When the process is lost in the middle of one, everything that was
    said in it is said again to a new one.
    """

    def __init__(self, rules: dict[str, Any], patience: float = PATIENCE, command: tuple[str, ...] = ()) -> None:
        self.rules, self.patience = rules, patience
        self.command = command or (sys.executable, "-P", str(CHILD))
        self.process: subprocess.Popen[bytes] | None = None
        self.said: list[tuple[dict[str, Any], str | None]] = []
        self.restarts = 0
        self._rest = b""

    def begin(self, messages: dict[str, Message]) -> str | None:
        """Begin a conversation with what each armed rule reads; the rule that fires first."""
        self.said = []
        return self.go_on(dict(messages))

    def go_on(self, changes: dict[str, Message | None]) -> str | None:
        """What rules read has changed; the rule that fires next."""
        request = {"change": changes}
        answer = self._ask(request)
        self.said.append((request, answer))
        return answer

    def end(self) -> None:
        """The conversation is over; its session may be used again."""
        self._ask({"end": 1})
        self.said = []

    def _ask(self, request: dict[str, Any]) -> str | None:
        for attempt in range(ATTEMPTS):
            try:
                if self.process is None:
                    self._start()
                return self._exchange(request)
            except Lost as error:
                self.stop()
                self.restarts += 1
                if attempt == ATTEMPTS - 1:
                    text = f"durable-rules {error}, {ATTEMPTS} times on the same request"
                    raise RunError(f"{text}: {json.dumps(request)[:300]}") from None
        raise AssertionError

    def _start(self) -> None:
        """A new process, told everything the last one was told in this conversation."""
        self._rest = b""
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None)
        self._exchange({"rules": self.rules})
        for request, answer in self.said:
            if (again := self._exchange(request)) != answer:
                raise RunError(f"durable-rules is not sure: begun again, `{again}` fires and not `{answer}`")

    def _exchange(self, request: dict[str, Any]) -> str | None:
        """Say something; the answer."""
        process = self.process
        assert process is not None
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except OSError:
            raise Lost(self._ended()) from None
        answer = json.loads(self._line())
        if "missing" in answer:
            self.stop()
            raise RunError(missing(answer["missing"]))
        if "failed" in answer:
            self.stop()
            raise RunError(f"durable-rules failed: {answer['failed']}")
        fired: str | None = answer["fired"]
        return fired

    def _line(self) -> bytes:
        """The next line of the process, if it comes in time."""
        assert self.process is not None
        assert self.process.stdout is not None
        until = time.monotonic() + self.patience
        with selectors.DefaultSelector() as ready:
            ready.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                if not ready.select(max(until - time.monotonic(), 0)):
                    raise Lost(f"did not answer within {self.patience:g} s")
                more = os.read(self.process.stdout.fileno(), 1 << 16)
                if not more:
                    raise Lost(self._ended())
                self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _ended(self) -> str:
        assert self.process is not None
        try:
            code = self.process.wait(1)
        except subprocess.TimeoutExpired:
            return "closed its output"
        return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"

    def stop(self) -> None:
        """End the process, if there is one."""
        process, self.process = self.process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                _close(pipe)

    def __enter__(self) -> Host:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except OSError:  # what was still to be written has no reader any more
        return


def missing(why: str) -> str:
    """What to say when durable-rules cannot be loaded."""
    remedy = (
        "install it with `pip install durable-rules==2.0.28`: it is built from source, on Debian with `apt install gcc"
    )
    remedy += " libc6-dev python3-dev`, and runs on Python 3.11 and 3.12"
    return f"the rules engine durable-rules cannot be loaded ({why}): {remedy}"
