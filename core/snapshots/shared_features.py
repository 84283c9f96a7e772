"""Features of many snapshots on one image set, with every common prefix run once: depth
first through the tree of what they share, activations within a budget. Kept as shards,
so that a killed run goes on and a second one computes nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np

from core.errors import UsageError
from core.snapshots.activation import Activation
from core.snapshots.groups import BATCH, Group
from core.snapshots.prefix_tree import Node, kept_bytes, pruned
from core.snapshots.sections import Sections
from core.transfer.batches import Batch, batches
from core.transfer.images import ImageSet
from core.transfer.shards import (
    Shard,
    missing_shards,
    shard_path,
    shard_rows,
    write_shard,
)

DECODING_THREADS = 4
PIXEL_BYTES = 5
"""Of one channel: as a byte while it waits, as a float when it goes in."""

Step = Callable[[int], None]
Given = list[Activation | None]
"""What enters a section, by batch; None for one without a readable image."""


def compute_features(
    group: Group,
    members: Sequence[int],
    images: ImageSet,
    order: np.ndarray,
    *,
    budget_bytes: int,
    share: bool = True,
    step: Step | None = None,
) -> int:
    """Compute what is missing of the images `order` for `members`, places in the group.

    Returns how many images went through a section, summed over sections. At most
    `budget_bytes` are taken by activations kept between sections and by pixels;
    `step(n)` hears of n more images through a section and may raise to stop. Raises
    UsageError when a single batch does not fit.
    """
    missing = {m: set(missing_shards(group.folders[m], len(order))) for m in members}
    tree = group.tree(members, share=share)
    most = _images_at_once(group, tree, budget_bytes)
    walk = _Walk(group, len(order), step or (lambda images: None))
    for chunks in _passes(group, images, order, set().union(*missing.values()), most):
        now = {shard for shard, _ in chunks}
        walk.run(pruned(tree, {m for m in members if missing[m] & now}), chunks)
    return walk.done


class _Walk:
    """Passes through a tree of sections; keeps parts of shards until they are whole."""

    def __init__(self, group: Group, images: int, step: Step) -> None:
        self.group, self.images, self.step, self.done = group, images, step, 0
        self.sections = group.sections
        self.parts: dict[tuple[int, int], list[Shard]] = defaultdict(list)
        self.chunks: list[tuple[int, Batch]] = []

    def run(self, roots: Sequence[Node], chunks: list[tuple[int, Batch]]) -> None:
        """Run one pass: every node once, on all chunks."""
        self.chunks = chunks
        for root in roots:
            self._visit(root, None)

    def _visit(self, node: Node, given: Given | None, *, last: bool = False) -> None:
        """Run a node and all below it; with `last`, what is given is used up."""
        first = self.group.members[node.members[0]]
        self.sections.load(first.read(self.sections.tensors(node.start, node.stop)))
        out: Given = []
        for place, (_, batch) in enumerate(self.chunks):
            entered = self._pixels(batch) if given is None else given[place]
            if entered is not None:
                entered = self.sections.run(node.start, node.stop, entered)
            out.append(entered)
            if last:
                given[place] = None
            self._count(len(batch.rows) * (node.stop - node.start))
        for child in node.children:
            self._visit(child, out, last=child is node.children[-1])
        for member in () if node.children else node.members:
            self._answer(member, out)

    def _answer(self, member: int, out: Given) -> None:
        """Keep a member's features and class probabilities, shard by whole shard."""
        head = self.sections.tensors(self.sections.head, self.sections.head + 1)
        state = self.group.members[member].read(head)
        self.sections.load(state)
        for (shard, batch), activation in zip(self.chunks, out, strict=True):
            parts = self.parts[member, shard]
            parts.append(_part(self.sections, batch, activation, bool(state)))
            seen = sum(len(part.rows) + len(part.failed) for part in parts)
            if seen == len(shard_rows(shard, self.images)):
                folder = self.group.folders[member]
                folder.mkdir(parents=True, exist_ok=True)
                write_shard(shard_path(folder, shard), joined(parts))
                del self.parts[member, shard]

    def _pixels(self, batch: Batch) -> Activation | None:
        if not batch.rows:
            return None
        seen = self.sections.architecture.preprocess
        return Activation((seen.normalize(batch.pixels),), {})

    def _count(self, images: int) -> None:
        self.done += images
        self.step(images)


def _part(
    sections: Sections, batch: Batch, activation: Activation | None, has_head: bool
) -> Shard:
    features = probabilities = np.empty((0, 0), np.float32)
    if activation is not None:
        features = activation.features.float().cpu().numpy()
        probabilities = np.empty((len(features), 0), np.float32)
    if activation is not None and has_head:
        probabilities = sections.logits(activation).softmax(1).cpu().numpy()
    reasons = np.array(list(batch.failed.values()), np.str_)
    rows, failed = (np.array(list(x), np.int64) for x in (batch.rows, batch.failed))
    return Shard(features, probabilities, rows, failed, reasons)


def joined(parts: Sequence[Shard]) -> Shard:
    """Put shards one behind the other."""
    filled = [part for part in parts if len(part.rows)] or parts[:1]
    return Shard(
        np.concatenate([part.features for part in filled]),
        np.concatenate([part.probabilities for part in filled]),
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.failed for part in parts]),
        np.concatenate([part.reasons for part in parts]),
    )


def _passes(
    group: Group, images: ImageSet, order: np.ndarray, shards: set[int], most: int
) -> Iterator[list[tuple[int, Batch]]]:
    """Yield lists of decoded batches with their shards, at most `most` images each."""
    parts = [
        (shard, order[rows[start : start + BATCH]].tolist())
        for shard in sorted(shards)
        for rows in [np.array(shard_rows(shard, len(order)))]
        for start in range(0, len(rows), BATCH)
    ]
    seen, device = group.sections.architecture.preprocess, group.sections.device
    with ThreadPoolExecutor(DECODING_THREADS, "decode") as pool:
        found = batches(images, [rows for _, rows in parts], seen, device, pool)
        pairs = zip((shard for shard, _ in parts), found, strict=True)
        while chunks := list(islice(pairs, most // BATCH)):
            yield chunks


def _images_at_once(group: Group, tree: Sequence[Node], budget_bytes: int) -> int:
    seen = group.sections.architecture
    pixels = PIXEL_BYTES * seen.channels * seen.preprocess.crop[0] ** 2
    each = pixels + kept_bytes(tree, group.sections.image_bytes)
    batches_at_once = budget_bytes // (each * BATCH)
    if not batches_at_once:
        happened = f"of {budget_bytes:,} bytes holds no {BATCH} images"
        raise UsageError("The budget", happened, f"give {each * BATCH:,}")
    return int(batches_at_once) * BATCH
