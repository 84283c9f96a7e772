"""The words of a comparison: a verdict per tensor, with its evidence, and what they add
up
to. Knows no files and makes no judgments.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from core.weights.layout import TensorRole
from core.weights.metrics import Metrics

Verdict = Literal["equal", "changed", "added", "removed", "reshaped", "unknown"]
Evidence = Literal["sha256", "bytes", "crc32", "probe", "header", "unknown"]
LowRank = Literal["yes", "no", "undecided"]


@dataclass(frozen=True, slots=True)
class TensorVerdict:
    """What became of one tensor, and by what evidence.

    `name` is the child's (None: removed), `base_name` the base's (None: added); shape
    and
    dtype are the child's where it has the tensor. `is_quantized` marks integer or
    sub-byte storage of what the base keeps as floats, `is_tied` a copy of a tensor that
    its own file also holds, `is_grown` a table with the base's rows and more (or
    fewer).
    """

    name: str | None
    base_name: str | None
    shape: tuple[int, ...]
    base_shape: tuple[int, ...] | None
    dtype: str
    verdict: Verdict
    evidence: Evidence
    role: TensorRole
    metrics: Metrics | None = None
    base_dtype: str | None = None
    is_quantized: bool = False
    is_tied: bool = False
    is_grown: bool = False

    @property
    def is_shared(self) -> bool:
        """Whether both checkpoints have the tensor."""
        return self.name is not None and self.base_name is not None

    @property
    def is_cast(self) -> bool:
        """Whether the child stores it in another dtype."""
        return self.is_shared and self.dtype != self.base_dtype


@dataclass(frozen=True, slots=True)
class Flags:
    """Facts beside the kind; see the glossary for each.

    `renamed_prefix` is the prefix that one side's names carry and the other's lack.
    """

    statistics_drift: bool = False
    cast_dtype: Literal["float16", "bfloat16"] | None = None
    low_rank: LowRank = "no"
    frozen_by_architecture: bool = False
    renamed_prefix: str | None = None
    missing_pooler: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tensors got each verdict; `equal` is after rounding to the child's
    dtype.
    """

    equal: int = 0
    changed: int = 0
    added: int = 0
    removed: int = 0
    reshaped: int = 0


@dataclass(frozen=True)
class Comparison:
    """One child against its base, tensor by tensor and in sum."""

    base: str
    child: str
    kind: str
    frozen_blocks: int | None
    flags: Flags
    counts: Counts
    runs: str
    sentence: str
    bytes_read: int
    tensors: tuple[TensorVerdict, ...]


def count(verdicts: Iterable[TensorVerdict]) -> Counts:
    """Count tensors by verdict; the undecided ones are in none.

    >>> count([])
    Counts(equal=0, changed=0, added=0, removed=0, reshaped=0)
    """
    tally = Counter(verdict.verdict for verdict in verdicts)
    return Counts(**{name: tally[name] for name in Counts.__dataclass_fields__})
