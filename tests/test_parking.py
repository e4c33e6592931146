"""A contact that waits is parked in few words, and comes back as it was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifurque.actors.parking import pack, unpack
from bifurque.rules.layout import H_START, MISSING, NEVER

START = 1_750_000_000
words = st.one_of(
    st.just(0),
    st.integers(-5, 5),
    st.integers(START - 10**6, START + 10**8),
    st.sampled_from([MISSING, NEVER, -NEVER, 2**31 - 1, -(2**31), 2**31, 2**63 - 1]),
    st.integers(-(2**63), 2**63 - 1),
)


def there_and_back(record, image):
    n = len(record)
    m = np.zeros(128 + 8 * n + 64, np.int64)
    m[H_START] = START
    m[128 : 128 + n], m[128 + n : 128 + 2 * n] = record, image
    with np.errstate(over="ignore"):
        end = pack(m, 128, 128 + n, n, 128 + 3 * n)
        unpack(m, 128 + 2 * n, 128 + n, n, 128 + 3 * n)
    return m[128 + 2 * n : 128 + 3 * n].tolist(), int(end) - 128 - 3 * n


@given(st.lists(st.tuples(words, words), min_size=1, max_size=200))
def test_any_record_comes_back_as_it_was(pairs):
    record, image = zip(*pairs, strict=True)
    assert there_and_back(record, image)[0] == list(record)


def test_few_changes_take_few_words():
    image = [0] * 640
    record = list(image)
    for i in range(0, 640, 20):
        record[i] = START + i
    back, size = there_and_back(record, image)
    assert back == record
    assert size * 8 < 400


@pytest.mark.parametrize("count", [1, 31, 32, 62, 992, 993, 2000])
def test_groups_end_where_they_should(count):
    record = [(-1) ** i * i * 2 ** (i % 40) for i in range(count)]
    assert there_and_back(record, [0] * count)[0] == record
