"""Verdicts per tensor -> the freeze pattern of one derived model, also in words. Knows
no files; whoever found the verdicts (a full read, checksums, probes) may ask.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from core.derived.facts import Facts
from core.derived.kinds import frozen_prefix, frozen_suffix, kind_of
from core.derived.runs import BlockVerdict, block_verdicts, runs, spell
from core.derived.sentence import sentence
from core.derived.verdict import (
    Comparison,
    Counts,
    Flags,
    LowRank,
    TensorVerdict,
    count,
)

CAST_NAMES = {"F16": "float16", "BF16": "bfloat16"}


@dataclass(frozen=True, slots=True)
class ComponentSummary:
    """How many of one component's trainable parameters are equal, and how many not."""

    name: str
    equal: int
    differing: int


@dataclass(frozen=True)
class Pattern:
    """What was trained: the kind, how deep the freeze goes, and the same in words.

    `frozen_blocks` counts the equal blocks of a frozen prefix or suffix. `components`
    and `blocks` are in forward order.
    """

    kind: str
    frozen_blocks: int | None
    flags: Flags
    counts: Counts
    runs: str
    sentence: str
    blocks: tuple[BlockVerdict, ...]
    components: tuple[ComponentSummary, ...]


def freeze_pattern(
    tensors: Sequence[TensorVerdict],
    *,
    is_adapter: bool = False,
    low_rank: LowRank = "no",
    rank: int | None = None,
    correlation: float | None = None,
    renamed_prefix: str | None = None,
) -> Pattern:
    """Judge the verdicts of one child against its base.

    `low_rank` and `correlation` (mean cosine of the changed matrices, weighted by size)
    are measured where they can matter; without them the other rules decide.

    >>> freeze_pattern([]).kind
    'identical'
    """
    facts = Facts(tensors, is_adapter, low_rank, correlation)
    kind = kind_of(facts)
    blocks = tuple(block_verdicts(tensors))
    flags = Flags(
        statistics_drift=facts.statistics_drift,
        cast_dtype=None if kind == "quantized" else _cast_dtype(tensors),
        low_rank=low_rank,
        frozen_by_architecture=any(
            tensor.role.is_frozen_by_architecture for tensor in tensors
        ),
        renamed_prefix=renamed_prefix,
        missing_pooler=_misses_pooler(tensors),
    )
    depth = _frozen_blocks(kind, facts)
    return Pattern(
        kind=kind,
        frozen_blocks=depth,
        flags=flags,
        counts=count(tensors),
        runs=spell(runs(blocks)),
        sentence=sentence(
            kind,
            flags,
            blocks,
            frozen_blocks=depth,
            frozen_components=facts.frozen_components,
            rank=rank,
        ),
        blocks=blocks,
        components=_components(tensors),
    )


def concluded(
    pattern: Pattern,
    tensors: Sequence[TensorVerdict],
    *,
    base: str,
    child: str,
    bytes_read: int = 0,
) -> Comparison:
    """Put a pattern and the verdicts it was judged from together, for two named
    checkpoints.

    >>> concluded(freeze_pattern([]), [], base="a", child="b").kind
    'identical'
    """
    return Comparison(
        base=base,
        child=child,
        kind=pattern.kind,
        frozen_blocks=pattern.frozen_blocks,
        flags=pattern.flags,
        counts=pattern.counts,
        runs=pattern.runs,
        sentence=pattern.sentence,
        bytes_read=bytes_read,
        tensors=tuple(tensors),
    )


def _frozen_blocks(kind: str, facts: Facts) -> int | None:
    if kind == "frozen-prefix":
        return frozen_prefix(facts.blocks)
    if kind == "frozen-suffix":
        return frozen_suffix(facts.blocks)
    return None


def _cast_dtype(tensors: Sequence[TensorVerdict]) -> str | None:
    """The 16-bit dtype that most of the cast parameters are stored in.

    A few tensors kept wider (norms, often) do not hide that the file was cast.
    """
    stored = Counter(
        tensor.dtype
        for tensor in tensors
        if tensor.role.is_parameter and tensor.is_cast and tensor.dtype in CAST_NAMES
    )
    return CAST_NAMES[stored.most_common(1)[0][0]] if stored else None


def _misses_pooler(tensors: Sequence[TensorVerdict]) -> bool:
    return any(
        tensor.verdict == "removed" and "pooler." in (tensor.base_name or "")
        for tensor in tensors
    )


def _components(tensors: Sequence[TensorVerdict]) -> tuple[ComponentSummary, ...]:
    members = defaultdict(list)
    for tensor in sorted(tensors, key=lambda tensor: tensor.role.order):
        if tensor.role.is_parameter and not tensor.role.is_unreached:
            members[tensor.role.component].append(tensor.verdict == "equal")
    return tuple(
        ComponentSummary(name, sum(equal), len(equal) - sum(equal))
        for name, equal in members.items()
    )
