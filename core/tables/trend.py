"""How a value grows with cost within a family: least squares on the cost's logarithm.

Knows no charts.
"""

import numpy as np
import pandas as pd

COLUMNS = ("group", "x", "y", "low", "high", "models", "slope", "r_squared")
LEAST_MODELS = 3


def trend(
    models: pd.DataFrame,
    x: str,
    y: str,
    *,
    by: str = "family",
    log_x: bool = True,
    confidence: float = 0.95,
    points: int = 40,
) -> pd.DataFrame:
    """Fit y = a + b log10(x) to each group of at least three models of several costs.

    Returns `points` rows a group within its own range of x: the line, the confidence
    band of the mean (Student's t), how many models, the slope (y per decade of x) and
    R². Rows without a finite, positive x are left out.

    >>> models = pd.DataFrame({"family": "A", "x": [1, 10, 100], "y": [.1, .2, .3]})
    >>> line = trend(models, "x", "y", points=2)
    >>> line["y"].round(6).tolist(), float(line["slope"].iloc[0].round(6))
    ([0.1, 0.3], 0.1)
    """
    fitted = [
        _fit(str(name), _axis(rows[x], log_x), rows[y].to_numpy(float), confidence,
             points, log_x)
        for name, rows in _usable(models, x, y, log_x).groupby(by, sort=True)
        if len(rows) >= LEAST_MODELS and rows[x].nunique() > 1
    ]  # fmt: skip
    empty = pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(fitted, ignore_index=True) if fitted else empty


def _usable(models: pd.DataFrame, x: str, y: str, log_x: bool) -> pd.DataFrame:
    finite = np.isfinite(models[x].astype(float)) & np.isfinite(models[y].astype(float))
    return models[finite & (models[x] > 0)] if log_x else models[finite]


def _axis(values: pd.Series, log_x: bool) -> np.ndarray:
    numbers = values.to_numpy(float)
    return np.log10(numbers) if log_x else numbers


def _fit(
    name: str,
    x: np.ndarray,
    y: np.ndarray,
    confidence: float,
    points: int,
    log_x: bool,
) -> pd.DataFrame:
    """Fit one group; x is (N,), already on the axis of the fit."""
    from scipy.special import stdtrit

    n = len(x)
    spread = ((x - x.mean()) ** 2).sum()
    slope = ((x - x.mean()) * (y - y.mean())).sum() / spread
    residuals = y - (y.mean() + slope * (x - x.mean()))
    total = ((y - y.mean()) ** 2).sum()
    at = np.linspace(x.min(), x.max(), points)
    line = y.mean() + slope * (at - x.mean())
    deviation = np.sqrt((residuals**2).sum() / (n - 2))
    error = deviation * np.sqrt(1 / n + (at - x.mean()) ** 2 / spread)
    half = stdtrit(n - 2, (1 + confidence) / 2) * error
    return pd.DataFrame(
        {
            "group": name,
            "x": 10**at if log_x else at,
            "y": line,
            "low": line - half,
            "high": line + half,
            "models": n,
            "slope": slope,
            "r_squared": 1 - (residuals**2).sum() / total if total > 0 else np.nan,
        }
    )
