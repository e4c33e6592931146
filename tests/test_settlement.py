"""What contacts share is never oversold, and who wins depends on nobody's order. Books kept a second time, naively."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifurque.rules.settlement import Books, Request, Supply
from bifurque.rules.sharing import GIVEN_BACK, RESERVED, USED

HOUR, DAY = 3600, 86400


def wants(contact, *resources, rank=0.0, number=0):
    return Request(contact, number, rank, False, tuple((r, 1) for r in resources))


def stock(*sizes):
    return [Supply("abcdefgh"[i], "offer", size) for i, size in enumerate(sizes)]


def winners(books, t, requests):
    answers = books.settle(t, requests)
    return {(r.contact, r.wanted[a][0]) for r, a in zip(requests, answers, strict=True) if a >= 0}


def test_ten_thousand_at_once_get_what_there_is():
    tastes = ["ab"] * 4000 + ["ba"] * 4000 + ["c"] * 2000
    liked = {"ab": (0, 1, -1), "ba": (1, 0, -1), "c": (-1,)}
    found = []
    for seed in range(3):
        requests = [wants(i, *liked[taste], rank=9.0 if taste != "c" else 1.0) for i, taste in enumerate(tastes)]
        random.Random(seed).shuffle(requests)
        found.append(winners(Books(stock(1000, 3000)), 0, requests))
    assert found[0] == found[1] == found[2]
    assert Counter(r for _, r in found[0]) == {0: 1000, 1: 3000, -1: 6000}


def test_the_higher_rank_wins_whoever_comes_first():
    books = Books(stock(1))
    assert books.settle(0, [wants(1, 0, rank=1.0), wants(2, 0, rank=2.0)]) == [-1, 0]


def test_another_seed_draws_other_lots():
    requests = [wants(i, 0) for i in range(1000)]
    first, second = (winners(Books(stock(100), seed), 0, requests) for seed in (1, 2))
    assert len(first) == len(second) == 100
    assert len(first & second) < 30


@given(
    st.lists(st.tuples(st.integers(0, 5), st.floats(0, 3), st.permutations([0, 1, 2])), max_size=40),
    st.lists(st.integers(0, 12), min_size=3, max_size=3),
    st.randoms(use_true_random=False),
)
def test_any_order_gives_the_same_winners(asked, sizes, chance):
    requests = [wants(i, *wanted, rank=float(int(rank))) for i, (_, rank, wanted) in enumerate(asked)]
    mixed = list(requests)
    chance.shuffle(mixed)
    assert winners(Books(stock(*sizes)), 7, requests) == winners(Books(stock(*sizes)), 7, mixed)


@given(st.lists(st.integers(0, 2**40), unique=True, max_size=60), st.integers(0, 20), st.integers(0, 20))
def test_more_stock_takes_nothing_from_anybody(contacts, size, more):
    requests = [wants(c, 0) for c in contacts]
    assert winners(Books(stock(size)), 3, requests) <= winners(Books(stock(size + more)), 3, requests)


def live(seed, attempts, books, keeps):
    """Contacts ask, take, give back and forget at random, as a run would let them; `keeps` sees every instant."""
    chance, t = random.Random(seed), 0
    for _ in range(attempts):
        t += chance.choice([0, 0, 1, 60, HOUR])
        many = [wants(chance.randrange(10**6), *chance.sample(range(3), chance.randint(1, 3))) for _ in range(5)]
        for request, answer in zip(many, books.settle(t, many), strict=True):
            if answer < 0:
                continue
            number, until = request.wanted[answer][0], t + chance.randint(1, 2 * DAY)
            books.hear(t, RESERVED, number, 1, until)
            fate = chance.random()
            if fate < 0.3:
                books.hear(chance.randint(t + 1, until) if until > t + 1 else until, USED, number, 1, until)
            elif fate < 0.5:
                books.hear(chance.randint(t, until), GIVEN_BACK, number, 1, until)
        keeps(t)
    books.advance(t + 3 * DAY)
    keeps(t + 3 * DAY)


def supplies():
    daily = tuple((day * DAY, 60) for day in range(1, 40))
    return [Supply("a", "offer", 40, daily), Supply("b", "offer", 7), Supply("c", "offer", 200, daily)]


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_oversold_at_any_instant(seed):
    seen = []

    def watch(t, number, account):
        start = supplies()[number].stock
        restocked = sum(many for at, many in supplies()[number].restocks if at <= t)
        assert account.available >= 0
        assert account.reserved >= 0
        assert account.available + account.reserved + account.used == start + restocked
        seen.append(t)

    books = Books(supplies(), watch=watch)
    live(seed, 5000, books, lambda t: None)  # 25,000 requests each, 100,000 in all
    assert len(seen) > 5_000
    assert seen == sorted(seen)
    assert sum(a.reserved for a in books.accounts) == 0
    assert sum(a.refused for a in books.accounts) > 1000


@pytest.mark.parametrize("fault", ["given twice", "forgotten expiry"])
def test_books_that_are_wrong_are_found_out(fault):
    class Wrong(Books):
        def hear(self, t, kind, number, amount, until):
            if kind == GIVEN_BACK and fault == "given twice":
                super().hear(t, RESERVED, number, amount, t)
            if kind == USED and fault == "forgotten expiry":
                self.coming.append((t, number, 0, 0, 1))
                return
            super().hear(t, kind, number, amount, until)

    def watch(t, number, account):
        restocked = sum(many for at, many in supplies()[number].restocks if at <= t)
        assert account.reserved >= 0
        assert account.available + account.reserved + account.used == supplies()[number].stock + restocked

    with pytest.raises(AssertionError):
        live(1, 2000, Wrong(supplies(), watch=watch), lambda t: None)


def test_a_reservation_that_ends_is_there_for_the_next():
    books = Books(stock(1))
    assert books.settle(0, [wants(1, 0)]) == [0]
    books.hear(0, RESERVED, 0, 1, 2 * DAY)
    assert books.settle(2 * DAY - 1, [wants(2, 0)]) == [-1]
    assert books.settle(2 * DAY, [wants(3, 0)]) == [0]


def test_what_is_taken_never_comes_back():
    books = Books(stock(1))
    books.settle(0, [wants(1, 0)])
    books.hear(0, RESERVED, 0, 1, 100)
    books.hear(50, USED, 0, 1, 100)
    assert books.settle(1000, [wants(2, 0)]) == [-1]
    assert (books.accounts[0].available, books.accounts[0].reserved, books.accounts[0].used) == (0, 0, 1)


def test_a_capacity_is_new_in_every_period():
    day = Supply("call", "capacity", stretches=((0, 100, 2, 1), (200, 300, 2, 2)))
    books = Books([day])
    ask = [Request(i, 0, 0.0, True, ((0, 1),)) for i in range(3)]
    assert sorted(books.settle(10, ask)) == [-1, 0, 0]
    assert books.settle(99, ask[:1]) == [-1]
    assert books.settle(150, ask[:1]) == [-1]  # closed
    assert books.settle(200, ask[:1]) == [0]
    books.hear(200, GIVEN_BACK, 0, 1, 200)
    assert books.settle(200, ask[:2]) == [0, 0]


def test_all_or_nothing_takes_nothing_when_something_is_missing():
    books = Books(
        [Supply("call", "capacity", stretches=((0, 100, 5, 1),)), Supply("sms", "budget", stretches=((0, 100, 9, 1),))]
    )
    ask = [Request(i, 0, float(-i), True, ((0, 1), (1, 4))) for i in range(3)]
    assert books.settle(10, ask) == [0, 0, -2]
    assert books.accounts[0].used == 2
