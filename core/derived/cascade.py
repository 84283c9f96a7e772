"""Compare a child on the Hub with its base, the cheapest evidence first: the file's
SHA-256, its header, checksums, probes, and full ranges as far as asked for. Knows
checkpoints, not repositories.

No step claims what it cannot prove: what differs was seen to differ; what is equal in
all its probes says "probe" and how much may have escaped them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core.derived.base_weights import BaseWeights
from core.derived.compare import compare_checkpoints, is_adapter
from core.derived.facts import Facts
from core.derived.pattern import freeze_pattern
from core.derived.probes import Part, is_whole, missed_share, parts
from core.derived.reading import Reader, as_floats, equal_parts
from core.derived.slab import low_rank_from_slabs
from core.derived.verdict import (
    FLOATS,
    Comparison,
    Evidence,
    LowRank,
    TensorVerdict,
    tensor_verdict,
)
from core.hub.budget import ByteBudget
from core.weights.align import Alignment, Pair, align
from core.weights.entry import Checkpoint, TensorEntry
from core.weights.layout import TensorRole
from core.weights.measure import measure_pairs
from core.weights.metrics import comparable
from core.weights.spans import item_bytes

Certify = Literal["none", "probable", "full"]
LEVELS: tuple[Certify, ...] = ("none", "probable", "full")

WHOLE_FILE_BYTES = 4 * 2**20
RANGE_BYTES = 16 * 2**20
SAMPLED_MATRICES = 16
SAMPLED_ELEMENTS = 1024

Known = Mapping[str, tuple[str, str]]
"""Verdict and evidence that an earlier, shallower comparison kept, by child name."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of a pair; `missed` is the share that may differ unseen, `cosine`
    that of a changed matrix with the base's, over what was read.
    """

    verdict: Literal["equal", "changed"]
    evidence: Evidence
    missed: float | None = None
    cosine: float | None = None


def identical_to(base: BaseWeights, child: str) -> Comparison:
    """Return the comparison of a file that is the base's own, by its SHA-256."""
    alignment = align(base.checkpoint.entries, base.checkpoint.entries)
    findings = dict.fromkeys(range(len(alignment.pairs)), Finding("equal", "sha256"))
    case = _Case(base, replace(base.checkpoint, name=child), alignment, findings)
    return case.comparison()


def compare_cheaply(
    base: BaseWeights,
    child: Checkpoint,
    *,
    certify: Certify = "none",
    budget: ByteBudget | None = None,
    known: Known | None = None,
) -> tuple[Comparison, Certify]:
    """Compare a child; return also how far it is certified.

    `certify` "none" stops at the probes, "probable" reads in full what is only probably
    equal, "full" reads everything and measures distances; both as far as `budget`
    allows, and where it does not the level that is returned is lower. A file below
    4 MiB is read whole. Raises a CheckpointError or HubError.
    """
    if is_adapter(child) or child.size_bytes <= WHOLE_FILE_BYTES:
        found = compare_checkpoints(base.checkpoint, child, metrics=certify == "full")
        adapter = found.kind == "adapter" and is_adapter(child)
        read = _header_bytes(child) if adapter else child.size_bytes
        return replace(found, bytes_read=read), "full" if adapter else certify
    budget = budget or ByteBudget()
    if certify == "full" and budget.take(child.size_bytes):
        found = compare_checkpoints(base.checkpoint, _in_large_ranges(child))
        return replace(found, bytes_read=child.size_bytes), "full"
    alignment = align(base.checkpoint.entries, child.entries)
    case = _Case(base, child, alignment, {})
    case.remember(known or {})
    case.checksums()
    case.probe()
    is_certain = certify != "probable" or case.certify(budget)
    level: Certify = "probable" if certify == "probable" and is_certain else "none"
    return case.comparison(), level


class _Case:
    """One child under comparison, and what is found of each of its pairs so far."""

    def __init__(
        self,
        base: BaseWeights,
        child: Checkpoint,
        alignment: Alignment,
        findings: dict[int, Finding],
    ) -> None:
        self.base, self.child, self.alignment = base, child, alignment
        self.findings = findings
        self.ours, self.theirs = Reader(base.checkpoint), Reader(child)
        self.read_before = _header_bytes(child) if not findings else 0

    def open_pairs(self) -> Iterator[tuple[int, TensorEntry, TensorEntry, TensorRole]]:
        """Yield the comparable pairs of which nothing is found yet."""
        for index, pair in enumerate(self.alignment.pairs):
            same = pair.status == "same-shape" and index not in self.findings
            if same and comparable(pair.base, pair.child):
                yield index, pair.base, pair.child, self.alignment.role(pair)

    def remember(self, known: Known) -> None:
        """Take over what an earlier comparison of the same files found."""
        for index, _, theirs, role in list(self.open_pairs()):
            verdict, evidence = known.get(theirs.name, ("unknown", "unknown"))
            if verdict in ("equal", "changed"):
                missed = missed_share(theirs, role) if evidence == "probe" else None
                self.findings[index] = Finding(verdict, evidence, missed)

    def checksums(self) -> None:
        """Decide by the CRC32 that the child's file carries."""
        for index, ours, theirs, _ in list(self.open_pairs()):
            if not theirs.elements:
                self.findings[index] = Finding("equal", "bytes")
            elif theirs.crc32 is not None and theirs.strides is None:
                expected = self.base.crc32(ours, theirs)
                if expected is not None:
                    word = "equal" if expected == theirs.crc32 else "changed"
                    self.findings[index] = Finding(word, "crc32")

    def probe(self) -> None:
        """Read small tensors whole and parts of large ones, and compare those."""
        pairs = [pair for pair in self.open_pairs() if _is_plain(*pair[1:3])]
        looked_at = [parts(theirs, role) for _, _, theirs, role in pairs]
        wanted = list(zip(pairs, looked_at, strict=True))
        ours = self.ours.read([(p[1], part) for p, ps in wanted for part in ps])
        theirs = self.theirs.read([(p[2], part) for p, ps in wanted for part in ps])
        contents = iter(zip(ours, theirs, strict=True))
        for (index, our, their, role), places in wanted:
            read = [next(contents) for _ in places]
            self.findings[index] = _finding(our, their, role, places, read)
        self._gather()

    def _gather(self) -> None:
        """Compare strided tensors, if small, element by element."""
        small = [
            (index, ours, theirs)
            for index, ours, theirs, _ in self.open_pairs()
            if max(ours.size_bytes, theirs.size_bytes) <= WHOLE_FILE_BYTES
        ]
        self._measure(small)

    def certify(self, budget: ByteBudget) -> bool:
        """Read in full what is only probably equal; False if the budget ends first."""
        doubtful = [i for i, f in self.findings.items() if f.evidence == "probe"]
        pairs = self.alignment.pairs
        sizes = {i: pairs[i].child.size_bytes for i in doubtful}
        chosen = [i for i in doubtful if budget.take(sizes[i])]
        for group in _ranges([(i, pairs[i].child) for i in chosen]):
            self._read_in_full(group)
        strided = [(i, ours, theirs) for i, ours, theirs, _ in self.open_pairs()]
        affordable = [each for each in strided if budget.take(each[2].size_bytes)]
        self._measure(affordable)
        return len(chosen) == len(doubtful) and len(affordable) == len(strided)

    def comparison(self) -> Comparison:
        """Put everything that was found together."""
        tensors = self._tensors()
        low_rank, rank = self._low_rank(tensors)
        pattern = freeze_pattern(
            tensors,
            low_rank=low_rank,
            rank=rank,
            correlation=self._correlation(tensors),
            renamed_prefix=self.alignment.renamed_prefix,
        )
        return Comparison(
            base=self.base.checkpoint.name,
            child=self.child.name,
            kind=pattern.kind,
            frozen_blocks=pattern.frozen_blocks,
            flags=pattern.flags,
            counts=pattern.counts,
            runs=pattern.runs,
            sentence=pattern.sentence,
            bytes_read=self.read_before + self.theirs.bytes_read,
            tensors=tensors,
        )

    def _tensors(self) -> tuple[TensorVerdict, ...]:
        return tuple(
            self._verdict(pair, self.findings.get(index))
            for index, pair in enumerate(self.alignment.pairs)
        )

    def _verdict(self, pair: Pair, found: Finding | None) -> TensorVerdict:
        role = self.alignment.role(pair)
        if found is None:
            return tensor_verdict(pair, role)
        told = tensor_verdict(pair, role, found.verdict, found.evidence)
        return replace(told, missed=found.missed)

    def _measure(self, pairs: Sequence[tuple[int, TensorEntry, TensorEntry]]) -> None:
        both = [(ours, theirs) for _, ours, theirs in pairs]
        self.theirs.bytes_read += sum(theirs.size_bytes for _, theirs in both)
        told = measure_pairs(self.base.checkpoint, self.child, both, metrics=False)
        for (index, *_), measure in zip(pairs, told, strict=True):
            word = "equal" if measure.equal else "changed"
            self.findings[index] = Finding(word, "bytes")

    def _read_in_full(self, group: Sequence[tuple[int, Part]]) -> None:
        """Read neighboring parts of tensors as one range; a difference is final."""
        pairs = self.alignment.pairs
        theirs = self.theirs.read([(pairs[i].child, part) for i, part in group])
        ours = self.ours.read([(pairs[i].base, part) for i, part in group])
        for (index, _), our, their in zip(group, ours, theirs, strict=True):
            pair, before = pairs[index], self.findings[index]
            if before.verdict == "changed":
                continue
            same = equal_parts(pair.base, our, pair.child, their)
            self.findings[index] = Finding("equal" if same else "changed", "bytes")

    def _low_rank(self, tensors: Sequence[TensorVerdict]) -> tuple[LowRank, int | None]:
        """As `Deltas.low_rank`, from slabs: where matrices changed and nothing else."""
        differing = Facts(tensors).differing
        suspects = [tensor for tensor in differing if _is_delta(tensor)]
        if not suspects or len(suspects) < len(differing):
            return "no", None
        if all(tensor.role.is_embedding for tensor in suspects):
            return "no", None
        entries = {
            pair.child.name: (pair.base, pair.child)
            for pair in self.alignment.having("same-shape")
        }
        chosen = [entries[tensor.name] for tensor in suspects]
        return low_rank_from_slabs(self.ours, self.theirs, chosen)

    def _correlation(self, tensors: Sequence[TensorVerdict]) -> float | None:
        """As `Deltas.correlation`: None unless every matrix changed."""
        shared = [tensor for tensor in Facts(tensors).matrices if tensor.is_shared]
        if not shared or any(tensor.verdict == "equal" for tensor in shared):
            return None
        changed = {tensor.name for tensor in shared if _is_delta(tensor)}
        places = [
            (index, pair)
            for index, pair in enumerate(self.alignment.pairs)
            if pair.child and pair.child.name in changed and index in self.findings
        ]
        told = [(self.findings[i].cosine, p.child.elements) for i, p in places]
        if any(cosine is None for cosine, _ in told):
            told = self._sampled([pair for _, pair in places])
        total = sum(weight for _, weight in told)
        return sum(c * weight for c, weight in told) / total if total else None

    def _sampled(self, pairs: Sequence[Pair]) -> list[tuple[float, int]]:
        """Cosines over the first elements of some matrices all over the network."""
        plain = [pair for pair in pairs if _is_plain(pair.base, pair.child)]
        chosen = plain[:: 1 + len(plain) // SAMPLED_MATRICES]
        ends = [(0, min(SAMPLED_ELEMENTS, pair.child.elements)) for pair in chosen]
        ours = self.ours.read([(p.base, e) for p, e in zip(chosen, ends, strict=True)])
        theirs = self.theirs.read(
            [(p.child, e) for p, e in zip(chosen, ends, strict=True)]
        )
        cosines = [
            (_cosine(pair.base, pair.child, [both]), pair.child.elements)
            for pair, *both in zip(chosen, ours, theirs, strict=True)
        ]
        return [(cosine, weight) for cosine, weight in cosines if cosine is not None]


def _finding(
    ours: TensorEntry,
    theirs: TensorEntry,
    role: TensorRole,
    places: Sequence[Part],
    read: Sequence[tuple[bytes, bytes]],
) -> Finding:
    if not all(equal_parts(ours, our, theirs, their) for our, their in read):
        wide = role.is_matrix and len(theirs.shape) > 1
        cosine = _cosine(ours, theirs, read) if wide else None
        return Finding("changed", "bytes", cosine=cosine)
    if is_whole(theirs, places):
        return Finding("equal", "bytes")
    return Finding("equal", "probe", missed_share(theirs, role))


def _cosine(
    ours: TensorEntry, theirs: TensorEntry, read: Sequence[Sequence[bytes]]
) -> float | None:
    """The cosine over what was read of both; None where it has no value."""
    if not {ours.dtype, theirs.dtype} <= FLOATS:
        return None
    x = np.concatenate([as_floats(our, ours.dtype) for our, _ in read])
    y = np.concatenate([as_floats(their, theirs.dtype) for _, their in read])
    finite = np.isfinite(x) & np.isfinite(y)
    x, y = x[finite], y[finite]
    norms = np.linalg.norm(x) * np.linalg.norm(y)
    return float(x @ y / norms) if norms else None


def _is_plain(ours: TensorEntry, theirs: TensorEntry) -> bool:
    """Whether element i lies at the same place in the order of both files."""
    return ours.strides is None and theirs.strides is None


def _is_delta(tensor: TensorVerdict) -> bool:
    wide = len(tensor.shape) >= 2 and tensor.role.is_matrix
    floats = {tensor.dtype, tensor.base_dtype} <= FLOATS
    return wide and floats and tensor.verdict == "changed"


def _ranges(
    entries: Sequence[tuple[int, TensorEntry]],
) -> Iterator[list[tuple[int, Part]]]:
    """Cut tensors into parts and group neighbors, at most 16 MiB at once."""
    group: list[tuple[int, Part]] = []
    at, held = ("", -1), 0
    for index, entry in sorted(entries, key=lambda e: (e[1].file, e[1].start)):
        item = item_bytes(entry)
        step = RANGE_BYTES // item
        for first in range(0, entry.elements, step):
            part = first, min(first + step, entry.elements)
            size = (part[1] - first) * item
            place = entry.file, entry.start + first * item
            if group and (place != at or held + size > RANGE_BYTES):
                yield group
                group, held = [], 0
            group.append((index, part))
            at, held = (entry.file, place[1] + size), held + size
    if group:
        yield group


def _header_bytes(checkpoint: Checkpoint) -> int:
    spans = {(entry.file, entry.start, entry.stop) for entry in checkpoint.entries}
    weights = sum(stop - start for _, start, stop in spans)
    return max(0, checkpoint.size_bytes - weights)


def _in_large_ranges(checkpoint: Checkpoint) -> Checkpoint:
    """Return the checkpoint with its sources read ahead, for one reader in order."""
    sources = {name: _Ahead(source) for name, source in checkpoint.sources.items()}
    return replace(checkpoint, sources=sources)


class _Ahead:
    """A source that fetches 16 MiB at a time and serves smaller reads from there."""

    def __init__(self, source) -> None:
        self.name, self.size = source.name, source.size
        self._source = source
        self._start, self._held = 0, b""

    def read(self, start: int, stop: int) -> bytes:
        """Return exactly the bytes [start, stop)."""
        content = bytearray(stop - start)
        self.read_into(start, memoryview(content))
        return bytes(content)

    def read_into(self, start: int, buffer: memoryview) -> None:
        """Fill `buffer` with the bytes from `start`."""
        stop = start + buffer.nbytes
        if not (self._start <= start and stop <= self._start + len(self._held)):
            self._held = b""
            ahead = min(max(stop, start + RANGE_BYTES), max(stop, self.size))
            self._start, self._held = start, self._source.read(start, ahead)
        at = start - self._start
        buffer.cast("B")[:] = self._held[at : at + buffer.nbytes]

    def close(self) -> None:
        """Close the file."""
        self._source.close()


Report = Callable[[float, str], None]
