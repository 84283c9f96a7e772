"""What was found for a person's images: the best backbone in a sentence, every trained
head with its interval, and each score held against them.
"""

import pandas as pd
import streamlit as st

from core.charts.transfer_intervals import intervals
from core.charts.transfer_scatter import correlation_text, predicted_against_true
from core.transfer.agreement import TITLES
from core.transfer.best_backbone import conclusion, ranked_backbones
from core.transfer.dataset_scores import DatasetScores
from core.transfer.glossary import COLUMNS as TRANSFER
from core.transfer.glossary import SCORES, WORDS
from core.ui.chart import chart
from core.ui.columns import described
from core.ui.export_row import export_row
from core.ui.states import note
from core.ui.text import literal, plural

MOST_UNREADABLE = 20
MOST_LOOKS = 8
"""More backbones than this share one look in the scatter."""

COLUMNS = [
    "backbone", "head_accuracy", "low", "high", "is_tied", "params", *TITLES,
    "majority", "images", "test_images",
]  # fmt: skip


def images_answer(found: DatasetScores) -> None:
    """Show the answer first, then what it rests on."""
    st.markdown(
        f"**{plural(found.images, 'image')}** in {len(found.classes)} classes, scored "
        f"{found.made_at[:10]}."
    )
    ranked = ranked_backbones(found.rows)
    if len(ranked):
        st.success(literal(conclusion(ranked)), icon=":material/recommend:")
    failed = found.rows["error"].dropna() if "error" in found.rows else ()
    for line in (*failed, *found.failures[:MOST_UNREADABLE]):
        note(line)
    rows = ranked if len(ranked) else found.rows
    caption = f"Backbones on {found.folder}, {found.made_at[:10]}."
    if len(ranked):
        _heads(ranked, caption)
    _table(rows)
    if len(ranked):
        _scores_against_heads(ranked, caption)
    if found.warnings:
        with st.expander(f"What the scores hide ({len(found.warnings)})"):
            for line in found.warnings:
                note(line)


def _heads(ranked: pd.DataFrame, caption: str) -> None:
    rows = pd.DataFrame(
        {"name": ranked["backbone"], "value": ranked["head_accuracy"],
         "low": ranked["low"], "high": ranked["high"],
         "kind": ranked["is_tied"].map({True: "ties with the first",
                                        False: "behind the first"})}
    )  # fmt: skip

    def figure():
        return intervals(rows, title="Trained head, 95 % interval", as_percent=True)

    chart(figure(), key="own-heads", alt=f"Trained heads on {len(rows)} backbones")
    export_row(
        figure, ranked, name="backbones", key="own-heads-export", caption=caption
    )


def _table(rows: pd.DataFrame) -> None:
    shown = rows[[name for name in COLUMNS if name in rows]]
    st.dataframe(
        shown, hide_index=True, alt="Backbones, the best first", placeholder="–",
        column_config=described(
            shown, TRANSFER, SCORES, WORDS, pinned="backbone",
            fractions=("low", "high"),
        ),
    )  # fmt: skip
    st.caption(
        "A larger score is better; its size means nothing between datasets. The head "
        "is the truth that scores are to foretell without training."
    )


def _scores_against_heads(ranked: pd.DataFrame, caption: str) -> None:
    scored = [name for name in TITLES if name in ranked and ranked[name].notna().any()]
    if not scored:
        return
    st.subheader("Would a score have found it?")
    name = st.selectbox(
        "Score", scored, format_func=TITLES.get, key="score", bind="query-params",
        width=320, help="The glossary defines each, with its paper.",
    )  # fmt: skip
    rows = ranked.dropna(subset=[name])
    looks = rows["backbone"] if len(rows) <= MOST_LOOKS else "backbone"
    points = pd.DataFrame(
        {"model": rows["backbone"], "family": looks, "predicted": rows[name],
         "accuracy": rows["head_accuracy"]}
    )  # fmt: skip

    def figure():
        return predicted_against_true(points, predicted_title=TITLES[name])

    alt = f"{TITLES[name]} against trained heads, {len(points)} backbones"
    chart(figure(), key="own-scatter", alt=alt, height=380)
    export_row(figure, rows, name="backbone-scores", key="own-export", caption=caption)
    by_size = correlation_text(points.assign(predicted=rows["params"]))
    note(f"The static list by size has {by_size}. Few points: such numbers say little.")
