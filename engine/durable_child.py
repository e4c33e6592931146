"""The one program that runs durable-rules: a process of its own, since the engine can take its process with it.

It reads requests on its input and writes answers on its output, a JSON text a line each: the rules once, then
conversations, each in a session of its own until all that was asserted in it is retracted. A rule reads one message,
that holds whole numbers only and is the first thing known of a contact or the last: a change retracts it and asserts
another. Nothing of bifurque is imported here.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

SESSIONS = 8
"""Sessions used in turn; each costs up to 2.5 MB, and the engine stops at 1,024."""
ONCE = "once"
"""How the name of a rule ends whose message is retracted when it fires."""

Message = dict[str, int]


def written(sid: str, name: str, values: Message) -> str:
    """A message, as the engine reads it: whole numbers, so there is nothing to escape."""
    pairs = "".join(f',"{word}":{value:d}' for word, value in values.items())
    return f'{{"sid":"{sid}","id":"{name}"{pairs}}}'


class Session:
    """One session of the engine: what was asserted in it, and whether one of its rules is firing."""

    def __init__(self, engine: Any, ruleset: int, sid: str, always: list[int]) -> None:
        self.engine, self.ruleset, self.sid = engine, ruleset, sid
        self.known: dict[str, str] = {}
        self.firing = False
        for kind in always:
            self.state = self._tell(engine.assert_fact(ruleset, written(sid, f"e{kind}", {"k": kind})))

    def _tell(self, answer: tuple[int, int]) -> int:
        """The state of the session, once a message was taken; 1: no rule wants it, which is no fault."""
        if answer[0] not in (0, 1):
            raise RuntimeError(f"durable-rules refuses a message: error {answer[0]}")
        return answer[1]

    def change(self, messages: dict[str, Message | None]) -> None:
        """Put messages in the place of those of the same names; None only takes away."""
        for name, values in messages.items():
            if name in self.known:
                self._tell(self.engine.retract_fact(self.ruleset, self.known.pop(name)))
            if values is not None:
                self.known[name] = written(self.sid, name, values)
                self._tell(self.engine.assert_fact(self.ruleset, self.known[name]))

    def next(self) -> str | None:
        """The rule that fires next."""
        fired = self._advance()
        name, _, once = (fired or "").partition(" ")
        if once == ONCE:
            self.change({name.rstrip("+-"): None})
        return name if fired else None

    def _advance(self) -> str | None:
        if self.firing:
            found = self.engine.complete_and_start_action(self.ruleset, self.state)
        else:
            started = self.engine.start_action_for_state(self.ruleset, self.state)
            found = started[1] if started else None
        self.firing = bool(found)
        return next(iter(json.loads(found))) if found else None

    def clear(self) -> None:
        """Retract everything, and let the engine forget what it still wanted to fire."""
        self.change(dict.fromkeys(self.known))
        while self.firing:
            self._advance()
        if self._advance() is not None:
            raise RuntimeError("durable-rules fires a rule in an empty session")


class Engine:
    """The rules, and sessions used in turn."""

    def __init__(self, rules: dict[str, Any]) -> None:
        import durable_rules_engine as engine

        ruleset = engine.create_ruleset("rules", json.dumps(rules))
        always = sorted({rule["all"][0]["e"]["k"] for rule in rules.values()})
        self.sessions = [Session(engine, ruleset, str(i), always) for i in range(SESSIONS)]
        self.turn = 0

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """What there is to say to a request."""
        session = self.sessions[self.turn]
        if "end" in request:
            session.clear()
            self.turn = (self.turn + 1) % SESSIONS
            return {"fired": None}
        session.change(request["change"])
        return {"fired": session.next()}


def main() -> None:
    """Answer requests until there are none."""
    requests, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the engine prints is no answer
    engine: Engine | None = None
    for line in requests:
        request = json.loads(line)
        try:
            if engine is None:
                engine = Engine(request["rules"])
                answer: dict[str, Any] = {"fired": None}
            else:
                answer = engine.answer(request)
        except ImportError as error:
            answer = {"missing": str(error)}
        except Exception as error:  # whatever it is, it is told, and the process ends
            answer = {"failed": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)
        if "fired" not in answer:
            sys.exit(1)


if __name__ == "__main__":
    main()
