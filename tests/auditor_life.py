"""One contact as the auditor sees it: who it is, what it did, what was decided, and what the laws say of it."""

import re

from auditor_clock import DAY, east, instant, is_quiet, later, same_period, wall, zone_of

COMMERCIAL = ("relational", "promotional")
CLASSES = ("transactional", "service", *COMMERCIAL, "reply")
YES = ("yes", "true", "1", "oui")


def every_step(steps):
    """Steps, and the steps inside them."""
    for step in steps:
        yield step
        for way in getattr(step, "branch", ()):
            yield from every_step((*way.then, *(way.otherwise or ())))
        yield from every_step((*getattr(step, "then", ()), *getattr(step, "otherwise", ())))
        if hasattr(step, "experiment"):
            yield from (inside for arm in step.arms.values() for inside in every_step(arm))


def simple(journey):
    """Whether the auditor can tell when each step of a journey is due: one after the other, counted from each other."""
    kinds = [type(s).__name__.removesuffix("Step").lower() for s in journey.steps]
    anchors = {s.after for s in journey.steps}
    return set(kinds) <= {"send", "wait", "score", "set"} and anchors <= {"trigger", "previous", "sent"}


def effect(step):
    """Whether a step changes a fact or a consent."""
    facts = [f for f in getattr(step, "set", {}) if f.startswith("fact.")]
    return bool(facts or getattr(step, "grant", ()) or getattr(step, "withdraw", ()))


def listed(value):
    """One or several, as several."""
    return (value,) if isinstance(value, str) else tuple(value)


def shown(row):
    """A row in a few words."""
    return f"{row['journey']}/{row['step']}#{row['visit']} {row['message']} {row['outcome']} at {row['time']}"


class Life:
    """One contact: who it is, what it did, what was decided about it."""

    def __init__(self, story, contact):
        self.story, self.plan, self.contact = story, story.plan, contact
        self.person = story.people[contact]
        self.rows = [r for r in story.ledger if r["contact"] == contact]
        for place, row in enumerate(self.rows):
            row["place"] = place
        self.sent = [r for r in self.rows if r["outcome"] == "sent"]
        self.events = [e for e in story.events if e["contact"] == contact]
        own = zone_of(self.person.get("zone") or "")
        self.zone = own or zone_of(self.plan.zone)
        fallback = self.plan.zones or (self.plan.zone,)
        self.quiet_zones = [own] if own else [zone_of(z) for z in fallback]
        self.kinds = {c.name: c for c in self.plan.categories}
        quiet = self.plan.quiet_hours
        self.quiet_hours = quiet if isinstance(quiet, tuple) else (quiet,)
        self.purposes = list(dict.fromkeys(filter(None, map(self.purpose, self.kinds)))) or ["marketing"]
        self.add_effects([])

    # What is known of the contact at an instant.

    def purpose(self, category):
        """The consent a category needs, or None."""
        kind = self.kinds[category]
        return kind.purpose or ("marketing" if kind.kind in COMMERCIAL else None)

    def pairs(self, text):
        """The consents that a text means."""
        every = {(p, c) for p in self.purposes for c in self.plan.channels}
        return {pair for pair in every if text in ("all", *pair, ".".join(pair))}

    def _states(self):
        """(from when, consents, facts): at the start, then after every event and every step that changes something."""
        consents, facts = set(), {}
        if self.person.get("consent") == "all":
            consents = self.pairs("all")
        for column, value in self.person.items():
            if column.startswith("consent."):
                pairs = self.pairs(column.removeprefix("consent."))
                consents = consents | pairs if str(value or "").lower() in YES else consents - pairs
        yield 0, consents, facts
        happened = [(e["time"], 0, e) for e in self.events] + [(t, 1, step) for t, step in self.effects]
        for t, _, what in sorted(happened, key=lambda x: x[:2]):
            declared = self.plan.events.get(what["type"]) if isinstance(what, dict) else what
            if isinstance(what, dict) and what["type"] == "opt_in":
                consents = consents | self.pairs("all" if what["key"] is None else what["key"])
            if isinstance(what, dict) and what["type"] == "opt_out":
                consents = consents - (self.pairs(what["key"] or "all") or self.pairs("all"))
            if declared is not None:
                facts = facts | {k.removeprefix("fact."): v for k, v in declared.set.items() if k.startswith("fact.")}
                consents = consents.union(*map(self.pairs, listed(declared.grant)))
                consents = consents.difference(*map(self.pairs, listed(declared.withdraw)))
            if isinstance(what, dict) and what["type"] == "unsubscribed" and not (declared and declared.withdraw):
                consents = set()
            yield t, consents, facts

    def add_effects(self, effects):
        """What steps set, give and withdraw, once it is known when they were taken: (instant, step)."""
        self.effects = effects
        self.states = list(self._states())

    def state(self, t):
        """Consents and facts once all events up to and at t have happened."""
        return [s for s in self.states if s[0] <= t][-1]

    def holds(self, condition, t):
        """Whether a condition on one fact holds; None: the auditor cannot tell."""
        match = re.fullmatch(r"(!?)fact\.(\w+)", condition)
        return None if match is None else self.state(t)[2].get(match[2], False) is not bool(match[1])

    # The laws, each: does it say no to this message at this instant?

    def kind(self, row):
        """The class of a row's message."""
        return self.kinds[row["category"]].kind

    def names(self, scope, row):
        """Whether a list of categories and classes names a row's message."""
        return bool({row["category"], self.kind(row)} & set(listed(scope)))

    def consented(self, row, t, channel):
        """Whether a message has the consent it needs."""
        purpose = self.purpose(row["category"])
        return purpose is None or (purpose, channel) in self.state(t)[1]

    def lost_consent(self, row, t):
        """Whether a message lost its consent in the course of a second, perhaps to get it back at once."""
        pair = (self.purpose(row["category"]), row["channel"])
        return pair[0] is not None and any(s[0] == t and pair not in s[1] for s in self.states)

    def quiet(self, row, at, channel):
        """Whether quiet hours forbid a message; a contact of no known zone must be awake in every fallback zone."""
        if self.kind(row) == "reply":
            return False
        windows = [q for q in self.quiet_hours if not self.names(q.exempt, row)]
        windows = [q for q in windows if not q.of or self.names(q.of, row)]
        windows = [q for q in windows if not q.channel or channel in listed(q.channel)]
        return any(is_quiet(q, at, zone) for q in windows for zone in self.quiet_zones)

    def covers(self, cap, row, channel):
        """Whether a cap counts a message."""
        scope = cap.of or (CLASSES if cap.journey or cap.group else COMMERCIAL)
        groups = self.plan.journeys[row["journey"]].group
        return (
            self.names(scope, row)
            and (not cap.channel or channel in listed(cap.channel))
            and (not cap.journey or row["journey"] in listed(cap.journey))
            and (not cap.group or any(g in listed(cap.group) for g in groups))
        )

    def counted(self, cap, at, before):
        """The sends among the first `before` rows that a cap counts at an instant."""
        found = [s for s in self.sent if s["place"] < before]
        if isinstance(cap.per, str):
            found = [s for s in found if same_period(cap.per, s["time"], at, self.zone)]
        else:
            window = cap.per.days * DAY + cap.per.seconds
            found = [s for s in found if at - window < s["time"] <= at]
        return [s for s in found if self.covers(cap, s, s["channel"])]

    def full(self, cap, row, at, before, as_of, channel):
        """Whether one more message would exceed a cap."""
        if self.kind(row) in ("transactional", "reply") or not self.covers(cap, row, channel):
            return False
        if cap.when is not None and self.holds(cap.when, as_of) is not True:
            return False

        def weight(r):
            return self.plan.messages[r["message"]].weight if cap.by == "weight" else 1

        return sum(map(weight, self.counted(cap, at, before))) + weight(row) > cap.max

    def incoherent(self, rule, row, at, before, as_of):
        """Whether a coherence rule forbids a message; `event`: until something else happens; `time`: for a while."""
        if not self.names(rule.never or rule.only, row):
            return ""
        if rule.during is not None:
            return "event" if self.holds(rule.during, as_of) else ""
        others = [s for s in self.sent if s["place"] < before and self.names(rule.of or rule.after, s)]
        within = rule.within
        recent = [s for s in others if within is None or at < later(s["time"], within.days, within.seconds, self.zone)]
        if rule.only:
            return "" if recent else "event"
        return "time" if recent else ""

    def nays(self, row, at=None, before=None, as_of=None, channel=None):
        """Every law that forbids a row's message at an instant, after the first `before` rows, as things stood then."""
        at = row["time"] if at is None else at
        as_of = row["time"] if as_of is None else as_of
        before = row["place"] if before is None else before
        channel = channel or row["channel"]
        found = [] if self.consented(row, as_of, channel) else ["consent"]
        found += ["quiet_hours"] if self.quiet(row, at, channel) else []
        for cap in self.plan.caps:
            if self.full(cap, row, at, before, as_of, channel):
                found.append("cap:" + (cap.name or f"{cap.max} per {cap.per}"))
        for rule in self.plan.coherence:
            if self.incoherent(rule, row, at, before, as_of):
                found.append("coherence:" + rule.name)
        return found

    def awaits(self, row, before=None, as_of=None):
        """Whether a rule forbids a message until something happens that no clock can tell."""
        as_of = row["time"] if as_of is None else as_of
        before = row["place"] if before is None else before
        kinds = [self.incoherent(rule, row, as_of, before, as_of) for rule in self.plan.coherence]
        return "event" in kinds

    def changes(self, since, until):
        """Every instant in (since, until) at which some law may begin to allow what it forbade."""
        zones = {self.zone, *self.quiet_zones}
        found = {s["time"] + c.per.days * DAY + c.per.seconds for s in self.sent for c in self.plan.caps if _rolls(c)}
        spans = [r.within for r in self.plan.coherence if r.within is not None]
        found |= {later(s["time"], w.days, w.seconds, self.zone) for s in self.sent for w in spans}
        times = {0, *(q.end % DAY for q in self.quiet_hours)}
        day = since - DAY
        while day < until + DAY:
            for zone in zones:
                for time in times:
                    reading = wall(day, zone).replace(hour=time // 3600, minute=time % 3600 // 60, second=time % 60)
                    found |= {instant(reading, zone), int(reading.replace(tzinfo=zone, fold=1).timestamp())}
                found |= _shift(day, zone)
            day += DAY // 2
        return sorted(t for t in found if since < t < until)


def _rolls(cap):
    return not isinstance(cap.per, str)


def _shift(t, zone):
    """The instant in the half day after t at which a zone's clock jumps, if it does."""
    low, high = t, t + DAY // 2
    if east(high, zone) == east(low, zone):
        return set()
    while high - low > 1:
        middle = (low + high) // 2
        if east(middle, zone) == east(t, zone):
            low = middle
        else:
            high = middle
    return {high}
