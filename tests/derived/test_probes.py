"""What probes look at, and what may escape them."""

import numpy as np
import pytest

from core.derived.probes import (
    MISS_CHANCE,
    TABLE_ROWS,
    WHOLE_TENSOR_BYTES,
    is_whole,
    missed_share,
    parts,
)
from core.weights.entry import TensorEntry
from core.weights.layout import layout

ITEM = {"F32": 4, "F16": 2, "F64": 8}


def entry(*shape, name="encoder.layer.0.output.dense.weight", dtype="F32"):
    size = int(np.prod(shape)) * ITEM[dtype]
    return TensorEntry(name, dtype, shape, 0, size)


def role(tensor):
    return layout([tensor])[tensor.name]


def looked_at(tensor):
    return parts(tensor, role(tensor))


@pytest.mark.parametrize("shape", [(), (0, 5), (768,), (256, 256)])
def test_small_tensors_are_looked_at_whole(shape):
    tensor = entry(*shape)
    assert tensor.size_bytes <= WHOLE_TENSOR_BYTES
    assert is_whole(tensor, looked_at(tensor))
    assert missed_share(tensor, role(tensor)) == 0


def test_large_tensors_are_looked_at_on_both_ends_and_16_bits_more():
    wide, narrow = entry(768, 768), entry(768, 768, dtype="F16")
    assert looked_at(wide) == [(0, 1024), (588800, 589824)]
    assert looked_at(narrow) == [(0, 4096), (585728, 589824)]
    assert missed_share(narrow, role(narrow)) < missed_share(wide, role(wide))


def test_tables_are_looked_at_all_over_their_rows():
    table = entry(30_000, 768, name="text.embeddings.word_embeddings.weight")
    assert role(table).is_embedding
    rows = {first // 768 for first, _ in looked_at(table)}
    assert len(rows) >= TABLE_ROWS and max(np.diff(sorted(rows))) < 1200
    assert missed_share(table, role(table)) > 0.2


def test_parts_lie_inside_the_tensor_in_order():
    for tensor in (
        entry(65_537),
        entry(40_000, 3, name="shared.weight"),
        entry(99, 999),
    ):
        places = looked_at(tensor)
        assert places == sorted(places)
        assert all(0 <= first < last <= tensor.elements for first, last in places)


def test_the_bound_is_that_of_random_changes():
    tensor = entry(768, 768)
    probed = sum(last - first for first, last in looked_at(tensor))
    share = missed_share(tensor, role(tensor))
    random = np.random.default_rng(0)
    assert (1 - share) ** probed == pytest.approx(MISS_CHANCE)
    missed = [random.random(probed).min() >= share / 4 for _ in range(2000)]
    assert np.mean(missed) == pytest.approx(MISS_CHANCE**0.25, abs=0.02)
