"""NCE: the negative conditional entropy of the labels given the source model's labels.

Tran, Nguyen & Hassner (2019), "Transferability and Hardness of Supervised
Classification Tasks", https://arxiv.org/abs/1908.08142.
"""

from collections.abc import Sequence

import numpy as np

from core.errors import UsageError
from core.transfer.scores.labels import Labels, encode
from core.transfer.scores.leep import probability_blocks


def nce(source_labels: object, labels: object) -> float:
    """Score the source model's hard labels (N,) for labels (N,), from -ln C to 0.

    >>> round(nce([0, 0, 1, 1], ["a", "b", "b", "b"]), 6)
    -0.346574
    """
    source, target = encode(source_labels), encode(labels)
    if len(source.codes) != len(target.codes) or not len(target.codes):
        happened = f"are {len(source.codes):,} for {len(target.codes):,} labels"
        raise UsageError("source labels", happened, "give one a sample")
    shape = len(target.classes), len(source.classes)
    cells = np.ravel_multi_index((target.codes, source.codes), shape)
    joint = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
    seen, at = joint[joint > 0], joint.nonzero()[1]
    logs = np.log(seen / joint.sum(axis=0)[at])
    return float(seen @ logs / len(target.codes))


def nce_of(source_probabilities: Sequence, labels: Labels) -> float:
    """Score by each sample's most probable source class, the first among equals."""
    blocks = probability_blocks(source_probabilities, len(labels.codes))
    hard = [block.argmax(axis=1) for _, block in blocks]
    return nce(np.concatenate(hard), labels.codes)
