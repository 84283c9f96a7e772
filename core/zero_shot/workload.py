"""What a model is to do when its cost is asked for. Knows no models."""

from dataclasses import dataclass
from typing import Literal, get_args

from core.errors import UsageError

Attention = Literal["fused", "plain"]
Dtype = Literal["float32", "bfloat16", "float16"]
DTYPES: tuple[Dtype, ...] = get_args(Dtype)
MAX_BATCH = 65_536
MAX_SIZE = 16_384


@dataclass(frozen=True)
class Workload:
    """What the model is to do: `batch` images of `image_size` pixels against `labels`.

    Without `image_size` it is the model's own. `training` means all parameters, by
    Adam, in `dtype`.
    """

    batch: int = 1
    image_size: int | None = None
    dtype: Dtype = "float32"
    training: bool = False
    attention: Attention = "fused"
    labels: int = 1

    def __post_init__(self) -> None:
        limits = (("Batch", self.batch, MAX_BATCH), ("Labels", self.labels, MAX_BATCH),
                  ("Image size", self.image_size or 1, MAX_SIZE))  # fmt: skip
        for what, value, most in limits:
            if not 1 <= value <= most:
                raise UsageError(what, f"is {value:,}", f"use 1 to {most:,}")
        if self.dtype not in DTYPES:
            remedy = f"use {', '.join(DTYPES)}"
            raise UsageError("Dtype", f"is {self.dtype[:40]!r}", remedy)
