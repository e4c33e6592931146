"""What stations are called, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable

from bifurque.dashboard.font import cut, text_width
from bifurque.engine.journey import (
    BranchStep,
    ExperimentStep,
    MessageByArm,
    OfferStep,
    ScoreStep,
    SendStep,
    SetStep,
    Step,
    SurveyStep,
    TaskStep,
    WaitForStep,
    WaitStep,
)
from bifurque.engine.names import event_refs, listed
from bifurque.engine.plan import Plan, Stage
from bifurque.engine.trigger import (
    AbsenceTrigger,
    ChangeTrigger,
    CrossingTrigger,
    DateTrigger,
    EventTrigger,
    FirstTrigger,
    ScheduleTrigger,
    StageTrigger,
    Text,
    TogetherTrigger,
    Trigger,
)
from bifurque.engine.values import Duration

NOTHING = Text()
BADGE, BADGE_ROOM, BADGE_AIR = 10.5, 96.0, 14.0
BUILT_IN = {
    "joined": Text("Arrivée", "Arrival"),
    "opened": Text("Ouverture", "Open"),
    "clicked": Text("Clic", "Click"),
    "unsubscribed": Text("Désabonnement", "Unsubscription"),
    "answered": Text("Réponse", "Answer"),
    "opt_in": Text("Consentement", "Consent"),
    "opt_out": Text("Retrait", "Withdrawal"),
    "purchase": Text("Achat", "Purchase"),
}
OTHERWISE = Text("sinon", "else")
YES, NO = Text("oui", "yes"), Text("non", "no")
DAYS = {"mon": "lun", "tue": "mar", "wed": "mer", "thu": "jeu", "fri": "ven", "sat": "sam", "sun": "dim"}
RHYTHMS = {
    "day": Text("chaque jour", "every day"),
    "week": Text("chaque semaine", "every week"),
    "month": Text("chaque mois", "every month"),
}


def plain(name: str) -> str:
    """A name as people write it."""
    return name.replace("_", " ").strip()


def title_of(title: str | Text, name: str) -> Text:
    """A title in both languages; where one is missing the other, or the name, takes its place."""
    if isinstance(title, str):
        return Text(title or plain(name), title or plain(name))
    return Text(title.fr or title.en or plain(name), title.en or title.fr or plain(name))


def both(make: Callable[[str], str]) -> Text:
    """A text made once for each language."""
    return Text(make("fr"), make("en"))


def join(texts: list[Text], sign: str = " ") -> Text:
    """Several texts as one."""
    return Text(sign.join(t.fr for t in texts if t.fr), sign.join(t.en for t in texts if t.en))


def badge_text(back: Text, lang: str, room: float = BADGE_ROOM) -> str:
    """What the badge of a return says."""
    return cut("↩ " + (back.fr if lang == "fr" else back.en), BADGE, False, room)


def badge_width(back: Text) -> float:
    """How wide the badge of a return is, in the language that needs more."""
    return max(text_width(badge_text(back, g), BADGE) for g in ("fr", "en")) + BADGE_AIR


def event_title(plan: Plan, event: str) -> Text:
    """What an event is called."""
    known = plan.events.get(event)
    if known is not None and known.title:
        return title_of(known.title, event)
    found = BUILT_IN.get(event)
    return found if found is not None else title_of("", event[:1].upper() + event[1:])


def stage_title(plan: Plan, name: str) -> Text:
    """What a stage is called."""
    found = next((s for s in plan.stages if isinstance(s, Stage) and s.name == name), None)
    return title_of(found.title if found is not None else "", name)


def span(wait: object, lang: str) -> str:
    """A duration in few letters: `2 j`, `1 h 30`; of one by arm, the shortest and the longest."""
    if not isinstance(wait, Duration):
        lengths = sorted(getattr(wait, "arms", {}).values(), key=lambda d: (d.days, d.seconds))
        return "–".join(dict.fromkeys(span(d, lang) for d in (lengths[:1] + lengths[-1:])))
    hours, seconds = divmod(wait.seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    units = ((wait.days, "j" if lang == "fr" else "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{n} {unit}" for n, unit in units if n)


def clock(at: int | None) -> str:
    """A time of day."""
    return "" if at is None else f"{at // 3600:02d}:{at % 3600 // 60:02d}"


def moment(step: Step) -> Text:
    """When a step is due: `J+2 10:00`, `+3 h`."""

    def told(lang: str) -> str:
        wait = span(step.wait, lang)
        days = step.wait.days if isinstance(step.wait, Duration) and not step.wait.seconds else 0
        if step.after == "trigger" and days:
            wait = ("J+" if lang == "fr" else "D+") + str(days)
        elif wait:
            wait = f"+ {wait}"
        on = " ".join(DAYS[d] if lang == "fr" else d for d in listed(step.on))
        return " ".join(x for x in (wait, on, clock(step.at)) if x)

    return both(told)


def step_title(plan: Plan, step: Step, name: str) -> Text:
    """What a step is called."""
    if isinstance(step, SendStep):
        message = step.send if isinstance(step.send, str) else next(iter(step.send.arms.values()))
        return title_of(plan.messages[message].title, message)
    if isinstance(step, SurveyStep):
        known = plan.messages[step.message].title if step.message else ""
        return title_of(known or plain(step.survey) + " ?", step.survey)
    if isinstance(step, WaitForStep):
        events = [event_title(plan, str(r.event)) for r in event_refs(step.wait_for)]
        found = join(events[:2], " / ")
        return Text(found.fr + " ?", found.en + "?")
    if isinstance(step, ExperimentStep):
        return title_of("", step.experiment)
    if isinstance(step, TaskStep):
        return title_of(plan.messages[step.task].title, step.task)
    if isinstance(step, OfferStep):
        return join([title_of(plan.offers[o].title, o) for o in listed(step.offer)[:3]], " / ")
    if isinstance(step, WaitStep):
        return both(lambda lang: f"{'Attente' if lang == 'fr' else 'Wait'} {span(step.wait, lang)}".strip())
    if isinstance(step, BranchStep):
        return _question(plan, step, name)
    if isinstance(step, SetStep):
        return _setting(step)
    if isinstance(step, ScoreStep):
        return title_of(", ".join(f"{plain(k)} {_signed(v)}" for k, v in step.score.items()), name)
    return Text("Sortie", "Exit")


def _signed(points: object) -> str:
    if not isinstance(points, int | float):
        return ""
    return f"{'−' if points < 0 else '+'}{abs(points):g}"


def _setting(step: SetStep) -> Text:
    if step.grant or step.withdraw:
        names = ", ".join(plain(c) for c in listed(step.grant) + listed(step.withdraw))
        given = bool(step.grant)
        return Text(
            f"{'Consentement' if given else 'Retrait'} : {names}", f"{'Consent' if given else 'Withdrawal'}: {names}"
        )
    parts = []
    for target, value in step.set.items():
        name = plain(target.removeprefix("fact."))
        if isinstance(value, bool):
            parts.append(title_of("", f"{'+' if value else '−'} {name}"))
        else:
            parts.append(title_of("", f"{name} = {str(value).strip(chr(34))}"))
    return join(parts, ", ") if parts else title_of("", "set")


def _question(plan: Plan, step: BranchStep, name: str) -> Text:
    if step.name:
        return title_of("", step.name)
    ways = [w.when for w in step.branch if w.when is not None]
    if len(ways) != 1:
        return Text("Selon", "Which way?")
    asked = condition_words(plan, str(ways[0]))
    return Text(f"{asked.fr} ?", f"{asked.en}?")


def condition_words(plan: Plan, condition: str) -> Text:
    """A condition as people say it, where it is a plain one."""
    for stage in (s if isinstance(s, str) else s.name for s in plan.stages):
        if condition.strip() in (f'stage == "{stage}"', f"stage == '{stage}'"):
            return stage_title(plan, stage)
    text = condition.replace("segment.", "").replace("fact.", "").replace("contact.", "").replace('"', "")
    text = plain(text.replace("==", "=").replace(">=", "≥").replace("<=", "≤").replace("!=", "≠"))
    return Text(text, text)


def ways(plan: Plan, step: Step) -> list[Text]:
    """What the ways out of a step are called, in the order of `Station.ways`; the last is the way past them all."""
    if isinstance(step, WaitForStep):
        return [YES, NO]
    if isinstance(step, ExperimentStep):
        return [title_of("", arm) for arm in step.arms] + [NOTHING]
    if isinstance(step, OfferStep):
        return [OTHERWISE] if step.otherwise else []
    if not isinstance(step, BranchStep):
        return []
    conditions = [w.when for w in step.branch]
    if sum(c is not None for c in conditions) == 1:
        return [YES if c is not None else NO for c in conditions] + [NO]
    return [_way(plan, str(c)) if c is not None else OTHERWISE for c in conditions] + [OTHERWISE]


def _way(plan: Plan, condition: str) -> Text:
    """One way of several: the value alone, where an attribute is compared with one."""
    value = re.fullmatch(r"""\s*contact\.\w+ *== *(["'])(.*)\1\s*""", condition)
    return title_of("", value[2]) if value and value[2] else condition_words(plan, condition)


def step_note(step: Step) -> Text:
    """When a step is due, or what it tries."""
    if isinstance(step, WaitForStep):
        return both(lambda lang: f"≤ {span(step.timeout, lang)}")
    if isinstance(step, SendStep) and isinstance(step.send, MessageByArm):
        return join([moment(step), Text("A|B", "A|B")], " · ")
    return NOTHING if isinstance(step, WaitStep) else moment(step)


def trigger_words(plan: Plan, trigger: Trigger | None) -> Text:
    """What starts a journey."""
    if trigger is None:
        return Text("depuis un autre parcours", "from another journey")
    if isinstance(trigger, EventTrigger | FirstTrigger):
        refs = event_refs(trigger.event if isinstance(trigger, EventTrigger) else trigger.first)
        events = join([event_title(plan, str(r.event)) for r in refs[:3]], " / ")
        return events if isinstance(trigger, EventTrigger) else Text(f"premier : {events.fr}", f"first: {events.en}")
    if isinstance(trigger, AbsenceTrigger):
        refs = event_refs(trigger.absence.of)
        events = event_title(plan, str(refs[0].event))
        wait = trigger.absence.wait
        return both(lambda g: f"{span(wait, g)} {'sans' if g == 'fr' else 'without'} {getattr(events, g)}")
    if isinstance(trigger, TogetherTrigger):
        return join([event_title(plan, str(r.event)) for r in event_refs(trigger.together.of)], " + ")
    if isinstance(trigger, StageTrigger):
        return join([stage_title(plan, s) for s in listed(trigger.stage)], " / ")
    return _more_triggers(trigger)


def _more_triggers(trigger: ChangeTrigger | CrossingTrigger | DateTrigger | ScheduleTrigger) -> Text:
    if isinstance(trigger, ChangeTrigger):
        name = plain(trigger.change if isinstance(trigger.change, str) else trigger.change.attribute)
        return Text(f"change : {name}", f"{name} changes")
    if isinstance(trigger, CrossingTrigger):
        crossing = trigger.crossing
        sign = f"≥ {crossing.above:g}" if crossing.above is not None else f"< {crossing.below:g}"
        return Text(f"{plain(crossing.score)} {sign}", f"{plain(crossing.score)} {sign}")
    if isinstance(trigger, DateTrigger):
        name = plain(trigger.date if isinstance(trigger.date, str) else trigger.date.of)
        return Text(f"le jour : {name}", f"on the day: {name}")
    schedule = trigger.schedule
    if schedule.calendar:
        return Text(f"calendrier {plain(schedule.calendar)}", f"calendar {plain(schedule.calendar)}")
    return RHYTHMS[schedule.every] if schedule.every else Text("à dates fixes", "on fixed dates")
