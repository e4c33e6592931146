"""Texts as codes: those of the plan first, then those of its data; and what text functions answer for each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bifurque.engine.program import Program
from bifurque.rules.compiled import Words
from bifurque.rules.layout import MODEL_KEYS, NO_KEY
from bifurque.rules.lowering import TEXT_FUNCTIONS


class Texts:
    """The texts of one run, by code."""

    def __init__(self, program: Program) -> None:
        self.plan = list(program.texts)
        self.chunks: list[Any] = [pa.array(self.plan, pa.string())]
        self.count = len(self.plan)
        self.seen: dict[str, int] = dict(program.texts)
        self._known: tuple[int, int, Any] = (-1, -1, None)

    def codes(self, column: Any) -> Words:
        """The codes of a column of texts; NO_KEY where there is none."""
        encoded = pc.dictionary_encode(column.cast(pa.string()))
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.unify_dictionaries().combine_chunks()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], pa.dictionary(pa.int32(), pa.string()))
        words = encoded.dictionary
        known = pc.index_in(words, value_set=pa.array(list(self.seen), pa.string()))
        table = np.asarray(known.fill_null(-1), np.int64)
        known_codes = np.array(list(self.seen.values()), np.int64)
        fresh = table < 0
        codes = np.where(fresh, 0, known_codes[np.maximum(table, 0)] if len(known_codes) else 0)
        codes[fresh] = self.count + np.arange(fresh.sum())
        added = words.filter(pa.array(fresh))
        self.chunks.append(added.cast(pa.string()))
        self.seen |= dict(zip(added.to_pylist(), range(self.count, self.count + len(added)), strict=True))
        self.count += len(added)
        indices = np.asarray(encoded.indices.fill_null(-1), np.int64)
        return np.where(indices < 0, NO_KEY, codes[np.maximum(indices, 0)] if len(codes) else NO_KEY)

    def decode(self, codes: Words) -> Any:
        """A column of texts by code; keys the model made are `#1`, `#2` and so on."""
        made = codes >= MODEL_KEYS
        table = self._every(int((codes[made] - MODEL_KEYS).max()) + 1 if made.any() else 0)
        places = np.where(made, codes - MODEL_KEYS + self.count, codes)
        return table.take(pa.array(places, mask=places < 0))

    def _every(self, made: int) -> Any:
        """All texts by code, then the names of so many keys that the model made, or of more."""
        count, more, table = self._known
        if count != self.count or more < made:
            more = 2 * made + 256
            names = pa.array([f"#{n}" for n in range(more)], pa.string())
            table = pa.concat_arrays([*self.chunks, names])
            self._known = (self.count, more, table)
        return table

    def answers(self, program: Program, words: Words) -> Words:
        """A lane's memory with the tables of text functions, for every text of the run, behind it."""
        if not program.tables.tests:
            return words
        every = pa.concat_arrays(self.chunks)
        parts, end = [words], len(words)
        for at, function, argument in program.tables.tests:
            if function == ".matches":
                table = np.asarray(pc.match_substring_regex(every, argument).cast(pa.int64()), np.int64)
            else:
                answer = TEXT_FUNCTIONS[function]
                table = np.array([answer(t, argument) for t in every.to_pylist()], np.int64)
            words[at], words[at + 1] = end, len(table)
            parts.append(table)
            end += len(table)
        return np.concatenate(parts)
