"""An independent auditor: reads a plan as data, a ledger, the events and the people, and says what breaks a law.

It shares nothing with the product but the parsed plan. Plain loops over plain rows; it may take its time.
What it cannot follow (conditions beyond a single fact; facts and consents that change where no row tells when)
`blind_spots` names.
"""

import re
from dataclasses import dataclass

from auditor_books import arbitration, ended, first_instant, held_until, one_final_row, validity
from auditor_counts import counts
from auditor_life import Life, effect, every_step, shown, simple
from auditor_visits import bounded, exits, find_arms, find_visits, groups, holdouts, reentries

from bifurque.rules.errors import RunError


@dataclass
class Story:
    """What a run says of itself, and the people it was told of: `people` by contact, `ledger` and `events` as rows."""

    plan: object
    start: int
    end: int
    people: dict
    ledger: list
    events: list
    kpis: dict


def story_of(run, people):
    """The story of a run with a full ledger; `people` are the rows of its population file."""

    def rows(read):
        try:
            table = read().to_pylist()
        except RunError:  # a run in which nothing happened holds no file
            return []
        for row in table:
            for name in ("time", "until"):
                row[name] = row[name] and int(row[name].timestamp()) if name in row else None
        return table

    known = {int(person["contact"]): person for person in people}
    manifest = run.manifest
    return Story(run.plan, manifest["start"], manifest["end"], known, rows(run.ledger), rows(run.events), run.kpis)


def audit(story):
    """Every violation, as a text that starts with the law."""
    found = list(_order(story))
    lives = [Life(story, contact) for contact in story.people]
    for life in lives:
        found += [f"{text} (contact {life.contact})" for law in LAWS for text in law(life)]
    return found + list(counts(story, lives))


def blind_spots(plan):
    """What of a plan the auditor cannot follow."""
    found = []
    for name, journey in plan.journeys.items():
        told = journey.holdout == 0 or not any(hasattr(step.wait, "arms") for step in journey.steps)
        followed = simple(journey) and not journey.group and told
        steps = [step for step in every_step(journey.steps) if effect(step)]
        found += [f"{name}: a step sets {step.set}" for step in steps if not followed or not _plain(step)]
    found += [f"{name} sets {event.set}" for name, event in plan.events.items() if not _plain(event)]
    conditions = [c.when for c in plan.caps] + [c.during for c in plan.coherence]
    found += [c for c in conditions if c is not None and not re.fullmatch(r"!?fact\.\w+", c)]
    return found


def _plain(what):
    """Whether the facts that a step or an event sets are just true or false."""
    return all(isinstance(v, bool) for k, v in what.set.items() if k.startswith("fact."))


def _order(story):
    """The ledger is sorted, within the run, about people of the run."""
    before = (-(2**63), 0)
    for row in story.ledger:
        here = (row["contact"], row["time"])
        if here < before:
            yield f"order: {shown(row)} stands after a later row"
        if row["contact"] not in story.people:
            yield f"order: {shown(row)}: nobody knows contact {row['contact']}"
        if not story.start <= row["time"] < story.end:
            yield f"order: {shown(row)} lies outside the run"
        before = here


def _sends(life):
    """Laws 1, 2, 3 and 5: consent, caps, quiet hours, coherence, at the instant of every send."""
    for row in life.sent:
        for nay in life.nays(row):
            law, _, name = nay.partition(":")
            yield f"{law.replace('_', ' ')}: {shown(row)} {name}".rstrip()


def _reroutes(life):
    """A message leaves on another channel only if its own was forbidden and that one is declared."""
    for row in life.sent:
        message = life.plan.messages[row["message"]]
        if row["channel"] == message.channel:
            continue
        policy = message.on_quiet if row["cause"] == "quiet_hours" else message.on_cap
        if getattr(policy, "reroute", None) != row["channel"] or not life.nays(row, channel=message.channel):
            yield f"reason: {shown(row)} left by {row['channel']}"


def _reasons(life):
    """Every no names a law that really said no, and does what the plan says is to be done then."""
    for row in life.rows:
        reason = row["reason"]
        law = reason.partition(":")[0]
        if row["outcome"] not in ("held", "dropped") or law not in NAYS:
            continue
        nays = life.nays(row)
        if law == "lost_to":
            if life.plan.arbitration != "look_ahead" and not any(n.startswith("cap:") for n in nays):
                yield f"reason: {shown(row)}: nothing was in the way"
        elif reason not in nays:
            yield f"reason: {shown(row)}: `{reason}` did not forbid it"
        policy = _policy(life, row)
        if reason != "consent" and (policy == "drop") is not (row["outcome"] == "dropped"):
            yield f"reason: {shown(row)}: `{reason}` says {policy}"
        other = getattr(policy, "reroute", None)
        if other and "consent" not in nays and not life.nays(row, channel=other):
            yield f"reason: {shown(row)} could have left by {other}"


def _policy(life, row):
    message, (law, _, name) = life.plan.messages[row["message"]], row["reason"].partition(":")
    if law == "coherence":
        return next(r.policy for r in life.plan.coherence if r.name == name)
    if law == "lost_to" and life.plan.arbitration == "look_ahead":
        return "drop" if row["outcome"] == "dropped" else "hold"
    return message.on_quiet if law == "quiet_hours" else message.on_cap


NAYS = ("quiet_hours", "cap", "lost_to", "consent", "coherence")
LAWS = (
    find_arms,
    find_visits,
    _sends,
    _reroutes,
    _reasons,
    exits,
    reentries,
    groups,
    holdouts,
    bounded,
    one_final_row,
    ended,
    held_until,
    first_instant,
    validity,
    arbitration,
)
"""In the order in which they may be asked: the first two put the ledger in order."""
