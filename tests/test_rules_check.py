"""What `check` says of rules: errors with their place, and what can be proved of them without running the plan."""

import json

import pytest

from bifurque.engine.load import _inspect
from bifurque.engine.problems import Problems
from bifurque.engine.reader import read_text
from bifurque.engine.rule_graph import dependencies
from bifurque.engine.templates_list import template, template_names

PLAN = """plan: shop
start: 2026-01-01
stages: [prospect, customer]
attributes: {n: {type: int, default: 0}, city: string}
scores: {interest: {on: {click: 1}, half_life: 30d}}
segments: {hot: score.interest > 5.0, vip: fact.hot || segment.hot}
categories: [{name: care, class: service}, {name: email, class: promotional}]
channels: {email: {}}
population: {consent: {all: 50%}}
events: {complaint: {}, click: {}, tick: {set: {fact.hot: true, city: '"Lyon"'}}}
messages:
  apology: {channel: email, category: care}
  offer: {channel: email, category: email}
journeys:
  sale: {trigger: {event: tick}, steps: [{send: offer, wait: 1d}]}
  service: {trigger: {event: complaint}, when: '!segment.vip', steps: [{send: apology, wait: 1h}]}
rules: RULES
"""


def said(*rules, text=PLAN):
    """Every problem of the plan with these rules, and the plan if it can run."""
    _, problems = _inspect(*read_text(text.replace("RULES", json.dumps(list(rules))), Problems("p")), ())
    return [f"{'.'.join(map(str, p.path))}: {p.message}" for p in problems.sorted()], problems


def rule(name, when, *then, **more):
    return {"name": name, "when": when, "then": list(then), **more}


CLICK = 'event.type == "click"'


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (rule("a", CLICK), "needs something to do"),
        (rule("sale", CLICK, {"enter": "sale"}), "`sale` is also a journey"),
        (rule("a", 'event.type == "clck"', {"enter": "sale"}), "`event.type` is never `clck`; did you mean `click`?"),
        (rule("a", "score.interst > 1.0", {"enter": "sale"}), "did you mean `score.interest`?"),
        (rule("a", CLICK, {"trnsfer": "sale"}), "unknown key `trnsfer`; did you mean `transfer`?"),
        (rule("a", CLICK, {"set": "hot"}), "expected a fact such as `fact.upset`, got `hot`; for an attribute write"),
        (rule("a", CLICK, {"set": {"n": "contact.city"}}), "this attribute is of type int, the expression is of type"),
        (rule("a", CLICK, {"set": {"m": 1}}), "no attribute is called `m`"),
        (rule("a", CLICK, {"clear": "stage"}), "expected a fact such as `fact.upset`, got `stage`"),
        (rule("a", CLICK, {"stage": "custmer"}), "no stage is called `custmer`; did you mean `customer`?"),
        (rule("a", CLICK, {"score": {"intrest": 1}}), "no score is called `intrest`; did you mean `interest`?"),
        (rule("a", CLICK, {"enter": ["sale", "servce"]}), "no journey is called `servce`; did you mean `service`?"),
        (rule("a", CLICK, {"transfer": "sale", "step": "ofer"}), "no step of `sale` is called `ofer`"),
        (rule("a", CLICK, {"transfer": "sale", "from": "sale"}), "leads to the journey it comes from: say to which"),
        (rule("a", CLICK, {"transfer": "sale", "for": "3d"}), "only a pause has a length: add `old: pause`"),
        (rule("a", CLICK, {"pause": "promo"}), "no category, class, channel or journey is called `promo`"),
        (rule("a", CLICK, {"pause": "email"}), "write `category.email` or `channel.email`"),
        (rule("a", CLICK, {"pause": "care", "for": "0d"}), "must last some time"),
        (rule("a", CLICK, {"suppress": "ofer"}), "no message is called `ofer`; did you mean `offer`?"),
        (rule("a", CLICK, {"priority": {"ofer": 3}}), "no message or journey is called `ofer`"),
        (rule("a", CLICK, {"derive": "fact.x"}), "what is derived holds as long as its reasons do"),
        (rule("a", "contact.n > 1", {"derive": "fact.hot"}), "`fact.hot` is derived by `a`: nothing else sets it"),
        (rule("a", "contact.n > 1", {"derive": "fact.x"}, {"stage": "customer"}), "does nothing else"),
        (rule("a", CLICK, {"set": "fact.a-b"}), "use letters, digits and `_` only"),
        (rule("a", CLICK, {"enter": "sale"}, salience=99999), "expected at most 10000, got `99999`"),
        (rule("a", CLICK, {"enter": "sale"}, kind="sudden"), "expected one of `spectacular`, `accidental`,"),
    ],
)
def test_errors_say_where_and_what_was_meant(made, message):
    found, problems = said(made)
    assert problems.errors
    assert any(message in line for line in found), found


def test_two_rules_of_one_name_and_derivations_in_a_circle():
    found, _ = said(rule("a", CLICK, {"enter": "sale"}), rule("a", CLICK, {"enter": "service"}))
    assert "rules.1.name: the rule `a` stands here again: give it another name" in found
    found, _ = said(rule("a", "fact.y || segment.vip", {"derive": "fact.x"}), rule("b", "fact.x", {"derive": "fact.y"}))
    assert any("follows from" in line for line in found)


def test_a_loop_is_named_with_a_contact_who_goes_round_in_it():
    ping = rule("ping", "fact.ping && contact.n < 5", {"clear": "fact.ping"}, {"set": "fact.pong"})
    pong = rule("pong", "fact.pong", {"clear": "fact.pong"}, {"set": "fact.ping"})
    found, _ = said(ping, pong, rule("start", CLICK, {"set": "fact.ping"}))
    loops = [line for line in found if "can loop" in line]
    assert len(loops) == 1
    assert "`ping` → `pong`" in loops[0] or "`pong` → `ping`" in loops[0]
    assert "= true more than 256" in loops[0]


def test_a_circle_that_comes_to_rest_is_no_finding():
    up = rule("up", "contact.n > 2 && contact.n < 10", {"set": {"n": "contact.n + 1"}})
    once = rule("once", "fact.hot && contact.n == 0", {"set": {"n": 3}}, {"clear": "fact.hot"})
    assert said(up, once)[0] == []


def test_rules_that_never_fire():
    found, _ = said(
        rule("both", "fact.hot && !fact.hot", {"stage": "customer"}),
        rule("stages", 'stage == "prospect" && stage == "customer"', {"enter": "sale"}),
        rule("range", "contact.n > 5 && contact.n < 3", {"enter": "sale"}),
        rule("dead end", "fact.nobody", {"set": "fact.nobody2"}),
        rule("after it", "fact.nobody2", {"set": "fact.nobody"}),
        rule("fine", "contact.n > 3 && contact.n < 5", {"enter": "sale"}),
    )
    never = {line.split("`")[1] for line in found if "never fires: its condition is never true" in line}
    assert never == {"both", "stages", "range", "dead end", "after it"}


def test_a_rule_shadowed_by_a_stronger_one():
    first = rule("first", f"{CLICK} && fact.hot", {"clear": "fact.hot"}, salience=5)
    second = rule("second", f"{CLICK} && fact.hot", {"enter": "sale"})
    assert any("`second` never fires: `first` goes first" in line for line in said(first, second)[0])
    other = rule("second", "fact.hot", {"enter": "sale"})  # true at other events, too
    assert not any("never fires" in line for line in said(first, other)[0])


def test_rules_that_repeat_each_other_or_undo_what_the_other_does():
    a = rule("a", CLICK, {"set": "fact.new"})
    found, _ = said(
        a, rule("b", f"{CLICK} && contact.n > 3", {"set": "fact.new"}), rule("r", "fact.new", {"enter": "sale"})
    )
    assert any("`b` repeats `a`" in line for line in found)
    found, _ = said(
        a, rule("b", f"{CLICK} && contact.n > 3", {"clear": "fact.new"}), rule("r", "fact.new", {"enter": "sale"})
    )
    assert any("`b` and `a` may both be true, and one undoes what the other does (fact.new)" in line for line in found)
    pause, resume = rule("a", CLICK, {"pause": "care"}), rule("b", CLICK, {"resume": "care"}, salience=1)
    assert said(pause, resume)[0] == []  # the saliences say which goes first
    assert any("(care)" in line for line in said(pause, {**resume, "salience": 0})[0])


def test_a_rule_that_contradicts_itself():
    found, _ = said(
        rule("a", CLICK, {"set": "fact.new"}, {"clear": "fact.new"}), rule("r", "fact.new", {"enter": "sale"})
    )
    assert any("sets `fact.new` and clears it" in line for line in found)


def test_which_rule_sets_off_which():
    from bifurque.engine.load import loads

    rules = [
        rule("start", CLICK, {"set": "fact.hot"}, {"set": {"n": 3}}),
        rule("hot", "segment.vip", {"stage": "customer"}),
        rule("cold", "!fact.hot", {"enter": "sale"}),
        rule("many", "contact.n > 4", {"enter": "sale"}),
        rule("stage", 'stage == "customer" && inside.sale', {"leave": "sale"}),
    ]
    plan = loads(PLAN.replace("RULES", json.dumps(rules)))
    assert dependencies(plan) == {
        "start": ("hot",),
        "hot": ("stage",),
        "cold": ("stage",),
        "many": ("stage",),
        "stage": (),
    }


def test_no_false_alarm():
    rules = [
        rule(
            "bad experience",
            'event.type == "complaint"',
            {"set": "fact.upset"},
            {"pause": "promotional", "for": "30d"},
            {"transfer": "service"},
            salience=90,
            kind="accidental",
        ),
        rule("forgiven", 'fact.upset && now - last(complaint) > duration("60d")', {"clear": "fact.upset"}),
        rule("loyal", 'count(tick, "90d") >= 3', {"derive": "fact.loyal"}),
        rule("mature", 'score.interest >= 25.0 && stage == "prospect"', {"stage": "customer"}),
        rule(
            "reward", "fact.loyal && !fact.upset && !has(contact.city)", {"enter": "sale"}, {"priority": {"sale": 80}}
        ),
        rule("count", CLICK, {"set": {"n": "contact.n + 1"}}),
        rule("tired", "contact.n >= 20", {"suppress": "offer", "for": "30d"}, {"set": {"n": 0}}),
    ]
    assert said(*rules)[0] == []


def test_a_name_of_two_meanings_may_be_told_apart(world):
    """`sms` is a channel here, and a journey: a pause says which."""
    text = (
        "plan: x\nstart: 2025-01-01\nchannels: {email: {}, sms: {}}\ncategories: [{name: care, class: service}]\n"
        "messages: {note: {channel: email, category: care}, text: {channel: sms, category: care}}\n"
        "journeys:\n  sms: {trigger: {event: visit}, steps: [{send: note, wait: 1h}]}\n"
        "  other: {trigger: {event: visit}, steps: [{send: text, wait: 1h}]}\n"
        "rules: [{name: r, when: event.type == 'visit', then: [{pause: channel.sms, for: 1d}]}]\n"
    )
    shop = world(text)
    anna = shop.contact()
    anna.does("visit")
    shop.advance("2h")
    assert [m for m, _ in anna.sent] == ["note"]
    assert ("text", "suppressed", "r") in anna.reasons


@pytest.mark.parametrize("name", template_names())
def test_templates_have_no_findings(name):
    _, problems = _inspect(*read_text(template(name, "en"), Problems(name)), ())
    assert problems.sorted() == []
