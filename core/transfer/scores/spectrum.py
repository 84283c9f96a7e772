"""Eigenvalues and pseudo-inverses of Gram matrices whose rank may be deficient."""

import numpy as np

WELL_CONDITIONED = 1e-8
"""Least reciprocal condition at which a Cholesky factor gives all the digits."""


def spectrum(gram: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the non-zero eigenvalues (k,), rising, and their vectors (D, k).

    Eigenvalues below max(N, D) roundings of the largest are zero; so are all but the
    N largest, since a Gram matrix of N samples has no more. `gram` is overwritten.

    >>> values, vectors = spectrum(np.diag([4.0, 0.0]), 3)
    >>> values.tolist(), np.abs(vectors).tolist()
    ([4.0], [[1.0], [0.0]])
    """
    from scipy.linalg import eigh

    values, vectors = eigh(gram, driver="evd", overwrite_a=True, check_finite=False)
    least = max(count, len(values)) * np.finfo(float).eps * max(values[-1], 0)
    kept = max(np.count_nonzero(values <= least), len(values) - count)
    return values[kept:], vectors[:, kept:]


def pseudo_inverse_form(matrix: np.ndarray, rows: np.ndarray, count: int) -> float:
    """Return Σ r' M⁺ r over rows (C, D) that lie in the span of M (D, D).

    M is the scatter of `count` samples. Its columns are first brought to one scale,
    which such a sum does not feel, and its rank deficiency does.

    >>> pseudo_inverse_form(np.diag([4.0, 0.0]), np.array([[2.0, 0.0]]), 3)
    1.0
    """
    scale = np.sqrt(np.diagonal(matrix))
    kept = scale > 0
    if not kept.any():
        return 0.0
    rows = rows[:, kept] / scale[kept]
    matrix = matrix[np.ix_(kept, kept)] / scale[kept]
    matrix /= scale[kept][:, None]
    if count > len(matrix):
        factored = _cholesky_form(matrix, rows)
        if factored is not None:
            return factored
    values, vectors = spectrum(matrix, count)
    return float(((rows @ vectors) ** 2 / values).sum())


def _cholesky_form(matrix: np.ndarray, rows: np.ndarray) -> float | None:
    """Return Σ r' M⁻¹ r, or None where M is close to singular."""
    from scipy.linalg import lapack, solve_triangular

    factor, failed = lapack.dpotrf(matrix, lower=True)
    if failed:
        return None
    norm = np.abs(matrix).sum(axis=0).max()
    if lapack.dpocon(factor, norm, uplo="L")[0] < WELL_CONDITIONED:
        return None
    solved = solve_triangular(factor, rows.T, lower=True, check_finite=False)
    return float((solved**2).sum())
