"""The engine against a slow reference in numpy's float64 (longer where that ends)."""

import sys
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors.numpy import save_file

from core.errors import CorruptCheckpoint, UnsupportedFormat
from core.weights.checkpoint import open_checkpoint
from core.weights.entry import Checkpoint, TensorEntry
from core.weights.measure import KeptBase, measure_pairs
from core.weights.source import BytesSource

FLOATS = {"F64": "f8", "F32": "f4", "F16": "f2", "BF16": "u2"}
INTEGERS = {
    "I8": "i1", "I16": "i2", "I32": "i4", "I64": "i8",
    "U8": "u1", "U16": "u2", "U32": "u4", "U64": "u8", "BOOL": "u1",
}  # fmt: skip
DISTANCES = (
    "relative_l2", "cosine", "mse", "mean_abs_diff", "max_abs_diff", "min_abs_diff",
)  # fmt: skip
ELEMENTS = 140_001  # two chunks and a bit of F32


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def stored(values: np.ndarray, dtype: str) -> np.ndarray:
    with np.errstate(over="ignore"):
        if dtype == "BF16":
            return (values.astype("f4").view("u4") >> 16).astype("u2")
        return values.astype(FLOATS[dtype])


def exact(bits: np.ndarray, dtype: str) -> np.ndarray:
    if dtype == "BF16":
        return (bits.astype("u4") << 16).view("f4").astype("f8")
    return bits.astype(object if dtype in ("I64", "U64") else "f8")


def reference(x: np.ndarray, y: np.ndarray) -> dict[str, float | None]:
    """The distances by their definitions; values scaled so that no square overflows."""
    both = np.isfinite(x) & np.isfinite(y)
    if not both.any():
        return dict.fromkeys(DISTANCES)
    x, y = x[both], y[both]
    power = int(np.floor(np.log2(max(abs(x).max(), abs(y).max(), 5e-324))))
    x, y = np.ldexp(x, -power), np.ldexp(y, -power)
    d = y - x
    with np.errstate(all="ignore"):
        told = {
            "relative_l2": np.linalg.norm(d) / np.linalg.norm(x) if d.any() else 0.0,
            "cosine": x @ y / (np.linalg.norm(x) * np.linalg.norm(y)),
            "mse": np.ldexp(np.mean(d * d), 2 * power),
            "mean_abs_diff": np.ldexp(np.mean(abs(d)), power),
            "max_abs_diff": np.ldexp(abs(d).max(), power),
            "min_abs_diff": np.ldexp(abs(d).min(), power),
        }
    return {name: float(v) if np.isfinite(v) else None for name, v in told.items()}


def one(in_memory, dtype, base, child, base_dtype=None, **options):
    x = in_memory({"w": (base_dtype or dtype, base)})
    y = in_memory({"w": (dtype, child)})
    return measure_pairs(x, y, [(x.entries[0], y.entries[0])], **options)[0]


def assert_close(metrics, expected):
    told = metrics._asdict()
    for name, value in expected.items():
        near = value if value is None else pytest.approx(value, rel=1e-6, abs=0)
        assert told[name] == near, name


CASES = {
    "close": lambda n: (noise(n) * 0.02, noise(n) * 0.02 + noise(n, seed=1) * 4e-4),
    "unrelated": lambda n: (noise(n), 3 * noise(n, seed=1)),
    "almost zero": lambda n: (noise(n), noise(n) * 1e-6),
    "from zero": lambda n: (np.zeros(n), noise(n)),
    "tiny": lambda n: (noise(n) * 1e-6, noise(n) * 1e-6 * 1.25),
    "offset": lambda n: (noise(n) + 1000, noise(n) + 1000.5),
}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("case", CASES)
def test_distances_equal_the_float64_reference(in_memory, dtype, case):
    x, y = (stored(v, dtype) for v in CASES[case](ELEMENTS))
    found = one(in_memory, dtype, x, y).metrics
    assert_close(found, reference(exact(x, dtype), exact(y, dtype)))
    changed = x.view(f"u{x.itemsize}") ^ y.view(f"u{x.itemsize}")
    assert found.fraction_changed == np.mean(changed != 0)
    assert found.bit_distance == pytest.approx(np.bitwise_count(changed).mean(), 1e-12)
    assert found.sign_flips == np.count_nonzero(changed >> (8 * x.itemsize - 1))


@pytest.mark.parametrize(("dtype", "low", "high"), [
    ("F64", 1, 1 << 52), ("F32", 1, 1 << 23), ("F16", 1, 1 << 10), ("BF16", 1, 1 << 7),
])  # fmt: skip
def test_denormals_are_measured(in_memory, dtype, low, high):
    word = np.dtype(FLOATS[dtype]).str.replace("f", "u")
    bits = np.random.default_rng(0).integers(low, high, (2, 9000)).astype(word)
    x, y = bits.view(FLOATS[dtype])
    found = one(in_memory, dtype, x, y).metrics
    assert_close(found, reference(exact(x, dtype), exact(y, dtype)))


@pytest.mark.parametrize(("dtype", "scale"), [
    ("F64", 1e307), ("F32", 1e38), ("F16", 2e4), ("BF16", 1e38),
])  # fmt: skip
def test_huge_numbers_are_measured(in_memory, dtype, scale):
    x, y = (stored(np.clip(noise(9000, seed=s), -3, 3) * scale, dtype) for s in (0, 1))
    found = one(in_memory, dtype, x, y).metrics
    assert_close(found, reference(exact(x, dtype), exact(y, dtype)))


@pytest.mark.parametrize("dtype", FLOATS)
def test_distances_leave_out_what_is_not_finite(in_memory, dtype):
    x, y = (stored(v, dtype) for v in CASES["close"](ELEMENTS))
    nan, infinite = (stored(np.array(v), dtype) for v in (np.nan, np.inf))
    x[[0, 7, 90_000]], y[[7, 8, 100]] = nan, infinite
    x[50_000] = y[50_000] = infinite
    found = one(in_memory, dtype, x, y).metrics
    assert (found.nonfinite_base, found.nonfinite_child) == (4, 4)
    assert_close(found, reference(exact(x, dtype), exact(y, dtype)))


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_are_measured(in_memory, dtype):
    limits = np.iinfo(INTEGERS[dtype])
    top = 1 if dtype == "BOOL" else limits.max
    low = 0 if dtype == "BOOL" else limits.min
    draw = np.random.default_rng(0).integers(
        low, top, (2, 300), INTEGERS[dtype], endpoint=True
    )
    found = one(in_memory, dtype, *draw).metrics
    x, y = (v.astype(object) for v in draw)
    assert found.fraction_changed == np.mean(draw[0] != draw[1])
    assert found.max_abs_diff == float(max(abs(y - x)))
    assert found.mse == pytest.approx(float(sum((y - x) ** 2)) / 300, rel=1e-12)
    assert found.sign_flips == np.count_nonzero((draw[0] < 0) != (draw[1] < 0))


def test_neighboring_large_integers_differ_by_one(in_memory):
    x = np.array([2**60, -(2**62)])
    found = one(in_memory, "I64", x, x + 1).metrics
    assert (found.max_abs_diff, found.min_abs_diff, found.mse) == (1, 1, 1)


def test_nan_of_the_same_bits_is_equal_and_minus_zero_is_not_zero(in_memory):
    x = np.array([np.nan, 0.0, 1.0], "f4")
    assert one(in_memory, "F32", x, x).equal_bytes
    found = one(in_memory, "F32", x, np.array([np.nan, -0.0, 1.0], "f4"))
    assert not found.equal
    assert found.metrics.sign_flips == 1
    assert found.metrics.bit_distance == pytest.approx(1 / 3)
    assert found.metrics.relative_l2 == 0


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS])
def test_an_empty_pair_is_equal_and_a_scalar_is_measured(in_memory, dtype):
    kind = FLOATS.get(dtype) or INTEGERS[dtype]
    empty = one(in_memory, dtype, np.zeros((0, 3), kind), np.zeros((0, 3), kind))
    assert empty.equal_bytes and empty.metrics.cosine is None
    assert empty.metrics.mse is None and empty.metrics.fraction_changed == 0
    scalar = one(in_memory, dtype, np.array(0, kind), np.array(1, kind))
    assert scalar.metrics.fraction_changed == 1 and scalar.metrics.relative_l2 is None


def test_a_tensor_of_other_kind_is_not_comparable(in_memory):
    bits = np.arange(4, dtype="u1")
    assert one(in_memory, "F8_E4M3", bits, bits).equal_bytes
    assert not one(in_memory, "F8_E4M3", bits, bits[::-1].copy()).equal
    quantized = one(in_memory, "I8", noise(4).astype("f4"), bits, base_dtype="F32")
    assert (quantized.comparable, quantized.equal, quantized.metrics) == (0, 0, None)
    assert not one(in_memory, "U8", bits, bits.reshape(2, 2)).comparable


def test_a_base_is_rounded_to_the_dtype_of_its_child(in_memory):
    base = (noise(ELEMENTS) * 0.02).astype("f4")
    cast = one(in_memory, "F16", base, base.astype("f2"), base_dtype="F32")
    assert cast.equal and not cast.equal_bytes and cast.metrics.mse == 0
    tuned = (base + noise(ELEMENTS, seed=1) * 4e-4).astype("f2")
    found = one(in_memory, "F16", base, tuned, base_dtype="F32").metrics
    assert_close(found, reference(base.astype("f2").astype("f8"), tuned.astype("f8")))


@pytest.fixture
def files(tmp_path):
    """Base, child and a cast of the base as files, larger than a chunk, ugly inside."""
    base = {f"layer.{i}.weight": noise(300, 1001, seed=i) for i in range(3)}
    base |= {f"layer.{i}.bias": noise(7, seed=i) for i in range(40)}
    base = {name: v.astype("f4") for name, v in base.items()}
    child = {n: v + noise(*v.shape, seed=9).astype("f4") for n, v in base.items()}
    child["layer.1.weight"] = base["layer.1.weight"]
    child["layer.0.weight"][5, 5] = np.nan
    child["count"] = base["count"] = np.array(7)
    half = {name: v.astype("f2") for name, v in base.items()}
    paths = [tmp_path / f"{name}.safetensors" for name in ("base", "child", "half")]
    for path, tensors in zip(paths, (base, child, half), strict=True):
        save_file(tensors, path)
    opened = [open_checkpoint(path) for path in paths]
    yield opened
    for checkpoint in opened:
        checkpoint.close()


def by_name(base: Checkpoint, child: Checkpoint):
    named = _named(child)
    return [(entry, named[entry.name]) for entry in base.entries]


def test_threads_and_kept_norms_change_no_bit(files):
    base, child, _ = files
    pairs = by_name(base, child)
    first = measure_pairs(base, child, pairs, threads=1)
    base_kept = KeptBase()
    for threads, kept in ((2, None), (1, base_kept), (2, base_kept), (5, None)):
        found = measure_pairs(base, child, pairs, threads=threads, kept=kept)
        assert found == first


def test_what_is_kept_of_a_base_fits_each_child(files, tmp_path):
    base, child, half = files
    shuffled = {name: np.ones(e.shape, "f4") for name, e in _named(child).items()}
    save_file(
        dict(reversed(shuffled.items())), tmp_path / "ones.safetensors", {"a": "b"}
    )
    with open_checkpoint(tmp_path / "ones.safetensors") as ones:
        others = child, half, ones, child
        alone = [measure_pairs(base, one, by_name(base, one)) for one in others]
        kept = KeptBase()
        plans = []
        for one, told in zip(others, alone, strict=True):
            pairs = by_name(base, one)
            for _ in range(2):
                assert measure_pairs(base, one, pairs, kept=kept) == told
            plans.append(kept.plan(list(pairs)))
            assert kept.plan(list(pairs)) is plans[-1]
    assert len(set(map(id, plans))) == len(plans)


def _named(checkpoint: Checkpoint):
    return {entry.name: entry for entry in checkpoint.entries}


def test_what_is_lent_and_what_is_read_changes_no_bit(files, tmp_path):
    base, child, half = files
    for other in (child, half):
        pairs = by_name(base, other)
        lent = measure_pairs(base, other, pairs, sketch=True)
        with ExitStack() as held:  # nothing is lent of a file that may be written
            for path in tmp_path.glob("*.safetensors"):
                held.enter_context(path.open("r+b"))
            read = measure_pairs(base, other, pairs, sketch=True)
        assert [one._replace(sketch=None) for one in lent] == [
            one._replace(sketch=None) for one in read
        ]
        for one, same in zip(lent, read, strict=True):
            assert np.array_equal(one.sketch, same.sketch)


def test_equality_alone_agrees_with_the_metrics(files):
    base, child, half = files
    for other in (child, half, base):
        pairs = by_name(base, other)
        full = measure_pairs(base, other, pairs)
        quick = measure_pairs(base, other, pairs, metrics=False)
        assert [(m.equal, m.equal_bytes) for m in quick] == [
            (m.equal, m.equal_bytes) for m in full
        ]


def test_the_order_of_pairs_changes_no_measure(files):
    base, child, _ = files
    pairs = by_name(base, child)
    forward = measure_pairs(base, child, pairs)
    assert measure_pairs(base, child, pairs[::-1]) == forward[::-1]


def test_a_strided_tensor_is_its_contiguous_copy(in_memory):
    weights = noise(600, 500).astype("f4")
    x = in_memory({"w": ("F32", weights)})
    turned = in_memory({"w": ("F32", weights.T.copy())})
    view = x.entries[0]._replace(shape=(500, 600), strides=(1, 500))
    found = measure_pairs(x, turned, [(view, turned.entries[0])])[0]
    assert found.equal_bytes and found.metrics.mse == 0


def test_a_tensor_spread_wider_than_its_file_is_refused():
    source = BytesSource(bytes(4), "bomb")
    entry = TensorEntry("w", "F32", (1 << 40,), 0, 4, strides=(0,))
    bomb = Checkpoint("bomb", "torch-zip", (entry,), {"": source})
    with pytest.raises(CorruptCheckpoint, match="bomb"):
        measure_pairs(bomb, bomb, [(entry, entry)])


def test_a_strided_tensor_of_raw_bytes_is_its_contiguous_copy():
    held = np.arange(6, dtype="<i4").reshape(2, 3)
    plain = TensorEntry("w", "QINT32", (3, 2), 0, 24, quantized="QINT32")
    turned = plain._replace(strides=(1, 3))
    stored = {"as it is": held, "turned": held.T.copy(), "other": held.T + 1}
    files = {
        name: Checkpoint(name, "torch-zip", (), {"": BytesSource(x.tobytes(), name)})
        for name, x in stored.items()
    }
    for name, equal in (("turned", True), ("other", False)):
        told = measure_pairs(files["as it is"], files[name], [(turned, plain)])
        assert [one.equal for one in told] == [equal]


def test_more_than_a_pass_can_plan_is_refused():
    lie = TensorEntry("w", "F32", (1 << 50,), 0, 1 << 52)
    liar = Checkpoint("liar", "gguf", (lie,), {"": BytesSource(bytes(4), "liar")})
    for metrics in (True, False):
        with pytest.raises(
            UnsupportedFormat, match="liar claims 4,503,599,627,370,496"
        ):
            measure_pairs(liar, liar, [(lie, lie)], metrics=metrics)


def test_what_a_child_decides_is_not_kept_of_its_base(in_memory):
    """The same double rounds to either of two halves, whichever the child holds."""
    base = in_memory({"w": ("F64", np.array([65519.9999, 1.0]))})
    held = (np.array([x, 1.0], "f2") for x in (np.inf, 65504.0, np.inf))
    kept = KeptBase()
    for child in [in_memory({"w": ("F16", y)}) for y in held]:
        pairs = by_name(base, child)
        alone = measure_pairs(base, child, pairs)
        assert measure_pairs(base, child, pairs, kept=kept) == alone


def test_a_file_that_ends_early_is_named(in_memory):
    whole = in_memory({"w": ("F32", noise(1000).astype("f4"))})
    cut = replace(whole, sources={"": BytesSource(bytes(100), "cut.bin")})
    with pytest.raises(CorruptCheckpoint, match=r"cut\.bin"):
        measure_pairs(whole, cut, [(whole.entries[0], whole.entries[0])])


values = arrays("f4", st.integers(1, 40), elements=st.floats(width=32))


@settings(max_examples=60, deadline=None)
@given(values)
def test_every_tensor_equals_itself(x):
    source = BytesSource(x.tobytes(), "x")
    entry = TensorEntry("w", "F32", x.shape, 0, x.nbytes)
    same = Checkpoint("x", "safetensors", (entry,), {"": source})
    found = measure_pairs(same, same, [(entry, entry)])[0]
    assert found.equal_bytes and found.metrics.bit_distance == 0
    assert found.metrics.relative_l2 == (0 if np.isfinite(x).any() else None)
    assert found.metrics.cosine in (1, None)


@settings(max_examples=60, deadline=None)
@given(values, st.randoms(use_true_random=False))
def test_distances_are_symmetric(x, random):
    y = np.array(random.sample(x.tolist(), x.size), "f4")
    entry = TensorEntry("w", "F32", x.shape, 0, x.nbytes)
    a, b = (
        Checkpoint("", "safetensors", (entry,), {"": BytesSource(v.tobytes(), "")})
        for v in (x, y)
    )
    there = measure_pairs(a, b, [(entry, entry)])[0].metrics
    back = measure_pairs(b, a, [(entry, entry)])[0].metrics
    for name in ("fraction_changed", "mse", "mean_abs_diff", "max_abs_diff",
                 "min_abs_diff", "sign_flips", "bit_distance", "cosine"):  # fmt: skip
        ours, theirs = getattr(there, name), getattr(back, name)
        assert ours == (theirs if theirs is None else pytest.approx(theirs)), name


def test_importing_the_engine_does_not_import_numba():
    import subprocess

    code = "import sys, core.weights.measure; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
