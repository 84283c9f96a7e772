"""The Hugging Face Hub's most downloaded models of each vision task.

One page a task, sorted by downloads: popularity, licence, size and access, but no
accuracy. What the answers mean is taken from huggingface_hub, as the Hub's own client
reads them; the request is ours, because that client's listing cannot be stopped and
asks for nothing conditionally.
"""

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from urllib.parse import urlencode

import pandas as pd

from core.errors import SourceChanged
from core.settings import HUB_ENDPOINT
from core.tables.architectures import architecture_of
from core.tables.families import UNKNOWN_FAMILY, family_of
from core.tables.schema import NO_PRETRAINING, NOT_STATED, completed
from core.tables.source import Document, Joined, Readings, Source

TASKS = {
    "image-classification": "Image classification",
    "zero-shot-image-classification": "Zero-shot image classification",
    "image-feature-extraction": "Image features",
    "object-detection": "Object detection",
    "image-segmentation": "Image segmentation",
    "depth-estimation": "Depth estimation",
    "video-classification": "Video classification",
}
FIELDS = ("downloads", "likes", "gated", "safetensors", "cardData", "tags", "sha")
MOST_MODELS = 1000
REMEDY = "the Hub's answer changed"
MAX_TEXT = 200


def documents(names: Sequence[str] | None = None) -> list[Document]:
    """Return one document a task: its most downloaded models, one page of them."""
    return [Document(task, (_url(task),), read_models) for task in TASKS]


def read_models(content: bytes, url: str) -> pd.DataFrame:
    """Read one page of the Hub's listing.

    Columns: id, downloads, likes, gated, params, licence, data, sha. A model whose
    card is odd is left out. Raises SourceChanged when most are, or the page is none.

    >>> read_models(b'[{"id": "o/m", "downloads": 3}]', "u")[["id", "downloads"]].values
    array([['o/m', 3.0]], dtype=object)
    """
    try:
        entries = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SourceChanged(url, "answers with no JSON", REMEDY) from error
    if not isinstance(entries, list) or not entries:
        raise SourceChanged(url, "lists no models", REMEDY)
    rows, errors = _rows(entries[:MOST_MODELS])
    if len(errors) > len(rows):
        happened = f"does not list models as it did ({errors[0]!r:.120})"
        raise SourceChanged(url, happened, REMEDY) from errors[0]
    return pd.DataFrame(rows).drop_duplicates("id", ignore_index=True)


def join(readings: Readings) -> Joined:
    """Lay the tasks out as tables; a model stands under the first of its tasks."""
    parts = []
    for task, reading in readings.items():
        rows = reading.rows
        builders = [_builder(identity) for identity in rows["id"]]
        parts.append(
            pd.DataFrame(
                {
                    "table": f"hub/{task}",
                    "task": TASKS[task],
                    "id": "hub/" + rows["id"],
                    "name": rows["id"],
                    "weight": rows["id"],
                    "builder": [builder for builder, _ in builders],
                    "arch": [arch for _, arch in builders],
                    "family": [_family(identity) for identity in rows["id"]],
                    "pretraining": rows["data"],
                    "licence": rows["licence"],
                    "doc_url": f"{HUB_ENDPOINT}/" + rows["id"],
                }
                | {k: rows[k] for k in ("downloads", "likes", "gated", "params")}
                | reading.provenance
                | {"revision": rows["sha"]}
            )
        )
    models = pd.concat(parts, ignore_index=True)
    return Joined(completed(models.drop_duplicates("id", ignore_index=True)))


def _url(task: str) -> str:
    asked = [("pipeline_tag", task), ("sort", "downloads"), ("limit", MOST_MODELS)]
    asked += [("expand", name) for name in FIELDS]
    return f"{HUB_ENDPOINT}/api/models?{urlencode(asked)}"


def _rows(
    entries: Sequence[Mapping[str, object]],
) -> tuple[list[dict[str, object]], list[Exception]]:
    rows, errors = [], []
    for entry in entries:
        try:
            rows.append(_row(entry))
        except (ValueError, TypeError, LookupError, ArithmeticError,
                AttributeError) as error:  # fmt: skip
            errors.append(error)
    return rows, errors


def _row(entry: Mapping[str, object]) -> dict[str, object]:
    from huggingface_hub.hf_api import ModelInfo  # most of a second, in a refresh only

    found = ModelInfo(**entry)
    card = found.card_data
    size = found.safetensors
    licence = _texts(getattr(card, "license", None)) or _tagged(found.tags, "license:")
    return {
        "id": _plain(found.id),
        "downloads": _number(found.downloads),
        "likes": _number(found.likes),
        "gated": _plain(found.gated or "no"),
        "params": _number(size.total if size else None),
        "licence": _plain(licence) or NOT_STATED,
        "data": _plain(_texts(getattr(card, "datasets", None))) or NO_PRETRAINING,
        "sha": _plain(found.sha or ""),
    }


def _plain(text: object) -> str:
    """Return text that every file can hold, MAX_TEXT letters at most."""
    return str(text)[:MAX_TEXT].encode("utf-8", "replace").decode()


def _number(value: object) -> float:
    number = float("nan") if value is None else float(value)
    return number if isfinite(number) else float("nan")


def _texts(value: object) -> str:
    if isinstance(value, str):
        return value
    return ", ".join(map(str, value)) if isinstance(value, list) else ""


def _tagged(tags: Sequence[str] | None, prefix: str) -> str:
    found = [tag.removeprefix(prefix) for tag in tags or () if tag.startswith(prefix)]
    return ", ".join(found)


def _builder(identity: str) -> tuple[str, str]:
    """Return builder and architecture, known only of timm's own repositories."""
    owner, _, name = identity.partition("/")
    if owner != "timm":
        return "", ""
    builder = name.partition(".")[0]
    return builder, architecture_of("timm", builder)


def _family(identity: str) -> str:
    """Return the family that a repository's name starts with.

    >>> _family("google/vit-base-patch16-224"), _family("me/my-cats")
    ('ViT', 'other')
    """
    plain = identity.rpartition("/")[2].lower().replace("-", "_")
    family = family_of(plain, "hub")
    return family if family != UNKNOWN_FAMILY else family_of(plain, "timm")


HUB = Source(
    name="hub",
    title="Hugging Face Hub",
    licence="per model",
    documents=documents,
    join=join,
)
