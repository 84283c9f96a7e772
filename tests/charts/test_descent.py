"""The sibling matrix, the family tree and the storage bars draw what they are given."""

import numpy as np
import pandas as pd
import pytest
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import pdist, squareform

from core.charts.family_tree import ROWS as BRANCHES
from core.charts.family_tree import branch_label, family_tree
from core.charts.siblings import ROWS, sibling_matrix
from core.charts.storage import storage_blocks

COLUMNS = ["parent", "id", "source", "relation", "kind", "models"]


def distances(count, groups=0):
    """Points on a line, `groups` of them far apart, in the order of the line."""
    spots = np.arange(count) + 1000.0 * (np.arange(count) * groups // count)
    apart = pdist(spots[:, None]) if count else np.zeros(0)
    names = [f"<b>m{n}</b>" if n == 0 else f"m{n}" for n in range(count)]
    tree = linkage(apart, "average") if count > 1 else np.zeros((0, 4))
    square = squareform(apart) if count else np.zeros((0, 0))
    return pd.DataFrame(square, names, names), tree


def test_the_matrix_holds_the_distances_and_escapes_names():
    heat = sibling_matrix(*distances(4)).data[0]
    assert heat.x[0] == "&lt;b&gt;m0&lt;/b&gt;"
    assert np.asarray(heat.z)[0].tolist() == [0, 1, 2, 3]


def test_the_dendrogram_stands_over_its_columns():
    figure = sibling_matrix(*distances(4))
    lines = np.asarray(figure.data[1].x, float)
    assert np.nanmin(lines) == 0 and np.nanmax(lines) == 3
    assert figure.layout.xaxis2.range == (-0.5, 3.5)


def test_many_models_are_drawn_as_clusters_of_neighbors():
    heat = sibling_matrix(*distances(2 * ROWS, groups=ROWS)).data[0]
    assert len(heat.x) == ROWS
    assert sum(" and 1 more" in name for name in heat.x) == ROWS
    assert np.allclose(np.diag(heat.z), 0.5)


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_models_make_no_dendrogram(count):
    assert len(sibling_matrix(*distances(count)).data) == 1


@pytest.fixture
def branches():
    return pd.DataFrame(
        [
            ["base", "", "declared", "finetune", "full", 37],
            ["base", "a<b>", "declared", "finetune", "head-only", 1],
            ["a<b>", "", "weights", "finetune", "full", 2],
            ["base", "", "declared", "adapter", "adapter", 4],
            ["elsewhere", "", "declared", "merge", "full", 1],
        ],
        columns=COLUMNS,
    )


def test_every_branch_is_a_line_with_its_number_and_pattern(branches):
    figure = family_tree("base", branches)
    nodes = figure.data[-1]
    assert {"37 × full", "4 × adapter", "2 × full", "base", "elsewhere"} < set(
        nodes.text
    )
    assert "a&lt;b&gt;: head-only" in nodes.text
    declared, weights = figure.data[:2]
    assert np.isnan(np.array(declared.x, float)).sum() == 4
    assert weights.line.dash == "dash" and max(nodes.x) == 2


def test_no_two_leaves_share_a_row(branches):
    nodes = family_tree("base", branches).data[-1]
    leaves = [y for y, text in zip(nodes.y, nodes.text, strict=True) if "×" in text]
    assert len(set(leaves)) == len(leaves) == 4


def test_a_circle_and_a_merge_are_drawn_once():
    rows = [
        ["base", "a", "declared", "merge", "full", 1],
        ["b", "a", "declared", "merge", "full", 1],
        ["a", "b", "declared", "finetune", "full", 1],
    ]
    nodes = family_tree("base", pd.DataFrame(rows, columns=COLUMNS)).data[-1]
    assert sorted(nodes.text) == ["a: merge, full", "b: full", "base"]


def test_what_does_not_fit_is_counted():
    rows = [
        ["base", "", "declared", "finetune", f"k{n}", 1] for n in range(BRANCHES + 3)
    ]
    figure = family_tree("base", pd.DataFrame(rows, columns=COLUMNS))
    assert figure.layout.annotations[0].text == "and 3 models on 3 branches"


def test_a_base_without_children_is_a_point():
    figure = family_tree("base", pd.DataFrame([], columns=COLUMNS))
    assert list(figure.data[-1].text) == ["base"]
    assert branch_label({"id": "", "models": 1, "relation": "", "kind": "x"})


def test_bars_are_the_bytes_of_each_block():
    blocks = pd.DataFrame(
        {"block": ["stem", "<i>"], "published": [4e9, 2e9], "files_once": [3e9, 2e9],
         "most": [2e9, 1e9], "least": [1e9, 1e9]}
    )  # fmt: skip
    figure = storage_blocks(blocks)
    bars = figure.data
    assert figure.layout.yaxis.title.text == "Gigabytes"
    assert [list(bar.y) for bar in bars] == [[4, 2], [3, 2], [2, 1], [1, 1]]
    assert bars[0].x[1] == "&lt;i&gt;"
    assert len(storage_blocks(blocks.assign(files_once=blocks["published"])).data) == 3
    widths = [bar.width for bar in bars]
    assert widths == sorted(widths, reverse=True)
