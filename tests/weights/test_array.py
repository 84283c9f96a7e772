import numpy as np
import pytest

from core.errors import UnsupportedFormat
from core.weights.array import read_tensor
from core.weights.entry import Checkpoint, TensorEntry
from core.weights.source import BytesSource

CONTENT = np.arange(24, dtype="<f4").tobytes()


def read(**fields):
    entry = TensorEntry("w", file="f", **{"dtype": "F32", **fields})
    sources = {"f": BytesSource(CONTENT, "f")}
    return read_tensor(Checkpoint("c", "safetensors", (entry,), sources), entry)


def test_strided_views_are_gathered():
    found = read(shape=(3, 2), start=4, stop=48, strides=(4, 2))
    expected = [[1, 3], [5, 7], [9, 11]]
    np.testing.assert_array_equal(found, expected)
    assert found.flags.c_contiguous


def test_expanded_views_are_repeated():
    found = read(shape=(2, 3), start=0, stop=12, strides=(0, 1))
    np.testing.assert_array_equal(found, [[0, 1, 2], [0, 1, 2]])


@pytest.mark.parametrize(
    ("dtype", "kind", "size"), [("BF16", "u2", 2), ("F8_E5M2", "u1", 1)]
)
def test_floats_without_a_numpy_type_are_raw_bits(dtype, kind, size):
    found = read(dtype=dtype, shape=(4,), start=0, stop=4 * size)
    np.testing.assert_array_equal(found, np.frombuffer(CONTENT, kind, 4))


@pytest.mark.parametrize("dtype", ["F4", "F6_E2M3"])
def test_sub_byte_dtypes_have_no_elements(dtype):
    with pytest.raises(UnsupportedFormat, match=dtype):
        read(dtype=dtype, shape=(8,), start=0, stop=4)


def test_empty_tensors_stay_empty():
    assert read(shape=(0, 5), start=8, stop=8).shape == (0, 5)
