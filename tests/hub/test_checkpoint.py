import pytest

from core.derived.compare import compare_checkpoints
from core.errors import CorruptCheckpoint, NoWeights, RepositoryNotFound, UsageError
from core.hub.checkpoint import open_hub_checkpoint
from tests.standin import generated_safetensors, vit

FILE = "model.safetensors"
BOMB = (2**40).to_bytes(8, "little") + b"{" + bytes(5 * 2**20)


def test_a_header_is_read_without_the_weights(family, client, base_file):
    with open_hub_checkpoint("org/base", client) as checkpoint:
        assert {entry.name for entry in checkpoint.entries} == set(
            vit(width=192, depth=6)
        )
        assert checkpoint.sources[FILE].sha256 == base_file.oid
    assert client.traffic.bytes_received < 40_000
    assert client.traffic.requests == 3


def test_a_listing_saves_the_first_request(family, client):
    sha = family.repositories["org/base"].sha
    files = ["config.json", FILE]
    with open_hub_checkpoint("org/base", client, revision=sha, files=files) as opened:
        assert opened.sources[FILE].commit == sha
    assert len(family.requests_to("hub")) == 1


@pytest.mark.parametrize(
    "child, kind", [("org/head", "head-only"), ("org/full", "full")]
)
def test_models_of_the_hub_compare_like_local_ones(family, client, child, kind):
    with (
        open_hub_checkpoint("org/base", client) as base,
        open_hub_checkpoint(child, client) as derived,
    ):
        assert compare_checkpoints(base, derived).kind == kind


def test_shards_are_read_through_their_index(hub, client):
    tensors = vit(width=32, depth=2)
    names = list(tensors)
    halves = {"a.safetensors": names[:20], "b.safetensors": names[20:]}
    weight_map = {name: file for file, part in halves.items() for name in part}
    index = str({"metadata": {}, "weight_map": weight_map}).replace("'", '"')
    files = {
        file: generated_safetensors({name: tensors[name] for name in part})
        for file, part in halves.items()
    }
    hub.repository("org/shards", files={"model.safetensors.index.json": index, **files})
    with open_hub_checkpoint("org/shards", client) as checkpoint:
        assert {entry.name for entry in checkpoint.entries} == set(names)
    hub.repositories["org/shards"].missing = frozenset({"b.safetensors"})
    with pytest.raises(RepositoryNotFound, match=r"b\.safetensors"):
        open_hub_checkpoint("org/shards", client)


def test_a_header_bomb_is_corrupt_after_one_small_read(hub, client):
    hub.repository("org/bomb", files={FILE: BOMB})
    with pytest.raises(CorruptCheckpoint, match="claims a header"):
        open_hub_checkpoint("org/bomb", client)
    assert client.traffic.bytes_received < 40_000


def test_a_model_without_weights_or_name_is_told(hub, client):
    hub.repository("org/empty")
    with pytest.raises(NoWeights):
        open_hub_checkpoint("org/empty", client)
    with pytest.raises(UsageError):
        open_hub_checkpoint("../etc", client)
    with pytest.raises(RepositoryNotFound):
        open_hub_checkpoint("org/nobody", client)
