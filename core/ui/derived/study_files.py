"""Files of the published study on a page: a folder of them is shown as a family is."""

import streamlit as st

from core.charts.freeze_map import freeze_map
from core.charts.patterns import pattern_counts
from core.derived.columns_glossary import MODELS
from core.derived.family import Family
from core.derived.legacy import read_legacy
from core.derived.order import sort_rows
from core.errors import PedigreeError
from core.settings import local_path
from core.ui.chart import chart
from core.ui.columns import described
from core.ui.export_row import export_row
from core.ui.states import empty_state, error_state
from core.ui.text import literal, plural

MOST_PX = 900
SHOWN = [
    "id", "status", "kind", "frozen_blocks", "runs", "sentence", "message",
    "compared_at",
]  # fmt: skip


def study_files() -> None:
    """Let a person name a folder with the study's files, and show what they hold."""
    st.subheader("Files of the study")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        folder = st.text_input(
            "Folder with comparison files", key="study_files", bind="query-params",
            placeholder="full path on this machine", width=420,
            help="Files named `DATE;compare;BASE;CHILD.txt`, and its reports "
            "`compare-BASE;.json`. Base and child are exchanged in them; here they are "
            "the right way round.",
        )  # fmt: skip
        base = st.text_input(
            "Base in them", key="study_base", bind="query-params", width=300,
            placeholder="only if there are several",
            help="Files of one base are shown at a time.",
        )  # fmt: skip
    if not folder:
        st.caption(
            "Comparisons that the study's own program wrote are read here, and "
            "`python -m core report BASE --legacy DIR` writes ours as it does."
        )
        return
    try:
        _family(read_legacy(local_path(folder), base or None))
    except PedigreeError as error:
        error_state(error)


def _family(family: Family) -> None:
    models = family.models
    compared = models[models["status"] == "ok"]
    st.markdown(
        f"**{plural(len(models), 'model')}** made from {literal(family.base)}, "
        f"{len(compared)} with a comparison."
    )
    rows = models[SHOWN]
    st.dataframe(
        rows, hide_index=True, key="study-models", placeholder="–",
        alt=f"{len(rows)} models in the study's files for {family.base}",
        column_config=described(rows, MODELS, pinned="id"),
    )  # fmt: skip
    if compared.empty:
        empty_state("No comparison could be read, so there is nothing to draw.")
        return
    chart(pattern_counts(models), key="study-patterns",
          alt=f"Patterns of {len(models)} models in the study's files")  # fmt: skip
    matrix = sort_rows(family.matrix("block"), models, "frozen depth")
    tall = 130 + 22 * len(matrix)
    chart(
        freeze_map(matrix), key="study-map", height=min(MOST_PX, tall),
        alt=f"Layers changed in {len(matrix)} models in the study's files",
    )  # fmt: skip
    export_row(
        lambda: freeze_map(matrix, vector=True),
        lambda: models.merge(matrix.reset_index(), left_on="id", right_on="model"),
        name="study-freeze-map", key="study-export",
        caption=f"Models derived from {family.base}, from files of the published study "
        "(hpides/alsatian).",
    )  # fmt: skip
