"""How wide a text is: advance widths of Arial, Helvetica and Liberation Sans, which share them, in thousandths.

Labels are laid out with these widths and drawn with `textLength`, so they keep them in any font a reader has.
"""

from __future__ import annotations

import itertools
import unicodedata

_REGULAR = {
    191: "'",
    223: "ijlįĵĺļłſ‘’",
    260: "|¦",
    278: " !,./:;I[\\]ft\xa0·ÌÍÎÏìíîïĨĩĪīĬĭĮİıţŧ\u202f",
    334: '()-`r{}¡¨²³´¸¹ŕŗř“”•"º*°ª',
    500: "Jcksvxyzçýÿćĉċčķĸśŝşšŷźżž^",
    556: "#$0123456789?L_abdeghnopqu¢£¤¥§«»àáâãäåèéêëðñòóôõöøùúûüþāăąđēĕėęěĝğġģĥħĹĻĽŁńņňŋōŏőũūŭůűų–€±÷≤≥µ",
    584: "+<=>~¬×−",
    611: "FTZ¿ßŢŤŦŹŻŽ",
    667: "&ABEKPSVXYÀÁÂÃÄÅÈÉÊËÝÞĀĂĄĒĔĖĘĚĶŚŜŞŠŶŸ",
    722: "CDHNRUwÇÐÑÙÚÛÜĆĈĊČĎĐĤĦŃŅŇŔŖŘŨŪŬŮŰŲŵ",
    778: "GOQÒÓÔÕÖØĜĞĠĢŌŎŐ©®",
    834: "Mm¼½¾",
    890: "%æ",
    944: "WœŴ",
    1000: "ÆŒ—…→↩",
    1016: "@",
}
_BOLD = {
    238: "'",
    278: " ,./I\\ijl\xa0·ÌÍÎÏìíîïĨĩĪīĬĭĮİıĵĺļłſ‘’|¦\u202f",
    334: "!()-:;[]`ft¡¨²³´¸¹ţŧ•ºª",
    400: "*r{}ŕŗř°",
    500: 'zźżž“”"',
    556: "#$0123456789J_aceksvxy¢£¤¥§«»àáâãäåçèéêëýÿāăąćĉċčēĕėęěķśŝşšŷ–€±÷≤≥µ",
    584: "+<=>^~¬×−",
    611: "?FLTZbdghnopqu¿ßðñòóôõöøùúûüþđĝğġģĥħĹĻĽŁńņňŋōŏőŢŤŦũūŭůűųŹŻŽ",
    667: "EPSVXYÈÉÊËÝÞĒĔĖĘĚŚŜŞŠŶŸ",
    722: "&ABCDHKNRUÀÁÂÃÄÅÇÐÑÙÚÛÜĀĂĄĆĈĊČĎĐĤĦĶŃŅŇŔŖŘŨŪŬŮŰŲ",
    778: "GOQwÒÓÔÕÖØĜĞĠĢŌŎŐŵ©®",
    834: "M¼½¾",
    890: "%mæ",
    944: "WœŴ",
    1000: "ÆŒ—…→@↩",
}
_ADVANCES = tuple({c: w for w, chars in table.items() for c in chars} for table in (_REGULAR, _BOLD))
_UNKNOWN, _WIDE = 620, 1000
LINE = 1.16
"""The height of a line of text, in its font size."""
_BOUND = (
    (" ?", "\xa0?"),
    (" !", "\xa0!"),
    (" %", "\xa0%"),
    (" :", "\xa0:"),
    (" €", "\xa0€"),
    ("≥ ", "≥\xa0"),
    ("« ", "«\xa0"),
)


def text_width(text: str, size: float, bold: bool = False) -> float:
    """How wide a text is at a font size."""
    advances = _ADVANCES[bold]
    return sum(advances.get(c) or _other(c) for c in text) * size / 1000


def _other(char: str) -> int:
    """The width of a character outside the table: nothing for combining marks, a square for the wide ones."""
    if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Mn"):
        return 0
    return _WIDE if unicodedata.east_asian_width(char) in "WF" or ord(char) > 0xFFFF else _UNKNOWN


def cut(text: str, size: float, bold: bool, width: float) -> str:
    """A text that is no wider: its end gives way to an ellipsis."""
    if text_width(text, size, bold) <= width:
        return text
    while text and text_width(text + "…", size, bold) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def wrap(text: str, size: float, bold: bool, width: float, most: int = 2) -> tuple[str, ...]:
    """A text on as few lines as fit, the most even split; what does not fit on `most` lines is cut."""
    for loose, bound in _BOUND:  # French spacing: never break there
        text = text.replace(loose, bound)
    words = [w for w in text.split(" ") if w] or [""]
    if len(words) > 24:
        words = [*words[:23], words[23] + "…"]
    for count in range(1, min(most, len(words)) + 1):
        parts = min(_splits(words, count), key=lambda p: max(text_width(x, size, bold) for x in p))
        if max(text_width(p, size, bold) for p in parts) <= width or count == min(most, len(words)):
            break
    return tuple(cut(p, size, bold, width) for p in parts)


def _splits(words: list[str], count: int) -> list[list[str]]:
    """Every way to break words into so many lines."""
    found = []
    for cuts in itertools.combinations(range(1, len(words)), count - 1):
        ends = (0, *cuts, len(words))
        found.append([" ".join(words[a:b]) for a, b in itertools.pairwise(ends)])
    return found
