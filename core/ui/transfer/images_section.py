"""A person's own images: scores of backbones, and heads really trained on them."""

import pandas as pd
import streamlit as st

from core.charts.transfer_scatter import correlation_text, predicted_against_true
from core.settings import load_settings, local_path
from core.transfer.agreement import TITLES
from core.transfer.dataset_scores import DatasetScores, kept_scores
from core.ui.chart import chart
from core.ui.export_row import export_row
from core.ui.job_panel import job_panel
from core.ui.states import empty_state, note, unknown_choice
from core.ui.text import literal, plural
from core.ui.transfer.loaders import backbone_choices, start_scoring


def images_section() -> None:
    """Ask for a folder and backbones; show what was found for the folder."""
    folder = st.text_input(
        "Folder of images on this machine, with a folder a class", key="folder",
        bind="query-params", placeholder="full path", width=640,
    )  # fmt: skip
    choices = backbone_choices()
    picked = st.multiselect(
        "Backbones", list(choices), key="backbones", bind="query-params",
        accept_new_options=True, placeholder="a name, a folder, or owner/name",
        help="torchvision/ARCHITECTURE and owner/name on the Hub fetch their weights "
        "once; model folders on this machine need no network.",
    )  # fmt: skip
    if not folder:
        empty_state("Type the path of a folder; nothing is uploaded.")
        return
    path = local_path(folder)
    if not (path.is_absolute() and path.is_dir()):
        unknown_choice("the folder", folder, "the full path of a folder here")
        return
    key = f"score-{path}"
    st.button(
        "Score", type="primary", icon=":material/speed:", disabled=not picked,
        on_click=start_scoring,
        args=(key, str(path), [choices.get(name, name) for name in picked]),
    )  # fmt: skip
    job = job_panel(key)
    found = kept_scores(path, load_settings())
    if found is None:
        if job is None:
            empty_state("Nothing is known of this folder yet; choose backbones, score.")
        return
    _show(found)


def _show(found: DatasetScores) -> None:
    st.markdown(
        f"**{plural(found.images, 'image')}** in {len(found.classes)} classes, scored "
        f"{found.made_at[:10]}. A larger score is better; its size means nothing "
        "between datasets."
    )
    for line in (*found.warnings, *found.failures[:20]):
        note(line)
    rows = found.rows
    if "error" in rows:
        for line in rows["error"].dropna():
            note(line)
        rows = rows[rows["error"].isna()].drop(columns="error")
    first = [name for name in ("backbone", "head_accuracy", "low", "high", "params")
             if name in rows]  # fmt: skip
    st.dataframe(
        rows[[*first, *rows.columns.difference(first, sort=False)]], hide_index=True,
        alt="Scores of backbones", placeholder="–",
        column_config={
            "backbone": st.column_config.TextColumn("Backbone", pinned=True),
            "head_accuracy": st.column_config.NumberColumn(
                "Trained head", format="percent",
                help="A ridge head on frozen features, on a quarter held out.",
            ),
            "low": st.column_config.NumberColumn("Low (95 %)", format="percent"),
            "high": st.column_config.NumberColumn("High (95 %)", format="percent"),
            "majority": st.column_config.NumberColumn(
                "Largest class", format="percent",
                help="What naming the most frequent class would reach.",
            ),
            "params": st.column_config.NumberColumn("Parameters", format="compact"),
            **TITLES,
        },
    )  # fmt: skip
    scored = [name for name in TITLES if name in found.rows]
    if "head_accuracy" not in found.rows or not scored:
        return
    name = st.selectbox(
        "Score", scored, format_func=TITLES.get, key="score", bind="query-params"
    )
    rows = found.rows.dropna(subset=[name, "head_accuracy"])
    if rows.empty:
        return
    points = pd.DataFrame(
        {"model": rows["backbone"], "family": "backbone", "predicted": rows[name],
         "accuracy": rows["head_accuracy"]}
    )  # fmt: skip

    def figure():
        return predicted_against_true(points, predicted_title=TITLES[name])

    alt = f"{TITLES[name]} against trained heads, {len(points)} backbones"
    chart(figure(), key="own-scatter", alt=alt, height=380)
    export_row(
        figure, found.rows, name="backbone-scores", key="own-export",
        caption=f"Backbones on {literal(found.folder)}, {found.made_at[:10]}.",
    )  # fmt: skip
    by_size = correlation_text(points.assign(predicted=rows["params"]))
    note(f"The static list by size has {by_size}. Few points: such numbers say little.")
