"""Results as tidy tables and as the JSON of the command line. Reads no files."""

from collections.abc import Iterable, Sequence

import pandas as pd
import pyarrow as pa

from core.derived.card import Card
from core.derived.comparisons import COLUMNS, TOLD, Result

RESULT_COLUMNS = ("id", "status", "stage", "reason", "message", "compared_at")
MODEL_TYPES = {
    "frozen_blocks": "Int64", "statistics_drift": "boolean",
    "frozen_by_architecture": "boolean", "missing_pooler": "boolean",
    "equal": "Int64", "changed": "Int64", "added": "Int64", "removed": "Int64",
    "reshaped": "Int64", "bytes_read": "Int64", "downloads": "Int64", "likes": "Int64",
    "metric_value": "Float64", "size_bytes": "Int64",
    "created_at": "datetime64[us, UTC]", "last_modified": "datetime64[us, UTC]",
}  # fmt: skip
MODEL_COLUMNS = (
    "id", "status", "stage", "reason", "message", "kind", "frozen_blocks",
    "statistics_drift", "cast_dtype", "low_rank", "frozen_by_architecture",
    "renamed_prefix", "missing_pooler", "equal", "changed", "added", "removed",
    "reshaped", "runs", "sentence", "bytes_read", "compared_at", "downloads", "likes",
    "task", "license", "dataset", "metric", "metric_value", "relation", "parents",
    "created_at", "last_modified", "size_bytes",
)  # fmt: skip
"""`parents` are the ids that a card or the Hub names as base, joined by ", ";
`size_bytes` is the size of the weight files, where they were compared.
"""

SEPARATOR = ", "


def model_rows(results: Sequence[Result], cards: Sequence[Card]) -> pd.DataFrame:
    """One row a child, in the order given; what a failure lacks is missing."""
    rows = [_model(r, card) for r, card in zip(results, cards, strict=True)]
    frame = pd.DataFrame(rows, columns=list(MODEL_COLUMNS), dtype=object)
    texts = {name: "str" for name in MODEL_COLUMNS if name not in MODEL_TYPES}
    return frame.astype(texts | MODEL_TYPES)


def tensor_rows(
    results: Iterable[Result], columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """One row a compared child and tensor: `model`, then `comparisons.TOLD`.

    `columns` picks some of `comparisons.COLUMNS` instead. Texts are categories: there
    are few different ones.
    """
    names = list(columns or TOLD)
    found = [(r.id, r.tensors.select(names)) for r in results if r.tensors is not None]
    found = found or [("", COLUMNS.empty_table().select(names))]
    parts = [_with_model(model, tensors) for model, tensors in found]
    return pa.concat_tables(parts).unify_dictionaries().to_pandas()


def document(results: Iterable[Result]) -> list[dict[str, object]]:
    """Return the `models` of the JSON of `derived`."""
    return [_document(result) for result in results]


def _document(result: Result) -> dict[str, object]:
    summary = result.summary or {}
    flags = summary.get("flags", {})
    return {
        "id": result.id,
        "status": result.status,
        "reason": result.reason,
        "kind": summary.get("kind"),
        "frozen_blocks": summary.get("frozen_blocks"),
        "statistics_drift": flags.get("statistics_drift"),
        "cast_dtype": flags.get("cast_dtype"),
        "counts": summary.get("counts"),
    }


def _model(result: Result, card: Card) -> dict[str, object]:
    summary = dict(result.summary or {})
    facts = {**summary.pop("flags", {}), **summary.pop("counts", {}), **summary}
    return {
        **{name: getattr(result, name) for name in RESULT_COLUMNS},
        **facts,
        "task": card.task,
        "license": card.license,
        "dataset": SEPARATOR.join(card.datasets) or None,
        "metric": card.metric,
        "metric_value": card.metric_value,
        "relation": card.relation,
        "downloads": card.downloads,
        "likes": card.likes,
        "parents": SEPARATOR.join(card.base_models) or None,
        "created_at": card.created_at,
        "last_modified": card.last_modified,
        "size_bytes": summary.get("size_bytes") or summary.get("bytes_naive"),
    }


def _with_model(model: str, tensors: pa.Table) -> pa.Table:
    names = pa.DictionaryArray.from_arrays(
        pa.repeat(pa.scalar(0, pa.int32()), len(tensors)), [model]
    )
    return tensors.add_column(0, "model", names)
