"""Labels as tokens: templates, and a model's own tokenizer read from plain files. Knows
no networks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import CorruptCheckpoint, UnsupportedFormat, UsageError
from core.strict_json import strict_json
from core.transfer.folder_backbones import read_json
from core.zero_shot.model_files import MAX_TOKENIZER_BYTES

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

MAX_LABELS = 1000
MAX_LABEL_LENGTH = 200
TEMPLATE = "a photo of a {}."


def checked_labels(labels: Sequence[str]) -> list[str]:
    """Return the labels without empty and repeated ones; UsageError for no or too many.

    >>> checked_labels([" cat", "dog", "cat", ""])
    ['cat', 'dog']
    """
    plain = list(dict.fromkeys(" ".join(label.split()) for label in labels))
    kept = [label for label in plain if label]
    if not kept:
        raise UsageError("The list of labels", "is empty", "name at least one label")
    if len(kept) > MAX_LABELS:
        happened = f"has {len(kept):,} labels"
        raise UsageError("The list", happened, f"name {MAX_LABELS:,} at most")
    long = next((label for label in kept if len(label) > MAX_LABEL_LENGTH), None)
    if long:
        happened = f"has {len(long):,} letters"
        remedy = f"use {MAX_LABEL_LENGTH} at most"
        raise UsageError(f"Label {long[:30]!r}...", happened, remedy)
    return kept


def filled_in(label: str, template: str) -> str:
    """Put a label into a template, at its {}.

    >>> filled_in("cat", "a photo of a {}.")
    'a photo of a cat.'
    """
    if template.count("{}") != 1:
        happened = "does not have exactly one {}"
        raise UsageError(f"Template {template[:60]!r}", happened, f"as {TEMPLATE!r}")
    return template.replace("{}", label)


@dataclass(frozen=True)
class Texts:
    """A tokenizer; `length` is how many tokens every text is padded to."""

    tokenizer: "Tokenizer"
    pad: int
    length: int
    lower: bool = False

    def encode(self, texts: Sequence[str]) -> tuple[list[list[int]], list[list[int]]]:
        """Return ids and attention masks, (N, length), longer texts cut off."""
        self.tokenizer.enable_truncation(self.length)
        found = [self.encoding(text).ids for text in texts]
        self.tokenizer.no_truncation()
        gaps = [self.length - len(ids) for ids in found]
        ids = [row + [self.pad] * gap for row, gap in zip(found, gaps, strict=True)]
        return ids, [[1] * (self.length - gap) + [0] * gap for gap in gaps]

    def encoding(self, text: str) -> "Encoding":
        """Return one text as tokens, with the letters that each stands for."""
        return self.tokenizer.encode(text.lower() if self.lower else text)


def read_texts(folder: Path, *, length: int, lower: bool) -> Texts:
    """Read a model's tokenizer. Raises a CheckpointError that names the folder."""
    tokenizer = _tokenizer(folder)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return Texts(tokenizer, _pad(folder, tokenizer), length, lower)


def _tokenizer(folder: Path) -> "Tokenizer":
    from tokenizers import Tokenizer

    try:
        if (folder / "tokenizer.json").is_file():
            return Tokenizer.from_str(_text(folder / "tokenizer.json"))
        if (folder / "merges.txt").is_file() and (folder / "vocab.json").is_file():
            return _byte_pairs(folder)
        if (folder / "vocab.txt").is_file():
            return _word_pieces(folder)
    except CorruptCheckpoint:
        raise
    except Exception as error:  # the tokenizers library raises plain Exception
        happened = f"has a tokenizer that cannot be read ({str(error)[:100]})"
        raise CorruptCheckpoint(folder.name, happened, "download it again") from error
    happened = "has no tokenizer.json, vocab.txt, or vocab.json with merges.txt"
    raise UnsupportedFormat(folder.name, happened, "choose another model")


def _byte_pairs(folder: Path) -> "Tokenizer":
    from transformers import CLIPTokenizer

    lines = _text(folder / "merges.txt").splitlines()
    pairs = [line.split() for line in lines if not line.startswith("#version")]
    merges = [tuple(pair) for pair in pairs if len(pair) == 2]
    vocabulary = strict_json(_text(folder / "vocab.json").encode())
    return CLIPTokenizer(vocab=vocabulary, merges=merges).backend_tokenizer


def _word_pieces(folder: Path) -> "Tokenizer":
    from transformers import BertTokenizer

    words = _text(folder / "vocab.txt").splitlines()
    places = {word: place for place, word in enumerate(words)}
    return BertTokenizer(vocab=places).backend_tokenizer


def _pad(folder: Path, tokenizer: "Tokenizer") -> int:
    """Return the id that fills up short texts, 0 where no file says."""
    path = folder / "tokenizer_config.json"
    told = read_json(path) if path.is_file() else {}
    token = told.get("pad_token")
    token = token.get("content") if isinstance(token, dict) else token
    found = tokenizer.token_to_id(token) if isinstance(token, str) else None
    return 0 if found is None else found


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_TOKENIZER_BYTES + 1)
        if len(content) > MAX_TOKENIZER_BYTES:
            raise CorruptCheckpoint(path, "is too large for a tokenizer")
        return content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise CorruptCheckpoint(path, "cannot be read as text") from error
