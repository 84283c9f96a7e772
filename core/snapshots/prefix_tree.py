"""Snapshots as a tree of what they share from the input on. A chain is a snapshot's
sections as digests; snapshots whose chains begin alike share a node. Knows no networks.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    """Sections `start` to before `stop`, equal in all `members` (places in the list of
    chains); `children` go on from there. A leaf's members are equal throughout.
    """

    start: int
    stop: int
    members: tuple[int, ...]
    children: tuple["Node", ...] = ()


def prefix_tree(chains: Sequence[Sequence[str]]) -> tuple[Node, ...]:
    """Return the roots of the tree of chains, all of one length.

    >>> roots = prefix_tree(["aab", "aac", "xac"])
    >>> [(node.start, node.stop, node.members) for node in roots]
    [(0, 2, (0, 1)), (0, 3, (2,))]
    >>> [child.members for child in roots[0].children]
    [(0,), (1,)]
    """
    return _grown(chains, range(len(chains)), 0)


def separate(chains: Sequence[Sequence[str]]) -> tuple[Node, ...]:
    """Return the tree in which nothing is shared: a node a chain."""
    return tuple(Node(0, len(chain), (i,)) for i, chain in enumerate(chains))


def pruned(roots: Sequence[Node], members: set[int]) -> tuple[Node, ...]:
    """Keep the nodes that lead to `members`, and these alone.

    >>> pruned(prefix_tree(["ab", "ac"]), {1})[0].children
    (Node(start=1, stop=2, members=(1,), children=()),)
    """
    kept = ((node, tuple(m for m in node.members if m in members)) for node in roots)
    return tuple(
        Node(node.start, node.stop, left, pruned(node.children, members))
        for node, left in kept
        if left
    )


def work(roots: Sequence[Node], costs: Sequence[float]) -> float:
    """Return what running every node once costs; `costs` are those of the sections.

    >>> work(prefix_tree(["ab", "ac"]), [10, 1]), work(separate(["ab", "ac"]), [10, 1])
    (12, 22)
    """
    return sum(
        sum(costs[node.start : node.stop]) + work(node.children, costs)
        for node in roots
    )


def kept_bytes(roots: Sequence[Node], sizes: Sequence[int]) -> int:
    """Return the most that is kept of one image at once, depth first.

    `sizes` are the bytes that leave each section; a node's are kept until its last
    child has begun.

    >>> kept_bytes(prefix_tree(["aab", "aac", "xac"]), [8, 4, 1])
    5
    """
    return max(
        (sizes[node.stop - 1] + kept_bytes(node.children, sizes) for node in roots),
        default=0,
    )


def _grown(
    chains: Sequence[Sequence[str]], members: Sequence[int], start: int
) -> tuple[Node, ...]:
    groups: dict[str, list[int]] = {}
    for member in members:
        if start < len(chains[member]):
            groups.setdefault(chains[member][start], []).append(member)
    nodes = []
    for group in groups.values():
        stop, length = start + 1, len(chains[group[0]])
        while stop < length and len({chains[member][stop] for member in group}) == 1:
            stop += 1
        nodes.append(Node(start, stop, tuple(group), _grown(chains, group, stop)))
    return tuple(nodes)
