import numpy as np
import pytest

from core.weights.bits import equal_bits

WORDS = {"F64": "u8", "F32": "u4", "F16": "u2", "BF16": "u2", "I8": "u1", "BOOL": "u1"}


@pytest.mark.parametrize("dtype", WORDS)
def test_the_histogram_counts_equal_bits(in_memory, dtype):
    rng = np.random.default_rng(0)
    word = np.dtype(WORDS[dtype])
    x, y = rng.integers(0, np.iinfo(word).max, (2, 300_001), word, endpoint=True)
    a, b = in_memory({"w": (dtype, x)}), in_memory({"w": (dtype, y)})
    found = equal_bits(a, b, (a.entries[0], b.entries[0]))
    equal = 8 * word.itemsize - np.bitwise_count(x ^ y)
    assert found.tolist() == np.bincount(equal, minlength=len(found)).tolist()
    assert len(found) == 8 * word.itemsize + 1


def test_an_equal_pair_has_all_bits_equal(in_memory):
    a = in_memory({"w": ("F32", np.ones((5, 3), "f4"))})
    assert equal_bits(a, a, (a.entries[0], a.entries[0]))[32] == 15


def test_a_base_is_rounded_first(in_memory):
    a = in_memory({"w": ("F32", np.full(7, 0.1, "f4"))})
    b = in_memory({"w": ("F16", np.full(7, 0.1, "f2"))})
    assert equal_bits(a, b, (a.entries[0], b.entries[0]))[16] == 7


def test_an_empty_pair_has_an_empty_histogram(in_memory):
    a = in_memory({"w": ("F32", np.ones((0, 3), "f4"))})
    assert equal_bits(a, a, (a.entries[0], a.entries[0])).tolist() == [0] * 33


def test_pairs_that_cannot_be_compared_have_none(in_memory):
    a = in_memory({"w": ("F32", np.ones(3, "f4")), "v": ("I8", np.ones(3, "i1"))})
    assert equal_bits(a, a, a.entries) is None
