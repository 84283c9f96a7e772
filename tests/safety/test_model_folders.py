"""Model folders from strangers: configurations that ask for code, weights or memory."""

import json
from contextlib import suppress

import numpy as np
import pytest
from safetensors.numpy import save_file

from core.errors import (
    CheckpointError,
    CorruptCheckpoint,
    PedigreeError,
    UsageError,
)
from core.snapshots.architecture import architecture_of, build_network
from core.transfer.folder_backbones import load_folder
from core.zero_shot.texts import read_texts

TINY_VIT = {
    "model_type": "vit", "architectures": ["ViTForImageClassification"],
    "image_size": 32, "patch_size": 16, "hidden_size": 8, "num_hidden_layers": 1,
    "num_attention_heads": 2, "intermediate_size": 8,
}  # fmt: skip
RESNET = {"architecture": "resnet18", "num_classes": 2}
HOSTILE = {
    "classes of timm": RESNET | {"num_classes": 10**12},
    "classes below zero": RESNET | {"num_classes": -5},
    "classes that are text": RESNET | {"num_classes": "../x"},
    "channels of timm": RESNET | {"model_args": {"in_chans": 10**12}},
    "an option of timm": RESNET | {"model_args": {"nonsense": 1}},
    "a width of timm": {
        "architecture": "vit_tiny_patch16_224", "model_args": {"embed_dim": 3 * 10**9},
    },
    "a file to unpickle": RESNET | {"model_args": {"checkpoint_path": "evil.pth"}},
    "a repository": {"architecture": "hf-hub:evil/model"},
    "an unknown architecture": {"architecture": "![x](http://evil.example)" * 50},
    "code of the repository": TINY_VIT | {
        "model_type": "evil", "auto_map": {"AutoModel": "evil--code.Model"},
    },
    "a kernel of the Hub": TINY_VIT | {
        "_attn_implementation": "evil/kernel", "attn_implementation": "evil/kernel",
        "hidden_size": 10**12,
    },
    "a hidden size": TINY_VIT | {"hidden_size": 10**12},
    "a size below zero": TINY_VIT | {"hidden_size": -8},
    "a size of text": TINY_VIT | {"hidden_size": "8"},
    "heads of zero": TINY_VIT | {"num_attention_heads": 0},
    "layers": TINY_VIT | {"num_hidden_layers": 10**9},
    "layers of another kind": TINY_VIT | {"num_hidden_layers": [1]},
    "a model type that is a list": TINY_VIT | {"model_type": ["vit"]},
    "architectures that are none": TINY_VIT | {"architectures": {"a": 1}},
    "labels": TINY_VIT | {"num_labels": 10**12},
    "labels by name": TINY_VIT | {"id2label": {"x": None}},
    "an activation": TINY_VIT | {"hidden_act": "__import__('os')"},
    "another model": {"model_type": "bert"},
    "nothing": {},
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """Return a function that writes a model folder of a few weights."""

    def written(config: object):
        save_file({"w": np.ones(4, "f4")}, tmp_path / "model.safetensors")
        (tmp_path / "config.json").write_text(json.dumps(config))
        return tmp_path

    return written


@pytest.mark.parametrize("config", HOSTILE.values(), ids=HOSTILE)
def test_a_configuration_that_asks_for_too_much_is_refused(folder, config):
    with pytest.raises(CheckpointError) as caught:
        load_folder("the model", folder(config))
    text = str(caught.value)
    assert len(text) < 2000 and text.isprintable()


ARCHITECTURE = {
    "library": "timm", "name": "resnet18", "options": {"num_classes": 2},
    "preprocess": {
        "resize": [32, 32], "crop": [32, 32], "interpolation": "bilinear",
        "mean": [0.5] * 3, "std": [0.5] * 3,
    },
}  # fmt: skip


def test_a_mutated_architecture_is_one_or_a_sentence(json_mutants):
    found = []
    for content in json_mutants(json.dumps(ARCHITECTURE).encode(), 300):
        with suppress(ValueError, RecursionError):
            found.append(json.loads(content))
    answers = 0
    for document in [ARCHITECTURE, *found]:
        with suppress(PedigreeError):
            answers += architecture_of(document).name == "resnet18"
    assert len(found) > 150 and 0 < answers < len(found)


@pytest.mark.parametrize("options", [
    {"pretrained": True}, {"checkpoint_path": "evil.pth"}, {"embed_dim": 10**12},
    {"depths": [10**6]}, {"weights": "DEFAULT"}, {"_attn_implementation": "evil/x"},
])  # fmt: skip
def test_an_option_that_fetches_or_fills_the_memory_is_refused(options):
    document = ARCHITECTURE | {"options": options}
    with pytest.raises(
        UsageError, match=r"is not a setting of its shape|is larger than"
    ):
        build_network(architecture_of(document), 2)


TOKENIZERS = {
    "no JSON": {"tokenizer.json": b"{"},
    "another JSON": {"tokenizer.json": b"[1, 2]"},
    "a model of no kind": {"tokenizer.json": b'{"model": {"type": "Evil"}}'},
    "no text": {"tokenizer.json": b"\xff\xfe"},
    "nesting": {"tokenizer.json": b"[" * 100_000},
    "a vocabulary of lists": {"vocab.json": b"[[1]]", "merges.txt": b"a b"},
    "numbers that are none": {"vocab.json": b'{"a": "b"}', "merges.txt": b"a b"},
    "a bomb": {"vocab.json": b"[" * 100_000, "merges.txt": b""},
    "ids beyond all": {"vocab.json": b'{"a": 99999999999999}', "merges.txt": b""},
}


@pytest.mark.parametrize("files", TOKENIZERS.values(), ids=TOKENIZERS)
def test_a_broken_tokenizer_is_one_sentence(tmp_path, files):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        read_texts(tmp_path, length=8, lower=False)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("content", [b"[1]", b"{", b'{"pad_token": ' + b"[" * 10**5])
def test_broken_settings_of_a_tokenizer_are_one_sentence(tmp_path, content):
    (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ncat\n")
    read_texts(tmp_path, length=8, lower=True)
    (tmp_path / "tokenizer_config.json").write_bytes(content)
    with pytest.raises(CorruptCheckpoint, match="tokenizer_config"):
        read_texts(tmp_path, length=8, lower=True)
