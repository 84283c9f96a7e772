"""One child of the Hub under comparison, and what is found of each of its pairs, the
cheapest evidence first: checksums, probes, full ranges. Judges no pattern.

No step claims what it cannot prove: what differs was seen to differ; what is equal in
all its probes says "probe" and how much may have escaped them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.derived.base_weights import BaseWeights
from core.derived.imprint import Subject, imprint, is_readable, probed_imprint
from core.derived.probes import Part, is_whole, missed_share, parts
from core.derived.reading import Reader, equal_parts, is_plain, large_ranges
from core.derived.samples import cosine
from core.derived.verdict import Evidence, Imprint
from core.hub.budget import ByteBudget
from core.hub.resolve import SMALL_FILE_BYTES
from core.weights.align import Alignment, Pair
from core.weights.entry import Checkpoint, TensorEntry
from core.weights.layout import TensorRole
from core.weights.measure import measure_pairs
from core.weights.metrics import comparable

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


class Case:
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
        if 2 * len(self.same_shape()) < len(self.alignment.pairs):
            return []
        missing = (s for s in own if s.child.name not in self.imprints)
        return [s for s in missing if s.role.is_head and is_readable(s)]

    def _parts(self, theirs: TensorEntry, role: TensorRole) -> list[Part]:
        """Of a small shard everything is looked at: it comes whole anyway."""
        is_small = self.child.source_of(theirs).size <= SMALL_FILE_BYTES
        return [(0, theirs.elements)] if is_small else parts(theirs, role)

    def _gather(self) -> None:
        """Compare strided tensors, if small, element by element."""
        small = [
            (index, ours, theirs)
            for index, ours, theirs, _ in self.open_pairs()
            if max(ours.size_bytes, theirs.size_bytes) <= SMALL_FILE_BYTES
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

    def same_shape(self) -> list[Pair]:
        """Return the pairs of one shape, in order."""
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
