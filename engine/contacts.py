"""Who a contact is: whole numbers are used as they are, any other id becomes the first 63 bits of its BLAKE2b hash."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path as File
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bifurque.engine.columns import is_text, texts, whole_numbers
from bifurque.rules.compiled import Words
from bifurque.rules.errors import DataError
from bifurque.rules.numbers import mix64

MOST = 2**63 - 1
PARTS = 256
"""The virtual partitions, for ever: hosts own some of them each."""


def contact_number(text: str) -> int:
    """The number of a contact by its external id.

    >>> contact_number("17"), contact_number("anna")
    (17, 8164379735391374604)
    """
    if re.fullmatch(r"0|-?[1-9]\d{0,18}", text, re.ASCII) and abs(int(text)) <= MOST:
        return int(text)
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogateescape")).digest()[:8], "big") >> 1


def contact_numbers(values: Any, file: str | File) -> tuple[Words, Any]:
    """The numbers of a column of contacts, and a table of numbers and ids if some are texts.

    Raises:
        DataError: an id is missing, or two ids share a number.
    """
    if pa.types.is_floating(values.type):
        raise DataError(f"{file}: column `contact`: expected whole numbers or texts, got {values.type}")
    nobody = pc.equal(values, "").fill_null(True) if is_text(values) else pc.is_null(values)
    if pc.any(nobody).as_py():
        row = int(np.argmax(np.asarray(nobody)))
        raise DataError(f"{file}: row {row + 1}, column `contact`: every row needs a contact, a whole number or a text")
    if pa.types.is_integer(values.type):
        return whole_numbers(values, file, "contact", "a whole number below 2^63"), None
    encoded = pc.dictionary_encode(texts(values, file, "contact", "a whole number or a text"))
    encoded = encoded.unify_dictionaries().combine_chunks()
    encoded = encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded
    words = encoded.dictionary.to_pylist()
    numbers = np.array([contact_number(w) for w in words], np.int64)
    order = np.argsort(numbers, kind="stable")
    same = np.nonzero(np.diff(numbers[order]) == 0)[0]
    if len(same):
        a, b = words[order[same[0]]], words[order[same[0] + 1]]
        raise DataError(f"{file}: the contacts `{a}` and `{b}` cannot be told apart: rename one of them")
    named = None
    if any(str(n) != w for n, w in zip(numbers.tolist(), words, strict=True)):
        named = pa.table({"contact": numbers, "id": pa.array(words, pa.string())})
    return numbers[np.asarray(encoded.indices, np.int64)], named


def part_of(contacts: Words) -> Words:
    """The virtual partition of each contact."""
    with np.errstate(over="ignore"):
        return np.asarray(mix64(contacts.view(np.uint64)) % np.uint64(PARTS)).astype(np.uint8)
