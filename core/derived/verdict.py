"""The words of a comparison: a verdict per tensor, with its evidence, and what they add
up to. Reads no files and makes no judgments.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.weights.align import Pair
from core.weights.layout import TensorRole
from core.weights.metrics import Metrics

Verdict = Literal["equal", "changed", "added", "removed", "reshaped", "unknown"]
Evidence = Literal["sha256", "bytes", "crc32", "probe", "header", "unknown"]
LowRank = Literal["yes", "no", "undecided"]

FLOATS = frozenset({"F64", "F32", "F16", "BF16"})
QUANTIZED_NAMES = (
    ".qweight", ".qzeros", ".scales", ".g_idx", ".absmax", ".SCB", ".quant_map",
    ".nested_absmax", ".nested_quant_map",
)  # fmt: skip
"""What GPTQ, AWQ and bitsandbytes store beside (or instead of) a weight."""


@dataclass(frozen=True, slots=True)
class TensorVerdict:
    """What became of one tensor, and by what evidence.

    `name` is the child's (None: removed), `base_name` the base's (None: added); shape
    and dtype are the child's where it has the tensor. `is_quantized` marks integer or
    sub-byte storage of what the base keeps as floats, `is_tied` a copy of a tensor that
    its own file also holds, `is_grown` a table of which only the number of rows
    differs. `missed` is the share that may differ unseen where the evidence is "probe"
    (see `core.derived.probes.missed_share`).
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
    missed: float | None = None

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
    """How many tensors got each verdict; `equal` is after rounding to their dtype."""

    equal: int = 0
    changed: int = 0
    added: int = 0
    removed: int = 0
    reshaped: int = 0


SKETCH = 16
"""Numbers kept of a sampled delta: its squared length is then known to about a third
for one tensor, and to a few percent for a model.
"""


@dataclass(frozen=True, slots=True)
class Imprint:
    """The content of one tensor of a child; None is what was not read.

    `digest` (16 bytes, BLAKE2b) names dtype, shape and all bytes, `crc32` is the file's
    own checksum of them, `sample` (8 bytes, BLAKE2b) names the sampled elements, and
    `sketch` (float32, 16) is a random projection of their difference from the base,
    scaled to the whole tensor; of a tensor that the base lacks, of their values.
    """

    digest: bytes | None = None
    crc32: int | None = None
    sample: bytes | None = None
    sketch: bytes | None = None


@dataclass(frozen=True)
class Comparison:
    """One child against its base, tensor by tensor and in sum.

    `imprints` are what was kept of tensors that differ from the base, by child name.
    """

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
    imprints: Mapping[str, Imprint] = field(default_factory=dict)


def count(verdicts: Iterable[TensorVerdict]) -> Counts:
    """Count tensors by verdict; the undecided ones are in none.

    >>> count([])
    Counts(equal=0, changed=0, added=0, removed=0, reshaped=0)
    """
    tally = Counter(verdict.verdict for verdict in verdicts)
    return Counts(**{name: tally[name] for name in Counts.__dataclass_fields__})


def tensor_verdict(
    pair: Pair,
    role: TensorRole,
    verdict: Literal["equal", "changed", "unknown"] = "unknown",
    evidence: Evidence = "unknown",
    *,
    metrics: Metrics | None = None,
) -> TensorVerdict:
    """Put the verdict on one aligned pair into words.

    What the header alone decides (added, removed, reshaped) overrules `verdict`.
    """
    entry = pair.child or pair.base
    told = _told_by_header(pair)
    return TensorVerdict(
        name=pair.child and pair.child.name,
        base_name=pair.base and pair.base.name,
        shape=entry.shape,
        base_shape=pair.base and pair.base.shape,
        dtype=entry.dtype,
        verdict=told or verdict,
        evidence="header" if told and not metrics else evidence,
        role=role,
        metrics=metrics,
        base_dtype=pair.base and pair.base.dtype,
        is_quantized=role.is_parameter and is_quantized(pair),
        is_tied=pair.status == "tied",
        is_grown=told == "reshaped" and role.is_embedding and _has_equal_rows(pair),
    )


def is_quantized(pair: Pair) -> bool:
    """Tell whether the child stores as integers, or below a byte, what the base does
    not.

    Known by the block format of a GGUF, by the companions of GPTQ, AWQ and
    bitsandbytes, and by an integer or sub-byte dtype where the base has floats.
    """
    if pair.child is None:
        return False
    if pair.child.quantized:
        return True
    if pair.base is None:
        return pair.child.name.endswith(QUANTIZED_NAMES)
    narrow = pair.child.dtype.startswith(("I", "U", "F4", "F6"))
    return narrow and pair.base.dtype in FLOATS


def _told_by_header(pair: Pair) -> Verdict | None:
    if pair.base is None:
        return "added"
    if pair.child is None:
        return "removed"
    return "reshaped" if pair.status == "reshaped" else None


def _has_equal_rows(pair: Pair) -> bool:
    return pair.base.shape[1:] == pair.child.shape[1:]
