"""Predictors held against records, and the answer for a dataset that is not in them."""

import pandas as pd
import streamlit as st

from core.charts.transfer_intervals import intervals
from core.transfer.agreement import kind_of, titles
from core.transfer.changes import TaskDescription
from core.transfer.evaluate import Evaluation
from core.transfer.glossary import COLUMNS as TRANSFER
from core.transfer.glossary import METRICS, PREDICTORS, SCORES, WORDS
from core.transfer.recommend import Budget, Recommendation, recommend
from core.transfer.records import Records
from core.transfer.splits import SPLITS
from core.ui.chart import chart
from core.ui.columns import described
from core.ui.export_row import export_row
from core.ui.job_panel import job_panel
from core.ui.loaders import jobs
from core.ui.states import empty_state, note
from core.ui.text import literal
from core.ui.transfer.loaders import (
    chosen_records,
    demo_panel,
    source_note,
    start_evaluation,
)


def evaluate_section() -> None:
    """Hold predictors against records that were hidden from them."""
    records = chosen_records()
    if records is None:
        demo_panel()
        return
    questions = {one.name: one.question for one in SPLITS}
    chosen = st.selectbox(
        "Hidden",
        list(questions),
        key="split",
        bind="query-params",
        width=420,
        help="Which records are hidden together, to be predicted from the others.",
    )
    st.caption(questions[chosen])
    key = f"evaluate-{records.fingerprint}-{chosen}"
    st.button(
        "Evaluate", type="primary", icon=":material/rule:",
        on_click=start_evaluation, args=(key, records, [chosen]),
    )  # fmt: skip
    job = job_panel(key)
    if job is None:
        empty_state(
            "Evaluate hides cells of the records, predicts them by every predictor and "
            "compares. What is finished is kept; a second time it is there at once."
        )
    elif isinstance(job.result, Evaluation):
        source_note()
        _table(job.result)


def _table(found: Evaluation) -> None:
    scores = found.scores.assign(title=found.scores["predictor"].map(titles()))
    shown = scores.assign(text=scores.apply(_cell, axis=1))
    wide = shown.pivot(index="title", columns="metric", values="text")
    order = scores[scores["metric"] == "kendall"].sort_values("value", ascending=False)
    wide = wide.reindex(index=order["title"], columns=[one.word for one in METRICS])
    wide = wide.rename_axis("predictor").reset_index()
    st.dataframe(
        wide, hide_index=True, placeholder="–",
        alt=f"{len(wide)} predictors on hidden records",
        column_config=described(wide, METRICS, WORDS, pinned="predictor"),
    )  # fmt: skip
    st.caption(
        "Mean over tasks with its 95 % interval; ★ the best, = what cannot be told "
        "from the best. ImageNet accuracy, size and the mean of past accuracies are "
        "static: one list for every task."
    )
    for split, reason in found.left_out.items():
        note(f"{split} {reason}")
    rows = order.assign(name=order["title"], kind=order["predictor"].map(kind_of))
    rows = rows.dropna(subset=["value"])
    rows = rows[["name", "kind", "value", "low", "high", "is_tied"]]

    def figure():
        return intervals(rows, title="Kendall's τ, mean and 95 % interval")

    chart(figure(), key="evaluation", alt=f"{len(rows)} predictors by Kendall's tau")
    export_row(
        figure, found.scores, name="evaluation", key="evaluation-export",
        caption="Predictors on hidden records, mean over tasks with 95 % intervals.",
    )  # fmt: skip


def _cell(row: pd.Series) -> str | None:
    if pd.isna(row["value"]):
        return None
    mark = "★ " if row["is_best"] else "= " if row["is_tied"] else ""
    return f"{mark}{row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f})"


def recommend_section() -> None:
    """Ask for a dataset's description and answer with a ranking and its doubts."""
    records = chosen_records()
    if records is None:
        demo_panel()
        return
    task, budget = _asked(records)
    key = f"recommend-{records.fingerprint}-{task}-{budget}"
    st.button(
        "Recommend", type="primary", icon=":material/recommend:",
        on_click=_start_recommend, args=(key, records, task, budget),
    )  # fmt: skip
    job = job_panel(key)
    if job is None:
        empty_state("Describe your dataset as far as you can, then ask.")
    elif isinstance(job.result, Recommendation):
        source_note()
        _answer(job.result)


def _asked(records: Records) -> tuple[TaskDescription, Budget]:
    domains = sorted(records.tasks["domain"].dropna().unique())
    one, two, three = st.columns(3)
    domain = one.selectbox(
        "Domain", domains, key="domain", bind="query-params", index=None,
        accept_new_options=True, placeholder="unknown",
        help="What your images show; one of the records' domains, or a new one.",
    )  # fmt: skip
    classes = two.number_input(
        "Classes",
        2,
        100_000,
        None,
        key="classes",
        bind="query-params",
        help="How many labels your dataset has.",
    )
    samples = three.number_input(
        "Training images in all",
        1,
        10**9,
        None,
        key="samples",
        bind="query-params",
        help="Labeled images to train on, of all classes together.",
    )
    labels = one.text_input("Labels", key="labels", bind="query-params",
                            placeholder="names, separated by commas",
                            help="Classes' names; alike ones make tasks alike.",
                            )  # fmt: skip
    params = two.number_input(
        "Parameters, at most",
        1,
        10**12,
        None,
        key="max_params",
        bind="query-params",
        help="Empty: no limit.",
    )
    gmacs = three.number_input(
        "GMACs, at most", 1e-6, 1e6, None, key="max_gmacs", bind="query-params",
        format="%.4f", help="Empty: no limit.",
    )  # fmt: skip
    return TaskDescription(domain, classes, samples, labels or None), Budget(
        params, gmacs
    )


def _start_recommend(
    key: str, records: Records, task: TaskDescription, budget: Budget
) -> None:
    jobs().start(
        key, "Recommending",
        lambda job: recommend(records, task, budget=budget, progress=job.report),
    )  # fmt: skip


def _answer(found: Recommendation) -> None:
    st.success(literal(found.sentence), icon=":material/recommend:")
    if found.reliability is not None:
        show = st.warning if found.reliability.is_static_as_good else st.info
        show(literal(found.reliability.sentence), icon=":material/balance:")
    rows = found.models.assign(
        name=found.models.index, value=found.models["accuracy"],
        kind=found.models["is_tied"].map({True: "ties with the first",
                                          False: "behind the first"}),
    )[["name", "kind", "value", "low", "high"]]  # fmt: skip

    def figure():
        return intervals(rows, title="Expected accuracy, 90 % interval",
                         as_percent=True)  # fmt: skip

    chart(
        figure(), key="recommendation", alt=f"Expected accuracy of {len(rows)} models"
    )
    models = found.models.rename_axis("model").reset_index()
    st.dataframe(
        models, hide_index=True, alt="Recommended models", placeholder="–",
        column_config=described(
            models, TRANSFER, SCORES, PREDICTORS, pinned="model",
            fractions=("low", "high"),
            accuracy=st.column_config.NumberColumn(
                "Expected accuracy", format="percent",
                help="By a Gaussian process over the records.",
            ),
        ),
    )  # fmt: skip
    export_row(
        figure, models, name="recommendation", key="recommendation-export",
        caption="Expected accuracy by a Gaussian process over the records, 90 %.",
    )  # fmt: skip
    if found.changes:
        st.markdown("**What would change the answer**")
        st.markdown("\n".join(f"- {literal(line)}" for line in found.changes))
    for line in found.notes:
        note(line)
