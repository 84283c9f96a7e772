"""Text encoders made here: BERT and CLIP's text half, tiny; and the hashed fallback."""

import numpy as np
import pytest

from core.errors import NoWeights, UsageError
from core.settings import Settings
from core.transfer.text import HashedWords, text_encoder

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "hot", "dog", "clock", "sketch"]


def save_tokenizer(folder):
    """Write a tokenizer of whole words."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = models.WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="[UNK]")
    tokenizer = Tokenizer(words)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]"
    ).save_pretrained(folder)


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    """A tiny BERT with its tokenizer in a folder."""
    import torch
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("bert")
    torch.manual_seed(0)
    BertModel(BertConfig(vocab_size=8, hidden_size=16, num_hidden_layers=1,
                         num_attention_heads=2, intermediate_size=16)
              ).save_pretrained(folder)  # fmt: skip
    save_tokenizer(folder)
    return folder


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A tiny CLIP with its tokenizer in a folder."""
    import torch
    from transformers import CLIPConfig, CLIPModel

    folder = tmp_path_factory.mktemp("clip")
    torch.manual_seed(0)
    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1,
             "num_attention_heads": 2}  # fmt: skip
    text = small | {"vocab_size": 8, "bos_token_id": 2, "eos_token_id": 3}
    CLIPModel(CLIPConfig(text_config=text, projection_dim=12,
                         vision_config=small | {"image_size": 8, "patch_size": 4})
              ).save_pretrained(folder)  # fmt: skip
    save_tokenizer(folder)
    return folder


@pytest.mark.parametrize(("name", "width"), [("bert", 16), ("clip", 12)])
def test_a_local_encoder_gives_vectors_that_are_kept(name, width, request, tmp_path):
    folder = request.getfixturevalue(name)
    encoder = text_encoder(str(folder), Settings(tmp_path))
    vectors = encoder(["hot_dog", "hot dog", "clock"])
    assert vectors.shape == (3, width)
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)
    assert np.abs(vectors[0] - vectors[2]).max() > 1e-3
    (kept,) = (tmp_path / "transfer/text").iterdir()
    kept_at = kept.stat().st_mtime_ns
    assert (encoder(["hot_dog", "hot dog", "clock"]) == vectors).all()
    assert kept.stat().st_mtime_ns == kept_at


def test_padding_does_not_change_a_vector(bert, tmp_path):
    encoder = text_encoder(str(bert), Settings(tmp_path))
    alone, beside = encoder(["dog"])[0], encoder(["dog", "hot dog clock sketch"])[0]
    np.testing.assert_allclose(alone, beside, atol=1e-5)


def test_hashed_words_say_what_they_cannot_do():
    hashed = text_encoder("hashed", Settings(None))
    assert isinstance(hashed, HashedWords) and "No text encoder" in hashed.note
    one, other, none = hashed(["Hot-Dog", "hot dogs", ""])
    assert 0.5 < one @ other < 1 and (none == 0).all()
    assert text_encoder("names", Settings(None)) is None


def test_a_folder_without_model_or_safetensors_is_refused(tmp_path):
    with pytest.raises(UsageError, match="holds no text model"):
        text_encoder(str(tmp_path), Settings(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(NoWeights, match="safetensors"):
        text_encoder(str(tmp_path), Settings(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(UsageError, match="cannot be read as a text model"):
        text_encoder(str(tmp_path), Settings(tmp_path))(["dog"])
