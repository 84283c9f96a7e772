"""The stand-in against the official client, which knows the protocol independently."""

import numpy as np
import pytest
from huggingface_hub import HfApi, errors
from safetensors.numpy import load

from tests.standin import Numbers, cast, generated_safetensors, tune, vit


@pytest.fixture
def api(hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY", True)
    return HfApi(endpoint=hub.endpoint, token=False)


def test_the_official_client_reads_it(family, api, tmp_path, base_file):
    sibling = api.model_info("org/base", files_metadata=True).siblings[0]
    assert (sibling.lfs.sha256, sibling.size) == (base_file.oid, base_file.size)
    (entry,) = api.get_paths_info("org/base", ["model.safetensors"])
    assert entry.lfs.sha256 == base_file.oid
    names = {entry.path for entry in api.list_repo_tree("org/base")}
    assert names == {"model.safetensors", "config.json"}
    path = api.hf_hub_download("org/base", "config.json", cache_dir=tmp_path)
    with open(path, "rb") as file:
        assert file.read() == b'{"hidden_size": 192}'
    metadata = api.get_safetensors_metadata("org/base")
    assert sum(metadata.parameter_count.values()) * 4 == base_file.size - len(
        base_file.header
    )


@pytest.mark.parametrize(
    "call, error",
    [
        (lambda api: api.model_info("org/none"), errors.RepositoryNotFoundError),
        (lambda api: api.model_info("org/off"), errors.DisabledRepoError),
        (lambda api: api.model_info("org/base", revision="x"),
         errors.RevisionNotFoundError),
        (lambda api: api.get_safetensors_metadata("org/gated"), errors.GatedRepoError),
        (lambda api: api.whoami(token="hf_wrong"), errors.HfHubHTTPError),
    ],
)  # fmt: skip
def test_the_official_client_understands_its_refusals(family, api, call, error):
    family.repository("org/off", disabled=True)
    family.repository("org/gated", gated="auto", files={"model.safetensors": b"x"})
    with pytest.raises(error):
        call(api)


def test_vit_base_has_its_true_size_and_any_range_is_the_same():
    file = generated_safetensors(vit())
    assert (file.size, len(file.tensors)) == (345_579_424, 200)
    whole = file.read(10_000, 3_000_000)
    assert file.read(22_000, 2_500_001) == whole[12_000:2_490_001]


def test_generated_files_are_safetensors():
    tensors = tune(vit(width=16, depth=1), "*query*", by="t", rank=2, delta=0.1)
    file = generated_safetensors(cast(tensors, "F16"))
    loaded = load(file.read(0, file.size))
    plain = load(generated_safetensors(vit(width=16, depth=1)).read(0, 10**9))
    name = "encoder.layer.0.attention.attention.query.weight"
    delta = loaded[name].astype(float) - plain[name]
    assert np.linalg.matrix_rank(delta, tol=0.02) == 2
    other = "encoder.layer.0.attention.attention.key.weight"
    assert (loaded[other] == plain[other].astype(np.float16)).all()


def test_bfloat16_is_rounded_as_torch_rounds():
    torch = pytest.importorskip("torch")
    numbers = Numbers("key", (1000,), dtype="BF16")
    expected = torch.from_numpy(numbers.values(0, 1000)).bfloat16().view(torch.uint16)
    assert numbers.read(0, 2000) == expected.numpy().tobytes()
