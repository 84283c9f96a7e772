"""How well predicted accuracies rank the models of each task, many tasks at once."""

import numpy as np
import pandas as pd

METRICS = ("pearson", "kendall", "weighted_kendall", "top1_regret", "top3_regret")
LEAST_MODELS = 3
PAIRS_AT_ONCE = 2_000_000


def ranking_metrics(predicted: np.ndarray, truth: np.ndarray) -> pd.DataFrame:
    """Compare two (G, M) arrays row by row: a row of METRICS for each of G tasks.

    A NaN in either leaves the model out of that task. Tasks with fewer than three
    models, or whose true accuracies are all equal, have no correlation (NaN); a
    prediction that is the same for all models correlates 0. Regret is the accuracy
    lost by taking the best of the first one or three; ties count against the ranker.
    """
    step = max(1, PAIRS_AT_ONCE // max(1, predicted.shape[1]) ** 2)
    parts = [
        _metrics(predicted[start : start + step], truth[start : start + step])
        for start in range(0, len(predicted), step)
    ]
    empty = pd.DataFrame(columns=list(METRICS), dtype=float)
    return pd.concat(parts, ignore_index=True) if parts else empty


def pearson(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Return the correlation of two vectors; 0 for a constant prediction.

    >>> pearson(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])).round(9)
    np.float64(1.0)
    """
    return ranking_metrics(predicted[None], truth[None])["pearson"].iloc[0]


def _metrics(predicted: np.ndarray, truth: np.ndarray) -> pd.DataFrame:
    used = ~np.isnan(predicted) & ~np.isnan(truth)
    x, y = np.where(used, predicted, 0.0), np.where(used, truth, 0.0)
    low, high = np.where(used, y, np.inf).min(1), np.where(used, y, -np.inf).max(1)
    tells = (used.sum(axis=1) >= LEAST_MODELS) & (high > low)
    pairs = used[:, :, None] & used[:, None, :]
    plain = _tau(x, y, pairs.astype(float))
    weighted = (_weighted_tau(x, y, used, pairs) + _weighted_tau(y, x, used, pairs)) / 2
    found = {
        "pearson": _pearson(x, y, used),
        "kendall": plain,
        "weighted_kendall": weighted,
    }
    found = {name: np.where(tells, value, np.nan) for name, value in found.items()}
    for first in (1, 3):
        found[f"top{first}_regret"] = _regret(predicted, truth, used, first)
    return pd.DataFrame(found)


def _pearson(x: np.ndarray, y: np.ndarray, used: np.ndarray) -> np.ndarray:
    count = np.maximum(used.sum(axis=1, keepdims=True), 1)
    x = np.where(used, x - x.sum(1, keepdims=True) / count, 0.0)
    y = np.where(used, y - y.sum(1, keepdims=True) / count, 0.0)
    return _ratio((x * y).sum(1), (x**2).sum(1), (y**2).sum(1))


def _tau(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return Kendall's tau-b of rows, pairs (G, M, M) weighted."""
    sign_x = np.sign(x[:, :, None] - x[:, None, :])
    sign_y = np.sign(y[:, :, None] - y[:, None, :])
    return _ratio(
        (weights * sign_x * sign_y).sum((1, 2)),
        (weights * sign_x**2).sum((1, 2)),
        (weights * sign_y**2).sum((1, 2)),
    )


def _weighted_tau(
    x: np.ndarray, y: np.ndarray, used: np.ndarray, pairs: np.ndarray
) -> np.ndarray:
    """Return Vigna's weighted tau, hyperbolic and additive, ranks by x and then y."""
    order = np.lexsort((-y, -x, ~used), axis=1)
    ranks = np.argsort(order, axis=1)
    weight = 1 / (1.0 + ranks)
    return _tau(x, y, pairs * (weight[:, :, None] + weight[:, None, :]))


def _regret(
    predicted: np.ndarray, truth: np.ndarray, used: np.ndarray, first: int
) -> np.ndarray:
    score = np.where(used, predicted, -np.inf)
    value = np.where(used, truth, -np.inf)
    order = np.lexsort((value, -score), axis=1)[:, :first]
    taken = np.take_along_axis(value, order, axis=1).max(axis=1)
    with np.errstate(invalid="ignore"):
        return np.where(used.any(axis=1), value.max(axis=1) - taken, np.nan)


def _ratio(product: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Divide by the root of both squares, 0 where one of them is nothing."""
    tiny = (one < 1e-18) | (other < 1e-18)
    return np.where(tiny, 0.0, product / np.sqrt(np.where(tiny, 1.0, one * other)))
