"""What models found in an image or a folder: pictures, scores, time and memory. Scores
of two models are never put on one scale; their orders are compared.
"""

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from core.charts.confusion import confusion_matrix
from core.charts.findings import findings
from core.charts.label_scores import label_scores
from core.ui.chart import chart
from core.ui.columns import described
from core.ui.export_row import export_row
from core.ui.states import note
from core.ui.text import literal, percent, plural
from core.zero_shot.fit import gigabytes
from core.zero_shot.glossary import ANSWERS
from core.zero_shot.kept_tryouts import PICTURE, read_places

SCALES = {
    "softmax": "Softmax: shares of these labels, which sum to 1.",
    "sigmoid": "Sigmoid: each label by itself; they need not sum to 1.",
}


def image_answer(told: dict[str, Any], folder: Path) -> None:
    """Show what each model found in one image, side by side."""
    results = told["results"]
    _order(results)
    for place, (column, result) in enumerate(
        zip(st.columns(len(results)), results, strict=True)
    ):
        with column:
            _head(result)
            _image_result(result, told, folder, place)
    _origin(told)


def folder_answer(told: dict[str, Any], folder: Path) -> None:
    """Show how often each model named the right class, and its confusions."""
    for place, result in enumerate(told["results"]):
        _head(result)
        low, high = result["interval"]
        st.markdown(
            f"**{percent(result['accuracy'])}** right of "
            f"{plural(result['images'], 'image')} ({percent(low)} to {percent(high)}, "
            "95 % interval). Always naming the most frequent class: "
            f"{percent(result['majority'])}."
        )
        counts = pd.DataFrame(**result["counts"])
        _figure(
            lambda counts=counts: confusion_matrix(counts),
            counts.reset_index(names="true"), place,
            f"Confusions of {result['model']}, {result['images']} images",
        )  # fmt: skip
        for line in result["unreadable"][:20]:
            note(line)
    _origin(told)


def _title(result: dict[str, Any]) -> str:
    """Return the model's own name, or the names of a chain."""
    return " → ".join(Path(one).name for one in result["model"].split(" → "))


def _head(result: dict[str, Any]) -> None:
    st.subheader(literal(_title(result)), anchor=False)
    peak = result["peak_bytes"]
    memory = f", peak {gigabytes(peak)} of {result['peak_of']}" if peak else ""
    expected = result.get("expected_bytes")
    estimate = f" (estimated {gigabytes(expected)})" if expected else ""
    st.caption(
        f"{result['task'].capitalize()}: {result['seconds']:.2f} s{memory}{estimate}. "
        f"{SCALES[result['scores']]}"
    )


def _image_result(
    result: dict[str, Any], told: dict[str, Any], folder: Path, place: int
) -> None:
    rows = pd.DataFrame(result["rows"])
    if rows.empty:
        st.info(
            f"Nothing scores above {result['threshold']:g}; lower the least score.",
            icon=":material/search_off:",
        )
        rows = pd.DataFrame(columns=["label", "score"])
    name = literal(_title(result))
    if result["task"] == "classification":
        st.image((folder / PICTURE).read_bytes(), alt="The image that was looked at")

        def figure():
            return label_scores(rows, scores=result["scores"])

        alt = f"Scores of {len(rows)} labels by {name}"
    else:
        places = read_places(folder, result)

        def figure():
            picture = (folder / PICTURE).read_bytes()
            return findings(picture, tuple(told["size"]), rows, places)

        alt = f"{len(rows)} findings of {name} in the image"
    _figure(figure, rows, place, alt)
    st.dataframe(
        rows, hide_index=True, alt=f"What {name} found",
        column_config=described(rows, ANSWERS), key=f"try-rows-{place}",
        placeholder="–",
    )  # fmt: skip


def _figure(figure, rows: pd.DataFrame, place: int, alt: str) -> None:
    chart(figure(), key=f"try-chart-{place}", alt=literal(alt))
    export_row(
        figure, rows, name=f"try-out-{place + 1}", key=f"try-export-{place}",
        caption=alt,
    )  # fmt: skip


def _order(results: list[dict[str, Any]]) -> None:
    """Say whether two classifiers agree on what comes first, not on scores."""
    tops = [
        result["rows"][0]["label"]
        for result in results
        if result["task"] == "classification" and result["rows"]
    ]
    if len(tops) == 2:
        said = (
            f"Both put **{literal(tops[0])}** first."
            if tops[0] == tops[1]
            else f"They disagree: **{literal(tops[0])}** first, or "
            f"**{literal(tops[1])}**."
        )
        st.markdown(f"{said} Compare orders; their scores are on scales of their own.")


def _origin(told: dict[str, Any]) -> None:
    note(
        f"Measured {told['at'][:10]} on {told['device']} with {told['versions']}; one "
        "first pass, loading apart. Benchmarks elsewhere do not tell how a model does "
        "on your images; a folder of labeled ones does."
    )
