"""What most scores need of features and labels: O(D² + CD) numbers, however many
samples they stand for. Knows no score and no file; `gather` makes them.

Everything is summed about a shift near the mean, so that a large common offset costs
no digits: Chan, Golub & LeVeque (1983), "Algorithms for computing the sample variance".
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

ROUNDING = 1e-14
"""Share of its mean that a constant feature may seem to spread, in float64."""


@dataclass(frozen=True, eq=False)
class Statistics:
    """Sums over N samples x of D features in C classes, about `shift`.

    With z = x - shift: `gram` is Σ zz', `class_sums` Σ z and `class_squares` Σ z² of
    each class, `square_sum` Σ|z|⁴ and `square_weighted` Σ|z|²z of all.
    """

    classes: tuple
    counts: np.ndarray  # (C,)
    shift: np.ndarray  # (D,)
    gram: np.ndarray  # (D, D)
    class_sums: np.ndarray  # (C, D)
    class_squares: np.ndarray  # (C, D)
    square_sum: float
    square_weighted: np.ndarray  # (D,)

    @property
    def count(self) -> int:
        """Return N."""
        return int(self.counts.sum())

    @property
    def width(self) -> int:
        """Return D."""
        return len(self.shift)

    @cached_property
    def offset(self) -> np.ndarray:
        """Return the mean about the shift, (D,)."""
        return self.class_sums.sum(axis=0) / self.count

    @property
    def mean(self) -> np.ndarray:
        """Return the mean of all samples, (D,)."""
        return self.shift + self.offset

    @property
    def varies(self) -> np.ndarray:
        """Tell which features are not constant, to rounding, (D,)."""
        about = np.diagonal(self.gram) / self.count - self.offset**2
        return np.sqrt(np.maximum(about, 0)) > ROUNDING * np.abs(self.mean)

    @property
    def class_offsets(self) -> np.ndarray:
        """Return each class's mean less the mean of all samples, (C, D)."""
        return self.class_sums / self.counts[:, None] - self.offset

    @property
    def class_variances(self) -> np.ndarray:
        """Return each class's variance of each feature (ddof 0), (C, D)."""
        means = self.class_sums / self.counts[:, None]
        return np.maximum(self.class_squares / self.counts[:, None] - means**2, 0)

    def scatter(self) -> np.ndarray:
        """Return Σ (x - mean)(x - mean)', (D, D), in an array of its own."""
        return self.gram - self.count * np.outer(self.offset, self.offset)

    def within(self) -> np.ndarray:
        """Return the scatter about the class means, (D, D), in an array of its own."""
        means = self.class_sums / self.counts[:, None]
        return self.gram - (means * self.counts[:, None]).T @ means

    def raw_gram(self) -> np.ndarray:
        """Return Σ xx', about zero, (D, D), in an array of its own."""
        cross = np.outer(self.class_sums.sum(axis=0), self.shift)
        cross += cross.T
        cross += self.count * np.outer(self.shift, self.shift)
        cross += self.gram
        return cross

    def raw_class_sums(self) -> np.ndarray:
        """Return Σ x of each class, about zero, (C, D)."""
        return self.class_sums + self.counts[:, None] * self.shift

    def fourth_norm(self) -> float:
        """Return Σ |x - mean|⁴."""
        m, n = self.offset, self.count
        squares = np.trace(self.gram)
        return float(
            self.square_sum
            - 4 * m @ self.square_weighted
            + 4 * m @ self.gram @ m
            + 2 * (m @ m) * squares
            - 3 * n * (m @ m) ** 2
        )
