"""Words as vectors: a text encoder of transformers from a local folder, else a hashed
bag of words that says what it cannot do.

Weights are read from safetensors only and code from nowhere; nothing is fetched.
"""

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from pathlib import Path

import numpy as np

from core.cache import whole_file
from core.errors import NoWeights, UsageError
from core.settings import Settings, local_path

HASHED_COLUMNS = 256
MAX_TOKENS = 64
MAX_TEXTS = 20_000


@dataclass(frozen=True)
class HashedWords:
    """A bag of hashed words and letter triples: (N, 256), no weights needed."""

    name: str = "hashed words"
    note: str = (
        "No text encoder: words are compared by their letters, so that different words "
        "for one thing are strangers."
    )

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Return a row a text.

        >>> one, two, other = HashedWords()(["hot dog", "hot_dog", "clock"])
        >>> bool((one == two).all()), bool(one @ other < 0.5)
        (True, True)
        """
        rows = np.zeros((len(texts), HASHED_COLUMNS))
        for row, text in zip(rows, texts, strict=True):
            for piece in _pieces(text):
                digest = blake2b(piece.encode(), digest_size=8).digest()
                at = int.from_bytes(digest[:4], "little") % HASHED_COLUMNS
                row[at] += 1.0 if digest[4] & 1 else -1.0
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


@dataclass(frozen=True)
class TextEncoder:
    """A text model in a local folder: BERT, CLIP's text half or a sentence encoder.

    Calling it returns a row a text, the mean over tokens (CLIP: its text features).
    Vectors are kept under the cache root by the weights' SHA-256.
    """

    folder: Path
    settings: Settings
    note: str = field(default="", init=False)

    @property
    def name(self) -> str:
        """The folder's name and the beginning of the weights' hash."""
        return f"{self.folder.name}@{_weights_hash(self.folder)[:12]}"

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Return vectors (N, F). Raises UsageError where no text model is."""
        if len(texts) > MAX_TEXTS:
            raise UsageError("The text", "has more than 20,000 words", "give fewer")
        key = sha256(json.dumps([self.name, list(texts)]).encode()).hexdigest()[:24]
        kept = self.settings.cache_root / "transfer" / "text" / f"{key}.npy"
        with suppress(OSError, ValueError, EOFError):  # absent or damaged: made again
            return np.load(kept, allow_pickle=False)
        vectors = _encode(self.folder, texts)
        with whole_file(kept) as temporary, temporary.open("wb") as file:
            np.save(file, vectors, allow_pickle=False)
        return vectors


def text_encoder(choice: str, settings: Settings) -> HashedWords | TextEncoder | None:
    """Return the encoder for "names" (none: one column a word), "hashed" or a folder.

    Raises UsageError where the folder is not there, NoWeights where it has no
    safetensors file.
    """
    if choice == "names":
        return None
    if choice == "hashed":
        return HashedWords()
    folder = local_path(choice)
    if not (folder / "config.json").is_file():
        remedy = "give names, hashed, or the folder of a transformers text model"
        raise UsageError(folder, "holds no text model", remedy)
    if not (folder / "model.safetensors").is_file():
        remedy = "save the model as safetensors"
        raise NoWeights(folder, "has no model.safetensors", remedy)
    return TextEncoder(folder, settings)


def _pieces(text: str) -> list[str]:
    """Split text in lower-case words and the letter triples within them."""
    words = re.findall(r"[^\W_]+", text.lower())
    triples = [f"<{word}>"[i : i + 3] for word in words for i in range(len(word))]
    return [*words, *triples]


def _weights_hash(folder: Path) -> str:
    with (folder / "model.safetensors").open("rb") as file:
        found = sha256()
        while block := file.read(2**22):
            found.update(block)
    return found.hexdigest()


def _encode(folder: Path, texts: Sequence[str]) -> np.ndarray:
    import torch
    from transformers import AutoModel, AutoTokenizer

    local = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, **local)
        model = AutoModel.from_pretrained(folder, use_safetensors=True, **local)
    except (OSError, ValueError, KeyError, ImportError) as error:
        reason = str(error).split("\n")[0][:200]
        raise UsageError(
            folder, f"cannot be read as a text model ({reason})"
        ) from error
    spoken = [text.replace("_", " ") for text in texts]
    parts = []
    with torch.inference_mode():
        for start in range(0, len(spoken), 64):
            tokens = tokenizer(
                spoken[start : start + 64], padding=True, truncation=True,
                max_length=MAX_TOKENS, return_tensors="pt",
            )  # fmt: skip
            parts.append(_vectors(model.eval(), tokens).float().numpy())
    return np.concatenate(parts)


def _vectors(model, tokens):
    """Return CLIP-like text features, or the mean of the tokens that are no padding."""
    if hasattr(model, "get_text_features"):
        found = model.get_text_features(
            input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]
        )
        return getattr(found, "pooler_output", found)
    hidden = model(**tokens).last_hidden_state  # (N, L, F)
    mask = tokens["attention_mask"][..., None].to(hidden.dtype)
    return (hidden * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
