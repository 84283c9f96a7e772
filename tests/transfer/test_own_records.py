"""Own records from CSV: what is good is used, what is not is told by row."""

import pandas as pd
import pytest

from core.errors import UsageError
from core.transfer.own_records import join_records, read_own_records

HEAD = b"Model,Dataset,Accuracy (%),Params (M),domain,images\n"


def test_good_rows_are_used_and_percent_becomes_a_fraction():
    own = read_own_records(HEAD + b"a,t,91.5,25M,photo,300\nb,t,0.5,,photo,300\n",
                           {"model": "Model", "task": "Dataset",
                            "accuracy": "Accuracy (%)", "params": "Params (M)",
                            "domain": "domain", "samples": "images"})  # fmt: skip
    assert own.records.accuracy.to_dict() == {"t": {"a": 0.915, "b": 0.005}}
    assert own.percent == ("accuracy",) and own.errors.empty
    assert own.records.models.loc["a", "params"] == 25e6
    assert own.records.tasks.loc["t", ["domain", "samples"]].tolist() == ["photo", 300]


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        (b"a,t\n", "", "has 2 cells where the header has 3"),
        (b"a,t,x\n", "accuracy", "is no number"),
        (b"a,t,\n", "accuracy", "is missing"),
        (b",t,0.5\n", "model", "is missing"),
        (b"a,t,-0.5\n", "accuracy", "is no share of 100 %"),
        (b"good,t,0.6\n", "task", "is there twice for good"),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_left_out(line, column, reason):
    own = read_own_records(b"model,task,accuracy\ngood,t,0.5\n" + line)
    assert own.errors[["row", "column", "reason"]].values.tolist() == [
        [3, column, reason]
    ]
    assert own.records.accuracy.to_dict() == {"t": {"good": 0.5}}


def test_descriptions_that_differ_are_told_and_the_first_counts():
    own = read_own_records(b"model,task,acc,domain\na,t,.5,photo\nb,t,.6,scan\n")
    assert own.records.tasks.loc["t", "domain"] == "photo"
    assert own.errors["reason"].tolist() == ["differs from an earlier line on t"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"model,accuracy\na,1\n", "no column for the task"),
        (b"model,task,accuracy\na,t,x\n", "no usable row: line 2 is no number"),
        (b"model,task,accuracy\n", "has no rows"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_file_without_use_is_refused_in_a_sentence(content, said):
    with pytest.raises(UsageError, match=said):
        read_own_records(content)


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"model": "m", "task": "t", "accuracy": "a", "x": "m"}, "'x' cannot be read"),
        ({"model": "m", "task": "t", "accuracy": "b"}, "'b' is not in the file"),
        ({"model": "m", "task": "t"}, "no column for the accuracy"),
    ],
)
def test_columns_that_are_not_there_are_named(mapping, said):
    with pytest.raises(UsageError, match=said):
        read_own_records(b"m,t,a\nmine,pets,0.5\n", mapping)


def test_joined_records_keep_both_and_prefer_ones_own(make_records):
    known = make_records()
    own = read_own_records(b"model,task,acc\nmodel0,task0,0.111\nnew,mine,0.5\n")
    joined = join_records(known, own.records)
    assert joined.accuracy.loc["model0", "task0"] == 0.111
    assert joined.accuracy.loc["new", "mine"] == 0.5
    assert joined.accuracy.shape == (7, 25) and pd.isna(
        joined.models.loc["new", "params"]
    )
    assert list(joined.tasks.index) == list(joined.accuracy.columns)
    assert joined.models.loc["model3"].equals(known.models.loc["model3"])
