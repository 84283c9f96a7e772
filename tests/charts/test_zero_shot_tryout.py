"""What models found and what they take, drawn as the frames say, labels escaped."""

from base64 import b64decode
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.charts.confusion import confusion_matrix
from core.charts.findings import findings
from core.charts.label_scores import MOST, label_scores
from core.charts.memory_parts import memory_parts

ROWS = pd.DataFrame(
    {"label": ["<b>cat</b>", "dog", "dog"], "score": [0.9, 0.8, 0.7],
     "x0": [0, 5, 6], "y0": [0, 5, 6], "x1": [4, 9, 9], "y1": [4, 9, 8]}
)  # fmt: skip


@pytest.fixture(scope="module")
def picture():
    file = BytesIO()
    Image.new("RGB", (20, 10)).save(file, format="JPEG")
    return file.getvalue()


def test_boxes_have_one_color_a_label_and_their_corners(picture):
    figure = findings(picture, (20, 10), ROWS)
    cat, dog = figure.data
    assert cat.name == "&lt;b&gt;cat&lt;/b&gt;" and len(dog.x) == 12
    assert list(cat.x) == [0, 4, 4, 0, 0, None] and cat.line.color != dog.line.color
    assert tuple(figure.layout.yaxis.range) == (10, 0)


def test_masks_color_exactly_their_pixels(picture):
    places = np.zeros((10, 20), np.uint16)
    places[2:5, 3:7] = 2
    figure = findings(picture, (20, 10), ROWS[["label", "score"]], places)
    source = figure.layout.images[1].source.partition(",")[2]
    alpha = np.asarray(Image.open(BytesIO(b64decode(source))))[..., 3]
    assert ((alpha > 0) == (places > 0)).all()
    assert [trace.name for trace in figure.data] == ["dog"]


def test_nothing_found_is_the_image_alone(picture):
    figure = findings(picture, (20, 10), ROWS.iloc[:0])
    assert not figure.data and len(figure.layout.images) == 1


def test_scores_name_their_scale_and_are_cut():
    rows = pd.DataFrame({"label": [f"<i>{n}" for n in range(50)], "score": 0.5})
    figure = label_scores(rows, scores="sigmoid")
    assert len(figure.data[0].x) == MOST
    assert "sigmoid" in figure.layout.xaxis.title.text
    assert figure.layout.yaxis.ticktext[0] == "&lt;i&gt;0"


def test_confusions_are_shares_of_their_row():
    counts = pd.DataFrame([[3, 1], [0, 0]], ["<b>a", "b"], ["<b>a", "b"])
    figure = confusion_matrix(counts)
    assert np.allclose(figure.data[0].z, [[0.75, 0.25], [0, 0]])
    assert figure.layout.yaxis.ticktext[0] == "&lt;b&gt;a"


def test_only_known_parts_of_memory_are_stacked():
    parts = {"weights": 2**30, "activations": None, "gradients": 0, "overhead": 2**29}
    figure = memory_parts(parts, free_bytes=2**31, device="<b>GPU")
    assert [bar.name for bar in figure.data] == ["weights", "overhead"]
    assert [bar.x[0] for bar in figure.data] == [1.0, 0.5]
    assert "&lt;b&gt;GPU" in figure.layout.annotations[0].text
