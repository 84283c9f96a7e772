"""A person's own folder under several backbones, kept for the page."""

import numpy as np
import pytest
from PIL import Image
from transformers import ResNetConfig, ResNetForImageClassification

from core.device import detect_device
from core.errors import UsageError
from core.settings import Settings
from core.transfer.dataset_scores import QUICK, kept_scores, score_dataset
from core.transfer.images import image_folder


@pytest.fixture
def photos(tmp_path):
    """Bright and dark images, 12 of each."""
    rng = np.random.default_rng(0)
    for name, low in (("bright", 150), ("dark", 0)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for index in range(12):
            pixels = rng.integers(low, low + 90, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{index}.png")
    return tmp_path / "photos"


@pytest.fixture
def tiny(tmp_path):
    sizes = {"embedding_size": 8, "hidden_sizes": [8, 8], "depths": [1, 1],
             "layer_type": "basic", "image_size": 16}  # fmt: skip
    ResNetForImageClassification(ResNetConfig(**sizes)).save_pretrained(tmp_path / "m")
    return str(tmp_path / "m")


def test_scores_heads_and_failures_stand_in_rows(photos, tiny, tmp_path):
    settings = Settings(tmp_path / "cache", sources_url="http://127.0.0.1:9")
    (photos / "dark" / "0.png").write_bytes(b"x")
    names = [tiny, "torchvision/squeezenet1_1"]
    cpu = detect_device("cpu")
    found = score_dataset(image_folder(photos), photos, names, settings, device=cpu)
    first, second = found.rows.to_dict("records")
    assert first["backbone"] == "m" and first["images"] == 23
    assert all(np.isfinite(first[name]) for name in QUICK)
    assert first["low"] <= first["head_accuracy"] <= first["high"]
    assert "cannot be fetched" in second["error"]
    assert found.failures == ("dark/0.png is no image of a known format",)
    kept = kept_scores(photos, settings)
    assert kept.rows["logme"][0] == first["logme"] and kept.classes == found.classes


def test_what_cannot_be_scored_is_told(photos, tiny, tmp_path):
    settings = Settings(tmp_path / "cache")
    with pytest.raises(UsageError, match="has 0 classes"):
        score_dataset(image_folder(photos / "dark"), photos, [tiny], settings)
    with pytest.raises(UsageError, match="No backbone can be used"):
        score_dataset(image_folder(photos), photos, ["nothing"], settings)
    assert kept_scores(photos, settings) is None
