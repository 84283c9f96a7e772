"""Compare a child on the Hub with its base, the cheapest evidence first: the file's
SHA-256, its header, checksums, probes, and full ranges as far as asked for. Knows
checkpoints, not repositories.

No step claims what it cannot prove: what differs was seen to differ; what is equal in
all its probes says "probe" and how much may have escaped them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from core.derived.base_weights import BaseWeights
from core.derived.compare import compare_checkpoints, is_adapter
from core.derived.deltas import correlated_matrices, low_rank_suspects, mean_cosine
from core.derived.facts import Facts
from core.derived.imprint import Subject, imprint, is_readable, probed_imprint
from core.derived.pattern import freeze_pattern
from core.derived.probes import Part, is_whole, missed_share, parts
from core.derived.reading import (
    Reader,
    equal_parts,
    in_large_ranges,
    is_plain,
    large_ranges,
)
from core.derived.samples import cosine, sampled_cosines
from core.derived.slab import low_rank_from_slabs
from core.derived.verdict import (
    Comparison,
    Evidence,
    Imprint,
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

Certify = Literal["none", "probable", "full"]
LEVELS: tuple[Certify, ...] = ("none", "probable", "full")

WHOLE_FILE_BYTES = 4 * 2**20

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
    kept: Mapping[str, Imprint] | None = None,
) -> tuple[Comparison, Certify]:
    """Compare a child; return also how far it is certified.

    `known` and `kept` are what an earlier comparison found and kept of it.

    `certify` "none" stops at the probes, "probable" reads in full what is only probably
    equal, "full" reads everything and measures distances; both as far as `budget`
    allows, and where it does not the level that is returned is lower. A file below
    4 MiB is read whole. Raises a CheckpointError or HubError.
    """
    if is_adapter(child) or child.size_bytes <= WHOLE_FILE_BYTES:
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
            base.checkpoint, in_large_ranges(child), metrics=True, keep="samples"
        )
        return replace(found, bytes_read=child.size_bytes), "full"
    alignment = align(base.checkpoint.entries, child.entries)
    case = _Case(base, child, alignment, {})
    case.remember(known or {})
    case.imprints.update(kept or {})
    case.checksums()
    case.probe()
    if certify == "probable":
        case.certify(budget)
    return case.comparison(), "probable" if case.is_certain else "none"


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
        self.imprints: dict[str, Imprint] = {}
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
                    self.imprints[theirs.name] = Imprint(crc32=theirs.crc32)

    def probe(self) -> None:
        """Read small tensors whole and parts of large ones, and compare those."""
        pairs = [pair for pair in self.open_pairs() if is_plain(*pair[1:3])]
        looked_at = [self._parts(theirs, role) for _, _, theirs, role in pairs]
        wanted = list(zip(pairs, looked_at, strict=True))
        ours = self.ours.read([(p[1], part) for p, ps in wanted for part in ps])
        own = self._own()
        theirs = self.theirs.read(
            [(p[2], part) for p, ps in wanted for part in ps]
            + [(subject.child, part) for subject in own for part in subject.places]
        )
        contents = iter(zip(ours, theirs[: len(ours)], strict=True))
        for (index, our, their, role), places in wanted:
            read = [next(contents) for _ in places]
            self.findings[index] = _finding(our, their, role, places, read)
            subject = Subject(our, their, role)
            self.imprints[their.name] = probed_imprint(subject, places, read)
        samples = iter(theirs[len(ours) :])
        for subject in own:
            taken = imprint(subject, [next(samples) for _ in subject.places])
            self.imprints[subject.child.name] = taken
        self._gather()

    def _own(self) -> list[Subject]:
        """The heads that the base lacks and no earlier comparison kept, to be sampled.

        Checksums tell enough; of another architecture's body nothing can be shared.
        """
        pairs = [p for p in self.alignment.pairs if p.status in ("added", "reshaped")]
        own = [Subject(None, pair.child, self.alignment.role(pair)) for pair in pairs]
        for subject in own:
            if subject.child.crc32 is not None:
                told = Imprint(crc32=subject.child.crc32)
                self.imprints.setdefault(subject.child.name, told)
        if 2 * len(self._same_shape()) < len(self.alignment.pairs):
            return []
        missing = (s for s in own if s.child.name not in self.imprints)
        return [s for s in missing if s.role.is_head and is_readable(s)]

    def _parts(self, theirs: TensorEntry, role: TensorRole) -> list[Part]:
        """Of a small shard everything is looked at: it comes whole anyway."""
        is_small = self.child.source_of(theirs).size <= WHOLE_FILE_BYTES
        return [(0, theirs.elements)] if is_small else parts(theirs, role)

    def _gather(self) -> None:
        """Compare strided tensors, if small, element by element."""
        small = [
            (index, ours, theirs)
            for index, ours, theirs, _ in self.open_pairs()
            if max(ours.size_bytes, theirs.size_bytes) <= WHOLE_FILE_BYTES
        ]
        self._measure(small)

    @property
    def is_certain(self) -> bool:
        """Whether nothing is only probable and no comparable pair is open."""
        probable = any(found.evidence == "probe" for found in self.findings.values())
        return not probable and next(self.open_pairs(), None) is None

    def certify(self, budget: ByteBudget) -> None:
        """Read in full what is only probably equal, as far as the budget goes."""
        doubtful = [i for i, f in self.findings.items() if f.evidence == "probe"]
        pairs = self.alignment.pairs
        sizes = {i: pairs[i].child.size_bytes for i in doubtful}
        chosen = [i for i in doubtful if budget.take(sizes[i])]
        for group in large_ranges([(i, pairs[i].child) for i in chosen]):
            self._read_in_full(group)
        strided = [(i, ours, theirs) for i, ours, theirs, _ in self.open_pairs()]
        self._measure([each for each in strided if budget.take(each[2].size_bytes)])

    def comparison(self) -> Comparison:
        """Put everything that was found together."""
        tensors = self._tensors()
        facts = Facts(tensors)
        low_rank, rank = self._low_rank(facts)
        pattern = freeze_pattern(
            tensors,
            low_rank=low_rank,
            rank=rank,
            correlation=self._correlation(facts),
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
            imprints=self._differing_imprints(tensors),
        )

    def _differing_imprints(
        self, tensors: Sequence[TensorVerdict]
    ) -> dict[str, Imprint]:
        names = (t.name for t in tensors if t.name and t.verdict != "equal")
        return {name: self.imprints[name] for name in names if name in self.imprints}

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

    def _low_rank(self, facts: Facts) -> tuple[LowRank, int | None]:
        """As `Deltas.low_rank`, from slabs."""
        names = {tensor.name for tensor in low_rank_suspects(facts)}
        if not names:
            return "no", None
        suspects = [p for p in self._same_shape() if p.child.name in names]
        pairs = [(pair.base, pair.child) for pair in suspects]
        return low_rank_from_slabs(self.ours, self.theirs, pairs)

    def _correlation(self, facts: Facts) -> float | None:
        """As `Deltas.correlation`, over what the probes read, else over samples."""
        names = {tensor.name for tensor in correlated_matrices(facts)}
        cosines = [
            (self.findings[index].cosine, pair.child)
            for index, pair in enumerate(self.alignment.pairs)
            if pair.child and pair.child.name in names and index in self.findings
        ]
        if all(cosine is not None for cosine, _ in cosines):
            return mean_cosine(cosines)
        changed = [p for p in self._same_shape() if p.child.name in names]
        pairs = [(p.base, p.child) for p in changed if is_plain(p.base, p.child)]
        return mean_cosine(sampled_cosines(self.ours, self.theirs, pairs))

    def _same_shape(self) -> list[Pair]:
        return self.alignment.having("same-shape")


def _finding(
    ours: TensorEntry,
    theirs: TensorEntry,
    role: TensorRole,
    places: Sequence[Part],
    read: Sequence[tuple[bytes, bytes]],
) -> Finding:
    if not all(equal_parts(ours, our, theirs, their) for our, their in read):
        wide = role.is_matrix and len(theirs.shape) > 1
        angle = cosine(ours, theirs, read) if wide else None
        return Finding("changed", "bytes", cosine=angle)
    if is_whole(theirs, places):
        return Finding("equal", "bytes")
    return Finding("equal", "probe", missed_share(theirs, role))


def _header_bytes(checkpoint: Checkpoint) -> int:
    spans = {(entry.file, entry.start, entry.stop) for entry in checkpoint.entries}
    weights = sum(stop - start for _, start, stop in spans)
    return max(0, checkpoint.size_bytes - weights)
