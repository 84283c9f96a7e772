"""Compare two checkpoints: align, measure, judge. Works on open checkpoints, wherever
their bytes are, and decodes nothing itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Literal

from core.derived.counted import Meter
from core.derived.deltas import Deltas
from core.derived.imprint import Subject, imprints
from core.derived.kinds import INSERTED
from core.derived.pattern import concluded, freeze_pattern
from core.derived.verdict import Comparison, TensorVerdict, tensor_verdict
from core.weights.align import Alignment, Pair, align
from core.weights.checkpoint import open_checkpoint
from core.weights.entry import Checkpoint, TensorEntry
from core.weights.layout import TensorRole, layout
from core.weights.measure import KeptBase, measure_pairs
from core.weights.metrics import Measure, Metrics

Keep = Literal["nothing", "samples", "contents"]
METRICS = Metrics._fields


def compare_paths(
    base: Path, child: Path, *, metrics: bool = False, device: str = "cpu"
) -> Comparison:
    """Compare two files or model folders on this machine.

    Raises UsageError when a path does not exist, else a CheckpointError.
    """
    with open_checkpoint(base) as ours, open_checkpoint(child) as theirs:
        return compare_checkpoints(ours, theirs, metrics=metrics, device=device)


def compare_checkpoints(
    base: Checkpoint,
    child: Checkpoint,
    *,
    metrics: bool = False,
    device: str = "cpu",
    keep: Keep = "nothing",
    kept: KeptBase | None = None,
) -> Comparison:
    """Compare every tensor of `child` with the base's, and say what was trained.

    An adapter is judged by its names alone. With `metrics` every distance is measured;
    otherwise a tensor is read no further than its first difference. `device` names
    where distances are computed. `keep` says what of differing tensors is kept, to
    compare children with each other: samples, or also digests of the whole contents;
    that is not in `bytes_read`. `kept` is one for all children of a base, which then
    stays in memory. Raises CorruptCheckpoint when a file ends early.
    """
    meter = Meter()
    taken_from = base, child
    base, child = meter.counted(base), meter.counted(child)
    if is_adapter(child) and not is_adapter(base):
        return _adapter(base, child, meter, keep)
    alignment = align(
        base.entries,
        child.entries,
        base_content=partial(_digest, base),
        child_content=partial(_digest, child),
    )
    options = {"metrics": metrics, "device": device, "kept": kept}
    tensors = _verdicts(base, child, alignment, options)
    deltas = Deltas(base, child, alignment, tensors)
    low_rank, rank = deltas.low_rank()
    pattern = freeze_pattern(
        tensors,
        low_rank=low_rank,
        rank=rank,
        correlation=deltas.correlation(),
        renamed_prefix=alignment.renamed_prefix,
    )
    found = concluded(
        pattern, tensors, base=base.name, child=child.name, bytes_read=meter.bytes_read
    )
    if keep == "nothing":
        return found
    chosen = differing(alignment, tensors)
    taken = imprints(*taken_from, chosen, contents=keep == "contents")
    return replace(found, imprints=taken)


def is_adapter(checkpoint: Checkpoint) -> bool:
    """Tell whether a checkpoint holds nothing but an adapter's weights."""
    names = [entry.name for entry in checkpoint.entries]
    inserted = all(any(word in name for word in INSERTED) for name in names)
    return checkpoint.format == "adapter" or (bool(names) and inserted)


def differing(alignment: Alignment, tensors: Sequence[TensorVerdict]) -> list[Subject]:
    """Return the child's tensors that are not the base's, in the order of the pairs."""
    return [
        Subject(
            pair.base if verdict.verdict == "changed" else None,
            pair.child,
            verdict.role,
        )
        for pair, verdict in zip(alignment.pairs, tensors, strict=True)
        if pair.child and verdict.verdict in ("changed", "added", "reshaped")
    ]


def to_document(comparison: Comparison) -> dict[str, object]:
    """Return the JSON of `compare`: plain values, None for what is missing.

    Where any tensor was measured, every tensor has all metrics.
    """
    measured = any(tensor.metrics for tensor in comparison.tensors)
    return {
        "base": comparison.base,
        "child": comparison.child,
        "kind": comparison.kind,
        "frozen_blocks": comparison.frozen_blocks,
        "flags": asdict(comparison.flags),
        "counts": asdict(comparison.counts),
        "runs": comparison.runs,
        "sentence": comparison.sentence,
        "bytes_read": comparison.bytes_read,
        "tensors": [
            _tensor_document(tensor) | (_metrics_document(tensor) if measured else {})
            for tensor in comparison.tensors
        ],
    }


def _digest(checkpoint: Checkpoint, entry: TensorEntry) -> bytes:
    content = checkpoint.source_of(entry).read(entry.start, entry.stop)
    return blake2b(content, digest_size=16).digest()


def _verdicts(
    base: Checkpoint,
    child: Checkpoint,
    alignment: Alignment,
    options: Mapping[str, object],
) -> tuple[TensorVerdict, ...]:
    same = {
        index: (pair.base, pair.child)
        for index, pair in enumerate(alignment.pairs)
        if pair.status == "same-shape"
    }
    measures = measure_pairs(base, child, list(same.values()), **options)
    found = dict(zip(same, measures, strict=True))
    return tuple(
        _verdict(pair, alignment.role(pair), found.get(index))
        for index, pair in enumerate(alignment.pairs)
    )


def _verdict(pair: Pair, role: TensorRole, measure: Measure | None) -> TensorVerdict:
    if measure is None or not measure.comparable:
        return tensor_verdict(pair, role)
    word = "equal" if measure.equal else "changed"
    return tensor_verdict(pair, role, word, "bytes", metrics=measure.metrics)


def _adapter(
    base: Checkpoint, child: Checkpoint, meter: Meter, keep: Keep
) -> Comparison:
    roles = layout(child.entries)
    tensors = tuple(
        tensor_verdict(Pair(None, entry, "added"), roles[entry.name])
        for entry in child.entries
    )
    pattern = freeze_pattern(tensors, is_adapter=True)
    found = concluded(
        pattern, tensors, base=base.name, child=child.name, bytes_read=meter.bytes_read
    )
    if keep != "contents":
        return found
    chosen = [Subject(None, entry, roles[entry.name]) for entry in child.entries]
    return replace(found, imprints=imprints(base, child, chosen))


def _tensor_document(tensor: TensorVerdict) -> dict[str, object]:
    return {
        "name": tensor.name,
        "base_name": tensor.base_name,
        "shape": list(tensor.shape),
        "dtype": tensor.dtype,
        "verdict": tensor.verdict,
        "evidence": tensor.evidence,
        "is_parameter": tensor.role.is_parameter,
        "block": tensor.role.block,
    }


def _metrics_document(tensor: TensorVerdict) -> dict[str, object]:
    if tensor.metrics is None:
        return dict.fromkeys(METRICS)
    return {name: getattr(tensor.metrics, name) for name in METRICS}
