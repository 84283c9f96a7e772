"""The evidence of Bayesian linear regression, maximized over its two precisions.

Knows singular values and projections only: no features, no labels.

Upstream iterations stop early, mix old and new precisions, and lose terms when N < D.
Here b is solved for given the ratio τ = a/b, which leaves one smooth function of ln τ.
"""

from collections.abc import Callable

import numpy as np

STEP = 0.5
"""Grid step in ln τ; every term is a logistic of unit width, so no maximum hides."""

MARGIN = 40.0
"""How far beyond the spectrum, in ln τ, the evidence has reached its limits."""

GOLDEN = (5**0.5 - 1) / 2
SECTIONS = 36
"""Sections of two steps: ln τ to 3e-8, hence the evidence to rounding."""

EXACT_FIT = 1e-11
"""Share of a target that may be left over, to rounding, when the features give it."""


def log_evidence(
    values: np.ndarray, projections: np.ndarray, energy: np.ndarray, count: int
) -> np.ndarray:
    """Return the maximal log evidence of each target, divided by N, (K,).

    `values` (k,) are the squared singular values of X, `projections` (k, K) the squared
    coordinates of the K targets on its left singular vectors, and `energy` (K,) the
    squared norms of the targets. With t ~ N(Xw, 1/b) and w ~ N(0, 1/a). A target that
    the features give exactly with a dimension to spare has infinite evidence; at N = k
    the limit a/b -> 0 is finite, and is the answer.

    >>> log_evidence(np.array([4.0]), np.array([[1.0]]), np.array([2.0]), 2).round(6)
    array([-1.418939])
    """
    residual = np.maximum(energy - projections.sum(axis=0), 0)
    residual[residual <= EXACT_FIT * energy] = 0
    if len(values) >= count:
        residual[:] = 0
    best = _maximum(np.log(values), projections, residual, count)
    is_exact = (residual == 0) & (len(values) < count)
    return np.where(is_exact, np.inf, best)


def _maximum(
    logs: np.ndarray, projections: np.ndarray, residual: np.ndarray, count: int
) -> np.ndarray:
    """Search the grid, then the golden section of the two steps around its best."""
    low, high = (logs[0], logs[-1]) if len(logs) else (0.0, 0.0)
    grid = np.arange(low - MARGIN, high + MARGIN, STEP)
    spread = np.exp(logs[:, None] - grid)  # (k, G): s/τ
    quadratic = (1 / (1 + spread)).T @ projections + residual  # (G, K)
    volume = np.log1p(spread).sum(axis=0)[:, None]
    centers = grid[_profile(quadratic, volume, count).argmax(axis=0)]

    def height(places: np.ndarray) -> np.ndarray:
        spread = np.exp(logs[:, None] - places)  # (k, K)
        quadratic = (projections / (1 + spread)).sum(axis=0) + residual
        return _profile(quadratic, np.log1p(spread).sum(axis=0), count)

    return _golden_section(height, centers - STEP, centers + STEP)


def _profile(quadratic: np.ndarray, volume: np.ndarray, count: int) -> np.ndarray:
    """Return the log evidence over N at the best b for some τ.

    b = N/Q, where Q = t'(I + XX'/τ)⁻¹t; the volume is ln det(I + XX'/τ).
    """
    with np.errstate(divide="ignore"):
        fit = np.log(2 * np.pi * quadratic / count)
    return -(fit + 1 + volume / count) / 2


def _golden_section(
    height: Callable[[np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Return the maximum of `height` between two places, for each column."""
    reach = GOLDEN * (high - low)
    left, right = high - reach, low + reach
    at_left, at_right = height(left), height(right)
    for _ in range(SECTIONS):
        is_left = at_left > at_right
        low, high = np.where(is_left, low, left), np.where(is_left, right, high)
        kept = np.where(is_left, left, right)
        at_kept = np.where(is_left, at_left, at_right)
        fresh = low + high - kept
        at_fresh = height(fresh)
        left, right = np.where(is_left, [fresh, kept], [kept, fresh])
        at_left, at_right = np.where(is_left, [at_fresh, at_kept], [at_kept, at_fresh])
    return np.maximum(at_left, at_right)
