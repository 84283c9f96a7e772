"""Which tensor of a child is which tensor of the base: by name, then by spelling, by
prefix, by content, by shape. Reads bytes only through the callables it is given.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from core.weights.entry import TensorEntry
from core.weights.layout import TensorRole, layout
from core.weights.matching import (
    Content,
    Matching,
    join_by_prefix,
    same_content,
    same_order,
    same_spelling,
)

Status = Literal["same-shape", "reshaped", "added", "removed", "tied"]


@dataclass(frozen=True, slots=True)
class Pair:
    """One tensor of the base and its counterpart; either side may be missing.

    `tied` is a missing or extra copy of a tensor that its own checkpoint also holds
    under another name.
    """

    base: TensorEntry | None
    child: TensorEntry | None
    status: Status


@dataclass(frozen=True)
class Alignment:
    """All pairs, the base's in its own order and then what the child adds.

    `renamed_prefix` is the prefix that one side puts before the other's names.
    """

    pairs: tuple[Pair, ...]
    base_roles: Mapping[str, TensorRole]
    child_roles: Mapping[str, TensorRole]
    renamed_prefix: str | None = None

    def role(self, pair: Pair) -> TensorRole:
        """The role of a pair: the base's word, so that children of one base agree.

        What a child adds outside the prefix that holds the base is a new head.
        """
        if pair.base:
            return self.base_roles[pair.base.name]
        role = self.child_roles[pair.child.name]
        if not self.is_wrapped or role.name.startswith(self.renamed_prefix):
            return role
        return replace(
            role,
            is_head=True,
            component="head",
            block="head",
            number=None,
            order=self._last_order,
        )

    @cached_property
    def _last_order(self) -> int:
        return max((role.order for role in self.base_roles.values()), default=0) + 1

    @cached_property
    def is_wrapped(self) -> bool:
        """Whether the child holds the base below `renamed_prefix`."""
        prefix = self.renamed_prefix
        return prefix is not None and any(
            pair.base and pair.child and pair.child.name == prefix + pair.base.name
            for pair in self.pairs
        )

    def having(self, status: Status) -> list[Pair]:
        """The pairs of one status."""
        return [pair for pair in self.pairs if pair.status == status]


def align(
    base: Sequence[TensorEntry],
    child: Sequence[TensorEntry],
    *,
    base_content: Content | None = None,
    child_content: Content | None = None,
) -> Alignment:
    """Pair the tensors of two checkpoints, whatever they are called.

    The content callables (a digest of an entry's bytes) are asked only about tensors
    that no name explains; entries with a stored CRC32 need none.

    >>> a = TensorEntry("norm.weight", "F32", (8,), 0, 32)
    >>> b = TensorEntry("model.norm.weight", "F32", (8,), 0, 32)
    >>> found = align([a], [b])
    >>> found.pairs[0].status, found.renamed_prefix
    ('same-shape', 'model.')
    """
    ours = {entry.name: entry for entry in base}
    theirs = {entry.name: entry for entry in child}
    roles = layout(base)
    same_names = ours.keys() == theirs.keys()
    matching = Matching(ours, theirs, roles, roles if same_names else layout(child))
    matching.join_all((name, name) for name in matching.base if name in matching.child)
    matching.join_all(same_spelling(matching))
    prefix = join_by_prefix(matching)
    matching.join_all(same_content(matching, base_content, child_content))
    matching.join_all(same_order(matching))
    return Alignment(
        tuple(_pairs(base, child, matching)),
        matching.base_roles,
        matching.child_roles,
        prefix,
    )


def _pairs(
    base: Sequence[TensorEntry], child: Sequence[TensorEntry], matching: Matching
) -> Iterator[Pair]:
    has_twin = _twins(base, matching.base_roles)
    for entry in base:
        partner = matching.partner.get(entry.name)
        if partner is None:
            yield Pair(entry, None, "tied" if has_twin(entry) else "removed")
        else:
            same = entry.shape == partner.shape
            yield Pair(entry, partner, "same-shape" if same else "reshaped")
    has_twin = _twins(child, matching.child_roles)
    for entry in child:
        if entry.name in matching.child:
            yield Pair(None, entry, "tied" if has_twin(entry) else "added")


def _twins(
    entries: Sequence[TensorEntry], roles: Mapping[str, TensorRole]
) -> Callable[[TensorEntry], bool]:
    """Tell which tensors a checkpoint also holds under another name.

    A shared storage says so; so does an output layer with the shape of the embedding,
    and a `predictions.decoder.bias` beside `predictions.bias`.
    """
    storages = Counter(entry.storage for entry in entries if entry.storage is not None)
    tables = {entry.shape for entry in entries if roles[entry.name].is_embedding}

    def has_twin(entry: TensorEntry) -> bool:
        if storages[entry.storage] > 1:
            return True
        if not roles[entry.name].is_head:
            return False
        if entry.name.endswith(".decoder.bias"):
            return entry.name.replace(".decoder.bias", ".bias") in roles
        return entry.shape in tables

    return has_twin
