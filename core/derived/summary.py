"""A family in tables: patterns, depths, layers, failures, popularity, time. Every share
has its interval and its n. Knows frames: no files, no charts.
"""

import numpy as np
import pandas as pd

from core.derived.order import frozen_depth
from core.derived.shares import effective_size, median_interval, wilson, with_shares

NOT_BY_LAYER = frozenset({"quantized", "adapter", "other-architecture"})
"""Patterns whose weights say nothing on which of the base's layers were trained."""

LAYER_COLUMNS = (
    "model", "base_name", "block", "order", "verdict", "elements", "is_parameter",
    "is_unreached", "is_tied", "relative_l2",
)  # fmt: skip
"""What `layer_shares` needs of `Family.tensors`."""


def compared(models: pd.DataFrame) -> pd.DataFrame:
    """Return the models that were compared."""
    return models[models["status"] == "ok"]


def by_layer(models: pd.DataFrame) -> pd.DataFrame:
    """Return the compared models whose weights say which layers were trained."""
    rows = compared(models)
    return rows[~rows["kind"].isin(NOT_BY_LAYER)]


def pattern_shares(models: pd.DataFrame) -> pd.DataFrame:
    """Count compared models by `kind`, and their downloads, the commonest first.

    The interval of a share of downloads takes the models for a sample of Kish's
    effective size. Where no downloads are known, those columns are missing values.
    """
    rows = compared(models)
    counts = rows["kind"].value_counts().rename_axis("kind").reset_index(name="models")
    found = with_shares(counts, len(rows))
    known = rows.dropna(subset=["downloads"])
    weights = known["downloads"].astype(float)
    found["downloads"] = found["kind"].map(known.groupby("kind")["downloads"].sum())
    found["downloads"] = found["downloads"].astype("Int64")
    found["downloads_share"] = found["downloads"].astype("Float64") / (
        weights.sum() or np.nan
    )
    size = effective_size(weights)
    ends = [
        (np.nan, np.nan) if pd.isna(share) else wilson(share * size, size)
        for share in found["downloads_share"]
    ]
    found["downloads_low"] = [low for low, _ in ends]
    found["downloads_high"] = [high for _, high in ends]
    return found


def failure_shares(models: pd.DataFrame) -> pd.DataFrame:
    """Count failed models by reason, among all that were tried, the commonest first."""
    failed = models[models["status"] == "failed"]
    counts = failed["reason"].fillna("unknown").value_counts()
    counts = counts.rename_axis("reason").reset_index(name="models")
    return with_shares(counts, len(failed) + len(compared(models)))


def depth_counts(matrix: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    """Count models by how many blocks, from the input on, equal the base.

    `matrix` is `Family.matrix("block")`. `up_to` names the last frozen block, "nothing"
    at depth 0. Patterns that say nothing by layer are left out.
    """
    kinds = by_layer(models).set_index("id")["kind"]
    depth = frozen_depth(matrix.loc[matrix.index.isin(kinds.index)])
    rows = pd.DataFrame({"depth": depth, "kind": kinds.reindex(depth.index)})
    counts = rows.groupby(["depth", "kind"]).size().reset_index(name="models")
    ends = ["nothing", *matrix.columns]
    counts.insert(1, "up_to", [ends[depth] for depth in counts["depth"]])
    return with_shares(counts, len(rows))


def layer_shares(tensors: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    """Tell, for each block of the base, how many models trained it, and how far.

    A model trained a block when a parameter of it differs, tied copies and what
    training never reaches aside. `total` counts the models of which that is known.
    `mean_relative_l2` is over the `measured` models among those that trained it, of
    the mean over the block's parameters weighted by size; it is missing where no
    distance was measured.
    """
    states = block_states(tensors, models)
    distance = states["relative_l2"].where(states["is_trained"])
    found = (
        states.assign(relative_l2=distance)
        .groupby("block", sort=False)
        .agg(
            order=("order", "min"), models=("is_trained", "sum"),
            known=("is_trained", "size"), measured=("relative_l2", "count"),
            mean_relative_l2=("relative_l2", "mean"),
        )
        .sort_values("order", kind="stable")
        .reset_index()
    )  # fmt: skip
    found = with_shares(found, found["known"])
    measured = found[["measured", "mean_relative_l2"]]
    return found.drop(columns=["known", *measured]).join(measured)


def block_states(tensors: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    """One row a model and block of the base of which is known whether it was trained.

    Columns: model, block, order, is_trained, relative_l2 (missing where a changed
    parameter of the block was not measured).
    """
    kept = tensors[
        tensors["base_name"].notna()
        & tensors["model"].isin(by_layer(models)["id"])
        & tensors["is_parameter"].to_numpy(bool)
        & ~(tensors["is_unreached"] | tensors["is_tied"]).to_numpy(bool)
        & (tensors["verdict"] != "removed")
    ]
    is_trained = kept["verdict"].isin(["changed", "reshaped"])
    distance = kept["relative_l2"].astype(float).mask(kept["verdict"] == "equal", 0.0)
    elements = kept["elements"].astype(float)
    rows = pd.DataFrame(
        {
            "model": kept["model"].astype(object),
            "block": kept["block"].astype(object),
            "order": kept["order"],
            "is_trained": is_trained,
            "is_unknown": kept["verdict"] == "unknown",
            "is_unmeasured": distance.isna(),
            "weighted": distance * elements,
            "elements": elements,
        }
    )
    found = rows.groupby(["model", "block"], sort=False).agg(
        order=("order", "first"), is_trained=("is_trained", "any"),
        is_unknown=("is_unknown", "any"), is_unmeasured=("is_unmeasured", "any"),
        weighted=("weighted", "sum"), elements=("elements", "sum"),
    )  # fmt: skip
    found["relative_l2"] = (found["weighted"] / found["elements"]).mask(
        found["is_unmeasured"]
    )
    decided = found["is_trained"] | ~found["is_unknown"]
    return found[decided].reset_index()[
        ["model", "block", "order", "is_trained", "relative_l2"]
    ]


def popularity(models: pd.DataFrame) -> pd.DataFrame:
    """Sum up the downloads of each pattern: median, its interval, and the sum.

    `models` counts those whose downloads are known; the interval is missing for fewer
    than six.
    """
    known = compared(models).dropna(subset=["downloads"])
    rows = []
    for kind, group in known.groupby("kind", sort=True):
        downloads = group["downloads"].astype(float)
        low, high = median_interval(downloads)
        rows.append((kind, len(group), downloads.median(), low, high, downloads.sum()))
    columns = ["kind", "models", "median", "low", "high", "downloads"]
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values(["models", "kind"], ascending=[False, True])


def over_time(models: pd.DataFrame) -> pd.DataFrame:
    """Count compared models by kind and the period in which they were created.

    Periods are months up to two years, else quarters; models without a date are left
    out.
    """
    columns = ["period", "kind", "models"]
    if "created_at" not in models:
        return pd.DataFrame(columns=columns)
    rows = compared(models).dropna(subset=["created_at"])
    moments = pd.to_datetime(rows["created_at"], utc=True).dt.tz_localize(None)
    if moments.empty:
        return pd.DataFrame(columns=columns)
    is_long = moments.max() - moments.min() > pd.Timedelta(days=730)
    period = moments.dt.to_period("Q" if is_long else "M").dt.start_time
    keys = [period.rename("period"), rows["kind"]]
    return rows.groupby(keys).size().reset_index(name="models")[columns]
