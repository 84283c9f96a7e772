"""The Derived page: no demo yet, a family, failures, deep links, two checkpoints."""

import json
import threading
import time

import numpy as np
import pytest
from safetensors.numpy import save_file

PAGE = "pages/derived.py"
CARD = "---\nbase_model: base\n---\n"


def save_model(folder, weights, *, card=""):
    """Write one model folder as on the Hub."""
    folder.mkdir(parents=True)
    save_file(weights, folder / "model.safetensors")
    (folder / "README.md").write_text(card)


@pytest.fixture
def base(tmp_path):
    """A base with a frozen-prefix child, a copy, and a child whose file is cut."""
    random = np.random.default_rng(0)
    weights = {
        f"vit.encoder.layer.{n}.output.dense.weight": random.normal(size=(8, 8)).astype(
            "f4"
        )
        for n in range(4)
    }
    folder = tmp_path / "models"
    save_model(folder / "base", weights)
    tuned = {
        name: value if ".0." in name or ".1." in name else value + 0.1
        for name, value in weights.items()
    }
    save_model(folder / "tuned", tuned, card=CARD)
    save_model(folder / "copy", weights, card=CARD)
    save_model(folder / "cut", weights, card=CARD)
    cut = folder / "cut" / "model.safetensors"
    cut.write_bytes(cut.read_bytes()[:-7])
    return folder / "base"


def compared(open_page, base, **parameters):
    """Compare a family from its page, and open that page again when the job ended.

    AppTest forgets a typed option on its next run, a browser does not.
    """
    page = open_page(PAGE, base=str(base))
    next(b for b in page.button if b.label.startswith("Compare ")).click().run()
    for thread in threading.enumerate():
        if thread.name.startswith("job-family"):
            thread.join(30)
    return open_page(PAGE, base=str(base), **parameters)


def until(page, happened, seconds=20):
    """Run the page again until something has happened."""
    for _ in range(seconds * 5):
        if happened():
            return page
        time.sleep(0.2)
        page.run()
    raise AssertionError("it did not happen")


def test_an_empty_cache_offers_the_demo(open_page):
    page = open_page(PAGE)
    assert not page.exception and not page.error
    assert "demo family is not made yet" in page.info[0].value
    assert "Make the demo family" in [button.label for button in page.button]


def test_a_local_family_is_compared_and_counts_reconcile(open_page, base):
    page = compared(open_page, base)
    metrics = {metric.label: metric.value for metric in page.metric}
    assert metrics == {"Listed": "3", "Compared": "2", "Failed": "1"}
    failed = page.dataframe[-1].value
    assert failed["id"].tolist() == ["cut"]
    assert failed["reason"].tolist() == ["corrupt"]


def test_the_map_has_one_row_a_compared_model(open_page, base):
    page = compared(open_page, base)
    charts = [json.loads(chart.proto.spec) for chart in page.get("plotly_chart")]
    heatmap = next(
        trace for chart in charts for trace in chart["data"]
        if trace["type"] == "heatmap"
    )  # fmt: skip
    assert heatmap["y"] == ["copy", "tuned"]


def test_a_pattern_in_the_address_filters_the_models(open_page, base):
    page = compared(open_page, base, kind="frozen-prefix")
    assert page.dataframe[0].value["id"].tolist() == ["tuned"]


def test_a_model_in_the_address_opens_its_profile(open_page, base):
    page = compared(open_page, base, model="tuned")
    assert not page.exception and not page.warning
    assert any("frozen-prefix" in element.value for element in page.markdown)
    page = open_page(PAGE, base=str(base), model="![x](http://evil)")
    assert "which is not in this family" in page.warning[0].value


def test_a_folder_without_family_says_how_one_is_made(open_page, tmp_path):
    save_model(tmp_path / "alone" / "base", {"a": np.zeros(2, "f4")})
    page = open_page(PAGE, base=str(tmp_path / "alone" / "base"))
    assert "base_model: base" in page.info[-1].value.replace("\\", "")


def test_a_folder_without_weights_is_one_sentence(open_page, tmp_path):
    (tmp_path / "empty").mkdir()
    page = open_page(PAGE, base=str(tmp_path / "empty"))
    assert not page.exception
    assert len(page.error) == 1 and "no " in page.error[0].value


@pytest.mark.parametrize("hostile", ["nope", "../etc", "<script>alert(1)</script>"])
def test_an_unknown_base_is_one_sentence(open_page, hostile):
    page = open_page(PAGE, base=hostile)
    assert not page.exception and not page.error
    assert "The address asks for the base" in page.warning[0].value


def test_two_checkpoints_are_compared_from_a_link(open_page, base):
    page = open_page(
        PAGE, section="Compare two checkpoints", first=str(base),
        second=str(base.parent / "tuned"),
    )  # fmt: skip
    until(page, lambda: page.get("plotly_chart"))
    assert page.subheader[0].value == "frozen-prefix"
    assert {m.label: m.value for m in page.metric}["Changed"] == "2"


def test_a_comparison_can_be_sent_in_words(open_page, base):
    page = open_page(
        PAGE, section="Compare two checkpoints", first=str(base),
        second=str(base.parent / "tuned"), **{"compare-view-metric": "cosine"},
    )  # fmt: skip
    until(page, lambda: page.code)
    assert page.selectbox(key="compare-view-metric").value == "cosine"
    assert page.code[0].value.startswith(f"{base.parent / 'tuned'} against {base}: ")
    assert f"compare {base} {base.parent / 'tuned'} --metrics" in page.code[0].value


def test_a_cut_file_is_one_sentence(open_page, base):
    page = open_page(
        PAGE, section="Compare two checkpoints", first=str(base),
        second=str(base.parent / "cut"),
    )  # fmt: skip
    until(page, lambda: page.error)
    assert not page.exception and "safetensors" in page.error[0].value


def test_without_paths_the_comparison_says_what_it_wants(open_page):
    page = open_page(PAGE, section="Compare two checkpoints")
    assert "paths of two checkpoints" in page.info[0].value
