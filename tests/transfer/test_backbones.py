"""Backbones from folders, files and the Hub: the same network as the library's own."""

import json
from hashlib import sha256

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from core.errors import (
    CheckpointError,
    CorruptCheckpoint,
    FetchError,
    NoWeights,
    UsageError,
)
from core.settings import Settings, load_settings
from core.transfer.backbones import load_backbone
from core.transfer.published import keep_file
from core.transfer.state import published_file, read_state
from core.weights.source import BytesSource
from tests.standin import Standin

SMALL = {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1],
         "layer_type": "basic", "image_size": 16}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny ResNet as transformers writes it."""
    from transformers import ResNetConfig, ResNetForImageClassification

    place = tmp_path_factory.mktemp("models") / "resnet"
    torch.manual_seed(0)
    ResNetForImageClassification(ResNetConfig(**SMALL)).save_pretrained(place)
    return place


@pytest.fixture
def settings(tmp_path):
    return Settings(tmp_path / "cache", sources_url="http://127.0.0.1:9")


@pytest.fixture
def copy(folder, tmp_path):
    """Copy the folder with another configuration or other tensors."""

    def write(drop: str | None = None, **changes):
        place = tmp_path / "copy"
        place.mkdir()
        config = json.loads((folder / "config.json").read_text()) | changes
        (place / "config.json").write_text(json.dumps(config))
        state = load_file(folder / "model.safetensors")
        state.pop(drop, None)
        save_file(state, place / "model.safetensors")
        return place

    return write


def answers(backbone, seed=0):
    channels = len(backbone.preprocess.mean)
    size = (2, *backbone.preprocess.crop, channels)
    pixels = np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)
    x = backbone.preprocess.normalize(torch.from_numpy(pixels))
    with torch.inference_mode():
        return x, *backbone.network(x)


def test_a_folder_of_transformers_answers_as_the_library(folder, settings):
    from transformers import ResNetForImageClassification

    backbone = load_backbone(str(folder), settings)
    x, features, logits = answers(backbone)
    theirs = ResNetForImageClassification.from_pretrained(folder).eval()
    with torch.inference_mode():
        torch.testing.assert_close(logits, theirs(x).logits)
        pooled = theirs.resnet(x).pooler_output.flatten(1)
    torch.testing.assert_close(features, pooled)


def test_a_model_without_a_classifier_gives_its_pooled_output(tmp_path, settings):
    from transformers import ViTConfig, ViTModel

    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
             "intermediate_size": 16, "image_size": 16, "patch_size": 8}  # fmt: skip
    theirs = ViTModel(ViTConfig(**sizes)).eval()
    theirs.save_pretrained(tmp_path / "vit")
    x, features, logits = answers(load_backbone(str(tmp_path / "vit"), settings))
    assert logits is None
    with torch.inference_mode():
        torch.testing.assert_close(features, theirs(pixel_values=x).pooler_output)


def test_a_folder_of_timm_answers_as_timm(tmp_path, settings):
    import timm

    theirs = timm.create_model("test_resnet", num_classes=5).eval()
    save_file(theirs.state_dict(), tmp_path / "model.safetensors")
    config = {"architecture": "test_resnet", "num_classes": 5,
              "pretrained_cfg": {"crop_pct": 1.0},
              "model_args": {"checkpoint_path": "/nowhere.pth"}}  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config))
    x, features, logits = answers(load_backbone(str(tmp_path), settings))
    with torch.inference_mode():
        torch.testing.assert_close(logits, theirs(x))
        pooled = theirs.forward_head(theirs.forward_features(x), pre_logits=True)
    torch.testing.assert_close(features, pooled)


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
def test_a_local_checkpoint_of_a_torchvision_architecture(tmp_path, settings, suffix):
    from torchvision.models import squeezenet1_1

    theirs, path = squeezenet1_1(num_classes=3).eval(), tmp_path / f"own.{suffix}"
    save = save_file if suffix == "safetensors" else torch.save
    save(theirs.state_dict(), path)
    backbone = load_backbone("torchvision/squeezenet1_1", settings, weights=path)
    x, features, logits = answers(backbone)
    assert features.shape == (2, 512)
    with torch.inference_mode():
        torch.testing.assert_close(logits, theirs(x))


def test_random_weights_depend_on_the_seed_alone(settings):
    name = "torchvision/squeezenet1_1"
    states = [
        load_backbone(name, settings, weights="random", seed=seed) for seed in (1, 1, 2)
    ]
    first, again, other = (answers(backbone)[1] for backbone in states)
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert states[0].weights_key == states[1].weights_key != states[2].weights_key


def test_the_key_follows_the_bytes(folder, copy, settings):
    same = load_backbone(str(copy()), settings)
    assert same.weights_key == load_backbone(str(folder), settings).weights_key


def test_bfloat16_is_read_as_it_is(tmp_path):
    tensor = torch.tensor([1.0, -2.5, 3e38], dtype=torch.bfloat16)
    save_file({"x": tensor}, tmp_path / "model.safetensors")
    state, _ = read_state(tmp_path)
    assert torch.equal(state["x"], tensor)


@pytest.mark.parametrize("changes, told", [
    ({"drop": "resnet.encoder.stages.0.layers.0.layer.0.convolution.weight"}, "lacks"),
    ({"depths": [10**9, 1]}, "claims 1,000,000,000 depths"),
    ({"hidden_sizes": [8, 65_536]}, "claims"),
    ({"model_type": "mystery"}, "unknown"),
    ({"model_type": None}, "unknown"),
    ({"quantization_config": {"quant_method": "bitsandbytes"}}, "quantized"),
])  # fmt: skip
def test_folders_that_do_not_fit_are_told(copy, settings, changes, told):
    with pytest.raises(CheckpointError, match=told):
        load_backbone(str(copy(**changes)), settings)


@pytest.mark.parametrize("name, told", [
    ("resnet18", "name torchvision/ARCHITECTURE"),
    ("torchvision/resnet19", "is not torchvision's"),
    ("torchvision/resnet18@BEST", "use IMAGENET1K_V1"),
])  # fmt: skip
def test_unknown_names_are_told(settings, name, told):
    with pytest.raises(UsageError, match=told):
        load_backbone(name, settings)


def test_without_a_network_it_says_what_to_do(settings):
    with pytest.raises(FetchError, match="name a local weight file instead"):
        load_backbone("torchvision/squeezenet1_1", settings)


def test_a_published_file_is_fetched_once_and_checked(web, tmp_path):
    content = bytes(range(256)) * 9
    name = f"net-{sha256(content).hexdigest()[:8]}.pth"
    settings = Settings(tmp_path, sources_url=web.url)
    web.answer(web.Answer(body=content[:-1]), web.Answer(body=content))
    url = f"https://download.pytorch.org/models/{name}"
    with pytest.raises(CorruptCheckpoint, match="not the file that its name promises"):
        published_file(url, settings, print)
    for _ in range(2):
        assert published_file(url, settings, print).read_bytes() == content
    assert len(web.requests) == 2


def test_a_model_of_the_hub_becomes_a_folder_once(folder, tmp_path):
    files = {p.name: p.read_bytes() for p in folder.iterdir()}
    with Standin() as hub:
        hub.repository("ann/resnet", files=files)
        settings = load_settings(
            {"HF_ENDPOINT": hub.endpoint, "PEDIGREE_CACHE": str(tmp_path)}
        )
        first = load_backbone("ann/resnet", settings)
    assert torch.equal(
        answers(load_backbone("ann/resnet", settings))[1],
        answers(load_backbone(str(folder), settings))[1],
    )
    assert first.name == "ann/resnet"


def test_a_model_of_the_hub_without_a_configuration_is_no_backbone(folder, tmp_path):
    weights = {"model.safetensors": (folder / "model.safetensors").read_bytes()}
    with Standin() as hub:
        hub.repository("ann/bare", files=weights)
        settings = load_settings(
            {"HF_ENDPOINT": hub.endpoint, "PEDIGREE_CACHE": str(tmp_path)}
        )
        with pytest.raises(NoWeights, match=r"ann/bare has no config.json"):
            load_backbone("ann/bare", settings)


def test_a_file_over_the_limit_is_not_fetched(tmp_path):
    source, path = BytesSource(bytes(100), "ann/large"), tmp_path / "weights"
    with pytest.raises(FetchError, match="100 bytes, over the limit of 99"):
        keep_file(source, path, 99, print)
    assert not path.exists()
    keep_file(source, path, 100, lambda fraction, message: None)
    assert path.read_bytes() == bytes(100)
