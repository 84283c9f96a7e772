"""The history of changes: newest first, bounded, unharmed by damage."""

import pandas as pd

from core.settings import Settings
from core.tables.drift import CHANGE_COLUMNS, Drift
from core.tables.history import MOST_CHANGES, history, remember, remember_first
from core.tables.schema import tidy


def changes(*values):
    rows = [("changed", "t/a", f"m{v}", "acc@1", float(v), v + 0.5) for v in values]
    return Drift(pd.DataFrame(rows, columns=list(CHANGE_COLUMNS)))


def test_before_the_first_refresh_it_is_empty(tmp_path):
    assert list(history(Settings(tmp_path))) == ["when", "source", *CHANGE_COLUMNS]
    assert history(Settings(tmp_path)).empty


def test_newest_changes_come_first(tmp_path):
    settings = Settings(tmp_path)
    remember("timm", "2026-01-01", changes(1), settings)
    remember("timm", "2026-02-01", changes(2), settings)
    found = history(settings)
    assert found["id"].tolist() == ["m2", "m1"]
    assert (found["old"][0], found["new"][0]) == (2.0, 2.5)


def test_numbers_texts_and_nothing_come_back(tmp_path):
    rows = [
        ("changed", "t", "a", "recipe_url", "x", "y"),
        ("new", "t", "b", "", None, None),
        ("changed", "t", "c", "acc@1", float("nan"), 0.5),
    ]
    drift = Drift(pd.DataFrame(rows, columns=list(CHANGE_COLUMNS)))
    remember("timm", "2026", drift, Settings(tmp_path))
    found = history(Settings(tmp_path)).set_index("id")
    assert found.loc["a", ["old", "new"]].tolist() == ["x", "y"]
    assert found.loc["b", ["old", "new"]].isna().all()
    assert pd.isna(found.loc["c", "old"]) and found.loc["c", "new"] == 0.5


def test_a_first_reading_is_one_line_a_table(tmp_path):
    models = tidy([{"table": "x/a", "id": "1"}, {"table": "x/a", "id": "2"}])
    remember_first("x", "2026", models, Settings(tmp_path))
    (row,) = history(Settings(tmp_path)).to_dict("records")
    assert (row["change"], row["table"], row["new"]) == ("first", "x/a", 2)


def test_the_oldest_are_forgotten(tmp_path):
    settings = Settings(tmp_path)
    remember("timm", "2026", changes(*range(MOST_CHANGES + 5)), settings)
    found = history(settings)
    assert len(found) == MOST_CHANGES and found["id"].iloc[-1] == "m5"


def test_damaged_lines_are_left_out(tmp_path):
    settings = Settings(tmp_path)
    remember("timm", "2026", changes(1), settings)
    path = tmp_path / "tables/history.jsonl"
    path.write_text('half a li\n[1]\n{"a": 1}\n' + path.read_text())
    remember("timm", "2027", changes(2), settings)
    assert history(settings)["id"].tolist() == ["m2", "m1"]
