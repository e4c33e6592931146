"""Contacts of a small world that share something: what they ask for is settled as in a run, instant by instant."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from bifurque.actors.barrier import settle
from bifurque.actors.parking import gather, next_until
from bifurque.rules.compiled import Words
from bifurque.rules.layout import CONTACT, H_LETTERS, H_PARKED, LETTERS_COUNT, UNTIL
from bifurque.rules.settlement import Books
from bifurque.rules.sharing import LETTER, PK_ASKED, PK_CONTACT, PK_FIRST

Answering = Callable[[Words, int], None]


def live_together(lives: Sequence[tuple[Callable[[int], Words], Answering]], books: Books, until: int) -> None:
    """Let contacts live up to an instant, each waiting for the others where it asks for something shared.

    Args:
        lives: by contact: what lives on to an instant, or to its next request, and gives its memory; and what lives the
            answers to its requests.
        books: what there is.
        until: the instant.
    """
    memories = [live(until) for live, _ in lives]
    while True:
        for words in memories:
            _hear(words, books)
        waiting = [i for i, words in enumerate(memories) if 0 < words[UNTIL] < until]
        if not waiting:
            return
        t = min(int(memories[i][UNTIL]) for i in waiting)
        asking = [i for i in waiting if memories[i][UNTIL] == t]
        _settle([(memories[i], lives[i][1]) for i in asking], books, t)
        for i in asking:
            memories[i] = lives[i][0](until)


def _settle(memories: list[tuple[Words, Answering]], books: Books, t: int) -> None:
    asked = [(words, answer, ask(words)) for words, answer in memories]
    settle(books, t, [parked for _, _, parked in asked if parked is not None])
    with np.errstate(over="ignore"):
        for words, answer, parked in asked:
            if parked is not None:
                answer(words, int(words[H_PARKED]))


def ask(words: Words) -> Words | None:
    """What a contact asks for at `UNTIL`, as a parked one would; nothing if, looked at again, it does not."""
    head = int(words[H_PARKED])
    end = int(gather(words, head + PK_FIRST))
    if end == head + PK_FIRST:
        words[UNTIL] = next_until(words)
        return None
    words[head + PK_ASKED], words[head + PK_CONTACT] = end - head - PK_FIRST, words[CONTACT]
    return words[head:end]


def _hear(words: Words, books: Books) -> None:
    letters = words[words[H_LETTERS] :][: words[LETTERS_COUNT] * LETTER].reshape(-1, LETTER)
    words[LETTERS_COUNT] = 0
    for letter in letters.tolist():
        books.hear(*letter)
