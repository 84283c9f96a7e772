"""Tiny zero-shot models as folders: random weights, real files, made offline. Each is a
few hundred kilobytes and answers nonsense, but every box, mask and score is real.
"""

import json
from collections.abc import Callable
from pathlib import Path

LETTERS = [chr(code) for code in range(33, 127)]
TOWER = {
    "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2,
    "num_attention_heads": 2,
}  # fmt: skip
EYE = TOWER | {"image_size": 32, "patch_size": 8}
READER = TOWER | {
    "vocab_size": 190, "max_position_embeddings": 24, "bos_token_id": 188,
    "eos_token_id": 189, "pad_token_id": 189,
}  # fmt: skip
SQUARE = {"height": 32, "width": 32}
SPECIAL = {0: "[PAD]", 100: "[UNK]", 101: "[CLS]", 102: "[SEP]", 103: "[MASK]",
           1012: ".", 1029: "?", 1030: "cat", 1031: "dog", 1032: "a"}  # fmt: skip
"""Grounding DINO has these numbers of BERT's vocabulary in its code."""


def make(name: str, folder: Path) -> Path:
    """Write the tiny model `name` into `folder`, and return that."""
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network, preparation, write_tokenizer = MAKERS[name]()
        network.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(preparation))
    write_tokenizer(folder)
    return folder


def _byte_pairs(folder: Path) -> None:
    words = [*LETTERS, *(f"{letter}</w>" for letter in LETTERS)]
    words += ["<|startoftext|>", "<|endoftext|>"]
    places = {word: place for place, word in enumerate(words)}
    (folder / "vocab.json").write_text(json.dumps(places))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    told = {"pad_token": {"content": "<|endoftext|>"}}
    (folder / "tokenizer_config.json").write_text(json.dumps(told))


def _words(folder: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    places = {letter: place for place, letter in enumerate(LETTERS, start=2)}
    unknown = "<unk>"
    model = models.WordLevel({"<pad>": 0, unknown: 1, **places}, unk_token=unknown)
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"pad_token": "<pad>"}))


def _word_pieces(folder: Path) -> None:
    lines = [SPECIAL.get(place, f"[unused{place}]") for place in range(1100)]
    (folder / "vocab.txt").write_text("\n".join(lines))


def _no_texts(folder: Path) -> None:
    """A model that reads no labels has no tokenizer."""


def _clip():
    from transformers import CLIPConfig, CLIPModel

    config = CLIPConfig(vision_config=EYE, text_config=READER, projection_dim=16)
    preparation = {"size": {"shortest_edge": 32}, "crop_size": SQUARE}
    return CLIPModel(config), preparation, _byte_pairs


def _siglip():
    from transformers import SiglipConfig, SiglipModel

    text = READER | {"projection_size": 16}
    config = SiglipConfig(vision_config=EYE, text_config=text)
    return SiglipModel(config), {"size": SQUARE}, _words


def _siglip2():
    from transformers import Siglip2Config, Siglip2Model

    eye = TOWER | {"num_patches": 16, "patch_size": 8}
    text = READER | {"projection_size": 16}
    config = Siglip2Config(vision_config=eye, text_config=text)
    return Siglip2Model(config), {"patch_size": 8, "max_num_patches": 16}, _words


def _owlv2():
    from transformers import Owlv2Config, Owlv2ForObjectDetection

    config = Owlv2Config(vision_config=EYE, text_config=READER, projection_dim=16)
    return Owlv2ForObjectDetection(config), {"size": SQUARE}, _byte_pairs


def _clipseg():
    from transformers import CLIPSegConfig, CLIPSegForImageSegmentation

    config = CLIPSegConfig(
        vision_config=EYE, text_config=READER, projection_dim=16, reduce_dim=8,
        extract_layers=[0, 1], decoder_num_attention_heads=2,
        decoder_intermediate_size=16,
    )  # fmt: skip
    return CLIPSegForImageSegmentation(config), {"size": SQUARE}, _byte_pairs


def _grounding_dino():
    from transformers import (
        BertConfig,
        GroundingDinoConfig,
        GroundingDinoForObjectDetection,
        SwinConfig,
    )

    backbone = SwinConfig(
        embed_dim=8, depths=[1, 1, 1, 1], num_heads=[1, 1, 2, 2], window_size=2,
        image_size=64, out_features=["stage2", "stage3", "stage4"],
    )  # fmt: skip
    text = BertConfig(
        vocab_size=1100, hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32,
    )  # fmt: skip
    config = GroundingDinoConfig(
        backbone_config=backbone, text_config=text, d_model=32, encoder_layers=1,
        decoder_layers=2, encoder_ffn_dim=32, decoder_ffn_dim=32, num_queries=10,
        encoder_attention_heads=2, decoder_attention_heads=2,
    )  # fmt: skip
    preparation = {"size": {"shortest_edge": 96, "longest_edge": 160}}
    return GroundingDinoForObjectDetection(config), preparation, _word_pieces


def _sam():
    from transformers import SamConfig, SamModel

    eye = {
        "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
        "image_size": 64, "patch_size": 8, "output_channels": 16, "mlp_dim": 32,
        "global_attn_indexes": [1], "window_size": 4, "num_pos_feats": 8,
    }  # fmt: skip
    prompt = {"hidden_size": 16, "image_size": 64, "patch_size": 8,
              "mask_input_channels": 4}  # fmt: skip
    decoder = {
        "hidden_size": 16, "mlp_dim": 32, "num_hidden_layers": 1,
        "num_attention_heads": 2, "iou_head_hidden_dim": 16, "iou_head_depth": 2,
    }  # fmt: skip
    config = SamConfig(
        vision_config=eye, prompt_encoder_config=prompt, mask_decoder_config=decoder
    )
    square = {"height": 64, "width": 64}
    preparation = {"size": {"longest_edge": 64}, "pad_size": square}
    return SamModel(config), preparation, _no_texts


MAKERS: dict[str, Callable[[], tuple]] = {
    "clip": _clip,
    "siglip": _siglip,
    "siglip2": _siglip2,
    "owlv2": _owlv2,
    "clipseg": _clipseg,
    "grounding-dino": _grounding_dino,
    "sam": _sam,
}
