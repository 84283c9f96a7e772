"""Linear models of the log-odds: the published baseline, and ridge regression with
interactions.
"""

import numpy as np

from core.transfer.embed import Embedding
from core.transfer.predictors.prediction import (
    Prediction,
    observe,
    sigmoid,
    unseen,
)
from core.transfer.records import Records


def linear_regression(records: Records, embedding: Embedding) -> Prediction:
    """Predict from the sum of what models are and what tasks are, without penalty.

    The published study's baseline (Chen et al., 2024: a linear layer and a sigmoid on
    both embeddings), fitted exactly. It has no interactions, so that it recommends the
    same model for every task.
    """
    from sklearn.linear_model import LinearRegression

    return _fit(records, additive(embedding), LinearRegression(), is_weighted=False)


def ridge_with_interactions(records: Records, embedding: Embedding) -> Prediction:
    """Predict from models, tasks and what each model does with domain and size.

    Every task has an effect of its own as well, which is zero for a new one. Cells are
    weighted by their sampling error; the penalty is 1.
    """
    from sklearn.linear_model import Ridge

    task_count = len(embedding.tasks)
    own = np.tile(np.eye(task_count), (len(embedding.models), 1))
    columns = np.hstack([additive(embedding), interactions(embedding), own])
    return _fit(records, columns, Ridge(1.0), is_weighted=True)


def additive(embedding: Embedding) -> np.ndarray:
    """Return model columns beside task columns, a row a cell (M T, F + G)."""
    models, tasks = embedding.models, embedding.tasks
    return np.hstack(
        [np.repeat(models, len(tasks), axis=0), np.tile(tasks, (len(models), 1))]
    )


def interactions(embedding: Embedding) -> np.ndarray:
    """Return each model column times each of domain and numbers (M T, F G).

    Labels take no part: they would outnumber the records.
    """
    models = embedding.models
    tasks = np.hstack([embedding.domains, embedding.task_numbers])
    return np.einsum("mf,tg->mtfg", models, tasks).reshape(len(models) * len(tasks), -1)


def _fit(records: Records, columns: np.ndarray, estimator, *, is_weighted: bool):
    observed = observe(records)
    seen = observed.mask.ravel()
    weights = observed.precision if is_weighted else None
    estimator.fit(columns[seen], observed.logits.ravel()[seen], sample_weight=weights)
    logits = estimator.predict(columns).reshape(observed.mask.shape)
    return Prediction(unseen(records, sigmoid(logits)))
