"""Model cards of strangers: what they claim, and what they try."""

import pytest

from core.derived.card import CARD_CAP_BYTES, Card, parse_card, read_card_text
from core.errors import CorruptCheckpoint

HUB_CARD = """---
base_model: google/vit-base-patch16-224-in21k
base_model_relation: finetune
license: apache-2.0
pipeline_tag: image-classification
datasets: [food101, imagefolder]
tags:
- vision
metrics:
- accuracy
model-index:
- name: food
  results:
  - task: {type: image-classification}
    metrics:
    - {type: accuracy, value: 0.897}
---
# Food
base_model: not-this
"""


def test_a_card_of_the_hub_is_read():
    assert parse_card(HUB_CARD) == Card(
        base_models=("google/vit-base-patch16-224-in21k",),
        relation="finetune",
        task="image-classification",
        license="apache-2.0",
        datasets=("food101", "imagefolder"),
        tags=("vision",),
        metric="accuracy",
        metric_value=0.897,
    )


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path):
    content = "\ufeff" + HUB_CARD.replace("\n", "\r\n")
    (tmp_path / "README.md").write_bytes(content.encode())
    assert parse_card(read_card_text(tmp_path)) == parse_card(HUB_CARD)


@pytest.mark.parametrize(
    "text", ["", "# Title", "---\n- a list\n---", "---\n---", "---\n3\n---", "--- x"]
)
def test_a_card_without_claims_is_an_empty_card(text):
    assert parse_card(text) == Card()


@pytest.mark.parametrize(
    "front",
    [
        "a: [", "a: b: c", "a: &x 1\nb: *x", "a: !!python/object/apply:os.system [ls]",
        "a: 2024-99-99", "a: " + "[" * 1500, "\x00", "{" * 3,
    ],
)  # fmt: skip
def test_what_is_no_plain_yaml_is_one_named_error(front):
    with pytest.raises(CorruptCheckpoint, match="YAML can read"):
        parse_card(f"---\n{front}\n---\n", "m/README.md")


@pytest.mark.parametrize(
    "front",
    [
        "base_model: {a: 1}", "model-index: 3", "model-index: [{results: [1, {}]}]",
        "model-index: [{results: [{metrics: [{value: high}, {value: true}]}]}]",
        "tags: [[1], null]", "license: true", "metrics: ''",
    ],
)  # fmt: skip
def test_claims_of_another_shape_are_no_claims(front):
    assert parse_card(f"---\n{front}\n---\n") == Card()


def test_a_huge_card_is_read_to_its_cap(tmp_path):
    (tmp_path / "README.md").write_bytes(b"x" * (CARD_CAP_BYTES + 5))
    assert len(read_card_text(tmp_path)) == CARD_CAP_BYTES


def test_long_claims_are_cut():
    assert len(parse_card(f"---\nlicense: {'x' * 5000}\n---").license) == 200
