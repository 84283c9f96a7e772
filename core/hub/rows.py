"""One model of a listing as a row: what the API says of it, whatever its author wrote
there. Asks nothing.
"""

from collections.abc import Mapping
from typing import Literal, get_args

import pandas as pd

from core.errors import CheckpointError
from core.hub.checkpoint import file_names, root_files
from core.hub.names import is_repository_id
from core.weights.checkpoint import pick_weights

Relation = Literal["finetune", "adapter", "quantized", "merge"]
RELATIONS: tuple[Relation, ...] = get_args(Relation)

EXPAND = (
    "author", "baseModels", "cardData", "childrenModelCount", "createdAt", "disabled",
    "downloads", "gated", "lastModified", "library_name", "likes", "pipeline_tag",
    "private", "sha", "siblings", "tags", "usedStorage",
)  # fmt: skip
"""The fields to ask for (`ExpandModelProperty_T` of huggingface_hub 2.4)."""

TEXTS = ("id", "parent", "relation", "author", "sha", "gated", "library", "task")
LISTS = ("tags", "files", "base_models", "datasets", "metrics")
COUNTS = ("hop", "downloads", "likes", "storage_bytes", "children")
DATES = ("created_at", "last_modified", "listed_at")
COLUMNS = (
    *TEXTS, "license", *COUNTS, *DATES, *LISTS, "disabled", "private", "reason",
    "explanation",
)  # fmt: skip
"""The columns of a listing. `relation` is to `parent`, `hop` steps from the base;
`reason` and `explanation` are empty where nothing is known to prevent a comparison.
"""


def model_row(item: Mapping[str, object], *, has_token: bool) -> dict[str, object]:
    """Return the row of one model of the API, its relation to a base aside.

    Fields of the wrong type count as missing. `reason` is set where the listing alone
    tells that the weights cannot be compared.
    """
    card = item.get("cardData")
    card = card if isinstance(card, Mapping) else {}
    row = {
        "id": text(item.get("id")),
        "author": text(item.get("author")),
        "sha": text(item.get("sha")),
        "gated": text(item.get("gated")) if item.get("gated") else "",
        "library": text(item.get("library_name")),
        "task": text(item.get("pipeline_tag")),
        "license": ", ".join(texts(card.get("license"))),
        "downloads": number(item.get("downloads")),
        "likes": number(item.get("likes")),
        "storage_bytes": number(item.get("usedStorage")),
        "children": sum(children_by_relation(item).values()),
        "created_at": text(item.get("createdAt")),
        "last_modified": text(item.get("lastModified")),
        "tags": texts(item.get("tags")),
        "files": [text(name) for name in file_names(item.get("siblings"))],
        "base_models": texts(card.get("base_model")),
        "datasets": texts(card.get("datasets")),
        "metrics": texts(card.get("metrics")),
        "disabled": item.get("disabled") is True,
        "private": item.get("private") is True,
    }
    reason, explanation = problem(row, has_token=has_token)
    return row | {"reason": reason, "explanation": explanation}


def problem(row: Mapping[str, object], *, has_token: bool) -> tuple[str, str]:
    """Return why a listed model cannot be compared, as reason and sentence, else "".

    A gated model is tried when there is a token: its owner may have let us in.

    >>> row = {"id": "a/b", "gated": "auto", "disabled": False, "files": []}
    >>> problem(row, has_token=False)[0], problem(row, has_token=True)[0]
    ('gated', 'no-weights')
    """
    name = row["id"]
    if not is_repository_id(str(name)):
        return "not-found", "It is listed under a name that cannot be asked for."
    if row["disabled"]:
        return "disabled", f"{name} was disabled by the Hub."
    if row["gated"] and not has_token:
        page = "accept its terms on its page, then set HF_TOKEN"
        return "gated", f"{name} is gated; {page}."
    try:
        pick_weights(root_files(row["files"]), str(name))
    except CheckpointError as error:
        return error.reason, str(error)
    return "", ""


def lost_row(id: str, reason: str, explanation: str) -> dict[str, object]:
    """Return the row of a model that could not be asked for."""
    nothing = model_row({"id": id}, has_token=True)
    return nothing | {"reason": reason, "explanation": explanation}


def children_by_relation(item: Mapping[str, object]) -> dict[str, int]:
    """Return how many models the API counts as made from this one, by relation.

    >>> children_by_relation({"childrenModelCount": {"finetune": 2, "adapter": None}})
    {'finetune': 2, 'adapter': 0, 'quantized': 0, 'merge': 0}
    """
    counts = item.get("childrenModelCount")
    counts = counts if isinstance(counts, Mapping) else {}
    return {relation: number(counts.get(relation)) or 0 for relation in RELATIONS}


def listing_frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Return rows as a frame of COLUMNS: text, nullable counts, dates in UTC, lists."""
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    for name in COUNTS:
        frame[name] = frame[name].astype("Int64")
    for name in DATES:
        frame[name] = pd.to_datetime(
            frame[name], utc=True, errors="coerce", format="ISO8601"
        ).astype("datetime64[us, UTC]")
    for name in ("disabled", "private"):
        frame[name] = frame[name].astype(bool)
    for name in (*TEXTS, "license", "reason", "explanation"):
        frame[name] = frame[name].fillna("").astype("str")
    return frame


def text(value: object) -> str:
    """Return text that every file can hold; anything but text and numbers is "".

    >>> text("a\\ud800"), text(["x"]), text(7)
    ('a?', '', '7')
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).encode("utf-8", "replace").decode()


def texts(value: object) -> list[str]:
    """Return what a card gives as one text or several.

    >>> texts("mit"), texts(["a", None, 3])
    (['mit'], ['a', '3'])
    """
    entries = value if isinstance(value, list) else [value]
    return [found for found in map(text, entries) if found]


def number(value: object) -> int | None:
    """Return a count, None for what is none."""
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return value if is_count and 0 <= value < 2**63 else None
