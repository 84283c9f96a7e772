"""What a comparison keeps of a tensor that differs from the base, so that children can
later be compared with each other without their files. Knows no verdicts.

All children of a base are sampled at the same elements, and only where the probes look
(see `core.derived.probes`), so that a sample costs no traffic of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np

from core.derived.probes import Part, is_whole, table_rows
from core.derived.reading import RANGE_BYTES, Reader, is_plain
from core.derived.samples import as_floats
from core.derived.verdict import FLOATS, SKETCH, Imprint
from core.weights.entry import Checkpoint, TensorEntry
from core.weights.gathered import item_bytes
from core.weights.layout import TensorRole
from core.weights.rounding import rounded
from core.weights.sketch import seed_of, sign_table

EDGE_ELEMENTS = 512
"""Sampled at either end of a tensor: a probe reads as many even of doubles."""

ROW_ELEMENTS = 32
"""Sampled of each of the rows that are spread over an embedding table."""


@dataclass(frozen=True)
class Subject:
    """A tensor of a child to take an imprint of; `base` is its counterpart, if any."""

    base: TensorEntry | None
    child: TensorEntry
    role: TensorRole

    @property
    def places(self) -> list[Part]:
        """The elements that are sampled."""
        return sample_parts(self.child, self.role)


def sample_parts(entry: TensorEntry, role: TensorRole) -> list[Part]:
    """Return the elements to sample; they depend on shape and role, not on the dtype.

    >>> role = TensorRole("w", "stem", "encoder", 0)
    >>> sample_parts(TensorEntry("w", "F16", (768, 768), 0, 1179648), role)
    [(0, 512), (589312, 589824)]
    """
    count = entry.elements
    if count <= 2 * EDGE_ELEMENTS:
        return [(0, count)]
    ends = {(0, EDGE_ELEMENTS), (count - EDGE_ELEMENTS, count)}
    if not role.is_embedding:
        return sorted(ends)
    width = count // entry.shape[0]
    firsts = (row * width for row in table_rows(entry.shape[0]))
    spread = {(first, first + min(width, ROW_ELEMENTS)) for first in firsts}
    return sorted(ends | spread)


def imprint(
    subject: Subject,
    child: Sequence[bytes],
    base: Sequence[bytes] = (),
    *,
    whole: bytes | None = None,
) -> Imprint:
    """Return the imprint of one tensor from its sampled parts and the base's.

    `whole` are all bytes, where more than the samples were read.
    """
    entry = subject.child
    if whole is None and is_whole(entry, subject.places):
        whole = child[0]
    address = blake2b(digest_size=8)
    address.update(repr((entry.dtype, entry.shape)).encode())
    for content in child:
        address.update(content)
    return Imprint(
        digest=None if whole is None else content_digest(entry, [whole]),
        crc32=entry.crc32,
        sample=address.digest(),
        sketch=_sketch(subject, b"".join(child), b"".join(base)),
    )


def probed_imprint(
    subject: Subject, places: Sequence[Part], read: Sequence[tuple[bytes, bytes]]
) -> Imprint:
    """Return the imprint of a tensor from what the probes read of base and child."""
    base, child = (
        cut(entry, places, held, subject.places)
        for entry, held in zip(
            (subject.base, subject.child), zip(*read, strict=True), strict=True
        )
    )
    whole = read[0][1] if is_whole(subject.child, places) else None
    return imprint(subject, child, base, whole=whole)


def imprints(
    base: Checkpoint,
    child: Checkpoint,
    subjects: Sequence[Subject],
    *,
    contents: bool = True,
) -> dict[str, Imprint]:
    """Read samples of tensors, and with `contents` also all bytes for their digests.

    Returns the imprints by the child's names; strided tensors have none.
    """
    plain = [s for s in subjects if is_readable(s)]
    paired = [s for s in plain if s.base is not None]
    ours = iter(Reader(base).read([(s.base, p) for s in paired for p in s.places]))
    theirs = iter(Reader(child).read([(s.child, p) for s in plain for p in s.places]))
    found = {}
    for subject in plain:
        parts = [next(theirs) for _ in subject.places]
        before = [next(ours) for _ in subject.places] if subject.base else []
        taken = imprint(subject, parts, before)
        if contents:
            digest = content_digest(subject.child, _pieces(child, subject.child))
            taken = replace(taken, digest=digest)
        found[subject.child.name] = taken
    return found


def cut(
    entry: TensorEntry,
    places: Sequence[Part],
    contents: Sequence[bytes],
    wanted: Sequence[Part],
) -> list[bytes]:
    """Return the wanted elements out of what was read at `places`, which cover them.

    >>> entry = TensorEntry("w", "U8", (9,), 0, 9)
    >>> cut(entry, [(0, 3), (6, 9)], [b"abc", b"ghi"], [(7, 9)])
    [b'hi']
    """
    item, found = item_bytes(entry), []
    for first, last in wanted:
        held = ((a, c) for (a, b), c in zip(places, contents, strict=True)
                if a <= first and last <= b)  # fmt: skip
        start, content = next(held)
        found.append(content[(first - start) * item : (last - start) * item])
    return found


def is_readable(subject: Subject) -> bool:
    """Whether the elements lie in order in both files, and are plain numbers."""
    entry = subject.child
    plain = is_plain(subject.base or entry, entry)
    return plain and not entry.quantized and entry.elements > 0


def content_digest(entry: TensorEntry, pieces: Iterable[bytes]) -> bytes:
    """Return a name for a tensor's content, wherever it lies and whatever it is called.

    >>> flat, square = (TensorEntry("w", "U8", s, 0, 4) for s in ((4,), (2, 2)))
    >>> content_digest(flat, [b"abcd"]) == content_digest(flat, [b"ab", b"cd"])
    True
    >>> content_digest(flat, [b"abcd"]) == content_digest(square, [b"abcd"])
    False
    """
    address = blake2b(digest_size=16)
    address.update(repr((entry.dtype, entry.shape)).encode())
    for piece in pieces:
        address.update(piece)
    return address.digest()


def _pieces(checkpoint: Checkpoint, entry: TensorEntry) -> Iterable[bytes]:
    source = checkpoint.source_of(entry)
    for start in range(entry.start, entry.stop, RANGE_BYTES):
        yield source.read(start, min(start + RANGE_BYTES, entry.stop))


def _sketch(subject: Subject, child: bytes, base: bytes) -> bytes | None:
    """Project the delta by random signs that come from the tensor's name alone."""
    entry = subject.child
    dtypes = {entry.dtype, subject.base.dtype if subject.base else entry.dtype}
    if not dtypes <= FLOATS:
        return None
    delta = as_floats(child, entry.dtype)
    if subject.base:
        ours, theirs = np.frombuffer(base, np.uint8), np.frombuffer(child, np.uint8)
        told = rounded(ours, subject.base.dtype, theirs, entry.dtype)
        with np.errstate(invalid="ignore"):
            delta = delta - as_floats(bytes(told), entry.dtype)
    delta[~np.isfinite(delta)] = 0
    table = sign_table()
    seed = seed_of((subject.base or entry).name)
    signed = delta * table[seed % (len(table) - len(delta)) :][: len(delta)]
    lanes = np.zeros(-(-len(delta) // SKETCH) * SKETCH)
    lanes[: len(delta)] = signed * np.sqrt(entry.elements / len(delta))
    with np.errstate(over="ignore"):
        drawn = lanes.reshape(-1, SKETCH).sum(axis=0).astype(np.float32)
    return drawn.tobytes() if np.isfinite(drawn).all() else None
