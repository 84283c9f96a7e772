"""Compare two checkpoints: align, measure, judge. Works on open checkpoints, wherever
their bytes are, and decodes nothing itself.
"""

from dataclasses import asdict, replace
from functools import partial
from hashlib import blake2b
from pathlib import Path

from core.derived.counted import Meter
from core.derived.deltas import FLOATS, Deltas
from core.derived.pattern import Pattern, freeze_pattern
from core.derived.verdict import Comparison, TensorVerdict
from core.weights.align import Alignment, Pair, align
from core.weights.checkpoint import open_checkpoint
from core.weights.entry import Checkpoint, TensorEntry
from core.weights.layout import TensorRole, layout
from core.weights.measure import measure_pairs
from core.weights.metrics import Measure

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
    meter = Meter()
    base, child = meter.counted(base), meter.counted(child)
    if child.format == "adapter" and base.format != "adapter":
        return _adapter(base, child, meter)
    alignment = align(
        base.entries,
        child.entries,
        base_content=partial(_digest, base),
        child_content=partial(_digest, child),
    )
    tensors = _verdicts(base, child, alignment, metrics=metrics, device=device)
    deltas = Deltas(base, child, alignment, tensors)
    pattern = freeze_pattern(
        tensors,
        low_rank=deltas.low_rank(),
        correlation=deltas.correlation(),
        renamed_prefix=alignment.renamed_prefix,
    )
    return _comparison(base, child, pattern, tensors, meter)


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


def _digest(checkpoint: Checkpoint, entry: TensorEntry) -> bytes:
    content = checkpoint.source_of(entry).read(entry.start, entry.stop)
    return blake2b(content, digest_size=16).digest()


def _verdicts(
    base: Checkpoint,
    child: Checkpoint,
    alignment: Alignment,
    *,
    metrics: bool,
    device: str,
) -> tuple[TensorVerdict, ...]:
    common = {
        index: _common_rows(pair)
        for index, pair in enumerate(alignment.pairs)
        if _is_measurable(pair, alignment.role(pair))
    }
    measures = measure_pairs(
        base, child, list(common.values()), metrics=metrics, device=device
    )
    found = dict(zip(common, measures, strict=True))
    return tuple(
        _verdict(pair, alignment.role(pair), found.get(index))
        for index, pair in enumerate(alignment.pairs)
    )


def _adapter(base: Checkpoint, child: Checkpoint, meter: Meter) -> Comparison:
    roles = layout(child.entries)
    tensors = tuple(
        _verdict(Pair(None, entry, "added"), roles[entry.name], None)
        for entry in child.entries
    )
    pattern = freeze_pattern(tensors, is_adapter=True)
    return _comparison(base, child, pattern, tensors, meter)


def _comparison(
    base: Checkpoint,
    child: Checkpoint,
    pattern: Pattern,
    tensors: tuple[TensorVerdict, ...],
    meter: Meter,
) -> Comparison:
    return Comparison(
        base=base.name,
        child=child.name,
        kind=pattern.kind,
        frozen_blocks=pattern.frozen_blocks,
        flags=pattern.flags,
        counts=pattern.counts,
        runs=pattern.runs,
        sentence=pattern.sentence,
        bytes_read=meter.bytes_read,
        tensors=tensors,
    )


def _verdict(pair: Pair, role: TensorRole, measure: Measure | None) -> TensorVerdict:
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
