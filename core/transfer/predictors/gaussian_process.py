"""A Gaussian process over (model, task) cells: predictions that know their error.

Amplitudes are those under which a part of the measured cells is most likely, pulled
towards fixed guesses; held-out cells play no part.
"""

from dataclasses import astuple, dataclass
from hashlib import sha256

import numpy as np

from core.transfer.embed import Embedding
from core.transfer.predictors.kernel import (
    Amplitudes,
    Likeness,
    covariance,
    covariance_parts,
    likeness,
)
from core.transfer.predictors.prediction import (
    Observed,
    Prediction,
    observe,
    sample_counts,
    sigmoid,
    unseen,
)
from core.transfer.records import Records

FITTED_CELLS = 500
MOST_CELLS = 5000
FURTHEST = 4.0  # of a logarithm from its guess: a factor of 55
WITHIN_90 = 1.6448536269514722


@dataclass(frozen=True, eq=False)
class Posterior:
    """A fitted process; predicts log-odds of any cells, jointly."""

    like: Likeness
    amplitudes: Amplitudes
    cells: np.ndarray  # (N, 2)
    mean: float
    factor: np.ndarray  # (N, N), lower triangular
    weights: np.ndarray  # (N,)

    def expected(self, cells: np.ndarray) -> np.ndarray:
        """Return the expected log-odds of cells (K, 2): (K,)."""
        across = covariance(self.like, self.amplitudes, cells, self.cells)
        return self.mean + across @ self.weights

    def covariance(self, cells: np.ndarray) -> np.ndarray:
        """Return the joint covariance of the log-odds of cells (K, 2): (K, K)."""
        explained = self._explained(cells)
        prior = covariance(self.like, self.amplitudes, cells, cells)
        return prior - explained.T @ explained

    def variance(self, cells: np.ndarray) -> np.ndarray:
        """Return the variance of each cell's log-odds (K,)."""
        explained = self._explained(cells)
        at, a = self.like.models[cells[:, 0], cells[:, 0]], self.amplitudes
        alike = self.like.tasks[cells[:, 1], cells[:, 1]]
        prior = a.task * alike + a.task_itself + at * (a.model + a.interaction * alike)
        return np.maximum(prior - (explained**2).sum(axis=0), 1e-9)

    def _explained(self, cells: np.ndarray) -> np.ndarray:
        from scipy.linalg import solve_triangular

        across = covariance(self.like, self.amplitudes, self.cells, cells)
        return solve_triangular(self.factor, across, lower=True)


def gaussian_process(records: Records, embedding: Embedding) -> Prediction:
    """Predict by the process; the interval holds the error of measuring as well."""
    found = posterior(records, embedding)
    mask = records.is_known
    cells = np.argwhere(~mask)
    expected = found.expected(cells)
    fraction = sigmoid(expected)
    samples = sample_counts(records)[cells[:, 1]]
    measuring = 1 / ((samples + 1) * fraction * (1 - fraction)) + 0.01
    noise = found.amplitudes.noise * measuring
    reach = WITHIN_90 * np.sqrt(found.variance(cells) + noise)
    grids = [np.full(mask.shape, np.nan) for _ in range(3)]
    for grid, logits in zip(
        grids, (expected, expected - reach, expected + reach), strict=True
    ):
        grid[~mask] = sigmoid(logits)
    return Prediction(*(unseen(records, grid) for grid in grids))


def posterior(records: Records, embedding: Embedding) -> Posterior:
    """Condition the process on the measured cells; of more than 5,000, on those of as
    many tasks (memory and time grow with the square and cube of cells).
    """
    from scipy.linalg import cho_solve, cholesky

    names = list(records.accuracy.columns)
    observed, like = observe(records), likeness(embedding)
    mask = observed.mask & _sample_of_tasks(observed.mask, names, MOST_CELLS)
    logits, variance = observed.logits[mask], observed.variance[mask]
    mean = float(np.average(logits, weights=1 / (0.1 + variance)))
    amplitudes = fit_amplitudes(like, observed, mean, names)
    cells = np.argwhere(mask)
    matrix = covariance(like, amplitudes, cells, cells)
    matrix[np.diag_indices(len(cells))] += amplitudes.noise * variance
    factor = cholesky(matrix, lower=True, overwrite_a=True)
    weights = cho_solve((factor, True), logits - mean)
    return Posterior(like, amplitudes, cells, mean, factor, weights)


def fit_amplitudes(
    like: Likeness, observed: Observed, mean: float, tasks: list[str]
) -> Amplitudes:
    """Return the most likely amplitudes given whole tasks of up to 500 cells.

    Their logarithms have normal priors of deviation 1 around the defaults.
    """
    from scipy.optimize import minimize

    mask = observed.mask & _sample_of_tasks(observed.mask, tasks, FITTED_CELLS)
    cells, residuals = np.argwhere(mask), observed.logits[mask] - mean
    guess = np.log(astuple(Amplitudes()))
    bounds = np.column_stack([guess - FURTHEST, guess + FURTHEST])
    found = minimize(
        _negative_log_posterior, guess, jac=True, method="L-BFGS-B", bounds=bounds,
        args=(guess, like, cells, residuals, observed.variance[mask]),
        options={"maxiter": 30},
    )  # fmt: skip
    return Amplitudes(*np.exp(found.x))


def _sample_of_tasks(mask: np.ndarray, tasks: list[str], cells: int) -> np.ndarray:
    """Choose tasks by the hash of their names until they have enough cells (T,)."""
    keys = [sha256(name.encode()).hexdigest() for name in tasks]
    order = np.argsort(keys)
    chosen = np.zeros(mask.shape[1], dtype=bool)
    counts = mask.sum(axis=0)[order]
    chosen[order[np.cumsum(counts) - counts < cells]] = True
    return chosen


def _negative_log_posterior(
    logarithms: np.ndarray, guess: np.ndarray, like: Likeness, cells: np.ndarray,
    residuals: np.ndarray, variance: np.ndarray,
) -> tuple[float, np.ndarray]:  # fmt: skip
    """Return value and gradient (Rasmussen and Williams, 2006, eq. 5.8, 5.9)."""
    from scipy.linalg import cho_factor, cho_solve

    a = Amplitudes(*np.exp(logarithms))
    parts = covariance_parts(like, a, cells)
    matrix = sum(parts) + np.diag(a.noise * variance)
    factor = cho_factor(matrix, lower=True)
    weights = cho_solve(factor, residuals)
    value = residuals @ weights / 2 + np.log(np.diag(factor[0])).sum()
    slope = cho_solve(factor, np.eye(len(cells))) - np.outer(weights, weights)
    stretched = like.distance[np.ix_(cells[:, 1], cells[:, 1])] / a.length**2
    gradient = [(slope * part).sum() for part in parts]
    gradient.append((slope * stretched * (parts[0] + parts[3])).sum())
    gradient.append(a.noise * (np.diag(slope) * variance).sum())
    off = logarithms - guess
    return value + off @ off / 2, np.array(gradient) / 2 + off
