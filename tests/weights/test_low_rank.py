"""Low-rank deltas against a plain singular value decomposition in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UsageError
from core.weights.low_rank import low_rank, pair_rank, slab_rank
from core.weights.low_rank_scan import scan, screen
from core.weights.matrix_pair import MatrixPair, array_pair

SPREAD = 0.02
DTYPES = ("F32", "F16", "BF16")


def rounded(values, dtype):
    """Round to a stored dtype, and give the values back as float32."""
    values = np.asarray(values, np.float32)
    if dtype == "F16":
        return values.astype(np.float16).astype(np.float32)
    if dtype == "F32":
        return values
    bits = values.view(np.uint32)
    half = ((bits >> 16) & 1) + np.uint32(0x7FFF)
    return ((bits + half) & np.uint32(0xFFFF0000)).view(np.float32)


def weights(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape) * SPREAD


def merge(shape, rank, size=0.02, seed=1):
    """The delta of a LoRA, `size` times the spread of the base."""
    random = np.random.default_rng(seed)
    left = random.standard_normal((shape[0], rank))
    delta = left @ random.standard_normal((rank, shape[1]))
    return delta / delta.std() * size * SPREAD


def stored(delta, dtype, seed=0):
    """A base, and the child that adds `delta` to it, both as a file would hold them."""
    base = rounded(weights(delta.shape, seed), dtype)
    return base, rounded(base + delta.astype(np.float32), dtype)


def verdict(delta, dtype, seed=0):
    return low_rank(*stored(delta, dtype, seed), dtype=dtype)


def slow_rank(base, child, dtype):
    """The same from the whole matrix: singular values above what rounding leaves."""
    step = {"F32": 2.0**-23, "F16": 2.0**-10, "BF16": 2.0**-7}[dtype]
    magnitude = np.maximum(np.abs(child.astype(float)), 2.0**-24 / step)
    ulps = step * 2.0 ** np.floor(np.log2(magnitude))
    sigma = np.linalg.svd(child.astype(float) - base, compute_uv=False)
    noise = np.sqrt((ulps**2).mean() / 6) * sum(np.sqrt(base.shape))
    return int((sigma > max(2 * noise, 2e-6 * sigma[0])).sum())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rank", [8, 64])
def test_finds_the_rank_of_a_merged_lora(dtype, rank):
    base, child = stored(merge((384, 512), rank), dtype)
    found = low_rank(base, child, dtype=dtype)
    assert (found.verdict, found.rank) == ("yes", rank)
    assert found.rank == slow_rank(base, child, dtype)


def test_finds_it_in_a_tall_matrix():
    assert verdict(merge((3072, 768), 8), "BF16").rank == 8


@pytest.mark.parametrize(("side", "rank"), [(32, 8), (64, 16), (96, 32)])
def test_finds_it_in_a_tiny_model(side, rank):
    found = verdict(merge((side, side), rank), "F32")
    assert (found.verdict, found.rank) == ("yes", rank)


@pytest.mark.parametrize(("side", "rank"), [(16, 4), (32, 16), (96, 64)])
def test_does_not_judge_a_matrix_too_small_for_the_rank(side, rank):
    assert verdict(merge((side, 2 * side), rank), "F32").verdict == "undecided"


@pytest.mark.parametrize("rank", [8, 64])
def test_a_delta_hidden_by_rounding_is_undecided(rank):
    found = verdict(merge((384, 384), rank, size=0.0005), "BF16")
    assert found.verdict == "undecided"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1e-5, 1e-4, 1e-3, 1e-2])
def test_a_full_fine_tune_is_never_low_rank(dtype, size):
    signs = np.sign(np.random.default_rng(2).standard_normal((256, 320)))
    found = verdict(signs * size * SPREAD, dtype)
    told = size >= {"F32": 1e-5, "F16": 1e-2, "BF16": 1e-2}[dtype]
    assert found.verdict == ("no" if told else "undecided")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("size", [1e-3, 1e-1])
def test_a_decaying_spectrum_is_never_low_rank(dtype, power, size):
    random = np.random.default_rng(3)
    decay = np.arange(1, 257.0) ** -power
    delta = (
        random.standard_normal((256, 256)) * decay @ random.standard_normal((256, 256))
    )
    assert verdict(delta / delta.std() * size * SPREAD, dtype).verdict != "yes"


@settings(max_examples=25, deadline=None)
@given(
    dtype=st.sampled_from(DTYPES),
    exponent=st.floats(-6, 0),
    side=st.integers(1, 130),
    seed=st.integers(0, 999),
)
def test_random_updates_are_never_low_rank(dtype, exponent, side, seed):
    delta = weights((side, 130), seed) * 10**exponent
    assert verdict(delta, dtype, seed + 1).verdict != "yes"


def test_merged_adapters_add_their_ranks():
    delta = merge((384, 384), 8) + merge((384, 384), 16, seed=5)
    assert verdict(delta, "F16").rank == 24


def test_a_strong_merge_is_found_too():
    assert verdict(merge((384, 384), 16, size=3.0), "F32").rank == 16


def test_a_child_rounded_to_16_bits_on_the_way_is_judged_as_such():
    base = weights((384, 384)).astype(np.float32)
    child = rounded(base + merge((384, 384), 8), "BF16")
    assert low_rank(base, child, dtype="F32").rank == 8
    assert low_rank(base, child, dtype=("F32", "BF16")).rank == 8
    hidden = rounded(base, "BF16")
    assert low_rank(base, hidden, dtype="F32").verdict == "undecided"


def test_a_column_of_outliers_hides_nothing():
    base = weights((384, 384))
    base[:, :4] *= 100
    base = rounded(base, "BF16")
    child = rounded(base + merge((384, 384), 8), "BF16")
    assert low_rank(base, child, dtype="BF16").rank == 8


def test_equal_matrices_have_no_delta():
    found = verdict(np.zeros((300, 300)), "F16")
    assert (found.verdict, found.rank, found.reason) == ("no", 0, "equal")


def test_one_changed_row_that_no_sample_meets_is_not_equal():
    delta = np.zeros((4000, 64))
    delta[7] = 0.1
    assert verdict(delta, "F32").verdict == "undecided"


def test_edited_rows_are_not_low_rank():
    delta = np.zeros((400, 96))
    delta[::6] = weights((67, 96), seed=4)
    found = verdict(delta, "F32")
    assert found.verdict == "no"
    assert "rows" in found.reason


def test_a_merge_into_a_third_of_the_rows_is_found():
    delta = np.zeros((1152, 384))
    delta[:384] = merge((384, 384), 8)
    assert verdict(delta, "F32").rank == 8


def test_a_slab_of_rows_is_enough():
    base, child = stored(merge((768, 768), 8), "F16")
    found = slab_rank(base[256:512], child[256:512], rows=768, dtype="F16")
    assert (found.verdict, found.rank) == ("yes", 8)
    thin = slab_rank(base[:32], child[:32], rows=768, dtype="F16", seed=1)
    assert thin.rank == 8


def test_a_thin_slab_of_a_full_delta_is_undecided():
    base, child = stored(weights((768, 768), seed=9) / 50, "F32")
    found = slab_rank(base[:64], child[:64], rows=768, dtype="F32")
    assert found.verdict == "undecided"
    assert slab_rank(base[:256], child[:256], rows=768, dtype="F32").verdict == "no"


def test_only_sampled_entries_are_read():
    base, child = stored(merge((768, 768), 8), "F32")
    pair = array_pair(base, child, dtype="F32")
    read = []

    def block(rows, columns):
        read.append(len(rows) * len(columns))
        return pair.block(rows, columns)

    found = pair_rank(MatrixPair("q", pair.shape, pair.dtypes, block))
    assert found.rank == 8
    assert sum(read) < 0.05 * base.size
    assert found.sampled == max(read)


def test_bfloat16_patterns_are_decoded():
    base, child = stored(merge((256, 256), 8), "BF16")
    patterns = [(a.view(np.uint32) >> 16).astype(np.uint16) for a in (base, child)]
    assert low_rank(*patterns, dtype="BF16") == low_rank(base, child, dtype="BF16")


def test_a_convolution_is_flattened():
    base, child = stored(merge((64, 576), 4), "F32")
    shape = (64, 64, 3, 3)
    found = low_rank(base.reshape(shape), child.reshape(shape), dtype="F32")
    assert found.rank == 4


def test_numbers_that_are_not_finite_are_left_out():
    base, child = stored(merge((256, 256), 8), "F32")
    child[3, 5] = np.nan
    assert low_rank(base, child, dtype="F32").rank == 8
    child[:, 5:200] = np.inf
    assert low_rank(base, child, dtype="F32").verdict == "undecided"


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_scale_does_not_matter(scale):
    base, child = stored(merge((96, 96), 8), "F32")
    base, child = base.astype(float) * scale, child.astype(float) * scale
    assert low_rank(base, child, dtype="F32").rank == 8


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (1, 1), (1, 900)])
def test_empty_and_thin_matrices_are_undecided(shape):
    empty = np.zeros(shape, np.float32)
    assert low_rank(empty, empty + 1, dtype="F32").verdict == "undecided"


def test_what_is_no_matrix_is_refused():
    with pytest.raises(UsageError, match="two matrices"):
        low_rank(np.zeros(3), np.zeros(3), dtype="F32")
    with pytest.raises(UsageError, match="I8"):
        low_rank(np.zeros((3, 3)), np.zeros((3, 3)), dtype="I8")


def model(touched, delta_of, dtype="F32"):
    """Four blocks of six matrices; those named in `touched` carry a delta."""
    pairs = []
    for index in range(24):
        kind = "qkvoud"[index % 6]
        delta = delta_of(index) if kind in touched else np.zeros((256, 256))
        name = f"{index // 6}.{kind}"
        base, child = stored(delta, dtype, seed=index)
        pairs.append(array_pair(base, child, dtype=dtype, name=name))
    return pairs


def test_a_scan_finds_the_matrices_that_a_merge_touched():
    found = scan(model("qv", lambda index: merge((256, 256), 8, seed=index)))
    assert (found.verdict, found.rank, len(found.tested)) == ("yes", 8, 24)
    hits = {name for name, seen in found.tested.items() if seen.verdict == "yes"}
    assert hits == {f"{block}.{kind}" for block in range(4) for kind in "qv"}


def test_a_scan_finds_a_rank_beyond_the_small_blocks():
    found = scan(model("q", lambda index: merge((256, 256), 64, seed=index)))
    assert (found.verdict, found.rank) == ("yes", 64)


def test_a_full_fine_tune_is_screened_by_six_matrices():
    pairs = model("qkvoud", lambda index: weights((256, 256), 90 + index) / 50)
    found = scan(pairs)
    assert (found.verdict, found.rank, len(found.tested)) == ("no", None, 6)
    assert len({name[0] for name in screen(pairs)}) == 4


def test_a_scan_of_hidden_deltas_is_undecided():
    pairs = model("qv", lambda index: merge((256, 256), 8, 5e-4, seed=index), "BF16")
    assert scan(pairs).verdict == "undecided"


def test_a_scan_of_nothing_finds_nothing():
    assert scan([]).verdict == "no"
    assert scan(model("", None)).verdict == "no"
