"""Usual figures of e-mail by sector, and of other channels: where to start before one's own people are known."""

from __future__ import annotations

from msgspec.structs import replace

from bifurque.engine.realistic import Known, Reads

SOURCE = "Mailchimp, averages by industry, October 2019: before mail programs opened by themselves"
RECALLED = SOURCE + " (quoted from memory)"

# Open, click (of all delivered), hard bounce, soft bounce, unsubscribe, in per cent
_EMAIL: dict[str, tuple[float, float, float, float, float, str]] = {
    "all": (22.71, 2.91, 0.40, 0.61, 0.25, SOURCE),
    "agriculture": (23.31, 2.94, 0.32, 0.50, 0.28, SOURCE),
    "arts": (26.27, 2.95, 0.30, 0.51, 0.28, SOURCE),
    "beauty": (16.65, 1.92, 0.26, 0.33, 0.30, SOURCE),
    "business": (21.56, 2.72, 0.43, 0.55, 0.20, SOURCE),
    "computers": (19.29, 2.08, 0.47, 0.79, 0.27, SOURCE),
    "construction": (21.77, 2.26, 0.86, 1.28, 0.39, SOURCE),
    "consulting": (20.13, 2.49, 0.50, 0.79, 0.27, SOURCE),
    "daily-deals": (15.06, 2.23, 0.07, 0.13, 0.10, RECALLED),
    "e-commerce": (15.68, 2.01, 0.19, 0.26, 0.27, SOURCE),
    "education": (23.42, 2.90, 0.32, 0.51, 0.21, RECALLED),
    "non-profit": (25.17, 2.79, 0.33, 0.49, 0.20, RECALLED),
    "retail": (18.39, 2.25, 0.22, 0.32, 0.25, RECALLED),
    "software": (21.29, 2.45, 0.65, 0.97, 0.37, RECALLED),
    "travel": (20.44, 2.25, 0.31, 0.51, 0.24, RECALLED),
}


ANY = Reads(
    open=0.18,
    click=0.12,
    open_spread=1.0,
    click_spread=0.8,
    unsubscribe=0.0025,
    complaint=0.05,
    hard=0.0022,
    soft=0.0032,
    hours=5.0,
    shape=0.8,
    machine=0.0,
)
"""What is assumed of a channel where nothing better is known."""


def _known(value: float, source: str) -> Known:
    return Known(round(value, 6), source=source)


def usual(sector: str, channel: str) -> Reads:
    """What people of a sector usually do with the messages of a channel; every figure said."""
    if channel == "sms":
        klaviyo = "Klaviyo, SMS benchmarks"
        clicked, left = _known(0.12, klaviyo), _known(0.009, klaviyo)
        return replace(ANY, open=0.95, click=clicked, unsubscribe=left, hours=0.05, shape=1.5)
    if channel == "push":
        return replace(ANY, open=0.30, click=0.10, unsubscribe=0.002, hours=0.3, shape=1.0, hard=0.02)
    if channel != "email":
        return replace(ANY, open=0.8, click=0.0, unsubscribe=0.0, complaint=0.0, hard=0.02, soft=0.0, hours=24.0)
    opened, clicked_of_all, hard, soft, left_of_all, source = _EMAIL[sector]
    return replace(
        ANY,
        open=_known(opened / 100, source),
        click=_known(clicked_of_all / opened, source),
        hard=_known(hard / 100, source),
        soft=_known(soft / 100, source),
        unsubscribe=_known(left_of_all / 100, source),
        machine=0.4,
    )
