"""The loop closes: snapshots of every kind and distribution go into the store, come out
of it, and are told apart as they were made.
"""

import pytest

from core.derived.compare import compare_checkpoints
from core.snapshots.blocks import find_blocks, retrain_index
from core.snapshots.freeze import recovered_blocks
from core.snapshots.generate import generate_snapshots, make_base
from core.snapshots.retrain_index import DISTRIBUTIONS
from core.snapshots.store.families import add_local_family
from core.snapshots.store.stored_source import export, open_stored
from core.weights.checkpoint import open_checkpoint


def test_every_retrain_index_is_recovered_from_the_store(kind, tiny, store, tmp_path):
    make_base(tmp_path, kind, tiny[kind])
    made = [
        snapshot
        for name in DISTRIBUTIONS
        for snapshot in generate_snapshots(tmp_path, kind, count=1, distribution=name)
    ]
    rows = add_local_family(store, tmp_path / kind)
    assert set(rows["id"]) == {kind, *(snapshot.id for snapshot in made)}
    for snapshot in made:
        export(store, snapshot.id, tmp_path / "out" / snapshot.id)
        with (
            open_stored(store, snapshot.parent) as parent,
            open_checkpoint(tmp_path / "out" / snapshot.id) as child,
        ):
            found = compare_checkpoints(parent, child)
        blocks = find_blocks(tensor.base_name for tensor in found.tensors)
        moved = recovered_blocks(found)
        assert retrain_index(blocks, moved) == snapshot.retrain_index
        assert (
            store.model(snapshot.id).lineage["retrain_index"] == snapshot.retrain_index
        )


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_unique_blocks_are_one_model_and_the_indices(
    distribution, tiny, store, tmp_path
):
    make_base(tmp_path, "vit", tiny["vit"], features_only=True)
    made = generate_snapshots(tmp_path, "vit", count=5, distribution=distribution)
    add_local_family(store, tmp_path / "vit")
    kept = {model.id: blocks_of(model.tensors) for model in store.models()}
    indices = sum(snapshot.retrain_index for snapshot in made)
    assert len(set().union(*kept.values())) == len(kept["vit"]) + indices


def blocks_of(tensors) -> set[tuple[str, ...]]:
    """Return each block as its digests, a final norm with the block before it."""
    joined = []
    for block in find_blocks(tensors):
        if block.part == "norm":
            joined[-1] += block.tensors
        else:
            joined.append(block.tensors)
    return {tuple(tensors[name].digest for name in sorted(names)) for names in joined}
