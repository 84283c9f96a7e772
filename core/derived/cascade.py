"""Compare a child on the Hub with its base for as little as proves what is asked: the
file's SHA-256, its header, then the evidence of a `case`. Knows checkpoints, not
repositories.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from core.derived.base_weights import BaseWeights
from core.derived.case import Case, Finding, Known
from core.derived.compare import compare_checkpoints, is_adapter
from core.derived.deltas import correlated_matrices, low_rank_suspects, mean_cosine
from core.derived.facts import Facts
from core.derived.pattern import concluded, freeze_pattern
from core.derived.reading import in_large_ranges, is_plain
from core.derived.samples import sampled_cosines
from core.derived.slab import low_rank_from_slabs
from core.derived.verdict import (
    Comparison,
    Imprint,
    LowRank,
    TensorVerdict,
    tensor_verdict,
)
from core.hub.budget import ByteBudget
from core.hub.resolve import SMALL_FILE_BYTES
from core.weights.align import Pair, align
from core.weights.entry import Checkpoint

Certify = Literal["none", "probable", "full"]
LEVELS: tuple[Certify, ...] = ("none", "probable", "full")


def identical_to(base: BaseWeights, child: str) -> Comparison:
    """Return the comparison of a file that is the base's own, by its SHA-256."""
    alignment = align(base.checkpoint.entries, base.checkpoint.entries)
    findings = dict.fromkeys(range(len(alignment.pairs)), Finding("equal", "sha256"))
    case = Case(base, replace(base.checkpoint, name=child), alignment, findings)
    return _conclusion(case)


def compare_cheaply(
    base: BaseWeights,
    child: Checkpoint,
    *,
    certify: Certify = "none",
    budget: ByteBudget | None = None,
    known: Known | None = None,
    kept: Mapping[str, Imprint] | None = None,
) -> tuple[Comparison, Certify]:
    """Compare a child; return also how far it is certified.

    `known` and `kept` are what an earlier comparison found and kept of it.

    `certify` "none" stops at the probes, "probable" reads in full what is only probably
    equal, "full" reads everything and measures distances; both as far as `budget`
    allows, and where it does not the level that is returned is lower. A file below
    4 MiB is read whole. Raises a CheckpointError or HubError.
    """
    if is_adapter(child) or child.size_bytes <= SMALL_FILE_BYTES:
        found = compare_checkpoints(
            base.checkpoint, child, metrics=certify == "full",
            keep="samples" if is_adapter(child) else "contents",
        )  # fmt: skip
        adapter = found.kind == "adapter" and is_adapter(child)
        read = _header_bytes(child) if adapter else child.size_bytes
        level = "full" if adapter or certify == "full" else "probable"
        return replace(found, bytes_read=read), level
    budget = budget or ByteBudget()
    if certify == "full" and budget.take(child.size_bytes):
        found = compare_checkpoints(
            base.checkpoint,
            in_large_ranges(child),
            metrics=True,
            keep="samples",
            kept=base.kept if base.is_local else None,
        )
        return replace(found, bytes_read=child.size_bytes), "full"
    alignment = align(base.checkpoint.entries, child.entries)
    case = Case(base, child, alignment, {})
    case.remember(known or {})
    case.imprints.update(kept or {})
    case.checksums()
    case.probe()
    if certify == "probable":
        case.certify(budget)
    found = _conclusion(case)
    found = replace(found, bytes_read=found.bytes_read + _header_bytes(child))
    return found, "probable" if case.is_certain else "none"


def _conclusion(case: Case) -> Comparison:
    """Judge what was found, reading a little more where the pattern depends on it."""
    tensors = tuple(
        _verdict(case, pair, case.findings.get(index))
        for index, pair in enumerate(case.alignment.pairs)
    )
    facts = Facts(tensors)
    low_rank, rank = _low_rank(case, facts)
    pattern = freeze_pattern(
        tensors,
        low_rank=low_rank,
        rank=rank,
        correlation=_correlation(case, facts),
        renamed_prefix=case.alignment.renamed_prefix,
    )
    found = concluded(
        pattern, tensors, base=case.base.checkpoint.name, child=case.child.name,
        bytes_read=case.theirs.bytes_read,
    )  # fmt: skip
    differing = (t.name for t in tensors if t.name and t.verdict != "equal")
    imprints = {n: case.imprints[n] for n in differing if n in case.imprints}
    return replace(found, imprints=imprints)


def _verdict(case: Case, pair: Pair, found: Finding | None) -> TensorVerdict:
    role = case.alignment.role(pair)
    if found is None:
        return tensor_verdict(pair, role)
    told = tensor_verdict(pair, role, found.verdict, found.evidence)
    return replace(told, missed=found.missed)


def _low_rank(case: Case, facts: Facts) -> tuple[LowRank, int | None]:
    """As `Deltas.low_rank`, from slabs."""
    names = {tensor.name for tensor in low_rank_suspects(facts)}
    if not names:
        return "no", None
    suspects = [p for p in case.same_shape() if p.child.name in names]
    pairs = [(pair.base, pair.child) for pair in suspects]
    return low_rank_from_slabs(case.ours, case.theirs, pairs)


def _correlation(case: Case, facts: Facts) -> float | None:
    """As `Deltas.correlation`, over what the probes read, else over samples."""
    names = {tensor.name for tensor in correlated_matrices(facts)}
    cosines = [
        (case.findings[index].cosine, pair.child)
        for index, pair in enumerate(case.alignment.pairs)
        if pair.child and pair.child.name in names and index in case.findings
    ]
    if all(cosine is not None for cosine, _ in cosines):
        return mean_cosine(cosines)
    changed = [p for p in case.same_shape() if p.child.name in names]
    pairs = [(p.base, p.child) for p in changed if is_plain(p.base, p.child)]
    return mean_cosine(sampled_cosines(case.ours, case.theirs, pairs))


def _header_bytes(checkpoint: Checkpoint) -> int:
    spans = {(entry.file, entry.start, entry.stop) for entry in checkpoint.entries}
    weights = sum(stop - start for _, start, stop in spans)
    return max(0, checkpoint.size_bytes - weights)
