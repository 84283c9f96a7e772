"""Ways to recognize a tensor under another name. Each finds (base name, child name)
among what the ways before it left unmatched; the order is the caller's.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from core.weights.entry import TensorEntry
from core.weights.layout import TensorRole
from core.weights.renames import canonical

Content = Callable[[TensorEntry], Hashable]

MOST_PREFIXES = 8
MOST_PARTS = 12
VOTERS = 64
"""How many names, spread over the child, are asked for the prefix they carry."""


@dataclass
class Matching:
    """What is still unmatched on both sides, and the partners found so far."""

    base: dict[str, TensorEntry]
    child: dict[str, TensorEntry]
    base_roles: Mapping[str, TensorRole]
    child_roles: Mapping[str, TensorRole]
    partner: dict[str, TensorEntry] = field(default_factory=dict)

    def join(self, base_name: str, child_name: str) -> None:
        """Take both names for one tensor; a head never becomes a backbone tensor."""
        heads = self.base_roles[base_name].is_head, self.child_roles[child_name].is_head
        if heads[0] == heads[1]:
            self.partner[base_name] = self.child.pop(child_name)
            del self.base[base_name]

    def join_all(self, names: Iterable[tuple[str, str]]) -> None:
        """Join every (base name, child name)."""
        for base_name, child_name in list(names):
            self.join(base_name, child_name)


def same_spelling(matching: Matching) -> Iterator[tuple[str, str]]:
    """Find names that are known spellings of one name."""
    ours, theirs = _by_key(matching.base), _by_key(matching.child)
    return ((ours[key], theirs[key]) for key in ours if key in theirs)


def _by_key(entries: Iterable[str]) -> dict[str, str]:
    """Canonical spelling -> name, without the spellings that two names share."""
    names = list(entries)
    counts = Counter(canonical(name) for name in names)
    return {canonical(n): n for n in names if counts[canonical(n)] == 1}


def join_by_prefix(matching: Matching) -> str | None:
    """Join names that differ by a prefix, and return it: the commonest where there are
    several.
    """
    explained = Counter[str]()
    for _ in range(MOST_PREFIXES):
        if not matching.base or not matching.child:
            break
        ours, theirs = _by_key(matching.base), _by_key(matching.child)
        prefixes = _likeliest_prefixes(matching, ours, theirs)
        if not prefixes:
            break
        mine, other = prefixes
        before = len(matching.partner)
        matching.join_all(
            (name, theirs[other + key.removeprefix(mine)])
            for key, name in ours.items()
            if key.startswith(mine) and other + key.removeprefix(mine) in theirs
        )
        if len(matching.partner) == before:
            break
        explained[other or mine] += len(matching.partner) - before
    return explained.most_common(1)[0][0] if explained else None


def _likeliest_prefixes(
    matching: Matching, ours: Mapping[str, str], theirs: Mapping[str, str]
) -> tuple[str, str] | None:
    """The (base prefix, child prefix) that explains the most names of equal shape."""
    owners = defaultdict(list)
    for key in ours:
        for prefix, suffix in _cuts(key):
            owners[suffix].append((prefix, key))
    votes = Counter[tuple[str, str]]()
    for key, name in list(theirs.items())[:: 1 + len(theirs) // VOTERS]:
        shape = matching.child[name].shape
        for prefix, suffix in _cuts(key):
            fitting = [
                (mine, prefix)
                for mine, owner in owners.get(suffix, ())
                if matching.base[ours[owner]].shape == shape
                and _is_plausible(mine, prefix, suffix)
            ]
            votes.update(fitting)
    if not votes:
        return None
    return max(votes, key=lambda pair: (votes[pair], -len(pair[0] + pair[1]), pair))


def _cuts(key: str) -> Iterator[tuple[str, str]]:
    """Every (prefix, suffix) of a name, up to the first block number.

    >>> list(_cuts("vit.layers.0.bias"))
    [('', 'vit.layers.0.bias'), ('vit.', 'layers.0.bias'), ('vit.layers.', '0.bias')]
    """
    start = 0
    for part in key.split(".", MOST_PARTS)[:MOST_PARTS]:
        yield key[:start], key[start:]
        if part.isdecimal():
            return
        start += len(part) + 1


def _is_plausible(mine: str, other: str, suffix: str) -> bool:
    """One side must be bare, unless what follows is long and inside a block."""
    if bool(mine) != bool(other):
        return "." in suffix or not re.search(r"\d", mine + other)
    return mine != other and bool(re.search(r"\w\.\d+\.\w", suffix))


def same_content(
    matching: Matching, base_content: Content | None, child_content: Content | None
) -> Iterator[tuple[str, str]]:
    """Find tensors of equal shape and dtype that hold the same bytes."""
    kinds = {(e.shape, e.dtype) for e in matching.base.values()}
    kinds &= {(e.shape, e.dtype) for e in matching.child.values()}
    ours = _by_content(matching.base, kinds, base_content)
    theirs = _by_content(matching.child, kinds, child_content)
    for digest in ours.keys() & theirs.keys():
        if len(ours[digest]) == len(theirs[digest]):
            yield from zip(ours[digest], theirs[digest], strict=True)


def _by_content(
    entries: Mapping[str, TensorEntry], kinds: set, content: Content | None
) -> dict[Hashable, list[str]]:
    found = defaultdict(list)
    for name in sorted(entries, key=_natural):
        entry = entries[name]
        if (entry.shape, entry.dtype) not in kinds:
            continue
        digest = content(entry) if content else entry.crc32
        if digest is not None:
            found[entry.shape, entry.dtype, digest].append(name)
    return found


def same_order(matching: Matching) -> Iterator[tuple[str, str]]:
    """Tensors of one block and shape, in order, where the two sides match wholly.

    Anything less would pair strangers that merely have the same width.
    """
    ours = _by_shape(matching.base, matching.base_roles)
    theirs = _by_shape(matching.child, matching.child_roles)
    whole = ours.keys() == theirs.keys()
    mostly = len(matching.partner) >= len(matching.base)
    for group in ours.keys() & theirs.keys():
        fits = len(ours[group]) == len(theirs[group])
        if fits and (whole or mostly):
            yield from zip(ours[group], theirs[group], strict=True)


def _by_shape(
    entries: Mapping[str, TensorEntry], roles: Mapping[str, TensorRole]
) -> dict[tuple, list[str]]:
    found = defaultdict(list)
    for name in sorted(entries, key=_natural):
        role = roles[name]
        if role.decides:
            place = role.number if role.number is not None else role.block
            kind = entries[name].shape, role.is_norm, role.is_bias
            found[place, role.layer, kind].append(name)
    return found


def _natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts `layer.2` before `layer.10`.

    >>> _natural("layer.10.bias")
    [(-1, 'layer'), (10, ''), (-1, 'bias')]
    """
    return [
        (int(part), "") if part.isdecimal() and len(part) < 10 else (-1, part)
        for part in name.split(".")
    ]
