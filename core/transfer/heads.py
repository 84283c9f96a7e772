"""Retrain-head accuracy: a linear head trained on frozen features and measured on
images that it never saw. The ground truth that transferability scores are held against.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.errors import UsageError

Kind = Literal["ridge", "logistic"]
Labeled = tuple[np.ndarray, np.ndarray]

ALPHAS = np.logspace(-2, 6, 17)
"""Penalties of the ridge head; the features have variance 1."""

INVERSE_PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""scikit-learn's C of the logistic head."""

FOLDS = 3


@dataclass(frozen=True)
class HeadAccuracy:
    """The accuracy of a head, its 95 % interval (Wilson), and what it was measured on.

    `majority` is what naming the most frequent class would reach; `penalty` is what
    was chosen on the training images alone.
    """

    kind: Kind
    accuracy: float
    low: float
    high: float
    majority: float
    train_images: int
    test_images: int
    penalty: float


def head_accuracy(
    features: np.ndarray,
    labels: np.ndarray,
    *,
    kind: Kind = "ridge",
    test_share: float = 0.25,
    seed: int = 0,
) -> HeadAccuracy:
    """Train a head on part of the features (N, D) and measure it on the rest.

    The split is stratified and drawn by `seed`. Raises UsageError for features that
    are not finite and for a class of fewer than two images.
    """
    from sklearn.model_selection import train_test_split

    features, labels = _checked(features, labels)
    names, counts = np.unique(labels, return_counts=True)
    if counts.min() < 2:
        happened = f"has one image of class {names[counts.argmin()]}"
        raise UsageError("The dataset", happened, "give each class two or more")
    held = max(round(test_share * len(labels)), len(names))
    train, test = train_test_split(
        np.arange(len(labels)),
        test_size=min(held, len(labels) - len(names)),
        stratify=labels,
        random_state=seed,
    )
    return measure_head(
        (features[train], labels[train]), (features[test], labels[test]), kind=kind
    )


def measure_head(
    train: Labeled, test: Labeled, *, kind: Kind = "ridge"
) -> HeadAccuracy:
    """Train a head on features (N, D) and labels (N,), and measure it on others.

    Features are scaled by what the training images say; the penalty is chosen on them
    too, by leaving one out (ridge) or in three folds (logistic). A class that was
    never trained counts as wrong.
    """
    from scipy.stats import binomtest

    (x, y), (held, truth) = _checked(*train), _checked(*test)
    answers, penalty = (_ridge if kind == "ridge" else _logistic)(x, y, held)
    right = int((answers == truth).sum())
    interval = binomtest(right, len(truth)).proportion_ci(method="wilson")
    names, counts = np.unique(y, return_counts=True)
    return HeadAccuracy(
        kind, right / len(truth), float(interval.low), float(interval.high),
        float((truth == names[counts.argmax()]).mean()), len(y), len(truth), penalty,
    )  # fmt: skip


def _ridge(x: np.ndarray, y: np.ndarray, held: np.ndarray) -> tuple[np.ndarray, float]:
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    head = make_pipeline(StandardScaler(), RidgeClassifierCV(ALPHAS)).fit(x, y)
    return head.predict(held), float(head[-1].alpha_)


def _logistic(
    x: np.ndarray, y: np.ndarray, held: np.ndarray
) -> tuple[np.ndarray, float]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    head = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    name = "logisticregression__C"
    folds = min(FOLDS, np.unique(y, return_counts=True)[1].min())
    if folds < 2:
        return head.fit(x, y).predict(held), 1.0
    search = GridSearchCV(head, {name: INVERSE_PENALTIES}, cv=int(folds)).fit(x, y)
    return search.predict(held), float(search.best_params_[name])


def _checked(features: np.ndarray, labels: np.ndarray) -> Labeled:
    features, labels = np.asarray(features, np.float64), np.asarray(labels)
    if features.ndim != 2 or len(features) != len(labels) or not len(labels):
        happened = f"are {features.shape} for labels {labels.shape}"
        raise UsageError("The features", happened, "give (N, D) and (N,)")
    if not np.isfinite(features).all():
        raise UsageError("The features", "are not all finite", "compute them again")
    if len(np.unique(labels)) < 2 and (labels < 0).any():
        raise UsageError("The dataset", "has no labels", "give a folder a class")
    return features, labels
