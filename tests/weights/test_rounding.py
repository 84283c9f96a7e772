import numpy as np
import pytest
import torch

from core.weights.rounding import can_round, rounded

TORCH = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16,
         "BF16": torch.bfloat16}  # fmt: skip
UGLY = [0.0, -0.0, 1.0, 65519.0, 65520.0, -7e4, 1e-8, 6e-8, 3.4e38, 1e-45, 1 + 2**-8,
        1 + 3 * 2**-8, 1 + 2**-11, np.inf, -np.inf]  # fmt: skip


def bits(tensor: torch.Tensor) -> np.ndarray:
    return tensor.view(torch.uint8).numpy()


@pytest.mark.parametrize("dtype", TORCH)
@pytest.mark.parametrize("to", TORCH)
def test_floats_are_rounded_as_torch_casts_them(dtype, to):
    drawn = torch.randn(20_000, dtype=torch.float64, generator=torch.manual_seed(0))
    base = torch.cat([drawn, torch.tensor(UGLY, dtype=torch.float64)]).to(TORCH[dtype])
    child = base.to(TORCH[to])
    assert (rounded(bits(base), dtype, bits(child), to) == bits(child)).all()


def test_double_precision_is_rounded_once_where_the_child_says_so():
    base = np.array([1 + 2**-8 + 2**-40, 1 + 2**-11 + 2**-40])
    once = np.array([0x3F81], "u2").view("u1"), np.array([1 + 2**-10], "f2").view("u1")
    assert (rounded(base[:1].view("u1"), "F64", once[0], "BF16") == once[0]).all()
    assert (rounded(base[1:].view("u1"), "F64", once[1], "F16") == once[1]).all()


def test_a_nan_takes_the_bits_of_its_childs_nan():
    base = np.array([np.nan, np.nan, 1.0], "f4")
    child = np.array([0x7FC1, 0x3F80, 0x7FC0], "u2")
    found = rounded(base.view("u1"), "F32", child.view("u1"), "BF16").view("u2")
    assert found.tolist() == [0x7FC1, 0x7FC0, 0x3F80]


def test_integers_end_at_the_range_of_the_child():
    base = np.array([-5, 3, 300])
    for to, expected in {"U8": [0, 3, 255], "BOOL": [0, 1, 1]}.items():
        found = rounded(base.view("u1"), "I64", np.zeros(3, "u1"), to)
        assert found.tolist() == expected
    wide = np.array([2**64 - 1], "u8")
    found = rounded(wide.view("u1"), "U64", np.zeros(8, "u1"), "I64")
    assert found.view("i8").tolist() == [2**63 - 1]


def test_integers_round_to_floats():
    base = np.array([2**24 + 1, -3], "i8")
    found = rounded(base.view("u1"), "I64", np.zeros(8, "u1"), "F32").view("f4")
    assert found.tolist() == [2**24, -3]


def test_floats_do_not_round_to_integers():
    assert not can_round("F32", "I8")
    assert not can_round("F8_E4M3", "F8_E4M3")
    assert can_round("BOOL", "F16")
