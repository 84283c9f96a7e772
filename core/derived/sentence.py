"""A freeze pattern as one or two sentences for a person. Knows no rules."""

from collections.abc import Sequence

from core.derived.runs import BlockVerdict, runs
from core.derived.verdict import Flags

FIXED = {
    "quantized": "Weights are stored as integers; only what stayed in full precision "
    "can be compared.",
    "adapter": "Adapter weights only: the base is frozen by construction.",
    "other-architecture": "Another architecture: its width, depth or a whole component "
    "is not the base's.",
    "identical": "Every parameter equals the base's.",
    "statistics-only": "Every parameter equals the base's; only running statistics "
    "differ.",
    "norm-only": "Only norm weights and biases were trained.",
    "bias-and-norm": "Only biases and norms were trained.",
    "rows-only": "Only rows of embedding tables were trained or added.",
    "low-rank": "The changed matrices differ by a low-rank delta, as in a merged LoRA.",
    "reinitialized": "Changed everywhere and uncorrelated with the base: trained from "
    "scratch, or from other weights.",
    "full": "Every trainable parameter changed.",
}


def sentence(
    kind: str, frozen_blocks: int | None, flags: Flags, blocks: Sequence[BlockVerdict]
) -> str:
    """Tell a freeze pattern in words.

    >>> blocks = [BlockVerdict("block 0", "equal", 0), BlockVerdict("head", "new")]
    >>> sentence("head-only", None, Flags(missing_pooler=True), blocks)
    'The backbone equals the base; the head is new. The pooler was left out.'
    """
    return " ".join([_lead(kind, frozen_blocks, flags, blocks), *_remarks(kind, flags)])


def _lead(
    kind: str, frozen_blocks: int | None, flags: Flags, blocks: Sequence[BlockVerdict]
) -> str:
    if kind in FIXED:
        return FIXED[kind]
    if kind == "cast":
        return f"Every parameter equals the base's, stored {_stored(flags)}."
    if kind == "head-only":
        return f"The backbone equals the base; {_head(blocks)}."
    if kind == "component-frozen":
        return f"Whole components equal the base: {_named(blocks, 'equal')}."
    total = sum(block.number is not None for block in blocks)
    if kind == "frozen-prefix":
        return _prefix(frozen_blocks or 0, total, blocks)
    if kind == "frozen-suffix":
        return f"The last {frozen_blocks} of {total} blocks equal the base; earlier "
        "ones were trained."
    return f"A mixture: {_named(blocks, 'equal') or 'no block'} equal the base."


def _prefix(frozen_blocks: int, total: int, blocks: Sequence[BlockVerdict]) -> str:
    has_stem = blocks[0].number is None
    first = f"the first {frozen_blocks} of {total} blocks"
    if not frozen_blocks:
        return "The stem equals the base; everything after it was trained."
    start = f"The stem and {first}" if has_stem else first.capitalize()
    return f"{start} equal the base; the rest was trained."


def _head(blocks: Sequence[BlockVerdict]) -> str:
    states = {block.verdict for block in blocks if block.name == "head"}
    if "changed" in states:
        return "the head was trained"
    return "the head is gone" if states == {"gone"} else "the head is new"


def _named(blocks: Sequence[BlockVerdict], state: str) -> str:
    spans = [run for run in runs(blocks) if run.verdict == state]
    return ", ".join(
        run.first if run.blocks == 1 else f"{run.first} to {run.last}" for run in spans
    )


def _stored(flags: Flags) -> str:
    return f"as {flags.cast_dtype}" if flags.cast_dtype else "in another dtype"


def _remarks(kind: str, flags: Flags) -> list[str]:
    remarks = {
        f"Stored as {flags.cast_dtype}.": flags.cast_dtype and kind != "cast",
        "Running statistics drifted.": flags.statistics_drift
        and kind != "statistics-only",
        "The pooler was left out.": flags.missing_pooler,
        "Rounding hides whether the change is low-rank.": flags.low_rank == "undecided",
        f'Names differ by the prefix "{flags.renamed_prefix}".': flags.renamed_prefix,
    }
    return [remark for remark, holds in remarks.items() if holds]
