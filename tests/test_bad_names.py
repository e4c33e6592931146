"""Plans whose words are known and whose sense is not: names nobody declared, conditions, laws, journeys, people.

As in `test_bad_plans.py`, `¦` marks the place that each message must name, in the order of the file.
"""

import pytest
from marked import HEAD, SHOP, marked, problems_of


def trigger(text):
    return f"{SHOP}journeys: {{j: {{trigger: {{{text}}}, steps: [{{send: hello}}]}}}}\n"


def steps(text, more=""):
    return f"{SHOP}journeys: {{j: {{trigger: {{event: signup}}, steps: [{text}]{more}}}}}\n"


def message(more):
    return SHOP.replace("category: promo}", f"category: promo, {more}}}")


def segment(text):
    return f"{HEAD}attributes: {{orders: int, city: string}}\nsegments: {{s: {text}}}\n"


NAMES = [
    (
        HEAD + "messages: {a: {channel: ¦sms, category: ¦promo}}\n",
        "no channel is called `sms`; the plan has none yet",
        "no category is called `promo`; the plan has none yet: declare it under `categories`",
    ),
    (steps("{send: ¦helo}"), "no message is called `helo`; did you mean `hello`?"),
    (steps("{transfer: ¦k}"), "no journey is called `k`; known: `j`"),
    (steps("{experiment: ¦x, arms: {a: []}}"), "no experiment is called `x`; the plan has none yet"),
    (steps("{score: {¦interest: 5}}"), "no score is called `interest`"),
    (steps("{survey: q, answers: [a], sets: ¦reason}"), "no attribute is called `reason`"),
    (steps("{send: hello, after: ¦previus}"), "no anchor is called `previus`; did you mean `previous`?"),
    (steps("{send: hello}", ", exit: {event: purchase, to: ¦k}"), "no journey is called `k`; known: `j`"),
    (trigger("stage: ¦engaged"), "no stage is called `engaged`; known: `contact`"),
    (trigger("date: ¦birthday"), "no attribute is called `birthday`; the plan has none yet"),
    (trigger("crossing: {score: ¦interest, above: 3}"), "no score is called `interest`"),
    (trigger("schedule: {calendar: ¦sales}"), "no calendar is called `sales`"),
    (
        HEAD + "caps: [{max: 1, per: 7d, of: ¦promos}]\n",
        "no category or class is called `promos`; known: `promotional`",
    ),
    (HEAD + "caps: [{max: 1, per: 7d, of: [relational, ¦transactionnal]}]\n", "did you mean `transactional`?"),
    (message("on_cap: {reroute: ¦sms}"), "no channel is called `sms`; known: `email`"),
    (
        HEAD + "channels: {email: {}}\nevents: {signup: {grant: ¦marketing.mail}}\n",
        "no consent is called `marketing.mail`; did you mean `marketing.email`?",
    ),
    (HEAD + "behaviour: {messages: {journeys: {¦k: {open: 2}}}}\n", "no journey is called `k`"),
    (HEAD + "behaviour: {answers: {¦q: {a: 1%}}}\n", "no survey is called `q`"),
    (HEAD + "attributes: {¦zone: string}\n", "`zone` is known of every contact already"),
    (
        HEAD + "attributes: {¦first-name: string}\n",
        "conditions could not read `contact.first-name`: use letters, digits and `_`",
    ),
    (HEAD + "stages: [a, b, ¦a]\n", "the stage `a` stands here again: give it another name"),
    (
        HEAD + "categories: [{name: a, class: reply}, ¦{name: a, class: service}]\n",
        "the category `a` stands here again",
    ),
    (HEAD + "categories: [{name: ¦service, class: reply}]\n", "`service` is also a class"),
    (steps("{send: hello, name: first}, {send: hello, name: ¦first}"), "two steps of this journey are called `first`"),
]
CONDITIONS = [
    (
        segment("contact.orders > 3 && ¦contact.oders < 9"),
        "unknown name `contact.oders`; did you mean `contact.orders`?",
    ),
    (segment("¦fact.vip"), "unknown name `fact.vip`: a fact is known once an event or a `set` step sets it"),
    (segment("¦event.value > 3"), "unknown name `event.value`: no event is looked at here"),
    (segment("contact.city ¦= 'Lyon'"), "unexpected `=`: use `==` to compare"),
    (segment("true ¦and false"), "write `&&`"),
    (segment("¦not true"), "write `!`"),
    (segment("'(contact.orders > 3¦'"), "expected `)`, the condition ends"),
    (segment("'true¦)'"), "unexpected `)`"),
    (segment("contact.orders >¦\n"), "something is missing at the end"),
    (segment("'contact.city == ¦\"Lyon'"), "a text that is not closed"),
    (segment('contact.orders ¦> "3"'), "cannot compare a whole number and a text"),
    (segment("contact.orders ¦+ 1"), "a condition must be true or false, this is a whole number"),
    (segment("¦contact.orders && true"), "`&&` joins conditions, this is a whole number"),
    (
        segment('contact.city.¦startWith("L")'),
        "unknown function `.startWith`; did you mean `.startsWith`?",
    ),
    (segment("'contact.city.matches(¦\"[\")'"), "not a pattern"),
    (segment("'persona == ¦\"loyal\"'"), "`persona` is never `loyal`; known: `person`"),
    (segment("'contact.city in ¦[]'"), "a list needs at least one value"),
    (segment("'now > timestamp(¦\"2025-02-30T00:00:00Z\")'"), "is not an instant: write 2025-06-01T09:00:00Z"),
    (segment("'now - now > duration(¦\"3 jours\")'"), "is not a duration: write for instance 14d"),
    (segment(f"'now - now > duration(¦\"{'9' * 400}d\")'"), "is too long"),
    (segment("¦9223372036854775808 > contact.orders"), "a whole number must be below 2^63"),
    (segment("¦1e400 > 1.0"), "`1e400` is beyond the largest number"),
    (segment("'(true ¦? 1 : \"b\") == 1'"), "`? :` needs two values of one type, not a whole number and a text"),
    (segment("¦segment.s"), "the segment `s` reads itself: say it without `segment.s`"),
    (f'{HEAD}segments:\n  s: >\n    persona == "person"\n    && ¦cty\n', "unknown name `cty`"),
    (segment("'contact.city == ''Lyon'' && ¦cty'"), "unknown name `cty`"),
    (segment('"contact.city == \\"Lyon\\"\n    && ¦cty"'), "unknown name `cty`"),
    (segment("contact.orders > 3\n    || ¦cty"), "unknown name `cty`"),
    (message("priority: value * ¦tru"), "unknown name `tru`"),
    (message("priority: value ¦* true"), "`*` cannot be applied to a number and true or false"),
    (
        HEAD + "attributes: {city: string}\nevents: {signup: {set: {city: ¦Lyon}}}\n",
        "for the text itself write '\"Lyon\"'",
    ),
    (HEAD + "attributes: {n: int}\nevents: {signup: {set: {n: ¦1.5}}}\n", "this attribute is of type int, got double"),
    (HEAD + "events: {signup: {set: {fact.vip: ¦3}}}\n", "a fact is true or false, or a condition"),
    (HEAD + "events: {signup: {set: {¦fact.very-vip: true}}}\n", "conditions could not read `fact.very-vip`"),
    (HEAD + "attributes: {a: {type: int, default: ¦some}}\n", "this attribute is of type int, `some` is not"),
    (HEAD + "attributes: {a: {type: date, default: ¦2025-02-30}}\n", "2025-02 has 28 days"),
]
LAWS = [
    (HEAD + 'quiet_hours: {from: "22:30", to: "¦22:30"}\n', 'for a whole day write "00:00" to "24:00"'),
    (HEAD + "caps: [{max: 1, per: ¦0d}]\n", "a window must last some time"),
    (HEAD + "coherence: [¦{never: promotional, within: 14d}]\n", "a coherence rule is one of `never … within … of …`"),
    (message("on_cap: {reroute: ¦email}"), "another channel than the message's own"),
    (message("valid_for: ¦0h"), "a validity must last some time"),
    (HEAD + "experiments: {x: {arms: ¦{a: 50%, b: 60%}}}\n", "the shares of the arms make 110%, not 100%"),
    (HEAD + "experiments: {x: {arms: ¦{}}}\n", "an experiment needs arms, such as {a: 50%, b: 50%}"),
    (HEAD + "scores: {s: {half_life: ¦0d}}\n", "a half-life must last some time"),
    (trigger("absence: {of: visit, for: ¦0min}"), "must last some time"),
    (trigger("absence: ¦{of: visit, for: 3d}, key: cart"), "a silence by key needs the event it is counted from"),
    (trigger("together: {of: ¦[visit], within: 1d}"), "two to eight events come together"),
    (trigger("schedule: ¦{every: day}"), "say at what time of day: `at`"),
    (trigger('schedule: {every: month, on: ¦32, at: "10:00"}'), "say on which day of the month, 1 to 31"),
    (trigger("schedule: ¦{}"), "say one of `every`, `dates` and `calendar`"),
    (SHOP + "journeys: {j: {trigger: {event: e}, steps: ¦[]}}\n", "a journey needs at least one step"),
    (steps("{branch: [¦{then: [{exit: true}]}]}"), "say either `if` and `then`, or `else`"),
    (steps("{branch: [¦{else: []}, {if: 'true', then: []}]}"), "`else` stands alone, and last"),
    (steps("{send: hello}", ", group: ¦{g: queue, h: queue}"), "a journey belongs to one exclusive group at most"),
    (HEAD + "personas: ¦{a: {share: 50%}, b: {share: 40%}}\n", "the shares of the personas make 90%, not 100%"),
    (
        HEAD + "attributes: {x: int}\npopulation: {attributes: {x: ¦{between: [5, 1]}}}\n",
        "the first bound is beyond the second",
    ),
    (
        HEAD + "attributes: {x: date}\npopulation: {attributes: {x: {between: [1950-01-01, ¦2005-02-29]}}}\n",
        "of type date, `2005-02-29` is not",
    ),
    (HEAD + "behaviour: {sources: {v: ¦{event: visit}}}\n", "say one of `per_day`, `per_week`, `per_year` and `once`"),
    (HEAD + "behaviour: {sources: {v: {event: visit, per_day: ¦-1}}}\n", "a rate lies between 0 and 100,000"),
    (HEAD + "behaviour: {sources: {v: {event: visit, once: ¦[3d, 1d]}}}\n", "the first bound is beyond the second"),
    (
        HEAD + "behaviour: {reactions: {r: {on: e, one_of: ¦[{event: a, chance: 60%}, {event: b, chance: 60%}]}}}\n",
        "the chances make 120.00%",
    ),
    (
        HEAD + "behaviour: {reactions: {r: {on: e, one_of: [{event: ¦opened, chance: 6%}]}}}\n",
        "follows from messages and arrivals alone",
    ),
]


@pytest.mark.parametrize("case", NAMES + CONDITIONS + LAWS, ids=lambda case: case[1][:40])
def test_a_senseless_plan(case):
    text, *said = case
    plan, places = marked(text)
    found = [p for p in problems_of(plan) if p.level == "error"]
    assert [(p.line, p.column) for p in found] == places, [str(p) for p in found]
    for problem, part in zip(found, said, strict=True):
        assert part in problem.message
        assert "\n" not in str(problem)
        assert len(str(problem)) < 500
