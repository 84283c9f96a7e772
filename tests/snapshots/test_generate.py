"""Synthetic snapshots compared with what they were made from: the loop closes."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest

from core.derived.compare import compare_paths
from core.derived.local import list_children
from core.errors import UsageError
from core.snapshots.blocks import find_blocks, retrain_index
from core.snapshots.freeze import recovered_blocks
from core.snapshots.generate import generate_snapshots, make_base
from core.snapshots.lineage import list_snapshots, read_snapshot
from core.snapshots.retrain_index import DISTRIBUTIONS
from core.transfer.state import digest_of, read_state

FROZEN = {True: "head-only", False: "frozen-prefix"}


def unique_blocks(folders, contents) -> int:
    """Count different blocks, a final norm with the block before it."""
    seen = set()
    for folder in folders:
        tensors = contents(folder)
        joined = []
        for block in find_blocks(tensors):
            if block.part == "norm":
                joined[-1] += block.tensors
            else:
                joined.append(block.tensors)
        for names in joined:
            seen.add(sha256(b"".join(tensors[n] for n in sorted(names))).digest())
    return len(seen)


def test_every_pattern_and_index_is_recovered(kind, tiny, tmp_path):
    base = make_base(tmp_path, kind, tiny[kind])
    for name in DISTRIBUTIONS:
        for made in generate_snapshots(tmp_path, kind, count=2, distribution=name):
            found = compare_paths(tmp_path / made.parent, tmp_path / made.id)
            blocks = find_blocks(t.base_name for t in found.tensors)
            moved = recovered_blocks(found)
            assert moved == made.retrained
            assert retrain_index(blocks, moved) == made.retrain_index
            assert found.kind == FROZEN[made.retrain_index == 0]
            assert made.base == base.id


def test_unique_blocks_are_the_indices_and_one_model(kind, tiny, tmp_path, contents):
    make_base(tmp_path, kind, tiny[kind], features_only=True)
    one = unique_blocks([tmp_path / kind], contents)
    for name in DISTRIBUTIONS:
        made = generate_snapshots(tmp_path, kind, count=3, distribution=name)
        folders = [tmp_path / kind, *(tmp_path / snapshot.id for snapshot in made)]
        indices = sum(snapshot.retrain_index for snapshot in made)
        assert unique_blocks(folders, contents) == one + indices


def test_the_same_seed_draws_the_same_and_another_draws_others(tiny, tmp_path):
    found = []
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        make_base(tmp_path / folder, "base", tiny["vit"])
        made = generate_snapshots(tmp_path / folder, "base", count=3, seed=seed)
        found.append([snapshot.weights_digest for snapshot in made])
    assert found[0] == found[1] and not set(found[0]) & set(found[2])


def test_a_folder_that_is_there_is_kept_and_one_that_is_gone_comes_again(
    tiny, tmp_path
):
    make_base(tmp_path, "base", tiny["vit"])
    first = generate_snapshots(tmp_path, "base", count=3)
    kept, gone = (tmp_path / first[i].id / "model.safetensors" for i in (0, 1))
    stamp = kept.stat().st_mtime_ns
    gone.parent.rename(tmp_path / ".gone")
    again = generate_snapshots(tmp_path, "base", count=3)
    assert [s.weights_digest for s in again] == [s.weights_digest for s in first]
    assert gone.is_file() and kept.stat().st_mtime_ns == stamp


def test_records_tell_what_is_stored(tiny, tmp_path):
    make_base(tmp_path, "base", tiny["mobilenet"], classes=["cat", "dog"])
    made = generate_snapshots(tmp_path, "base", count=2, same_base=True)
    for snapshot in made:
        state, digest = read_state(tmp_path / snapshot.id)
        assert digest == digest_of(state) == snapshot.weights_digest
        assert read_snapshot(tmp_path / snapshot.id) == snapshot
        assert snapshot.parent == "base" and snapshot.classes == ("cat", "dog")
    assert [s.id for s in list_snapshots(tmp_path)] == ["base", *(s.id for s in made)]


def test_the_family_is_found_by_its_cards(tiny, tmp_path):
    make_base(tmp_path, "base", tiny["vit"])
    made = generate_snapshots(tmp_path, "base", count=2, same_base=True)
    children = list_children(tmp_path / "base")
    assert [child.path for child in children] == [tmp_path / s.id for s in made]


def test_a_base_can_be_made_of_another_file(tiny, tmp_path, contents):
    make_base(tmp_path / "a", "one", tiny["resnet"], seed=3)
    weights = tmp_path / "a/one/model.safetensors"
    copy = make_base(tmp_path / "b", "two", tiny["resnet"], weights=weights)
    assert contents(tmp_path / "b/two") == contents(tmp_path / "a/one")
    assert len(copy.classes) == 10


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "a b"])
def test_a_name_that_is_no_folder_is_refused(name, tiny, tmp_path):
    with pytest.raises(UsageError, match="cannot be a folder"):
        make_base(tmp_path, name, tiny["vit"])


def test_a_damaged_record_is_passed_over(tiny, tmp_path):
    make_base(tmp_path, "base", tiny["vit"])
    (made,) = generate_snapshots(tmp_path, "base", count=1)
    (tmp_path / made.id / "snapshot.json").write_text("{")
    assert [snapshot.id for snapshot in list_snapshots(tmp_path)] == ["base"]


def test_two_writers_of_one_folder_make_each_snapshot_once(tiny, tmp_path):
    make_base(tmp_path, "base", tiny["vit"])
    with ThreadPoolExecutor(3) as pool:
        jobs = [
            pool.submit(generate_snapshots, tmp_path, "base", count=3) for _ in range(3)
        ]
        found = [[s.weights_digest for s in job.result()] for job in jobs]
    assert found[0] == found[1] == found[2]
    for snapshot in list_snapshots(tmp_path):
        assert read_state(tmp_path / snapshot.id)[1] == snapshot.weights_digest
    assert len(list_snapshots(tmp_path)) == 4
