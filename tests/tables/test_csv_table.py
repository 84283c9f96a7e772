"""Reading CSV files by name, and refusing what is not whole."""

import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SourceChanged
from core.tables.csv_table import read_csv

URL = "https://example.org/a.csv"


def read(text, **options):
    return read_csv(text.encode(), URL, text=["name"], numbers=["size"], **options)


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1)


@given(st.lists(st.tuples(NAMES, st.floats(-1e9, 1e9)), min_size=1, max_size=8))
def test_reads_back_what_pandas_writes(rows):
    frame = pd.DataFrame(rows, columns=["name", "size"])
    found = read_csv(
        frame.to_csv(index=False).encode(), URL, text=["name"], numbers=["size"]
    )
    assert found["name"].tolist() == frame["name"].str.strip().tolist()
    assert found["size"].tolist() == frame["size"].tolist()


def test_agrees_with_pandas_on_thousands_and_blanks():
    text = 'name,size,more\na,"1,013.01",x\nb,,y\nc,7,z\n'
    expected = pd.read_csv(io.StringIO(text), thousands=",")[["name", "size"]]
    pd.testing.assert_frame_equal(read(text), expected, check_dtype=False)


@pytest.mark.parametrize(
    "text",
    [
        "version,3\n\nname,size\na,1\n",
        "\ufeffname,size\na,1\n",
        "size,other,name\n1,x,a\n",
        "Name,SIZE\r\na,1\r\n",
    ],
)
def test_columns_are_found_wherever_they_stand(text):
    assert read(text).to_dict("records") == [{"name": "a", "size": 1.0}]


def test_an_alias_stands_for_its_column():
    found = read("model,size\na,1\n", aliases={"name": ["model"]})
    assert list(found) == ["name", "size"]


def test_an_optional_column_may_be_left_out():
    assert list(read("name,size\na,1\n", optional=["depth"])) == ["name", "size"]
    assert list(read("name,size,depth\na,1,2\n", optional=["depth"]))[2] == "depth"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has no column name, size"),
        ("<html><body>\n", "is a web page, not a CSV file"),
        ("name,width\na,1\n", "has no column size"),
        ("name,size\na,1\nb\n", "has 1 of 2 cells in row 2"),
        ("name,size\na,1,2\n", "has 3 of 2 cells in row 1"),
        ("name,size\na,big\n", "gives 'big' as size"),
        ("name,size\na,inf\n", "gives 'inf' as size"),
        ('name,size\n"a,1\n', "cannot be read as CSV"),
        ("name,size\na\0,1\n", "is no text file"),
        ("name,size" + ",x" * 2000 + "\n", "is larger than such a table can be"),
        ("name,size\n" + "a,1\n" * 100_001, "is larger than such a table can be"),
    ],
)
def test_what_is_not_whole_is_refused(text, reason):
    with pytest.raises(SourceChanged, match=reason.replace("(", r"\(")):
        read(text)


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(SourceChanged, match="is not UTF-8 text"):
        read_csv(b"\xff\xfe\x00", URL, text=["name"])
