"""What a family takes on disk, against files hashed tensor by tensor."""

from hashlib import sha256

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from core.derived.family import family
from core.derived.storage import SIZES, storage
from core.settings import load_settings
from tests.standin import Standin, generated_safetensors, tune, vit
from tests.standin.families import BASE, WEIGHTS, publish, tuned_vit
from tests.standin.siblings import save_siblings


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    root = tmp_path_factory.mktemp("storage")
    base = save_siblings(root / "models")
    half = base.parent / "half"
    half.mkdir()
    (half / "README.md").write_text("---\nbase_model: vit\n---\n")
    cast = {n: a.astype(np.float16) for n, a in load_file(base / WEIGHTS).items()}
    save_file(cast, half / WEIGHTS)
    return base, family(base, load_settings({"PEDIGREE_CACHE": str(root / "cache")}))


def tensors_of(base):
    """Every tensor of every model as (dtype, shape, bytes), read from the files."""
    for path in sorted(base.parent.glob(f"*/{WEIGHTS}")):
        for array in load_file(path).values():
            yield array.dtype.str, array.shape, array.tobytes()


def test_tensors_read_whole_are_counted_as_hashing_every_file_would(local):
    base, found = local
    everything = list(tensors_of(base))
    once = {sha256(repr(t[:2]).encode() + t[2]).digest(): len(t[2]) for t in everything}
    total = storage(found.base, found.results).total
    assert total["published"] == sum(len(content) for *_, content in everything)
    assert total["least"] == total["most"] == sum(once.values())


def test_every_block_has_its_row_and_more_knowledge_never_takes_more(local):
    blocks = storage(local[1].base, local[1].results).blocks
    assert [*blocks["block"][:2], blocks["block"].iloc[-1]] == [
        "block 0", "block 1", "head",
    ]  # fmt: skip
    assert (blocks["least"] <= blocks["most"]).all()
    assert (blocks["most"] <= blocks["files_once"]).all()
    assert (blocks["files_once"] <= blocks["published"]).all()


def test_only_a_base_without_compared_children_takes_nothing():
    found = storage("vit", [])
    assert found.models == 0 and found.total.tolist() == [0.0] * len(SIZES)


def test_what_was_only_probed_makes_a_range_and_equal_files_do_not(tmp_path):
    shape = {"width": 288, "depth": 4, "image": 32}
    made = tuned_vit(**shape)
    first = tune(made, "*layer.3*", by="first")
    again = generated_safetensors(first, {"saved": "again"})
    with Standin() as hub:
        publish(hub, BASE, vit(**shape))
        publish(hub, "ann/first", first, base_model=BASE)
        publish(hub, "bob/mirror", first, base_model=BASE)
        hub.repository("eve/again", files={WEIGHTS: again}, base_model=BASE)
        place = {"PEDIGREE_CACHE": str(tmp_path), "HF_ENDPOINT": hub.endpoint}
        found = family(BASE, load_settings(place))
    told = storage(BASE, found.results)
    total, size = told.total, sum(t.size_bytes for t in first.values())
    base = sum(t.size_bytes for t in vit(**shape).values())
    changed = {n: t for n, t in first.items() if t.tuned or n.startswith("classifier")}
    own = sum(t.size_bytes for t in changed.values())
    assert total["published"] == base + 3 * size
    assert total["files_once"] == base + 2 * size
    assert total["least"] == base + own
    small = {n for n, t in first.items() if t.size_bytes <= 256 * 1024}
    unsure = first.keys() - small | {"classifier.weight"}  # of new heads samples alone
    doubled = sum(
        first[name].size_bytes * (1 if name in changed else 2) for name in unsure
    )
    assert total["most"] == base + own + doubled
    assert set(told.proofs["proof"]) == {"bytes", "probe"}
