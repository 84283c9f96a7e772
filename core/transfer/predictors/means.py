"""The plain baselines: the mean of each model, and two-way means. They know nothing of
what models and tasks are.
"""

import numpy as np

from core.transfer.embed import Embedding
from core.transfer.predictors.prediction import Prediction, unseen
from core.transfer.records import Records

ROUNDS = 30


def model_mean(records: Records, embedding: Embedding | None = None) -> Prediction:
    """Predict each model's mean over its measured tasks: the same ranking everywhere.

    A model without a record gets the mean of all.
    """
    values = records.values
    means = np.array([_mean(row, default=_mean(values)) for row in values])
    grid = np.repeat(means[:, None], values.shape[1], axis=1)
    return Prediction(unseen(records, grid))


def two_way_means(records: Records, embedding: Embedding | None = None) -> Prediction:
    """Predict mean + model effect + task effect, by least squares on what is measured.

    A task without a record has no effect, so that this is the model's mean there.
    """
    values = records.values
    grand = _mean(values)
    models, tasks = np.zeros((values.shape[0], 1)), np.zeros((1, values.shape[1]))
    for _ in range(ROUNDS):
        models[:, 0] = [_mean(row, default=0.0) for row in values - grand - tasks]
        tasks[0] = [_mean(row, default=0.0) for row in (values - grand - models).T]
    return Prediction(unseen(records, grand + models + tasks))


def _mean(values: np.ndarray, default: float = 0.5) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else default
