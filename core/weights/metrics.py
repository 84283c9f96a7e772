"""What is told of two aligned tensors, and when it has a meaning. Reads no files."""

from typing import NamedTuple

import numpy as np

from core.weights.entry import TensorEntry
from core.weights.rounding import can_round


class Metrics(NamedTuple):
    """The distances of a child's tensor y from its base's x, rounded to y's dtype.

    Bytes decide equality: a NaN equals a NaN of the same bits, and −0.0 differs from
    0.0 (it counts as changed, as a sign flip and as one bit). The distances, in
    float64, are over the elements that are finite in both; `nonfinite_base` and
    `nonfinite_child` count the others. None is what has no value: a distance over no
    element, a cosine with a tensor of zeros, a relative distance from zeros to
    something else, a number beyond float64.

    - fraction_changed: elements whose bytes differ, of all elements
    - relative_l2: ‖y − x‖ / ‖x‖; 0 when nothing differs, also from zeros to zeros
    - cosine: x·y / (‖x‖ ‖y‖)
    - mse, mean_abs_diff, max_abs_diff, min_abs_diff: of y − x
    - sign_flips: how many elements changed their sign
    - bit_distance: mean number of differing bits an element
    """

    fraction_changed: float
    relative_l2: float | None
    cosine: float | None
    mse: float | None
    mean_abs_diff: float | None
    max_abs_diff: float | None
    min_abs_diff: float | None
    sign_flips: int
    bit_distance: float
    nonfinite_base: int = 0
    nonfinite_child: int = 0


class Measure(NamedTuple):
    """What a comparison of two tensors found.

    `equal` is after rounding the base to the child's dtype, `equal_bytes` asks for the
    same dtype too. A pair is `comparable` when its shapes agree, both dtypes are plain
    numbers, and no float would have to be rounded to an integer (that is quantization,
    whose scale is not in the tensor); otherwise `equal` is `equal_bytes`. `sketch` is
    a random projection of y − x, see `core.weights.sketch`.
    """

    equal: bool
    equal_bytes: bool
    comparable: bool
    metrics: Metrics | None = None
    sketch: np.ndarray | None = None


NOTHING = Metrics(0.0, None, None, None, None, None, None, 0, 0.0)
"""The metrics of a pair of empty tensors: nothing changed, and no distance exists."""


def comparable(base: TensorEntry, child: TensorEntry) -> bool:
    """Say whether distances between two tensors have a meaning (see `Measure`)."""
    plain = not base.quantized and not child.quantized
    return plain and base.shape == child.shape and can_round(base.dtype, child.dtype)


def same_dtype(base: TensorEntry, child: TensorEntry) -> bool:
    """Say whether two tensors are stored in the same way."""
    return (base.dtype, base.quantized) == (child.dtype, child.quantized)
