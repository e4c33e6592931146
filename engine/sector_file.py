"""The usual people of a sector as a file to start from: every figure with its source, or said to be assumed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path as File
from typing import Any, get_args

from msgspec import Struct, structs

from bifurque.engine.realistic import Known, Realistic, Sector, Temper
from bifurque.engine.sectors import usual
from bifurque.rules.errors import DataError, RunError, did_you_mean

SECTORS: tuple[str, ...] = get_args(Sector)
CHANNELS = ("email", "sms", "push")
PERSONAS = {
    "loyal": Temper(rate=3.0, open=0.8, unsubscribe=0.5),
    "bargain_hunter": Temper(rate=1.5, open=0.5, unsubscribe=0.8),
    "occasional": Temper(),
    "browser": Temper(rate=0.3, open=0.2, unsubscribe=1.2),
    "dormant": Temper(rate=0.1, open=-1.5),
}
"""Kinds of people a plan may have; all assumed."""

_CDNOW = "CDNOW, a music shop of 1997: Fader & Hardie 2005"
_SPENT = "CDNOW, a music shop of 1997: Fader & Hardie 2013"
SOURCES = {
    "purchases.r": _CDNOW,
    "purchases.alpha": _CDNOW,
    "purchases.s": _CDNOW,
    "purchases.beta": _CDNOW,
    "purchases.taste": "assumed; Zhang, Kumar & Cosguner 2017 find the link weak",
    "spend.p": _SPENT,
    "spend.q": _SPENT,
    "spend.gamma": _SPENT,
    "lift.days": "assumed, after Sahni, Zou & Chintagunta: spending is raised in the week after an offer",
    "visits.cart": "assumed; Baymard: 70 % of carts are left",
    "visits.returns": "assumed; with usual clicks a reminder then recovers some 2 % of carts, as Klaviyo reports",
    "visits.completes": "assumed, with `returns`",
    "visits.hours": "assumed, with `returns`",
    "email.complaint": "Mailchimp 2018: 0.012 % of messages, a twentieth of unsubscriptions",
    "email.machine": "assumed; since 2021 about half of reported opens are machines'",
    "email.hours": "assumed; waking time after Bonfrer & Drèze 2009",
    "email.shape": "assumed; waking time after Bonfrer & Drèze 2009",
    "fatigue.opens": "GetResponse's open rates by frequency give 0.41 to 0.47; observed, so an upper bound",
    "clock.hours": "shape after MailerMailer 2013-15: lowest at 2 h, highest at 10 h",
    "opinion.nps": "assumed: an NPS of +20 at satisfaction 0.6",
    "opinion.csat": "assumed: 70 % content at satisfaction 0.6",
}
"""Where a figure of the defaults comes from; any other is assumed."""

_TEXTS = {
    "head": (
        "Les gens du secteur « {} », tels qu'on les suppose avant de connaître les siens.\n"
        "Chaque chiffre porte sa source, ou « assumed » : une hypothèse. Tout se modifie. S'en servir :\n"
        "  bifurque simulate PLAN --behaviour CE_FICHIER\n"
        "Ce que chaque clé veut dire : docs/behaviour.md.",
        "The people of the sector `{}`, as one may suppose them before knowing one's own.\n"
        "Each figure bears its source, or `assumed`. Everything may be edited. To use it:\n"
        "  bifurque simulate PLAN --behaviour THIS_FILE\n"
        "What each key means: docs/behaviour.md.",
    ),
    "channels": (
        "Par canal ; ce qu'un plan n'a pas ne sert à rien, et ne gêne pas",
        "By channel; what a plan does not have is of no use, and does no harm",
    ),
    "personas": (
        "Ce qui distingue les personas du plan (hypothèses) ; à nommer comme dans le plan, sans les dièses.\n"
        "Dans une base ancienne, 30 % des gens ou plus n'ouvrent presque rien (`dormant`).",
        "How the plan's personas differ (assumed); name them as the plan does, and take the number signs away.\n"
        "In a base of some age 30 % of people or more open next to nothing (`dormant`).",
    ),
    "messages": (
        "Ce qui distingue un message, par exemple :",
        "How a message differs, for instance:",
    ),
}


def sector_text(sector: str, lang: str) -> str:
    """The text of such a file.

    Raises:
        DataError: no sector has this name.
    """
    if sector not in SECTORS:
        raise DataError(f"no sector is called `{sector}`" + did_you_mean(sector, SECTORS))
    people, told = Realistic(), {k: texts[0 if lang == "fr" else 1] for k, texts in _TEXTS.items()}
    lines = [*_comment(told["head"].format(sector), ""), "behaviour:", "  kind: realistic", f"  sector: {sector}"]
    lines.append("  realistic:")
    for part in ("purchases", "spend", "lift", "visits"):
        lines += [f"    {part}:", *_figures(part, getattr(people, part), "      ")]
    lines += [*_comment(told["channels"], "    "), "    channels:"]
    for channel in CHANNELS:
        lines += [f"      {channel}:", *_figures(channel, usual(sector, channel), "        ")]
    for part in ("fatigue", "clock", "interest", "opinion"):
        lines += [f"    {part}:", *_figures(part, getattr(people, part), "      ")]
    lines += [*_comment(told["personas"], "    "), "    # personas:"]
    for name, temper in PERSONAS.items():
        figures = ", ".join(f"{k}: {v:g}" for k, v in structs.asdict(temper).items() if v != getattr(Temper(), k))
        lines.append(f"    #   {name}: {{{figures}}}  # assumed")
    lines += [*_comment(told["messages"], "    "), "    # messages:"]
    lines.append("    #   cart_reminder: {open: 1.5, click: 0.4}  # assumed")
    return "\n".join(lines) + "\n"


def write_sector(file: File, sector: str, lang: str) -> None:
    """Write the file; nothing is overwritten.

    Raises:
        DataError: no sector has this name.
        RunError: the file exists already, or cannot be written.
    """
    text = sector_text(sector, lang)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise RunError(f"{file}: exists already; choose another file") from None
    except OSError as error:
        raise RunError(f"{file}: cannot be written: {error.strerror or error}") from None


def _comment(text: str, margin: str) -> list[str]:
    return [f"{margin}# {line}".rstrip() for line in text.splitlines()]


def _figures(part: str, section: Struct, margin: str) -> Iterator[str]:
    """A line for each figure, with where it comes from; names of events are the plan's business."""
    for key, value in structs.asdict(section).items():
        if isinstance(value, Known):
            yield f"{margin}{key}: {value.value:.10g}  # {value.source}"
        elif isinstance(value, float):
            yield f"{margin}{key}: {value:.10g}  # {SOURCES.get(f'{part}.{key}', 'assumed')}"
        elif isinstance(value, tuple) and value:
            yield f"{margin}# {SOURCES[f'{part}.{key}']}"
            yield f"{margin}{key}: [{', '.join(f'{w:g}' for w in value)}]"
        else:
            yield f"{margin}{key}: {_name(value)}"


def _name(value: Any) -> str:
    return json.dumps(value)
