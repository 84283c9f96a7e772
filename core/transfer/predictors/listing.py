"""All predictors by name, and their mean."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import UsageError
from core.transfer.embed import Embedding
from core.transfer.predictors.boosting import histogram_boosting
from core.transfer.predictors.gaussian_process import gaussian_process
from core.transfer.predictors.linear import linear_regression, ridge_with_interactions
from core.transfer.predictors.means import model_mean, two_way_means
from core.transfer.predictors.prediction import Predict, Prediction
from core.transfer.records import Records

MEAN = "mean"
AVERAGED = ("ridge", "boosting", "gaussian-process")


@dataclass(frozen=True)
class Predictor:
    """A predictor; `knows_models` says whether it can tell two new models apart."""

    name: str
    title: str
    predict: Predict | None
    knows_models: bool = True


PREDICTORS = (
    Predictor("model-mean", "Mean of each model", model_mean, knows_models=False),
    Predictor("two-way-means", "Two-way means", two_way_means, knows_models=False),
    Predictor("linear", "Linear regression (published)", linear_regression),
    Predictor("ridge", "Ridge with interactions", ridge_with_interactions),
    Predictor("boosting", "Histogram gradient boosting", histogram_boosting),
    Predictor("gaussian-process", "Gaussian process", gaussian_process),
    Predictor(MEAN, f"Mean of {', '.join(AVERAGED)}", None),
)


def predictor(name: str) -> Predictor:
    """Return the predictor of this name. Raises UsageError when there is none."""
    for one in PREDICTORS:
        if one.name == name:
            return one
    names = ", ".join(one.name for one in PREDICTORS)
    raise UsageError(f"Predictor {name!r}", "does not exist", f"choose one of {names}")


def predict_all(
    records: Records, embedding: Embedding, names: Sequence[str]
) -> dict[str, Prediction]:
    """Predict the cells that nobody measured by each predictor named."""
    wanted = [predictor(name) for name in names]
    needed = [*names, *(AVERAGED if MEAN in names else ())]
    found = {
        one.name: one.predict(records, embedding)
        for one in PREDICTORS
        if one.name in needed and one.predict is not None
    }
    if MEAN in names:
        means = [found[name].mean for name in AVERAGED]
        found[MEAN] = Prediction(np.mean(means, axis=0))
    return {one.name: found[one.name] for one in wanted}
