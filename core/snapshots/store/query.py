"""Ask a store's lineage in SQL (DuckDB, in memory): a row a model, or a row a tensor,
and the tree of who was made from whom.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from core.errors import UsageError
from core.snapshots.store.manifest import StoredModel

if TYPE_CHECKING:
    import duckdb
    import pyarrow

CONFINED = {
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    "max_memory": "2GB",
    "temp_directory": "",
}
"""A question reads no file, no address, no variable of Python, and fills no disk."""

TREE = """
WITH RECURSIVE walk AS (
    SELECT id, 0 AS depth, [id] AS path FROM models
    WHERE parent IS NULL OR parent NOT IN (SELECT id FROM models)
    UNION ALL
    SELECT models.id, depth + 1, list_append(path, models.id)
    FROM models JOIN walk ON models.parent = walk.id
    WHERE NOT list_contains(path, models.id)
), own AS (
    SELECT model, sum(size_bytes) AS own_bytes FROM (
        SELECT model, digest, any_value(size_bytes) AS size_bytes
        FROM tensors GROUP BY model, digest
    ) AS held ANTI JOIN (
        SELECT models.id AS model, tensors.digest
        FROM models JOIN tensors ON tensors.model = models.parent
    ) AS inherited USING (model, digest)
    GROUP BY model
)
SELECT walk.depth, models.*, coalesce(own.own_bytes, 0)::BIGINT AS own_bytes,
    (SELECT count(*) FROM models AS child WHERE child.parent = models.id) AS children
FROM models
LEFT JOIN walk ON walk.id = models.id
LEFT JOIN own ON own.model = models.id
ORDER BY coalesce(walk.path, [models.id])
"""


def lineage_tree(models: Sequence[StoredModel]) -> pd.DataFrame:
    """Return the models as a tree: a row each, parents directly before what was made
    from them.

    `depth` counts from the root; it is missing where parents run in a circle. Beside
    the columns of `lineage_table`: `own_bytes`, the tensors that the parent does not
    have, and `children`, how many were made from it directly.
    """
    return query_lineage(models, TREE)


def query_lineage(models: Sequence[StoredModel], sql: str) -> pd.DataFrame:
    """Answer one question in SQL over the tables `models` and `tensors`.

    `models` has the columns of `lineage_table`; `tensors` has model, name, dtype,
    shape, digest and size_bytes. The question can read nothing else. Raises UsageError
    with DuckDB's sentence where it is wrong.
    """
    import duckdb

    try:
        with _connection(models) as connection:
            relation = connection.sql(sql)
            if relation is None:
                raise UsageError("The query", "answers nothing", "start with SELECT")
            return _frame(relation.to_arrow_table())
    except duckdb.Error as error:
        told = str(error).splitlines()[0].rstrip(".")
        happened = f"cannot be answered ({told})"
        remedy = "the tables are models and tensors"
        raise UsageError("The query", happened, remedy) from error


def lineage_table(models: Sequence[StoredModel]) -> "pyarrow.Table":
    """Return a row a model: id, parent, base, origin, retrain_index, dataset with its
    hash, seed, accuracy (0-1, of the test set where it is known), metrics and the
    whole lineage as JSON, size_bytes, format and added_at.
    """
    import pyarrow

    types = dict.fromkeys(
        ("id", "parent", "base", "origin", "dataset", "dataset_hash", "metrics",
         "lineage", "format", "added_at"), pyarrow.string(),
    )  # fmt: skip
    types |= dict.fromkeys(("retrain_index", "seed", "size_bytes"), pyarrow.int64())
    types |= {"accuracy": pyarrow.float64()}
    rows = [_row(model) for model in models]
    return pyarrow.Table.from_pylist(rows, schema=pyarrow.schema(types))


def tensor_table(models: Sequence[StoredModel]) -> "pyarrow.Table":
    """Return a row a tensor of each model."""
    import pyarrow

    rows = [
        (model.id, name, p.dtype, "x".join(map(str, p.shape)), p.digest, p.size_bytes)
        for model in models
        for name, p in model.tensors.items()
    ]
    names = ("model", "name", "dtype", "shape", "digest", "size_bytes")
    types = [pyarrow.string()] * 5 + [pyarrow.int64()]
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    arrays = [
        pyarrow.array(column, type_)
        for column, type_ in zip(columns, types, strict=True)
    ]
    return pyarrow.Table.from_arrays(arrays, names)


def _row(model: StoredModel) -> Mapping[str, object]:
    told = model.lineage
    dataset, metrics = told.get("dataset"), told.get("metrics")
    named = dataset if isinstance(dataset, dict) else {"name": dataset}
    text = {key: _text(told.get(key)) for key in ("parent", "base", "origin")}
    return text | {
        "id": model.id,
        "retrain_index": _integer(told.get("retrain_index")),
        "seed": _integer(told.get("seed")),
        "dataset": _text(named.get("name")),
        "dataset_hash": _text(named.get("key")),
        "accuracy": _accuracy(metrics),
        "metrics": json.dumps(metrics) if metrics else None,
        "lineage": json.dumps(told),
        "size_bytes": model.size_bytes,
        "format": model.format,
        "added_at": model.added_at,
    }


def _accuracy(metrics: object) -> float | None:
    """Return what the test set says of a trained snapshot (`core.snapshots.train`)."""
    test = metrics.get("test") if isinstance(metrics, dict) else None
    found = test.get("top1") if isinstance(test, dict) else None
    return float(found) if isinstance(found, int | float) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _integer(value: object) -> int | None:
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    return value if is_integer and abs(value) < 2**63 else None


def _connection(models: Sequence[StoredModel]) -> "duckdb.DuckDBPyConnection":
    import duckdb

    connection = duckdb.connect(":memory:", config=dict(CONFINED))
    connection.register("models", lineage_table(models))
    connection.register("tensors", tensor_table(models))
    connection.execute("SET lock_configuration = true")
    return connection


def _frame(table: "pyarrow.Table") -> pd.DataFrame:
    import pyarrow

    whole = {pyarrow.int64(): pd.Int64Dtype(), pyarrow.int32(): pd.Int64Dtype()}
    return table.to_pandas(types_mapper=whole.get)
