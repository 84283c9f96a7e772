"""The freeze map tells the same story as cells and as rectangles, also when big."""

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.charts.cells import PALETTES, VERDICTS
from core.charts.export import figure_bytes
from core.charts.freeze_map import freeze_map, rectangles
from core.derived.matrix import EVIDENCE, NOT_MEASURED, VERDICT_CODES


def prefix_family(models, layers):
    depth = np.sort(np.random.default_rng(0).integers(0, layers, models))[::-1]
    codes = (np.arange(layers) >= depth[:, None]).astype(np.int8)
    names = [f"owner/model-{number}" for number in range(models)]
    return pd.DataFrame(codes, names, [f"block {number}" for number in range(layers)])


@given(arrays(np.int8, (6, 5), elements=st.integers(0, 6)), st.sampled_from([0, 0.2]))
def test_rectangles_cover_every_cell_once_with_its_code(codes, gap):
    painted = np.full(codes.shape, -1)
    for code, (left, top, right, bottom) in rectangles(codes, gap=gap):
        cells = np.s_[round(top) : round(bottom), left:right]
        assert (painted[cells] == -1).all()
        painted[cells] = code
    assert (painted == codes).all()


def test_screen_map_is_one_small_heatmap_with_words_and_a_legend():
    figure = freeze_map(prefix_family(14, 12))
    heatmap, *legend = figure.data
    assert heatmap.z.dtype == np.int8
    assert heatmap.text[0][0] == "equal"
    assert {trace.name for trace in legend} == {"equal", "changed"}


def test_big_screen_map_carries_no_text_per_cell():
    figure = freeze_map(prefix_family(1500, 200))
    assert figure.data[0].text is None
    assert "0 equal, 1 changed" in figure.data[0].hovertemplate
    assert len(figure.to_json()) < 1_000_000


def test_names_are_escaped_and_shared_labels_fall_back_to_ids():
    matrix = prefix_family(3, 2).rename({"owner/model-0": "<b>x</b>"})
    labels = {"owner/model-1": "same", "owner/model-2": "same"}
    heatmap = freeze_map(matrix, labels=labels).data[0]
    assert list(heatmap.y) == ["&lt;b&gt;x&lt;/b&gt;", "owner/model-1", "owner/model-2"]


@pytest.mark.parametrize("vector", [True, False])
def test_an_empty_matrix_draws_an_empty_figure(vector):
    assert not freeze_map(pd.DataFrame(), vector=vector).data
    assert not freeze_map(prefix_family(0, 4), vector=vector).data


def test_every_code_has_a_word_and_a_color():
    figure = freeze_map(pd.DataFrame([list(range(7))], ["m"]).add_prefix("l"))
    assert [trace.name for trace in figure.data[1:]] == [
        verdict.word for verdict in VERDICTS.values()
    ]


@pytest.mark.parametrize("shown", PALETTES)
@pytest.mark.parametrize("vector", [True, False])
def test_what_neither_side_has_is_drawn_and_named_by_no_palette(shown, vector):
    matrix = pd.DataFrame([[-1, 0], [-1, 1]], ["m", "n"], ["added", "stem"])
    names = {t.name for t in freeze_map(matrix, shown=shown, vector=vector).data}
    words = {PALETTES[shown][code].word for code in (0, 1)}
    assert words <= names <= words | {None}


def test_the_words_of_the_codes_are_those_of_the_matrix():
    verdicts = {cell.word: code for code, cell in VERDICTS.items()}
    assert verdicts == VERDICT_CODES
    assert tuple(c.word for c in PALETTES["evidence"].values()) == EVIDENCE
    assert len(PALETTES["distance"]) == NOT_MEASURED + 1


def test_a_row_leads_to_its_address_and_a_hostile_one_stays_text():
    links = {"owner/model-0": "https://huggingface.co/owner/model-0"}
    figure = freeze_map(
        prefix_family(2, 2).rename({"owner/model-1": "<a>"}), links=links
    )
    aliases = figure.layout.yaxis.labelalias
    assert aliases["owner/model-0"].startswith('<a href="https://huggingface.co/owner')
    assert "&lt;a&gt;" not in aliases


@pytest.mark.browser
def test_pdf_of_1500_models_is_small_vector_and_quick(renderer, tmp_path, pdf_tool):
    figure = freeze_map(prefix_family(1500, 200), vector=True)
    figure_bytes(freeze_map(prefix_family(2, 2), vector=True), "svg", renderer=renderer)
    started = time.perf_counter()
    path = tmp_path / "map.pdf"
    path.write_bytes(figure_bytes(figure, "pdf", column="double", renderer=renderer))
    elapsed_seconds = time.perf_counter() - started
    assert path.stat().st_size < 1_000_000
    assert len(pdf_tool("pdfimages", path, "-list").splitlines()) == 2
    assert "1,500 models" in pdf_tool("pdftotext", path)
    assert elapsed_seconds < 10
