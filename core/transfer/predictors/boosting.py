"""Histogram gradient boosting on what models and tasks are."""

from core.transfer.embed import Embedding
from core.transfer.predictors.linear import additive
from core.transfer.predictors.prediction import (
    Prediction,
    observe,
    sigmoid,
    unseen,
)
from core.transfer.records import Records


def histogram_boosting(records: Records, embedding: Embedding) -> Prediction:
    """Predict log-odds by scikit-learn's boosted trees, as they come, cells weighted
    by their sampling error.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    observed = observe(records)
    columns, seen = additive(embedding), observed.mask.ravel()
    trees = HistGradientBoostingRegressor(random_state=0)
    trees.fit(columns[seen], observed.logits[observed.mask], observed.precision)
    logits = trees.predict(columns).reshape(observed.mask.shape)
    return Prediction(unseen(records, sigmoid(logits)))
