"""The conversation of a walk: one line in, what happens and why out; in French or English, from a person or a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import structs

from bifurque.engine.explain import as_data, explained
from bifurque.engine.french import in_language
from bifurque.engine.trigger import Text
from bifurque.engine.walk import Walk, Who
from bifurque.engine.walk_file import save
from bifurque.engine.walk_map import the_map
from bifurque.engine.why import told_row
from bifurque.engine.words import say
from bifurque.rules.errors import BifurqueError, did_you_mean, short

COMMANDS = {
    "next": "suite",
    "open": "ouvrir",
    "click": "cliquer",
    "ignore": "ignorer",
    "buy": "acheter",
    "complain": "plaindre",
    "out": "partir",
    "do": "faire",
    "persona": "persona",
    "zone": "zone",
    "consent": "consentement",
    "set": "mettre",
    "who": "qui",
    "map": "carte",
    "why": "pourquoi",
    "undo": "annuler",
    "save": "enregistrer",
    "help": "aide",
    "quit": "quitter",
}
ENGLISH = {french: english for english, french in COMMANDS.items()} | {e: e for e in COMMANDS} | {"": "next"}
COMPLAINTS = ("complaint", "complained", "complain")


class Talk:
    """A walk, talked through.

    Attributes:
        walk: the walk.
        over: whether somebody has said goodbye.
        misses: how many lines were not understood.
    """

    def __init__(self, walk: Walk, lang: str) -> None:
        self.walk, self.lang = walk, lang
        self.over = False
        self.misses = 0
        self._last: list[tuple[dict[str, Any], Any]] = []

    def greet(self) -> list[str]:
        """How a walk begins."""
        plan = self.walk.world.plan
        lines = [f"{plan.plan}: {_titled(plan.title, self.lang)}".removesuffix(": ")]
        personas = [f"{n} ({t})" if (t := _titled(p.title, self.lang)) else n for n, p in plan.personas.items()]
        if len(personas) > 1:
            lines.append(self._say("personas", ", ".join(personas)))
        return [*lines, *self._who(), self._say("begin")]

    def recount(self) -> list[str]:
        """A walk that was walked already, told from its start."""
        moves = list(self.walk.moves)
        lines = list(self._who())
        self.walk.replay([])
        for move in moves:
            said = [f"{n}={v}" for n in ("key", "value", "message") if (v := getattr(move, n)) is not None]
            lines.append(f"{move.at} › {' '.join([move.does, *said])}".rstrip())
            self.walk.make(move)
            self._last = self.walk.news()
            lines += self._told(full=False) if self._last else []
        return [*lines, *the_map(self.walk, self.lang)]

    def data(self, line: str, said: list[str]) -> dict[str, Any]:
        """What a line brought about, for programs."""
        witness = self.walk.contact.witness
        assert witness is not None
        rows = [row | {"because": as_data(because, witness.readings.segment)} for row, because in self._last]
        return {"now": self.walk.reading, "line": line.strip(), "said": said, "decisions": rows}

    def prompt(self) -> str:
        """What stands before a line."""
        return f"{self.walk.clock(self.walk.world.now)} › "

    def hear(self, line: str) -> list[str]:
        """What a line brings about, in words."""
        try:
            self._last = self._last if ENGLISH.get(line.split(" ")[0].strip()) == "why" else []
            return list(self._answer(line.strip()))
        except (BifurqueError, ValueError) as error:
            self.misses += 1
            return [in_language(str(error), self.lang)]

    def _say(self, key: str, *values: object) -> str:
        return say(self.lang, f"walk.{key}", *values)

    def _answer(self, line: str) -> Iterator[str]:
        word, _, rest = line.partition(" ")
        command, rest = ENGLISH.get(word), rest.strip()
        instant = self.walk.moment(line) if command is None else None
        if instant is not None:
            self.walk.go(instant)
            yield from self._news()
        elif command is not None:
            yield from getattr(self, f"_{command}")(rest)
        elif word in self.walk.contact.program.names.events:
            yield from self._do(line)
        else:
            self.misses += 1
            known = {*ENGLISH, *self.walk.contact.program.names.events} - {""}
            yield self._say("unknown", short(word)) + (did_you_mean(word, known) if len(word) < 40 else "")

    # moves

    def _news(self) -> Iterator[str]:
        """The decisions since the last move, and where the contact stands."""
        self._last = self.walk.news()
        yield from self._told(full=False)
        if self._last:
            yield from the_map(self.walk, self.lang)

    def _told(self, *, full: bool) -> Iterator[str]:
        witness = self.walk.contact.witness
        assert witness is not None
        rules = {r.name: r.when for r in self.walk.world.plan.rules}
        for row, because in self._last:
            yield told_row(row, self.lang, self.walk.info, rules)
            lines = explained(because, self.lang, self.walk.info, witness.readings.segment, full=full)
            yield from (f"    {line}" for line in lines)
        if not self._last:
            yield self._say("quiet")

    def _next(self, _: str) -> Iterator[str]:
        if not self.walk.next():
            yield self._say("nothing_due", self.walk.clock(self.walk.end))
            return
        yield from self._news()

    def _ignore(self, rest: str) -> Iterator[str]:
        yield self._say("ignored", self._message(rest))
        yield from self._next("")

    def _open(self, rest: str) -> Iterator[str]:
        yield from self._act("opened", message=self._message(rest))

    def _click(self, rest: str) -> Iterator[str]:
        yield from self._act("clicked", message=self._message(rest))

    def _out(self, rest: str) -> Iterator[str]:
        sent = self.walk.contact.sent
        yield from self._act("unsubscribed", message=rest or (sent[-1][0] if sent else None))

    def _buy(self, rest: str) -> Iterator[str]:
        events = self.walk.world.plan.events
        revenue = [n for n, e in events.items() if e.revenue or (n == "purchase" and e.revenue is None)]
        if not revenue and "purchase" in self.walk.contact.program.names.events:
            revenue = ["purchase"]
        if not revenue:
            raise ValueError(self._say("no_purchase"))
        amount, _, more = rest.partition(" ")
        if amount and "=" not in amount:
            rest = f"value={round(float(amount.replace(',', '.')) * 100)} {more}"
        yield from self._do(f"{revenue[0]} {rest}")

    def _complain(self, rest: str) -> Iterator[str]:
        events = self.walk.contact.program.names.events
        found = [e for e in COMPLAINTS if e in events]
        if not found:
            raise ValueError(self._say("no_complaint", ", ".join(events)))
        yield from self._do(f"{found[0]} {rest}")

    def _do(self, rest: str) -> Iterator[str]:
        """An event: `cart_updated cart=1 value=4990 message=reminder`."""
        if not rest.split():
            raise ValueError(self._say("shape"))
        event, *parts = rest.split()
        said: dict[str, Any] = {}
        for part in parts:
            name, sign, value = part.partition("=")
            if not sign:
                raise ValueError(self._say("shape"))
            said[name if name in ("value", "message") else "key"] = int(value) if name == "value" else value
        yield from self._act(event, **said)

    def _act(self, event: str, **said: Any) -> Iterator[str]:
        self.walk.does(event, **said)
        yield from self._news()

    def _message(self, rest: str) -> str:
        """The message that is meant: named, or the last one sent."""
        sent = self.walk.contact.sent
        if not rest and not sent:
            raise ValueError(self._say("nothing_sent"))
        messages = self.walk.contact.program.names.messages
        if rest and rest not in messages:
            raise ValueError(self._say("no_message", short(rest)) + did_you_mean(rest, messages))
        return rest or sent[-1][0]

    def _undo(self, rest: str) -> Iterator[str]:
        yield self._say("undone", self.walk.undo(int(rest or 1)))
        yield from the_map(self.walk, self.lang)

    # who walks

    def _persona(self, rest: str) -> Iterator[str]:
        names = self.walk.contact.program.names.personas
        chosen = names[int(rest) - 1] if rest.isdigit() and 0 < int(rest) <= len(names) else rest
        yield from self._changed(structs.replace(self.walk.who, persona=chosen))

    def _zone(self, rest: str) -> Iterator[str]:
        yield from self._changed(structs.replace(self.walk.who, zone=rest))

    def _consent(self, rest: str) -> Iterator[str]:
        names = self.walk.contact.program.names
        words = rest.replace(",", " ").split()
        unknown = [w for w in words if w != "none" and not names.consents(w)]
        if unknown or not words:
            pairs = [f"{p}.{c}" for p in names.purposes for c in names.channels]
            raise ValueError(self._say("consents", ", ".join(pairs)))
        given: str | dict[str, bool] = words[0] if words in (["all"], ["none"]) else dict.fromkeys(words, True)
        yield from self._changed(structs.replace(self.walk.who, consent=given))

    def _set(self, rest: str) -> Iterator[str]:
        name, sign, value = rest.partition("=")
        if not sign:
            raise ValueError(self._say("set_shape"))
        kinds, name = self.walk.contact.program.names.attributes, name.strip()
        read = read_value(value.strip(), kinds.get(name, "string"))
        yield from self._changed(structs.replace(self.walk.who, attributes=self.walk.who.attributes | {name: read}))

    def _changed(self, who: Who) -> Iterator[str]:
        self.walk.change(who)
        yield from self._who()

    def _who(self, _: str = "") -> Iterator[str]:
        contact, names = self.walk.contact, self.walk.contact.program.names
        persona = self.walk.who.persona or names.personas[0]
        yield self._say("who", persona, self.walk.zone, contact.stage)
        pairs = [f"{p}.{c}" for p in names.purposes for c in names.channels if contact.consents(p, c)]
        yield "  " + self._say("who_consents", ", ".join(pairs) or "–")
        known = {n: _known(contact, n, kind) for n, kind in names.attributes.items()}
        if known:
            yield "  " + ", ".join(f"{n} = {self._say('missing') if v is None else v}" for n, v in known.items())
        if self.walk.moves:
            scores = {f"score.{s}": f"{contact.score(s):.4g}" for s in self.walk.world.plan.scores}
            facts = {f"fact.{f}": say(self.lang, "value.true") for f in names.facts if contact.fact(f)}
            yield from (f"  {n} = {v}" for n, v in (scores | facts).items())

    # the rest

    def _map(self, _: str) -> Iterator[str]:
        yield from the_map(self.walk, self.lang)

    def _why(self, _: str) -> Iterator[str]:
        yield from self._told(full=True)

    def _save(self, rest: str) -> Iterator[str]:
        if not rest:
            raise ValueError(self._say("save_shape"))
        save(self.walk, rest)
        yield self._say("saved", rest)

    def _help(self, _: str) -> Iterator[str]:
        yield from self._say("help").splitlines()
        yield self._say("events", ", ".join(self.walk.contact.program.names.events))

    def _quit(self, _: str) -> Iterator[str]:
        self.over = True
        yield from ()


def read_value(text: str, kind: str) -> Any:
    """An attribute's value as a person types it."""
    if kind == "bool":
        if text.lower() not in ("true", "false", "vrai", "faux"):
            raise ValueError(f"true or false, not `{short(text)}`")
        return text.lower() in ("true", "vrai")
    if kind == "int":
        return int(text)
    return float(text) if kind == "double" else text.strip("\"'")


def _known(contact: Any, name: str, kind: str) -> Any:
    import datetime as dt

    value = contact.attribute(name)
    if value is None or kind != "date":
        return value
    return dt.date(1970, 1, 1) + dt.timedelta(days=value)


def _titled(title: str | Text, lang: str) -> str:
    return title if isinstance(title, str) else getattr(title, lang)
