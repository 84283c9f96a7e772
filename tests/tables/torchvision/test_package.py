"""The package's source as text, against the package imported."""

import math
from importlib import metadata

import pytest

from core.errors import SourceChanged
from core.tables.torchvision.package import (
    imported_records,
    installed_at,
    installed_models,
    installed_version,
    source_records,
)

MODULE = '''
import torch
raise SystemExit("this module must not run")
_COMMON: dict = {"min_size": (1, 1), "recipe": "https://example.org"}
class Net_Weights(WeightsEnum):
    """Weights of Net."""
    V1 = Weights(
        url="https://example.org/net.pth",
        transforms=partial(ImageClassification, crop_size=(96, 128)),
        meta={**_COMMON, "num_params": 5, "_ops": 0.5, "categories": NAMES,
              "_metrics": {"ImageNet-1K": {"acc@1": float("nan")}}},
    )
    DEFAULT = V1

@register_model()
def net(*, weights: Optional[Union[Net_Weights, Other_Weights]] = None): ...
'''


def test_source_says_what_the_import_says():
    read, imported = source_records(installed_models()), imported_records()
    assert len(read) == len(imported) > 100
    assert [repr(record) for record in read] == [repr(record) for record in imported]


def test_reads_a_module_without_running_it(tmp_path):
    (tmp_path / "video").mkdir()
    (tmp_path / "video" / "net.py").write_text(MODULE)
    (record,) = source_records(tmp_path)
    assert (record.module, record.builder) == ("torchvision.models.video", "net")
    assert (record.weight, record.image_size) == ("Net_Weights.V1", 96)
    assert record.meta["recipe"] == "https://example.org"
    assert math.isnan(record.meta["_metrics"]["ImageNet-1K"]["acc@1"])
    assert "categories" not in record.meta


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ('"num_params": 5', '"num_params": count()'),
        ("**_COMMON", "**elsewhere"),
        ("class Net_Weights", "class Net_Weights("),
        ("url=", "address="),
        ("meta={", "meta=dict({}) or {"),
        ("Optional[Union[Net_Weights, Other_Weights]]", "str"),
    ],
)
def test_a_source_of_another_shape_is_named(tmp_path, written, instead):
    (tmp_path / "net.py").write_text(MODULE.replace(written, instead))
    with pytest.raises(SourceChanged, match=r"net\.py cannot be read as a list of"):
        source_records(tmp_path)


def test_version_and_date_come_without_an_import():
    assert installed_version() == metadata.version("torchvision")
    assert installed_at().endswith("Z")
