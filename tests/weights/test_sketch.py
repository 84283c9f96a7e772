import numpy as np
import pytest

from core.weights.measure import measure_pairs
from core.weights.sketch import similarity

ELEMENTS = 300_000


def sketch_of(in_memory, base, delta, *, name="w", dtype="F32", **options):
    x = in_memory({name: (dtype, base)})
    y = in_memory({name: (dtype, base + delta)})
    pairs = [(x.entries[0], y.entries[0])]
    return measure_pairs(x, y, pairs, sketch=True, **options)[0].sketch


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(ELEMENTS).astype("f4")


@pytest.mark.parametrize("cosine", [-0.9, 0.0, 0.5, 0.99])
def test_the_cosine_of_two_deltas_is_estimated(in_memory, cosine):
    shared, own = noise(1), noise(2)
    other = cosine * shared + np.sqrt(1 - cosine**2).astype("f4") * own
    base = 10 * noise(0)
    drawn = [sketch_of(in_memory, base, d) for d in (shared, other)]
    error = 4 * (1 - cosine**2) / 16 + 1e-3  # four standard deviations at 256
    assert similarity(*drawn) == pytest.approx(cosine, abs=error)


def test_the_length_of_a_sketch_is_the_length_of_its_delta(in_memory):
    delta = noise(1)
    drawn = sketch_of(in_memory, np.zeros(ELEMENTS, "f4"), delta)
    assert drawn.shape == (256,) and drawn.dtype == np.float32
    assert np.linalg.norm(drawn) == pytest.approx(np.linalg.norm(delta), rel=0.2)


def test_an_outlier_is_kept(in_memory):
    delta = np.zeros(ELEMENTS, "f4")
    delta[123_457] = 5
    drawn = sketch_of(in_memory, noise(0) * 0, delta)
    assert np.sort(abs(drawn)).tolist() == [0] * 255 + [5]


def test_threads_change_nothing_and_the_name_everything(in_memory):
    first = sketch_of(in_memory, noise(0), noise(1))
    assert (first == sketch_of(in_memory, noise(0), noise(1), threads=1)).all()
    other = sketch_of(in_memory, noise(0), noise(1), name="v")
    assert abs(similarity(first, other)) < 0.3


def test_double_precision_draws_the_same_sketch(in_memory):
    base, delta = noise(0), noise(1)
    single = sketch_of(in_memory, base, delta)
    exact = (base + delta).astype("f8") - base
    double = sketch_of(in_memory, base.astype("f8"), exact, dtype="F64")
    assert similarity(single, double) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("dtype", "kept"), [("F16", 11), ("BF16", 8)])
def test_half_precision_draws_the_same_sketch(in_memory, dtype, kept):
    base, child = (rounded(noise(seed), kept) for seed in (0, 1))
    same = child.astype("f8") - base
    double = sketch_of(in_memory, base.astype("f8"), same, dtype="F64")
    x, y = (
        in_memory(
            {"w": (dtype, values.astype("f2") if dtype == "F16" else upper(values))}
        )
        for values in (base, child)
    )
    pairs = [(x.entries[0], y.entries[0])]
    half = measure_pairs(x, y, pairs, sketch=True)[0].sketch
    assert similarity(half, double) == pytest.approx(1, abs=1e-5)


def rounded(values: np.ndarray, bits: int) -> np.ndarray:
    """Return values that a float of so many significant bits holds exactly."""
    fractions, exponents = np.frexp(values)
    return np.ldexp(np.round(fractions * 2**bits) / 2**bits, exponents).astype("f4")


def upper(values: np.ndarray) -> np.ndarray:
    """Return the bits of BF16: the upper half of float32's."""
    return (values.view(np.uint32) >> 16).astype(np.uint16)


def test_what_is_not_finite_counts_as_zero(in_memory):
    base = noise(0)
    broken = base.copy()
    broken[7] = np.nan
    x, y = in_memory({"w": ("F32", base)}), in_memory({"w": ("F32", broken)})
    pairs = [(x.entries[0], y.entries[0])]
    assert not measure_pairs(x, y, pairs, sketch=True)[0].sketch.any()


def test_no_delta_has_no_direction(in_memory):
    nothing = sketch_of(in_memory, noise(0), np.zeros(ELEMENTS, "f4"))
    assert similarity(nothing, nothing) is None
