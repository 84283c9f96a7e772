"""The stream of sums against plain numpy on the whole, and its batches against it."""

from dataclasses import fields

import numpy as np
import pytest
import torch

from core.errors import UsageError
from core.transfer.scores import gather as module
from core.transfer.scores.gather import gather
from core.transfer.scores.h_score import h_score, h_score_from

DEVICES = ["cpu", "cpu-torch"]
if torch.cuda.is_available():
    DEVICES.append("cuda")


def cut(features, labels, *sizes):
    ends = np.cumsum(sizes)[:-1]
    return zip(np.split(features, ends), np.split(labels, ends), strict=True)


@pytest.mark.parametrize("device", DEVICES)
def test_the_sums_are_those_of_the_whole(case, device):
    features, labels = case
    n = len(labels)
    found = gather(cut(features, labels, 1, 7, n - 8), device=device)
    centered = features - features.mean(axis=0)
    assert found.scatter() == pytest.approx(centered.T @ centered, abs=1e-10)
    assert found.raw_gram() == pytest.approx(features.T @ features, abs=1e-10)
    fourth = ((centered**2).sum(axis=1) ** 2).sum()
    assert found.fourth_norm() == pytest.approx(fourth, rel=1e-10)
    for row, label in enumerate(np.unique(labels)):
        members = features[labels == label]
        assert found.counts[row] == len(members)
        assert found.raw_class_sums()[row] == pytest.approx(members.sum(axis=0))
        assert found.class_variances[row] == pytest.approx(members.var(axis=0))


@pytest.mark.parametrize("device", DEVICES)
def test_within_and_between_make_the_scatter(case, device):
    found = gather([case], device=device)
    between = (found.class_offsets.T * found.counts) @ found.class_offsets
    assert found.within() + between == pytest.approx(found.scatter(), abs=1e-10)


def test_classes_may_come_late_and_in_any_order(tall):
    features, labels = tall
    order = np.argsort(-labels)
    names = np.array(["d", "c", "b", "a"])[labels]
    found = gather(cut(features[order], names[order], *[10] * 12))
    assert found.classes == ("a", "b", "c", "d")
    assert h_score_from(found) == pytest.approx(h_score(features, labels), rel=1e-10)


def test_a_common_offset_costs_no_digits(tall):
    features, labels = tall
    near, far = gather([(features, labels)]), gather([(features + 1e8, labels)])
    assert far.scatter() == pytest.approx(near.scatter(), abs=1e-5)
    assert far.fourth_norm() == pytest.approx(near.fourth_norm(), rel=1e-7)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.int32])
@pytest.mark.parametrize("device", DEVICES)
def test_tensors_of_any_number_type_are_taken_as_they_are(tall, dtype, device):
    features = torch.tensor(tall[0] * 4).to(dtype)
    found = gather([(features, torch.tensor(tall[1]))], device=device)
    known = gather([(features.double().numpy(), tall[1])])
    for field in fields(found):
        ours, theirs = getattr(found, field.name), getattr(known, field.name)
        assert np.asarray(ours) == pytest.approx(np.asarray(theirs), abs=1e-9)


def test_integers_are_not_cut_off_and_inputs_not_changed(tall):
    features = (tall[0] * 100).astype(np.int16)
    before, floats = features.copy(), tall[0].copy()
    whole = gather([(features, tall[1])])
    gather([(floats, tall[1])])
    assert whole.raw_gram() == pytest.approx(features.astype(float).T @ features)
    assert (features == before).all() and (floats == tall[0]).all()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    ("batches", "problem"),
    [
        ([], "hold no samples"),
        ([(np.ones((0, 3)), [])], "hold no samples"),
        ([(np.ones((2, 3)), [0, 1]), (np.ones((2, 4)), [0, 1])], "4 columns after 3"),
        ([(np.ones((2, 3)), [0, 1, 1])], "2 rows for 3 labels"),
        ([(np.array([[1.0], [np.nan]]), [0, 1])], "NaN or infinity in 1 of 2 rows"),
        ([(torch.tensor([[1.0], [torch.inf]]), [0, 1])], "NaN or infinity in 1 of 2"),
        ([(np.full((2, 2), 1e200), [0, 1])], "too large to be squared"),
        ([(np.array([["a"]]), [0])], "are of type <U1"),
        ([(np.ones(3), [0, 1, 1])], "have the shape"),
        ([(torch.ones(3), [0, 1, 1])], "have the shape"),
        ([(np.ones((1, 20_000)), [0])], "have 20,000 columns"),
    ],
)
def test_what_cannot_be_summed_is_a_named_error(batches, problem, device):
    with pytest.raises(UsageError, match=problem):
        gather(batches, device=device)


def test_numbers_to_predict_are_no_classes(tall, monkeypatch):
    monkeypatch.setattr(module, "MAX_CLASS_VALUES", 100)
    with pytest.raises(UsageError, match="logme_regression takes them"):
        gather([(tall[0], tall[0][:, 0])])


def test_an_absent_device_is_a_named_error(tall):
    with pytest.raises(UsageError, match="Device tpu is not on this machine"):
        gather([tall], device="tpu")
