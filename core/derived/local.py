"""Find the children of a base among the folders beside it. Reads cards and configs,
never weights.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.derived.card import Card, parse_card, read_card_text
from core.errors import CorruptCheckpoint, UsageError

CONFIG_CAP_BYTES = 1 << 20


@dataclass(frozen=True)
class Child:
    """A folder that is, or may be, made from the base.

    `id` is the folder's name as text. `problem` says why its card could not be read and
    nothing else names the base for certain.
    """

    id: str
    path: Path
    card: Card = field(default_factory=Card)
    problem: CorruptCheckpoint | None = None


def list_children(base: Path) -> list[Child]:
    """List the children of a local base by name, each with what its card claims.

    A card names the base by folder name, `owner/name` or relative path. A folder whose
    card is broken but mentions the base is listed with the problem. Raises UsageError
    where `base` is no folder.
    """
    base = Path(os.path.abspath(base))
    if not base.is_dir():
        raise UsageError(base, "is not a folder", "name the folder of a base model")
    children = (_child(folder, base) for folder in _siblings(base))
    return [child for child in children if child]


def names_base(text: str, folder: Path, base: Path) -> bool:
    """Whether `text`, as it stands in the card of `folder`, means the absolute `base`.

    Names are compared in lower case. The Hub's cache and common download scripts write
    owner/name as `models--owner--name` or `owner--name`; then the owner must agree too.

    >>> base, child = Path("/models/google--vit"), Path("/models/child")
    >>> [names_base(text, child, base) for text in
    ...  ("Google/ViT", "vit", "../google--vit", "facebook/vit", "google/vit-large")]
    [True, True, True, False, False]
    """
    text = text.strip().rstrip("/")
    if text.startswith((".", "/")):
        beside = (os.path.normpath(start / text) for start in (folder, base.parent))
        return str(base) in beside
    owner, _, model = text.casefold().removeprefix("models--").rpartition("/")
    name = base.name.casefold().removeprefix("models--")
    if model == name:
        return "/" not in owner
    base_owner, _, base_model = name.rpartition("--")
    return model == base_model and owner in ("", base_owner)


def folder_id(folder: Path) -> str:
    """Return a folder's name as text that can be stored, whatever bytes it has."""
    return os.fsencode(folder.name).decode("utf-8", "backslashreplace")


def _siblings(base: Path) -> Iterator[Path]:
    for folder in sorted(base.parent.iterdir()):
        hidden = folder.name.startswith(".")
        if not hidden and folder.is_dir() and not folder.samefile(base):
            yield folder


def _child(folder: Path, base: Path) -> Child | None:
    card, problem = Card(), None
    text = _readable(folder)
    try:
        card = parse_card(text, f"{folder_id(folder)}/README.md")
    except CorruptCheckpoint as error:
        problem = error
    claims = card.base_models or _config_claims(folder)
    if any(names_base(claim, folder, base) for claim in claims):
        return Child(folder_id(folder), folder, card)
    if problem and base.name.casefold() in text.casefold():
        return Child(folder_id(folder), folder, problem=problem)
    return None


def _readable(folder: Path) -> str:
    try:
        return read_card_text(folder)
    except OSError:
        return ""


def _config_claims(folder: Path) -> tuple[str, ...]:
    """What the config calls its origin; transformers before 5 wrote `_name_or_path`."""
    try:
        path = folder / "config.json"
        if not path.is_file() or path.stat().st_size > CONFIG_CAP_BYTES:
            return ()
        config = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return ()
    name = config.get("_name_or_path") if isinstance(config, dict) else None
    return (name,) if isinstance(name, str) and name else ()
