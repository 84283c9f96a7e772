"""The tree of chains against a set of their beginnings."""

import numpy as np
import pytest

from core.snapshots.prefix_tree import (
    Node,
    kept_bytes,
    prefix_tree,
    pruned,
    separate,
    work,
)


def leaves(roots) -> list[Node]:
    below = [leaf for node in roots for leaf in leaves(node.children)]
    return [node for node in roots if not node.children] + below


def chains_of(seed: int, count: int = 20, length: int = 6) -> list[str]:
    """Draw chains that begin alike: each copies another's beginning."""
    draw, chains = np.random.default_rng(seed), ["a" * length]
    for index in range(1, count):
        parent, keep = chains[draw.integers(index)], draw.integers(length + 1)
        chains.append(parent[:keep] + chr(98 + index) * (length - keep))
    return chains


@pytest.mark.parametrize("seed", range(5))
def test_every_beginning_is_run_once(seed):
    chains = chains_of(seed)
    beginnings = {chain[: i + 1] for chain in chains for i in range(len(chain))}
    assert work(prefix_tree(chains), [1] * 6) == len(beginnings)
    assert work(separate(chains), [1] * 6) == 6 * len(chains)


@pytest.mark.parametrize("seed", range(5))
def test_leaves_hold_each_member_once_and_equal_ones_together(seed):
    chains = chains_of(seed)
    found = leaves(prefix_tree(chains))
    assert sorted(m for leaf in found for m in leaf.members) == list(range(20))
    for leaf in found:
        assert leaf.stop == 6 and len({chains[m] for m in leaf.members}) == 1


def test_pruning_is_the_tree_of_those_that_are_left():
    chains = chains_of(7)
    left = pruned(prefix_tree(chains), {3, 5, 8})
    assert sorted(m for leaf in leaves(left) for m in leaf.members) == [3, 5, 8]
    chosen = [chains[m] for m in (3, 5, 8)]
    assert work(left, [1] * 6) == work(prefix_tree(chosen), [1] * 6)


def test_what_is_kept_is_the_heaviest_path():
    roots = prefix_tree(["abc", "abd", "aef"])
    assert kept_bytes(roots, [100, 10, 1]) == 111
    assert kept_bytes((), [1]) == 0
