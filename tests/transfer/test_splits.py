"""Folds: fixed by names, no cell twice in a repeat, nothing of a group left behind."""

import numpy as np
import pytest

from core.errors import UsageError
from core.transfer.records import Records
from core.transfer.splits import SPLITS, deal, fingerprint, folds, split

PUBLISHED = {
    "new-domain": 6, "new-size": 3, "new-class-count": 5, "new-label-set": 15,
    "new-task": 10, "new-model": 10, "random-cells": 5, "paper-protocol": 10,
}  # fmt: skip


@pytest.mark.parametrize("one", SPLITS, ids=lambda one: one.name)
def test_folds_of_a_repeat_hide_no_cell_twice(one, make_records):
    found = folds(one, make_records())
    for repeat in {fold.repeat for fold in found}:
        times = sum(fold.hidden.astype(int) for fold in found if fold.repeat == repeat)
        assert times.max() == 1


def test_a_new_domain_leaves_nothing_of_it(make_records):
    records = make_records()
    for fold in folds(split("new-domain"), records):
        columns = (records.tasks["domain"] == fold.name).to_numpy()
        assert fold.hidden[:, columns].all() and not fold.hidden[:, ~columns].any()


def test_the_published_splits_have_the_studys_groups(published):
    counts = {one.name: len(folds(one, published)) for one in SPLITS}
    assert counts == PUBLISHED
    for fold in folds(split("paper-protocol"), published):
        assert (~fold.hidden).sum() == 1215
        assert sorted(set((~fold.hidden).sum(axis=0))) == list(range(10))


def test_folds_do_not_depend_on_the_order_of_the_file(make_records):
    records = make_records()
    turned = Records(
        records.accuracy.iloc[:, ::-1], records.models, records.tasks.iloc[::-1]
    )
    for name in ("new-task", "random-cells", "paper-protocol"):
        for one, other in zip(
            folds(split(name), records), folds(split(name), turned), strict=True
        ):
            assert (one.hidden == other.hidden[:, ::-1]).all()


def test_the_folds_are_these_for_ever(make_records):
    assert fingerprint(folds(split("new-task"), make_records())) == "8bb1ca95bebf9918"


def test_many_groups_are_dealt_into_fifteen_folds(make_records):
    records = make_records(3, 60)
    labels = [f"own{at}" for at in range(60)]
    records = Records(
        records.accuracy, records.models, records.tasks.assign(labels=labels)
    )
    found = folds(split("new-label-set"), records)
    assert len(found) == 15
    assert sum(fold.hidden for fold in found).all()


def test_what_cannot_be_asked_is_said(make_records):
    records = make_records()
    alike = records.tasks.assign(domain="photo")
    with pytest.raises(UsageError, match="tasks that differ"):
        folds(split("new-domain"), Records(records.accuracy, records.models, alike))
    with pytest.raises(UsageError, match="does not exist"):
        split("nonsense")
    one = make_records(6, 1)
    with pytest.raises(UsageError, match="every record"):
        folds(split("new-task"), one)


def test_dealt_hands_differ_by_one_at_most():
    sizes = np.bincount(deal([str(at) for at in range(23)], 5, "salt"))
    assert sizes.sum() == 23 and np.ptp(sizes) <= 1
