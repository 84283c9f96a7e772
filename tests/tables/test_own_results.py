"""A person's own CSV: mapping, units, errors by row."""

import pytest

from core.errors import UsageError
from core.tables.own_results import propose_mapping, read_header, read_own_results
from core.tables.schema import COLUMNS


def read(text, mapping=None):
    return read_own_results(text.encode(), mapping)


def test_rows_are_laid_out_like_published_ones():
    own = read("model,top1,Params (M),GMACs\nmine,81.5,25.6,4.1\nyours,79.0,,\n")
    assert list(own.models.columns) == [column.name for column in COLUMNS]
    first = own.models.iloc[0]
    assert (first["name"], first["accuracy"], first["params"]) == (
        "mine",
        0.815,
        25.6e6,
    )
    assert (first["gmacs"], first["family"], first["id"]) == (
        4.1,
        "Own results",
        "own/1",
    )
    assert own.models["params"].isna().tolist() == [False, True]
    assert own.errors.empty and own.percent == ("accuracy",)


def test_fractions_stay_fractions():
    own = read("name,accuracy\na,0.8\nb,1\n")
    assert own.models["accuracy"].tolist() == [0.8, 1.0] and own.percent == ()


@pytest.mark.parametrize(
    ("cell", "params"),
    [("25.6M", 25.6e6), ("1.2B", 1.2e9), ("300k", 3e5), ("25600000", 25.6e6),
     ("1,000,000", 1e6), ("2.5e7", 2.5e7)],
)  # fmt: skip
def test_numbers_as_people_write_them(cell, params):
    own = read(f'name;acc;params\na;80;"{cell}"\n')
    assert own.models["params"][0] == pytest.approx(params)


def test_semicolons_and_decimal_commas():
    own = read("name;accuracy\na;81,5\nb;80\n")
    assert own.models["accuracy"].tolist() == [0.815, 0.8]


def test_tabs_and_a_byte_order_mark():
    own = read_own_results("\ufeffname\taccuracy\na\t0.5\n".encode())
    assert own.models["name"].tolist() == ["a"]


def test_errors_are_told_by_row_and_good_rows_stay():
    own = read(
        "name,acc,params\na,80,1\n,70,1\nb,good,1\nc,60\nd,50,x\ne,-1,1\n\nf,40,0\n"
    )
    told = list(own.errors[["row", "reason"]].itertuples(False, None))
    assert told == [
        (3, "is missing"),
        (4, "is no number"),
        (5, "has 2 cells where the header has 3"),
        (6, "is no number"),
        (7, "is no share of 100 %"),
        (9, "is not above zero"),
    ]
    assert own.models["name"].tolist() == ["a", "d"]
    assert own.errors["value"].tolist()[1] == "good"


def test_a_mapping_is_proposed_from_the_header():
    header = ["Model", "Image size", "Top-1 acc", "#params", "images/s", "License"]
    assert propose_mapping(header) == {
        "name": "Model", "accuracy": "Top-1 acc", "params": "#params",
        "throughput": "images/s", "image_size": "Image size", "licence": "License",
    }  # fmt: skip


def test_a_mapping_overrules_the_header():
    own = read("a,b,c\nx,1,0.5\n", {"name": "a", "accuracy": "c"})
    assert own.models["accuracy"].tolist() == [0.5]
    assert read_header(b"a,b,c\nx,1,0.5\n") == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "mapping", "reason"),
    [
        ("", None, "has no rows"),
        ("name,acc\n", None, "has no rows"),
        ("foo,acc\nx,1\n", None, "has no column for the name"),
        ("name,foo\nx,1\n", None, "has no column for the accuracy"),
        ("name,acc\nx,1\n", {"name": "name", "accuracy": "b"},
         "'b' is not in the file"),
        ("name,acc\nx,1\n", {"name": "name", "accuracy": "acc", "id": "name"},
         "'id' cannot be overlaid"),
        ('name,acc\n"x,1\n', None, "cannot be read as CSV"),
        ("name,acc\n" + "x,1\n" * 10_001, None, "has more than 10,000 rows"),
        ("name,acc" + ",x" * 200 + "\na,1\n", None, "or 200 columns"),
        ("x" * (5 * 2**20 + 1), None, "is larger than 5 MB"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_used_are_named(text, mapping, reason):
    with pytest.raises(UsageError, match=reason):
        read(text, mapping)


def test_other_encodings_are_named():
    with pytest.raises(UsageError, match="is not UTF-8 text; save it as CSV UTF-8"):
        read_own_results("name,acc\nmüller,1\n".encode("latin-1"))


def test_long_names_are_cut():
    own = read(f"name,acc\n{'x' * 10**5},0.5\n")
    assert len(own.models["name"][0]) == 200
