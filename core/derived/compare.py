"""Compare two checkpoints: align, measure, judge. Works on open checkpoints, wherever
their bytes are, and decodes nothing itself.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from hashlib import blake2b
from pathlib import Path

from core.derived.deltas import correlation, low_rank_delta
from core.derived.pattern import freeze_pattern
from core.derived.verdict import Comparison, TensorVerdict
from core.weights.align import Alignment, Content, Pair, align
from core.weights.checkpoint import open_checkpoint
from core.weights.entry import Checkpoint, TensorEntry
from core.weights.layout import TensorRole, layout
from core.weights.measure import measure_pairs
from core.weights.metrics import Measure

FLOATS = frozenset({"F64", "F32", "F16", "BF16"})
QUANTIZED_NAMES = (
    ".qweight", ".qzeros", ".scales", ".g_idx", ".absmax", ".SCB", ".quant_map",
    ".nested_absmax", ".nested_quant_map",
)  # fmt: skip
"""What GPTQ, AWQ and bitsandbytes store beside (or instead of) a weight."""


def compare_paths(
    base: Path, child: Path, *, metrics: bool = False, device: str = "cpu"
) -> Comparison:
    """Compare two files or model folders on this machine.

    Raises UsageError when a path does not exist, else a CheckpointError.
    """
    with open_checkpoint(base) as ours, open_checkpoint(child) as theirs:
        return compare_checkpoints(ours, theirs, metrics=metrics, device=device)


def compare_checkpoints(
    base: Checkpoint, child: Checkpoint, *, metrics: bool = False, device: str = "cpu"
) -> Comparison:
    """Compare every tensor of `child` with the base's, and say what was trained.

    An adapter is judged by its names alone. Every other tensor is read; with `metrics`
    its distances are kept too. `device` names where distances are computed.
    """
    if child.format == "adapter" and base.format != "adapter":
        return _adapter(base, child)
    reading = _Reading(base, child)
    alignment = align(
        base.entries,
        child.entries,
        base_content=reading.digest_of(base),
        child_content=reading.digest_of(child),
    )
    pairs = [
        pair for pair in alignment.pairs if _is_measurable(pair, alignment.role(pair))
    ]
    trimmed = [_common_rows(pair) for pair in pairs]
    measures = measure_pairs(base, child, trimmed, metrics=metrics, device=device)
    reading.count(trimmed)
    measured = dict(zip(map(id, pairs), measures, strict=True))
    tensors = tuple(
        _verdict(pair, alignment, measured.get(id(pair))) for pair in alignment.pairs
    )
    return _judge(reading, alignment, tensors)


def to_document(comparison: Comparison) -> dict[str, object]:
    """Return the JSON of `compare`: plain values, None for what is missing."""
    document = {
        name: getattr(comparison, name)
        for name in ("base", "child", "kind", "frozen_blocks")
    }
    return document | {
        "flags": asdict(comparison.flags),
        "counts": asdict(comparison.counts),
        "runs": comparison.runs,
        "sentence": comparison.sentence,
        "bytes_read": comparison.bytes_read,
        "tensors": [_tensor_document(tensor) for tensor in comparison.tensors],
    }


class _Reading:
    """The two checkpoints, and how many of their bytes were read."""

    def __init__(self, base: Checkpoint, child: Checkpoint) -> None:
        self.base, self.child = base, child
        self.bytes_read = _header_bytes(base) + _header_bytes(child)

    def digest_of(self, checkpoint: Checkpoint) -> Content:
        """Return a digest of an entry's bytes, for names that explain nothing."""

        def digest(entry: TensorEntry) -> bytes:
            content = checkpoint.source_of(entry).read(entry.start, entry.stop)
            self.bytes_read += len(content)
            return blake2b(content, digest_size=16).digest()

        return digest

    def count(self, pairs: Sequence[tuple[TensorEntry, TensorEntry]]) -> None:
        """Add the bytes of both sides of every pair."""
        self.bytes_read += sum(a.size_bytes + b.size_bytes for a, b in pairs)


def _header_bytes(checkpoint: Checkpoint) -> int:
    spans = {(e.file, e.start, e.stop) for e in checkpoint.entries}
    return max(0, checkpoint.size_bytes - sum(stop - start for _, start, stop in spans))


def _judge(
    reading: _Reading, alignment: Alignment, tensors: tuple[TensorVerdict, ...]
) -> Comparison:
    base, child = reading.base, reading.child
    entries = {
        pair.child.name: (pair.base, pair.child)
        for pair in alignment.pairs
        if pair.base and pair.child
    }
    low_rank, rank_bytes = low_rank_delta(base, child, entries, tensors)
    cosine, cosine_bytes = correlation(base, child, entries, tensors)
    pattern = freeze_pattern(
        tensors,
        low_rank=low_rank,
        correlation=cosine,
        renamed_prefix=alignment.renamed_prefix,
    )
    return Comparison(
        base=base.name,
        child=child.name,
        kind=pattern.kind,
        frozen_blocks=pattern.frozen_blocks,
        flags=pattern.flags,
        counts=pattern.counts,
        runs=pattern.runs,
        sentence=pattern.sentence,
        bytes_read=reading.bytes_read + rank_bytes + cosine_bytes,
        tensors=tensors,
    )


def _adapter(base: Checkpoint, child: Checkpoint) -> Comparison:
    roles = layout(child.entries)
    tensors = tuple(
        TensorVerdict(
            entry.name, None, entry.shape, None, entry.dtype, "added", "header",
            roles[entry.name],
        )
        for entry in child.entries
    )  # fmt: skip
    pattern = freeze_pattern(tensors, is_adapter=True)
    return Comparison(
        base=base.name,
        child=child.name,
        kind=pattern.kind,
        frozen_blocks=None,
        flags=pattern.flags,
        counts=pattern.counts,
        runs=pattern.runs,
        sentence=pattern.sentence,
        bytes_read=_header_bytes(base) + _header_bytes(child),
        tensors=tensors,
    )


def _verdict(
    pair: Pair, alignment: Alignment, measure: Measure | None
) -> TensorVerdict:
    role = alignment.role(pair)
    entry = pair.child or pair.base
    by_bytes = measure is not None and measure.comparable
    verdict = _word(pair, measure)
    undecided = verdict == "unknown"
    return TensorVerdict(
        name=pair.child and pair.child.name,
        base_name=pair.base and pair.base.name,
        shape=entry.shape,
        base_shape=pair.base and pair.base.shape,
        dtype=entry.dtype,
        verdict=verdict,
        evidence="unknown" if undecided else "bytes" if by_bytes else "header",
        role=role,
        metrics=measure.metrics if by_bytes else None,
        base_dtype=pair.base and pair.base.dtype,
        is_quantized=is_quantized(pair),
        is_tied=pair.status == "tied",
        is_grown=by_bytes and pair.status == "reshaped",
    )


def _word(pair: Pair, measure: Measure | None) -> str:
    if pair.base is None:
        return "added"
    if pair.child is None:
        return "removed"
    if pair.status == "reshaped":
        return "reshaped"
    if measure is None or not measure.comparable:
        return "unknown"
    return "equal" if measure.equal else "changed"


def is_quantized(pair: Pair) -> bool:
    """Tell whether the child stores as integers, or below a byte, what the base does
    not.

    Known by the block format of a GGUF, by the companions of GPTQ, AWQ and
    bitsandbytes,
    and by an integer or sub-byte dtype where the base has floats.
    """
    if pair.child is None:
        return False
    if pair.child.quantized:
        return True
    if pair.base is None:
        return pair.child.name.endswith(QUANTIZED_NAMES)
    narrow = pair.child.dtype.startswith(("I", "U", "F4", "F6"))
    return narrow and pair.base.dtype in FLOATS


def _is_measurable(pair: Pair, role: TensorRole) -> bool:
    if not pair.base or not pair.child or is_quantized(pair):
        return False
    if pair.status == "same-shape":
        return True
    return role.is_embedding and _is_grown_table(pair.base, pair.child)


def _is_grown_table(base: TensorEntry, child: TensorEntry) -> bool:
    """Only the number of rows differs, and rows lie one after another."""
    plain = base.strides is None and child.strides is None
    same_width = base.shape[1:] == child.shape[1:]
    return plain and same_width and bool(base.elements and child.elements)


def _common_rows(pair: Pair) -> tuple[TensorEntry, TensorEntry]:
    if pair.status == "same-shape":
        return pair.base, pair.child
    rows = min(pair.base.shape[0], pair.child.shape[0])
    return _first_rows(pair.base, rows), _first_rows(pair.child, rows)


def _first_rows(entry: TensorEntry, rows: int) -> TensorEntry:
    stop = entry.start + entry.size_bytes // entry.shape[0] * rows
    return replace(entry, shape=(rows, *entry.shape[1:]), stop=stop, crc32=None)


def _tensor_document(tensor: TensorVerdict) -> dict[str, object]:
    document = {
        "name": tensor.name,
        "base_name": tensor.base_name,
        "shape": list(tensor.shape),
        "dtype": tensor.dtype,
        "verdict": tensor.verdict,
        "evidence": tensor.evidence,
        "is_parameter": tensor.role.is_parameter,
        "block": tensor.role.block,
    }
    return document | (asdict(tensor.metrics) if tensor.metrics else {})
