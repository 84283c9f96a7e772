"""H-score: how much of the spread of the features lies between the classes.

Bao, Li, Huang, Zhang, Zheng, Zamir & Guibas (2019), "An Information-Theoretic Approach
to Transferability in Task Transfer Learning", https://arxiv.org/abs/2212.10082.
"""

from collections.abc import Sequence

import numpy as np

from core.transfer.scores.samples import samples
from core.transfer.scores.spectrum import pseudo_inverse_form
from core.transfer.scores.statistics import Statistics


def h_score(features: Sequence, labels: object) -> float:
    """Score features (N, D) for labels (N,): tr(S⁺ S_between).

    The sum of squared canonical correlations, from 0 to C - 1; at N <= D + 1 it is
    C - 1 whatever the labels say, unless samples coincide.

    >>> round(h_score([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]), 6)
    0.8
    """
    return h_score_from(samples(features, labels).statistics)


def h_score_from(statistics: Statistics) -> float:
    """Score features and labels by their statistics alone."""
    scatter = statistics.scatter()
    scatter[~statistics.varies] = 0
    between = np.sqrt(statistics.counts)[:, None] * statistics.class_offsets
    return pseudo_inverse_form(scatter, between, statistics.count - 1)
