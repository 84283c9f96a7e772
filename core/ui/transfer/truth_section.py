"""Predicted against true: scores, predictors and static lists on the demo's tasks."""

import streamlit as st

from core.charts.transfer_intervals import intervals
from core.charts.transfer_scatter import predicted_against_true
from core.transfer.agreement import (
    Agreement,
    points,
    predicts_accuracy,
    ranker_rows,
)
from core.transfer.glossary import COLUMNS as TRANSFER
from core.transfer.glossary import METRICS as RANKING
from core.ui.chart import chart
from core.ui.columns import described
from core.ui.export_row import export_row
from core.ui.states import note
from core.ui.text import literal
from core.ui.transfer.loaders import demo_agreement, demo_panel, demo_records

ALL_TASKS = "all tasks"
SOURCE = (
    "Demo records: 8 small backbones and 22 tasks about scikit-learn's digits, made on "
    "this machine; a ridge head trained on frozen features of 8 or 40 images a class, "
    "measured on about 450 images that no backbone and no head saw."
)
SHOWN = ("kendall", "weighted_kendall", "pearson", "top1_regret")
METRICS = {one.word: one.title for one in RANKING if one.word in SHOWN}


def truth_section() -> None:
    """Show every ranker against really trained heads, and say which tie."""
    if demo_records() is None:
        demo_panel()
        return
    found = demo_agreement()
    st.info(literal(found.sentence), icon=":material/balance:")
    note(SOURCE)
    _scatter(found)
    _rankers(found)


def _scatter(found: Agreement) -> None:
    st.subheader("Predicted against true")
    by_tau = found.rankers[found.rankers["metric"] == "kendall"]
    by_tau = by_tau.sort_values("value", ascending=False)
    names = dict(zip(by_tau["predictor"], by_tau["title"], strict=True))
    left, right = st.columns(2)
    ranker = left.selectbox(
        "Ranked by", list(names), format_func=names.get, key="ranker",
        bind="query-params",
        help="Scores see the labeled training images of a task; predictors see its "
        "description and the records of other label sets; static lists see no task.",
    )  # fmt: skip
    task = right.selectbox(
        "Task", [ALL_TASKS, *found.cells["task"].unique()], key="task",
        bind="query-params", help="One question about the digits, or all together.",
    )  # fmt: skip
    one = None if task in (None, ALL_TASKS) else task
    rows = points(found, ranker, one)
    rows = rows.assign(family=rows["model"].map(demo_records()[0].models["family"]))
    is_accuracy = predicts_accuracy(ranker)
    title, true = names[ranker], "True accuracy"
    if one is None:
        title += ", over the task's mean" + ("" if is_accuracy else " (in sd)")
        true += ", over the task's mean"

    def figure():
        return predicted_against_true(
            rows, predicted_title=title, true_title=true, same_scale=is_accuracy
        )

    alt = f"{names[ranker]} against the accuracy of trained heads, {task}"
    chart(figure(), key="scatter", alt=alt, height=420)
    export_row(
        figure, rows, name=f"predicted-{ranker}", caption=f"{title}. {SOURCE}",
        key="scatter-export",
    )  # fmt: skip


def _rankers(found: Agreement) -> None:
    st.subheader("How well each ranks the models of a task")
    metric = st.segmented_control(
        "By", list(METRICS), format_func=METRICS.get, key="metric", default="kendall",
        bind="query-params", required=True,
        help="  \n".join(
            f"**{METRICS[one.word]}**: {one.help}"
            for one in RANKING if one.word in METRICS
        ),
    )  # fmt: skip
    rows = ranker_rows(found.rankers, metric or "kendall")
    title = f"{METRICS[metric or 'kendall']}, mean and 95 % interval"
    alt = f"{len(rows)} rankers by {METRICS[metric or 'kendall']}"
    chart(intervals(rows, title=title), key="rankers", alt=alt)
    st.dataframe(
        rows, hide_index=True, alt="Rankers",
        column_config=described(rows, TRANSFER, pinned="name"),
    )  # fmt: skip
    export_row(
        lambda: intervals(rows, title=title), rows, name=f"rankers-{metric}",
        caption=f"{title}. {SOURCE}", key="rankers-export",
    )  # fmt: skip
