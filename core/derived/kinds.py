"""The kinds of freeze pattern, one rule each, in the order in which they are tried.
Knows verdicts only: no files, no formats.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import takewhile

from core.derived.facts import WHOLE_COMPONENTS, Facts
from core.derived.runs import BlockVerdict
from core.derived.verdict import TensorVerdict

UNCORRELATED = 0.1
"""Cosine below which changed weights have nothing of the base left. Over 2,048 elements
of unrelated weights it has a standard deviation of 0.022; a fine-tune stays above 0.5.
"""
INSERTED = ("lora_", "ia3_", "adapter", "hada_", "lokr_", "oft_", "vera_")


def is_quantized(facts: Facts) -> bool:
    """A matrix is stored as integers, or below a byte, where the base has floats."""
    return any(tensor.is_quantized for tensor in facts.tensors)


def is_adapter(facts: Facts) -> bool:
    """Adapter weights only, or adapters inserted into an untouched base."""
    extra = [t for t in facts.differing if t.verdict == "added"]
    inserted = extra == facts.differing and all(
        any(word in tensor.name for word in INSERTED) for tensor in extra
    )
    return facts.is_adapter or (bool(extra) and inserted)


def is_other_architecture(facts: Facts) -> bool:
    """A component mostly unaligned, or a numbered block wholly gone or new."""
    return _has_other_depth(facts) or any(
        2 * aligned < total for aligned, total in _aligned(facts).values()
    )


def is_identical(facts: Facts) -> bool:
    """Every tensor that can be trained is equal, in the same dtype."""
    return _is_untouched(facts) and not facts.is_cast


def is_cast(facts: Facts) -> bool:
    """Every tensor is equal after rounding the base to the child's dtype."""
    return _is_untouched(facts) and facts.is_cast


def is_head_only(facts: Facts) -> bool:
    """The backbone is equal, the head is not; statistics may have drifted."""
    return not facts.differing and facts.head_differs


def is_statistics_only(facts: Facts) -> bool:
    """Only running statistics differ."""
    return not facts.differing and facts.statistics_drift


def is_norm_only(facts: Facts) -> bool:
    """Every changed parameter is a norm's weight or bias."""
    return _only(facts, lambda tensor: tensor.role.is_norm)


def is_bias_and_norm(facts: Facts) -> bool:
    """Every changed parameter is a bias or belongs to a norm."""
    return _only(facts, lambda tensor: tensor.role.is_norm or tensor.role.is_bias)


def is_rows_only(facts: Facts) -> bool:
    """Only embedding tables changed, or got rows."""
    return bool(facts.differing) and all(
        tensor.role.is_embedding and (tensor.verdict == "changed" or tensor.is_grown)
        for tensor in facts.differing
    )


def is_low_rank(facts: Facts) -> bool:
    """The changed matrices differ from the base by a low-rank delta."""
    return facts.low_rank == "yes"


def is_component_frozen(facts: Facts) -> bool:
    """Exactly some whole components are equal, and the others changed throughout."""
    others = facts.components.keys() - set(facts.frozen_components)
    changed = (_all(facts.components[name], "changed", "reshaped") for name in others)
    return is_component_left_out(facts) and all(changed)


def is_component_left_out(facts: Facts) -> bool:
    """A whole component is equal; the others changed here and there."""
    return 0 < len(facts.frozen_components) < len(facts.components)


def is_frozen_prefix(facts: Facts) -> bool:
    """The stem and the first blocks are equal, all later ones changed."""
    return frozen_prefix(facts.blocks) is not None


def is_frozen_suffix(facts: Facts) -> bool:
    """The last blocks are equal, all earlier ones changed."""
    return frozen_suffix(facts.blocks) is not None


def is_reinitialized(facts: Facts) -> bool:
    """All matrices changed, and what is there now is uncorrelated with the base."""
    matrices = [tensor for tensor in facts.matrices if tensor.is_shared]
    everywhere = bool(matrices) and _all(matrices, "changed", "reshaped")
    known = facts.correlation is not None and abs(facts.correlation) < UNCORRELATED
    return everywhere and known


def is_full(facts: Facts) -> bool:
    """Every shared parameter changed."""
    shared = [tensor for tensor in facts.body if tensor.is_shared]
    return bool(shared) and _all(shared, "changed", "reshaped")


RULES: tuple[tuple[str, Callable[[Facts], bool]], ...] = (
    ("quantized", is_quantized),
    ("adapter", is_adapter),
    ("other-architecture", is_other_architecture),
    ("identical", is_identical),
    ("cast", is_cast),
    ("head-only", is_head_only),
    ("statistics-only", is_statistics_only),
    ("norm-only", is_norm_only),
    ("bias-and-norm", is_bias_and_norm),
    ("rows-only", is_rows_only),
    ("low-rank", is_low_rank),
    ("component-frozen", is_component_frozen),
    ("frozen-prefix", is_frozen_prefix),
    ("frozen-suffix", is_frozen_suffix),
    ("component-frozen", is_component_left_out),
    ("reinitialized", is_reinitialized),
    ("full", is_full),
)


def kind_of(facts: Facts) -> str:
    """Name the first kind whose rule fits; any other mixture is `partial`."""
    return next((kind for kind, fits in RULES if fits(facts)), "partial")


def frozen_prefix(blocks: Sequence[BlockVerdict]) -> int | None:
    """Count the numbered blocks of an equal start that only changed blocks follow.

    A stage whose first layers are equal may lie between; it is not counted.

    >>> frozen_prefix([BlockVerdict("stem", "equal"), BlockVerdict("a", "changed", 0)])
    0
    >>> frozen_prefix([BlockVerdict("stem", "changed"), BlockVerdict("a", "equal", 0)])
    """
    return _frozen(blocks, torn="is_cut")


def frozen_suffix(blocks: Sequence[BlockVerdict]) -> int | None:
    """Count the numbered blocks of an equal end that only changed blocks precede.

    >>> frozen_suffix([BlockVerdict("stem", "changed"), BlockVerdict("a", "equal", 0)])
    1
    """
    return _frozen(list(reversed(blocks)), torn="is_reverse_cut") or None


def _frozen(blocks: Sequence[BlockVerdict], torn: str) -> int | None:
    equal = list(takewhile(lambda block: block.verdict == "equal", blocks))
    rest = blocks[len(equal) :]
    is_torn = bool(rest) and getattr(rest[0], torn)
    if not rest or not (equal or is_torn):
        return None
    if any(block.verdict != "changed" for block in rest[is_torn:]):
        return None
    return sum(block.number is not None for block in equal)


def _aligned(facts: Facts) -> dict[str, tuple[int, int]]:
    """Per component of the base: parameters of the same shape, and all of them."""
    parts = defaultdict(list)
    for tensor in facts.body:
        if tensor.base_name and tensor.role.component in WHOLE_COMPONENTS:
            aligned = tensor.verdict in ("equal", "changed", "unknown")
            parts[tensor.role.component].append(aligned or tensor.is_grown)
    return {name: (sum(part), len(part)) for name, part in parts.items()}


def _has_other_depth(facts: Facts) -> bool:
    return any(
        block.number is not None and block.verdict in ("gone", "new")
        for block in facts.blocks
    )


def _is_untouched(facts: Facts) -> bool:
    return not (facts.differing or facts.head_differs or facts.statistics_drift)


def _only(facts: Facts, fits: Callable[[TensorVerdict], bool]) -> bool:
    return bool(facts.differing) and all(
        tensor.verdict == "changed" and fits(tensor) for tensor in facts.differing
    )


def _all(tensors: Sequence[TensorVerdict], *verdicts: str) -> bool:
    return all(tensor.verdict in verdicts for tensor in tensors)
