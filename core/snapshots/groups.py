"""Snapshots that can share a forward pass: those of one architecture, cut into the same
sections, each section known by what its tensors hold.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from core.errors import PedigreeError
from core.snapshots.candidates import Candidate
from core.snapshots.expected import Shape, check_weights, expected_shapes
from core.snapshots.prefix_tree import Node, prefix_tree, pruned, separate
from core.snapshots.sections import Sections
from core.transfer.images import ImageSet

VERSION = 1
"""Raised when the same images and weights would give other features."""

BATCH = 64
"""Images that run together. Fixed, since a sum may depend on how many there are, so
that sharing, budget and rounds change no bit of a feature.
"""


@dataclass(frozen=True)
class Group:
    """Snapshots of one architecture that can share, cut into the same sections.

    `chains` are the sections before the head as digests, `folders` where the features
    of each are kept.
    """

    members: tuple[Candidate, ...]
    sections: Sections
    chains: tuple[tuple[str, ...], ...]
    folders: tuple[Path, ...]

    def tree(self, members: Iterable[int], *, share: bool) -> tuple[Node, ...]:
        """Return what is run for some members; nothing is shared unless `share`."""
        grow = prefix_tree if share else separate
        return pruned(grow(self.chains), set(members))


def group_by_architecture(
    candidates: Sequence[Candidate], images: ImageSet, root: Path, *, device: str
) -> tuple[list[Group], dict[str, str]]:
    """Group candidates that can share, and say why others cannot be run.

    `root` is where features are kept: by weights, images, and all that changes a bit.
    """
    alike: dict[str, list[Candidate]] = defaultdict(list)
    for one in candidates:
        alike[repr(one.architecture.document())].append(one)
    groups, failures = [], {}
    for document, members in alike.items():
        built = members[0].architecture
        try:
            wrong = _wrong_weights(expected_shapes(built), members)
            fitting = [one for one in members if one.id not in wrong]
            failures |= wrong
            if fitting:
                key = repr((VERSION, BATCH, document, images.key, device))
                sections = Sections(built, device=device)
                groups.append(_group(sections, fitting, root, key))
        except PedigreeError as error:
            failures |= {one.id: str(error) for one in members}
    return groups, failures


def _wrong_weights(
    expected: Mapping[str, Shape | None], members: Sequence[Candidate]
) -> dict[str, str]:
    wrong = {}
    for one in members:
        shapes = {name: piece.shape for name, piece in one.pieces.items()}
        try:
            check_weights(expected, shapes, one.id)
        except PedigreeError as error:
            wrong[one.id] = str(error)
    return wrong


def _group(
    sections: Sections, members: Sequence[Candidate], root: Path, key: str
) -> Group:
    chains, folders = [], []
    for one in members:
        digests = [
            _digest([one.pieces[t].digest if t in one.pieces else ""
                     for t in sections.tensors(place, place + 1)])
            for place in range(sections.head + 1)
        ]  # fmt: skip
        chains.append(tuple(digests[: sections.head]))
        folders.append(root / _digest([key, *digests])[:32])
    return Group(tuple(members), sections, tuple(chains), tuple(folders))


def _digest(parts: Sequence[str]) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()
