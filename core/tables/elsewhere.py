"""The same architecture in other sources, and where their numbers disagree.

What is compared is the image tower at one resolution: parameters and MACs, which do
not depend on how a weight was trained. Accuracies are never compared.
"""

import pandas as pd

from core.errors import UsageError

TOLERANCE = 0.02
COMPARED = ("params", "gmacs")
SHOWN = (
    "id", "name", "table", "protocol", "variant", "image_size", "metric", "accuracy",
    "params", "gmacs", "throughput", "device", "pretraining", "source", "fetched_at",
)  # fmt: skip


def elsewhere(models: pd.DataFrame, identity: str) -> pd.DataFrame:
    """Return the rows of other sources that share the architecture of one model.

    `params` and `gmacs` are the image tower's; `params_difference` and
    `gmacs_difference` are relative to the model, at its resolution only. Raises
    UsageError for an unknown id.
    """
    found = models[models["id"] == identity]
    if found.empty:
        raise UsageError(f"Model {identity!r}", "is unknown", "choose one of the table")
    rows = tower(models)
    here = rows.loc[found.index[0]]
    same = rows[(rows["arch"] == here["arch"]) & (here["arch"] != "")]
    others = same[same["owner"] != here["owner"]]
    answer = others[list(SHOWN)].copy()
    for name in COMPARED:
        difference = others[name] / here[name] - 1
        is_same_size = others["image_size"] == here["image_size"]
        answer[f"{name}_difference"] = difference.where(is_same_size)
    return answer.reset_index(drop=True)


def disagreements(
    models: pd.DataFrame, *, tolerance: float = TOLERANCE
) -> pd.DataFrame:
    """Return where two sources differ by more than `tolerance` (relative).

    Columns: arch, image_size, column, source_a, value_a, source_b, value_b,
    difference, which is relative to the smaller value.
    """
    pairs = shared(models)
    return pairs[pairs["difference"] > tolerance].reset_index(drop=True)


def shared(models: pd.DataFrame) -> pd.DataFrame:
    """Return every number that two sources give of one architecture at one size.

    Columns as in `disagreements`; a source's value is the median of its rows.
    """
    rows = tower(models)
    known = rows[(rows["arch"] != "") & rows["image_size"].notna()]
    by = known.groupby(["arch", "image_size", "owner"], sort=True)[list(COMPARED)]
    values = by.median().rename_axis(columns="column").stack().rename("value")
    values = values[values > 0].reset_index().rename(columns={"owner": "source"})
    keys = ["arch", "image_size", "column"]
    pairs = values.merge(values, on=keys, suffixes=("_a", "_b"))
    pairs = pairs[pairs["source_a"] < pairs["source_b"]].reset_index(drop=True)
    both = pairs[["value_a", "value_b"]]
    pairs["difference"] = both.max(axis=1) / both.min(axis=1) - 1
    return pairs[[*keys, "source_a", "value_a", "source_b", "value_b", "difference"]]


def tower(models: pd.DataFrame) -> pd.DataFrame:
    """Return the models with `params` and `gmacs` of the image tower alone.

    A model without towers is its own. `owner` is the source's short name.
    """
    return models.assign(
        owner=models["table"].str.partition("/")[0],
        params=models["image_params"].fillna(models["params"]),
        gmacs=models["image_gmacs"].fillna(models["gmacs"]),
    )
