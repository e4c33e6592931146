"""A small plan with a rule, a branch, every law, and a few lives in it that tests explain."""

from bifurque.engine.run import open_run
from bifurque.engine.simulate import simulate

PLAN = """
plan: explained
start: 2026-01-01
days: 60
attributes: {orders: {type: int, default: 0}, city: string, birthday: date}
segments: {vip: contact.orders >= 2}
categories: [{name: care, class: service}, {name: promotion, class: promotional}]
channels: {email: {cost: 0.001}}
quiet_hours: {from: "21:00", to: "08:00"}
caps:
  - {name: two a week, max: 2, per: 7d}
  - {name: one a month, max: 1, per: calendar month, when: fact.upset}
coherence:
  - {name: not while upset, never: promotion, while: fact.upset && contact.orders < 3}
  - {name: not after care, never: promotion, within: 2d, of: care}
events:
  purchase: {set: {orders: contact.orders + 1}}
  complaint: {}
messages:
  reminder: {channel: email, category: promotion, valid_for: 24h}
  sorry: {channel: email, category: care}
  cake: {channel: email, category: promotion}
journeys:
  cart:
    trigger: {event: cart_filled, where: event.value > 1000}
    when: '!fact.upset || segment.vip'
    exit: {event: purchase}
    steps:
      - branch:
          - {if: 'contact.city == "Lyon"', then: [{send: reminder, wait: 1h}]}
          - {else: [{send: reminder, wait: 2h}]}
  service: {steps: [{send: sorry}]}
  birthday: {trigger: {date: birthday}, steps: [{send: cake, at: "10:00"}]}
rules:
  - {name: upset, when: 'event.type == "complaint" && !fact.upset', then: [{set: fact.upset}, {enter: service}]}
  - name: calm
    when: 'fact.upset && count(purchase, "30d") >= 2'
    then: [{clear: fact.upset}, {suppress: reminder, for: 3d}]
population: {contacts: 60, consent: {marketing: 80%}}
behaviour:
  kind: constant
  sources:
    carts: {event: cart_filled, per_week: 2, value: {mean: 15, spread: 50%}}
    complaints: {event: complaint, per_week: 0.1}
    purchases: {event: purchase, per_week: 0.4}
  messages: {open: 25%, unsubscribe: 0.5%}
"""


def run_of(folder, plan, events=(), people=(), **options):
    """A run of a plan: on written events and people if there are any."""
    files = {}
    if events:
        files["events"] = folder / "events.csv"
        files["events"].write_text("\n".join(["contact,time,type,key,value", *events]) + "\n", "utf-8")
        options.setdefault("behaviour", "off")
    if people:
        files["population"] = folder / "people.csv"
        files["population"].write_text("\n".join(people) + "\n", "utf-8")
    out = folder / f"run{len(list(folder.iterdir()))}"
    simulate(plan, out=out, ledger="full", **options, **files)
    return open_run(out)
