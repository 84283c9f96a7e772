"""Accuracy and cost of checkpoints, for a Pareto front: published results and
open_clip's table, with the costs that are known of each.
"""

import pandas as pd

from core.zero_shot.catalog import Catalog
from core.zero_shot.open_clip import open_clip_results

COLUMNS = (
    "id", "name", "model", "family", "benchmark", "task", "dataset", "accuracy",
    "params", "gmacs", "weights", "peak", "licence", "access", "source", "fetched_at",
)  # fmt: skip
BYTES_PER_PARAMETER = 2
MARGIN = 1.1
"""Traced activations lie below what a run takes; peak memory adds a tenth."""


def every_point(catalog: Catalog, open_clip: pd.DataFrame) -> pd.DataFrame:
    """Return a row a checkpoint and benchmark; costs are NaN where unknown.

    `weights` are the bytes of all parameters at 16 bits. `peak` adds the activations of
    one image where they were traced; it is NaN elsewhere. `family` is the model's name,
    so that charts color by it. Rows that open_clip's own table has again are kept once.
    """
    published = catalog.results.dropna(subset=["value"])
    fresh = open_clip_results(open_clip, catalog.every_model)
    if len(fresh):
        copied = published["source"].str.startswith("mlfoundations/open_clip")
        published = pd.concat([published[~copied], fresh], ignore_index=True)
    rows = _with_costs(published, catalog.costs)
    models = catalog.every_model.set_index("id").reindex(rows["model"])
    benchmarks = catalog.benchmarks.set_index("id").reindex(rows["benchmark"])
    family = pd.Series(models["name"].to_numpy()).fillna("Other checkpoints")
    return rows.assign(
        id=rows["model"] + "/" + rows["variant"],
        name=[_label(*pair) for pair in zip(family, rows["variant"], strict=True)],
        family=family.to_numpy(),
        task=benchmarks["task"].to_numpy(),
        dataset=benchmarks["name"].to_numpy(),
        accuracy=rows["value"],
        licence=models["licence"].fillna("").to_numpy(),
        access=models["access"].fillna("unknown").to_numpy(),
        fetched_at=rows["read"],
    )[list(COLUMNS)].reset_index(drop=True)


def _with_costs(rows: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """Fill in the costs that were counted for the same checkpoint."""
    columns = ["params", "gmacs", "activations_mib", "activations_fused_mib"]
    counted = costs.set_index(["model", "variant"])[columns]
    known = counted.reindex(pd.MultiIndex.from_frame(rows[["model", "variant"]]))
    known = known.set_axis(rows.index)
    params = rows["params"].astype(float).fillna(known["params"])
    activations = known["activations_fused_mib"].fillna(known["activations_mib"])
    weights = params * BYTES_PER_PARAMETER
    in_bytes = activations * 2**20 * BYTES_PER_PARAMETER / 4
    return rows.assign(
        params=params,
        gmacs=rows["gmacs"].astype(float).fillna(known["gmacs"]),
        weights=weights,
        peak=weights + MARGIN * in_bytes,
    )


def _label(family: str, variant: str) -> str:
    """Name a checkpoint once.

    >>> _label("SigLIP 2", "B/32-256"), _label("SAM 3", "SAM 3")
    ('SigLIP 2 B/32-256', 'SAM 3')
    """
    return (
        variant if family in (variant, "Other checkpoints") else f"{family} {variant}"
    )
