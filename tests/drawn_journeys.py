"""Plans with many journeys, made from a number: what a map must be able to draw."""

import random

WORDS = (
    *("Offre", "Bienvenue", "Rappel", "Panier", "Client", "Découverte", "Fidélité"),
    *("Avantage", "Conseil", "Enquête", "Cadeau", "Visite", "Retour"),
)


def name(dice):
    return " ".join(dice.choice(WORDS) for _ in range(dice.choice((1, 1, 2, 2, 3, 4))))


def drawn_map_plan(seed, journeys=12, steps=100):
    """A plan of so many journeys and about so many steps."""
    dice = random.Random(seed)
    stages = [f"stage_{k}" for k in range(dice.choice((0, 2, 4, 6)))]
    plan = {
        "plan": f"drawn-{seed}",
        "start": "2026-01-01",
        "stages": [{"name": s, "title": {"fr": name(dice), "en": name(dice)}} for s in stages],
        "attributes": {"orders": {"type": "int", "default": 0}, "answer": "string"},
        "categories": [{"name": "news", "class": "promotional"}],
        "channels": {"email": {}, "sms": {}, "push": {}, "phone": {}},
        "experiments": {"test": {"arms": {"a": "50%", "b": "50%"}}},
        "messages": {},
        "events": {"arrives": {}, "purchase": {}, "quote": {}},
        "journeys": {},
    }
    left = steps
    for n in range(journeys):
        budget = [max(1, round(left / (journeys - n)) + dice.randint(-2, 2))]
        left -= budget[0]
        journey = {"title": {"fr": name(dice), "en": name(dice)}, "trigger": trigger(dice, stages)}
        journey["steps"] = block(dice, plan, n, journeys, budget, stages, 0)
        if dice.random() < 0.5:
            journey["goal"] = {"event": dice.choice(("purchase", "purchase", "quote")), "within": "30d"}
        if dice.random() < 0.2 and journeys > 1:
            other = dice.choice([k for k in range(journeys) if k != n])
            journey["exit"] = {"event": "quote", "to": f"j{other}"}
        plan["journeys"][f"j{n}"] = journey
    return plan


def trigger(dice, stages):
    kinds = [{"event": "arrives"}, {"event": "purchase"}, {"first": "purchase"}, {"change": "orders"}]
    kinds += [
        {"absence": {"of": "purchase", "for": "30d"}},
        {"schedule": {"every": "week", "on": "tue", "at": "10:00"}},
    ]
    kinds += [{"stage": dice.choice(stages)}] * 4 if stages else []
    return dice.choice(kinds)


def block(dice, plan, n, journeys, budget, stages, depth):
    steps = []
    for _ in range(dice.randint(1, 4) if depth else 40):
        if budget[0] <= 0:
            break
        budget[0] -= 1
        steps.append(step(dice, plan, n, journeys, budget, stages, depth))
    if depth and dice.random() < 0.25:
        others = [k for k in range(journeys) if k != n]
        steps.append({"transfer": f"j{dice.choice(others)}"} if others and dice.random() < 0.7 else {"exit": True})
    return steps or [{"wait": "1d"}]


def step(dice, plan, n, journeys, budget, stages, depth):
    more = (dice, plan, n, journeys, budget, stages, depth + 1)
    kind = dice.random()
    if kind < 0.1 and depth < 3:
        return {
            "branch": [{"if": "contact.orders > 1", "then": block(*more)}, {"else": block(*more)}][
                : dice.choice((1, 2))
            ]
        }
    if kind < 0.14 and depth < 3:
        return {"experiment": "test", "arms": {"a": block(*more), "b": block(*more)}}
    if kind < 0.19 and depth < 3:
        return {"wait_for": "purchase", "timeout": "3d", "then": block(*more), "else": block(*more)}
    if kind < 0.24:
        return {"survey": f"s{len(plan['messages'])}", "answers": ["yes", "no"], "sets": "answer"}
    if kind < 0.32:
        return {"wait": "2d"}
    if kind < 0.36:
        return {"set": {"fact.seen": True}}
    if kind < 0.42 and stages:
        return {"set": {"stage": dice.choice(stages)}}
    message = f"m{len(plan['messages'])}"
    title = {"fr": name(dice), "en": name(dice)}
    plan["messages"][message] = {"channel": dice.choice(list(plan["channels"])), "category": "news", "title": title}
    return {"send": message, "wait": dice.choice(("1h", "1d", "3d"))}
