"""open_clip's zero-shot table in the survey's words: which model each checkpoint
belongs to, and which benchmark each column is.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase

import pandas as pd

TABLE = "open_clip/classification"
COLUMNS = (
    "model", "variant", "benchmark", "value", "params", "gmacs", "source", "read"
)  # fmt: skip
BENCHMARKS: Mapping[str, str] = {
    "zero_shot@1": "imagenet",
    "zero_shot_v2": "imagenet-v2",
    "zero_shot_sketch": "imagenet-sketch",
    "zero_shot_a": "imagenet-a",
    "zero_shot_r": "imagenet-r",
    "zero_shot_mean": "open-clip-mean",
}


def open_clip_results(table: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    """Return a row a checkpoint and benchmark, in the columns of results.csv.

    `table` is open_clip/classification of core.tables, or empty. `model` is "" where no
    pattern of `models` names the checkpoint.
    """
    if table.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    rows = pd.DataFrame(
        {
            "model": [model_of(weight, models) for weight in table["weight"]],
            "variant": table["name"],
            "params": table["params"],
            "gmacs": table["gmacs"],
            "source": table["source"] + ", revision " + table["revision"],
            "read": table["fetched_at"],
        }
    )
    parts = [
        rows.assign(benchmark=benchmark, value=table[column])
        for column, benchmark in BENCHMARKS.items()
    ]
    return pd.concat(parts, ignore_index=True).dropna(subset=["value"])[list(COLUMNS)]


def model_of(weight: str, models: pd.DataFrame) -> str:
    """Return the first model whose patterns match open_clip's name/tag, or "".

    >>> models = pd.DataFrame({"id": ["clip"], "open_clip": [("*/openai",)]})
    >>> model_of("ViT-B-32/openai", models), model_of("ViT-B-32/mine", models)
    ('clip', '')
    """
    for model, patterns in zip(models["id"], models["open_clip"], strict=True):
        if any(fnmatchcase(weight, pattern) for pattern in patterns):
            return model
    return ""
