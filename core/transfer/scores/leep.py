"""LEEP: how well the source model's own classes predict the labels.

Nguyen, Hassner, Seeger & Archambeau (2020), "LEEP: A New Measure to Evaluate
Transferability of Learned Representations", https://arxiv.org/abs/2002.12462.
"""

from collections.abc import Sequence

import numpy as np

from core.errors import UsageError
from core.transfer.scores.blocks import as_float64, block_rows
from core.transfer.scores.labels import Labels, encode
from core.transfer.scores.products import class_totals

NAME = "source probabilities"
SUM_TOLERANCE = 0.02
"""How far a row may be from 1: a thousand classes in half precision come to 0.01."""


def leep(source_probabilities: Sequence, labels: object) -> float:
    """Score the source model's probabilities (N, Cs) for labels (N,).

    The mean log-likelihood of the labels under the empirical conditional distribution;
    at most 0. A source class that is never predicted says nothing. Raises UsageError
    for rows that are no probabilities.

    >>> round(leep([[0.9, 0.1], [0.2, 0.8]], ["a", "b"]), 6)
    -0.291055
    """
    return leep_of(source_probabilities, encode(labels))


def leep_of(source_probabilities: Sequence, labels: Labels) -> float:
    """Score probabilities for encoded labels, in two streams."""
    blocks = probability_blocks(source_probabilities, len(labels.codes))
    joint = 0.0
    for rows, block in blocks:
        joint = joint + class_totals(block, Labels(labels.codes[rows], labels.classes))
    total = joint.sum(axis=0)
    conditional = np.divide(joint, total, out=np.zeros_like(joint), where=total > 0)
    logs = 0.0
    for rows, block in probability_blocks(source_probabilities, len(labels.codes)):
        likely = np.einsum("nz,nz->n", block, conditional[labels.codes[rows]])
        logs += np.log(likely).sum()
    return float(logs / len(labels.codes))


def probability_blocks(source_probabilities: Sequence, count: int):
    """Yield slices and their rows as float64, checked."""
    source = source_probabilities
    source = source if hasattr(source, "shape") else np.asarray(source)
    if len(source.shape) != 2 or source.shape[0] != count or not count:
        happened = f"have the shape {tuple(source.shape)} for {count:,} labels"
        raise UsageError(NAME, happened, "give one row a label, (N, Cs)")
    for rows in block_rows(*source.shape):
        block = as_float64(source[rows], NAME)
        sums = block.sum(axis=1)
        if (block < 0).any() or (np.abs(sums - 1) > SUM_TOLERANCE).any():
            happened = "hold rows that do not sum to 1"
            raise UsageError(NAME, happened, "take the softmax of the logits")
        yield rows, block
