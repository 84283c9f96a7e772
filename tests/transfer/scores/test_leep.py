"""LEEP against a loop over samples and source classes."""

import numpy as np
import pytest

from core.errors import UsageError
from core.transfer.scores.leep import leep
from core.transfer.scores.nce import nce


def by_loop(probabilities, labels):
    """The definition, one number at a time."""
    count, sources = probabilities.shape
    joint = {}
    for n in range(count):
        for z in range(sources):
            at = labels[n], z
            joint[at] = joint.get(at, 0) + probabilities[n, z] / count
    total = [sum(joint[y, z] for y in set(labels)) for z in range(sources)]
    logs = [
        np.log(
            sum(
                joint[labels[n], z] / total[z] * probabilities[n, z]
                for z in range(sources)
                if total[z] > 0
            )
        )
        for n in range(count)
    ]
    return sum(logs) / count


def test_it_is_the_mean_log_likelihood(source):
    probabilities, labels = source
    expected = by_loop(probabilities, labels.tolist())
    assert leep(probabilities, labels) == pytest.approx(expected, rel=1e-10)
    assert leep(probabilities, labels) <= 0


def test_certain_probabilities_give_the_conditional_entropy(source):
    hard = source[0].argmax(axis=1)
    certain = np.eye(8)[hard]
    assert leep(certain, source[1]) == pytest.approx(nce(hard, source[1]), rel=1e-12)


def test_the_order_of_source_classes_and_their_names_do_not_matter(source):
    probabilities, labels = source
    turned, names = probabilities[:, ::-1], np.array(["d", "c", "b", "a"])[labels]
    assert leep(turned, names) == pytest.approx(leep(probabilities, labels), rel=1e-12)


def test_half_precision_rows_need_not_sum_to_one(source):
    probabilities, labels = source
    near = leep(probabilities.astype(np.float16), labels)
    assert near == pytest.approx(leep(probabilities, labels), rel=1e-2)


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([[2.0, -1.0], [0.5, 0.5]], "do not sum to 1"),
        ([[3.0, 1.0], [0.5, 0.5]], "do not sum to 1"),
        ([[np.nan, 1.0], [0.5, 0.5]], "hold NaN"),
        ([[0.5, 0.5]], "for 2 labels"),
        ([0.5, 0.5], "have the shape"),
    ],
)
def test_what_is_no_probability_is_a_named_error(rows, problem):
    with pytest.raises(UsageError, match=problem):
        leep(np.array(rows), [0, 1])
