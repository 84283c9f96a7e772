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
    "reinitialized": "Changed everywhere and uncorrelated with the base: trained from "
    "scratch, or from other weights.",
    "full": "Every trainable parameter changed.",
}


def sentence(
    kind: str,
    flags: Flags,
    blocks: Sequence[BlockVerdict],
    *,
    frozen_blocks: int | None = None,
    frozen_components: Sequence[str] = (),
    rank: int | None = None,
) -> str:
    """Tell a freeze pattern in words.

    >>> blocks = [BlockVerdict("block 0", "equal", 0), BlockVerdict("head", "new")]
    >>> sentence("head-only", Flags(missing_pooler=True), blocks)
    'The backbone equals the base; the head is new. The pooler was left out.'
    """
    if kind == "cast":
        lead = f"Every parameter equals the base's, stored {_stored(flags)}."
    elif kind == "head-only":
        lead = f"The backbone equals the base; {_head(blocks)}."
    elif kind == "low-rank":
        lead = f"The changed matrices differ by a low-rank delta{_merged(rank)}."
    elif kind == "component-frozen":
        lead = f"The {_frozen(frozen_components)} the base; the rest was trained."
    elif kind == "frozen-prefix":
        lead = _prefix(frozen_blocks or 0, blocks)
    elif kind == "frozen-suffix":
        ends = _of("last", frozen_blocks or 0, blocks)
        lead = f"The {ends} the base; earlier ones were trained."
    else:
        lead = FIXED.get(kind) or _mixture(blocks)
    return " ".join([lead, *_remarks(kind, flags)])


def _prefix(frozen_blocks: int, blocks: Sequence[BlockVerdict]) -> str:
    if not frozen_blocks:
        return "The stem equals the base; what follows was trained."
    begins = _of("first", frozen_blocks, blocks)
    if blocks[0].number is None:
        begins = f"stem and the {begins.replace(' equals', ' equal')}"
    return f"The {begins} the base; the rest was trained."


def _of(end: str, frozen_blocks: int, blocks: Sequence[BlockVerdict]) -> str:
    """Count blocks from one end.

    >>> _of("last", 1, [BlockVerdict("block 0", "equal", 0)] * 3)
    'last of 3 blocks equals'
    """
    total = sum(block.number is not None for block in blocks)
    if frozen_blocks == 1:
        return f"{end} of {total} blocks equals"
    return f"{end} {frozen_blocks} of {total} blocks equal"


def _head(blocks: Sequence[BlockVerdict]) -> str:
    states = {block.verdict for block in blocks if block.name == "head"}
    if "changed" in states:
        return "the head was trained"
    return "the head is gone" if states == {"gone"} else "the head is new"


def _frozen(components: Sequence[str]) -> str:
    """Name components as a subject.

    >>> _frozen(["backbone", "encoder"])
    'backbone and encoder equal'
    """
    names = " and ".join([", ".join(components[:-1]), *components[-1:]])
    return f"{names} equal" if len(components) > 1 else f"{components[0]} equals"


def _mixture(blocks: Sequence[BlockVerdict]) -> str:
    spans = [run for run in runs(blocks) if run.verdict == "equal"]
    if not spans:
        return "A mixture: no block equals the base as a whole."
    named = ", ".join(
        run.first if run.blocks == 1 else f"{run.first} to {run.last}" for run in spans
    )
    return f"A mixture: only {named} stayed as in the base."


def _merged(rank: int | None) -> str:
    return f" of rank {rank}, as in a merged LoRA" if rank else ", as in a merged LoRA"


def _stored(flags: Flags) -> str:
    return f"as {flags.cast_dtype}" if flags.cast_dtype else "in another dtype"


def _remarks(kind: str, flags: Flags) -> list[str]:
    drifted = flags.statistics_drift and kind != "statistics-only"
    remarks = {
        f"Stored as {flags.cast_dtype}.": flags.cast_dtype and kind != "cast",
        "Running statistics drifted.": drifted,
        "The pooler was left out.": flags.missing_pooler,
        "Rounding hides whether the change is low-rank.": flags.low_rank == "undecided",
        f'Names differ by the prefix "{flags.renamed_prefix}".': flags.renamed_prefix,
    }
    return [remark for remark, holds in remarks.items() if holds]
