"""What every predictor gets and gives: observed log-odds in, accuracies out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.transfer.embed import Embedding
from core.transfer.records import Records

USUAL_SAMPLES = 200.0


@dataclass(frozen=True, eq=False)
class Prediction:
    """Accuracies of the cells that the records do not have, NaN elsewhere (M, T).

    `low` and `high` bound 90 % of the accuracies that somebody would measure; None
    where a predictor does not know its own error.
    """

    mean: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None


Predict = Callable[[Records, Embedding], Prediction]


@dataclass(frozen=True, eq=False)
class Observed:
    """The measured cells: which (M, T), their log-odds (M, T) and its variance.

    An accuracy is k of n images right, so that its log-odds has the variance
    1/(k + ½) + 1/(n - k + ½) (the empirical logit; Cox, 1970), plus 0.01 for what
    differs between two trainings.
    """

    mask: np.ndarray
    logits: np.ndarray
    variance: np.ndarray

    @property
    def precision(self) -> np.ndarray:
        """Weights of the measured cells (N,), 1 on average."""
        weights = 1 / (0.1 + self.variance[self.mask])
        return weights / weights.mean()


def observe(records: Records) -> Observed:
    """Return the log-odds of what was measured, with its sampling error."""
    samples = sample_counts(records)
    right = records.values * samples
    wrong = samples - right
    logits = np.log((right + 0.5) / (wrong + 0.5))
    variance = 1 / (right + 0.5) + 1 / (wrong + 0.5) + 0.01
    return Observed(records.is_known, logits, variance)


def sample_counts(records: Records) -> np.ndarray:
    """Return the images of each task (T,): unknown counts are the median, or 200."""
    samples = records.tasks["samples"].astype(float)
    known = samples[samples > 0]
    usual = float(known.median()) if len(known) else USUAL_SAMPLES
    return samples.where(samples > 0, usual).to_numpy()


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Turn log-odds into fractions.

    >>> sigmoid(np.array([0.0, -1000.0]))
    array([0.5, 0. ])
    """
    from scipy.special import expit

    return expit(logits)


def unseen(records: Records, accuracies: np.ndarray) -> np.ndarray:
    """Keep the predictions (M, T) of cells that nobody measured, as fractions."""
    return np.where(records.is_known, np.nan, np.clip(accuracies, 0.0, 1.0))
