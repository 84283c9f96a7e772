"""A value of a model table as people read it: percent, counts with a unit, sizes."""

import pandas as pd

from core.tables.schema import COLUMNS, Column
from core.ui.text import compact, percent, size

WRITERS = {"fraction": percent, "count": compact, "number": compact}
BY_NAME = {column.name: column for column in COLUMNS}


def written(value: object, column: Column) -> str:
    """Write one value of a column; what is missing is a dash."""
    if value == "" or pd.isna(value):
        return "–"
    if column.name == "file_size_bytes":
        return size(value)
    text = WRITERS.get(column.kind, str)(value)
    return f"{text} {column.unit}".strip() if column.kind == "number" else text


def written_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Write every value of a frame whose columns are the schema's."""
    return pd.DataFrame(
        {
            name: [written(value, BY_NAME[name]) for value in rows[name]]
            for name in rows
        },
        index=rows.index,
    )
