"""Static rankers: one list of models for every task. They cost nothing, and nothing
that claims to know a task may be shown without them.
"""

import numpy as np
import pandas as pd

from core.transfer.records import Records

STATIC = {
    "imagenet-accuracy": ("ImageNet accuracy", "imagenet_accuracy"),
    "size": ("Size (parameters)", "params"),
}
HISTORY = "mean-accuracy"


def static_scores(records: Records) -> pd.DataFrame:
    """Score every model by ImageNet accuracy, size, and mean of past accuracies.

    The mean compares models on what they have in common: two-way effects, so that a
    model recorded on easy tasks only gains nothing. NaN where nothing is known.
    """
    scores = {
        name: records.models[column].astype(float)
        for name, (_, column) in STATIC.items()
    }
    return pd.DataFrame({**scores, HISTORY: model_effects(records)})


def model_effects(records: Records) -> pd.Series:
    """Return how much better than average each model did on its tasks (M,).

    >>> frame = pd.DataFrame({"t": [0.5, 0.7], "u": [0.1, None]}, index=["a", "b"])
    >>> model_effects(Records(frame, pd.DataFrame(), pd.DataFrame())).round(2).tolist()
    [-0.1, 0.1]
    """
    values = records.values
    effects = np.zeros(len(values))
    for _ in range(100):
        tasks = _means((values - effects[:, None]).T)
        effects = _means(values - tasks[None])
        effects -= np.nanmean(effects) if len(effects) else 0.0
        effects = np.nan_to_num(effects)
    never = ~records.is_known.any(axis=1)
    return pd.Series(np.where(never, np.nan, effects), index=records.accuracy.index)


def _means(rows: np.ndarray) -> np.ndarray:
    known = ~np.isnan(rows)
    count = known.sum(axis=1)
    total = np.nan_to_num(rows).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), 0.0)
