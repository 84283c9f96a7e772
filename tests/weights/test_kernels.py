import platform
import re

import numpy as np
import pytest
from numba import types

from core.weights.loops.kernels import _fast_block, narrow_rows
from core.weights.measure import measure_pairs

X86 = platform.machine().lower() in ("x86_64", "amd64")


@pytest.mark.skipif(not X86, reason="looks for the vector registers of x86")
@pytest.mark.parametrize("word", [types.uint32, types.uint16, types.int16])
def test_the_fast_loop_is_vectorized(word):
    run = types.Array(word, 1, "C", readonly=True)
    sums = types.Array(types.float64, 1, "C")
    counts = types.Array(types.int64, 1, "C")
    signs = types.Array(types.float32, 1, "C", readonly=True)
    lanes = types.Array(types.float32, 1, "C")
    drawing = signs, lanes, types.none
    signature = (run, run, types.float64, sums, counts, *drawing)
    _fast_block.compile(signature)
    assembly = _fast_block.inspect_asm(signature)
    multiplied = re.findall(r"v(?:fmadd\d+|mul)ps\s+.*%[yz]mm", assembly)
    assert len(multiplied) >= 2, "numba's negative wraparound is back, see the module"


def test_mapped_and_streamed_runs_share_one_compiled_loop(tmp_path):
    from safetensors.numpy import save_file

    from core.weights.checkpoint import open_checkpoint

    path = tmp_path / "w.safetensors"
    save_file({"w": np.ones(5000, np.float32)}, path)
    with open_checkpoint(path) as checkpoint:
        pairs = [(checkpoint.entries[0],) * 2]
        measure_pairs(checkpoint, checkpoint, pairs)
        compiled = len(narrow_rows.signatures)
        with path.open("r+b"):  # so that nothing is lent
            measure_pairs(checkpoint, checkpoint, pairs)
    assert len(narrow_rows.signatures) == compiled


@pytest.mark.parametrize("scale", [1e-44, 1e-30, 1e-12, 1.0, 1e15, 1e30])
def test_blocks_of_any_scale_agree_with_float64(in_memory, scale):
    rng = np.random.default_rng(0)
    x = (rng.standard_normal(4096) * scale).astype("f4")
    y = (x * rng.uniform(0.9, 1.1, 4096)).astype("f4")
    a, b = in_memory({"w": ("F32", x)}), in_memory({"w": ("F32", y)})
    found = measure_pairs(a, b, [(a.entries[0], b.entries[0])])[0].metrics
    d = y.astype("f8") - x
    assert found.mse == pytest.approx(np.mean(d * d), rel=1e-6, abs=0)
    assert found.mean_abs_diff == pytest.approx(np.mean(abs(d)), rel=1e-6, abs=0)
