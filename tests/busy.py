"""A busy plan and a few people: a run in which every law has something to say."""

import datetime as dt
import random

from auditor import audit

PLAN = """
plan: busy
start: 2025-03-24
days: 18
zone: Europe/Paris
zones: [Europe/Paris, Asia/Kolkata]
holdout: 5%
categories:
  - {name: receipt, class: transactional}
  - {name: dunning, class: service}
  - {name: greeting, class: relational}
  - {name: news, class: promotional, purpose: news}
  - {name: promotion, class: promotional}
  - {name: answer, class: reply}
channels: {email: {cost: 0.001}, sms: {cost: 0.06}}
quiet_hours: {from: "21:00", to: "08:00", except: transactional}
caps:
  - {name: one a day, max: 1, per: calendar day}
  - {name: few, max: 4, per: 7d, channel: email}
  - {name: heavy, max: 3, per: 30h, by: weight, of: [promotion, dunning]}
coherence:
  - {name: after a reminder, never: [greeting, promotion], within: 3d, of: dunning}
  - {name: while unpaid, never: news, while: fact.unpaid, policy: hold}
  - {name: first a greeting, only: promotion, after: [greeting, receipt]}
events:
  billed: {set: {fact.unpaid: true}}
  paid: {set: {fact.unpaid: false}}
experiments: {subject: {arms: {a: 50%, b: 50%}}, delay: {arms: {short: 50%, long: 50%}}}
messages:
  hello: {channel: email, category: greeting, valid_for: 2d}
  reminder: {channel: email, category: promotion, valid_for: 24h}
  question: {channel: sms, category: promotion, valid_for: 24h, on_cap: drop}
  shipping: {channel: email, category: promotion, valid_for: 2d, weight: 2}
  letter: {channel: email, category: news, valid_for: 3d, on_quiet: drop}
  invoice: {channel: email, category: receipt}
  dun: {channel: sms, category: dunning, valid_for: 5d}
  teaser: {channel: email, category: news, valid_for: 3d, on_cap: {reroute: sms}}
  reply: {channel: email, category: answer}
journeys:
  welcome: {trigger: {first: visit}, priority: 60, steps: [{send: hello, wait: 1h}]}
  cart:
    trigger: {event: cart, key: cart}
    reentry: replace
    exit: {event: purchase, key: any}
    priority: 70
    steps:
      - send: {by: subject, arms: {a: reminder, b: question}}
        after: trigger
        wait: {by: delay, arms: {short: 1h, long: 3h}}
      - {send: shipping, after: sent, wait: 1d}
  newsletter: {trigger: {schedule: {every: day, at: "10:00"}}, reentry: parallel, priority: 30, steps: [{send: letter}]}
  bills:
    trigger: {event: billed}
    exit: {event: paid}
    group: {money: preempt}
    priority: 90
    steps: [{send: dun, wait: 20h}, {send: dun, wait: 3d}]
  orders: {trigger: {event: purchase}, reentry: parallel, steps: [{send: invoice}, {send: reply, wait: 1h}]}
  tease:
    trigger: {event: visit}
    reentry: {policy: after_exit, most: 3}
    group: {money: preempt}
    priority: 40
    holdout: 30%
    steps: [{send: teaser, wait: 30min}, {wait: 1d}]
"""
ZONES = ["Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "", "Africa/Cairo"]
DEEDS = ["visit"] * 6 + ["cart"] * 6 + ["purchase"] * 2 + ["billed", "billed", "paid", "opt_out", "opt_in", "opt_in"]


def crowd():
    """A few people and what they do, always the same."""
    dice = random.Random(7)
    people, events = [], []
    start = int(dt.datetime(2025, 3, 24, 6, tzinfo=dt.UTC).timestamp())
    for contact in range(8):
        people.append({"contact": contact, "zone": dice.choice(ZONES), "consent": dice.choice(["all"] * 9 + ["none"])})
        for t in sorted(start + dice.randrange(17 * 86400) for _ in range(30)):
            kind = dice.choice(DEEDS)
            key = {"opt_out": "news", "opt_in": "all", "cart": dice.choice("xyz")}.get(kind, "")
            moment = dt.datetime.fromtimestamp(t, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            events.append({"contact": contact, "time": moment, "type": kind, "key": key})
    return people, events


def caught(story):
    """The laws the auditor sees broken."""
    return {text.partition(":")[0] for text in audit(story)}
