"""The Transfer page: no records yet, every section, own records, own images."""

import json
import time

import pandas as pd
import pytest

from core.settings import Settings
from core.transfer.dataset_scores import DatasetScores, keep_scores

PAGE = "pages/transfer.py"
OWN = b"""model,dataset,accuracy,params
a,pets,91.5,1e6
b,pets,nonsense,2e6
a,<b>cars</b>,88,1e6
b,<b>cars</b>,80,2e6
"""


@pytest.fixture
def filled(cache_root, write_demo_records):
    write_demo_records(cache_root)


def figures(page) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in page.get("plotly_chart")]


def settled(page, seconds=60):
    """Run the page again until no job is running."""
    until = time.monotonic() + seconds
    while page.get("progress") and time.monotonic() < until:
        time.sleep(0.3)
        page.run()
    return page


@pytest.mark.parametrize("section", [
    "Predicted and true", "Records", "Evaluate", "Recommend"
])  # fmt: skip
def test_without_records_every_section_offers_the_demo(open_page, section):
    page = open_page(PAGE, section=section)
    assert not page.exception and not page.error
    assert [b.label for b in page.button if b.label.startswith("Make")]


def test_rankers_stand_beside_static_lists_with_a_verdict(filled, open_page):
    page = open_page(PAGE)
    assert not page.exception and not page.error
    assert "static ranking" in page.info[0].value
    scatter, rankers = figures(page)
    points = sum(len(t["text"]) for t in scatter["data"] if t["mode"] == "markers")
    assert points == 24 and "r = " in scatter["layout"]["annotations"][0]["text"]
    assert {trace["name"] for trace in rankers["data"]} == {
        "score", "predictor", "static"
    }  # fmt: skip


def test_one_task_is_eight_points(filled, open_page):
    scatter = figures(open_page(PAGE, task="loops-40"))[0]
    drawn = [len(t["text"]) for t in scatter["data"] if t["mode"] == "markers"]
    assert sum(drawn) == 8


def test_the_matrix_is_sorted_and_lists_every_record(filled, open_page):
    page = open_page(PAGE, section="Records", models_by="name")
    assert not page.exception and not page.error
    heatmap = figures(page)[0]["data"][0]
    names = [row[0] for row in heatmap["text"]]
    assert names == sorted(names) and len(names) == 8
    assert any("24 records" in text.value for text in page.markdown)
    assert len(page.dataframe[-1].value) == 24


def test_own_records_are_previewed_with_errors_by_row(open_page):
    page = open_page(PAGE, section="Records")
    page.file_uploader(key="records_file").upload("own.csv", OWN).run()
    assert not page.exception and not page.error
    errors = page.dataframe[1].value
    assert errors["row"].tolist() == [3] and errors["column"].tolist() == ["accuracy"]
    assert any("3 records" in text.value for text in page.markdown)
    assert "<b>" not in json.dumps(figures(page)[0]["layout"])


def test_a_file_without_accuracies_is_told(open_page):
    page = open_page(PAGE, section="Records")
    page.file_uploader(key="records_file").upload("x.csv", b"a,b\n1,2\n")
    page.run()
    assert len(page.error) == 1 and not page.exception


def test_a_recommendation_with_intervals_and_ties(filled, open_page):
    page = open_page(PAGE, section="Recommend", domain="plain", classes="2")
    button = next(b for b in page.button if b.label == "Recommend")
    page = settled(button.click().run())
    assert not page.exception and not page.error
    assert page.success[0].value
    rows = page.dataframe[0].value
    assert len(rows) == 8 and (rows["low"] <= rows["accuracy"]).all()
    assert "rank by mean-accuracy" in rows


def test_a_folder_that_is_not_there_is_told(open_page):
    page = open_page(PAGE, section="My images", folder="/not/here")
    assert not page.exception and "is not the full path" in page.warning[0].value


def test_a_folder_without_scores_asks_for_backbones(open_page, tmp_path):
    page = open_page(PAGE, section="My images", folder=str(tmp_path))
    assert not page.exception and not page.error
    assert next(b for b in page.button if b.label == "Score").disabled


def test_kept_scores_show_heads_failures_and_the_list_by_size(
    open_page, cache_root, tmp_path
):
    rows = pd.DataFrame(
        {"backbone": ["a", "b", "c", "d"], "params": [1e6, 2e6, 3e6, None],
         "logme": [0.1, 0.3, 0.2, None], "head_accuracy": [0.7, 0.9, 0.8, None],
         "low": [0.6, 0.8, 0.75, None], "high": [0.75, 0.95, 0.85, None],
         "majority": 0.5, "test_images": 10,
         "error": [None, None, None, "d is not here."]}
    )  # fmt: skip
    kept = DatasetScores(str(tmp_path), 40, ("x", "y"), rows, (), (), "2026-01-01")
    keep_scores(kept, Settings(cache_root))
    page = open_page(PAGE, section="My images", folder=str(tmp_path))
    assert not page.exception and not page.error
    assert page.dataframe[0].value["backbone"].tolist() == ["b", "c", "a"]
    assert page.dataframe[0].value["is_tied"].tolist() == [True, True, False]
    heads, scatter = figures(page)
    assert [len(trace["y"]) for trace in heads["data"]] == [2, 1]
    assert scatter["layout"]["annotations"][0]["text"] == "r = 1.00, n = 3"
    assert page.success[0].value.startswith("b comes first")
    told = " ".join(caption.value for caption in page.caption)
    assert "not here" in told and "list by size" in told
