"""The model store: what it saves, and who was made from whom."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from core.charts.family_tree import family_tree
from core.settings import local_path
from core.snapshots.glossary import COLUMNS as SNAPSHOTS
from core.snapshots.store.manifest import StoredModel
from core.snapshots.store.query import lineage_tree
from core.ui.chart import chart
from core.ui.columns import described
from core.ui.export_row import export_row
from core.ui.job_panel import job_panel
from core.ui.snapshots.loaders import (
    ADDING,
    read_store,
    snapshots,
    start_adding,
    store_root,
    store_stamp,
)
from core.ui.states import empty_state, note, unknown_choice
from core.ui.text import plural, size

COLUMNS = [
    "id", "parent", "depth", "retrain_index", "dataset", "accuracy", "size_bytes",
    "own_bytes", "children",
]  # fmt: skip


def choose_store() -> Path | None:
    """Ask for the folder of a store; None where it is no folder."""
    usual = str(store_root())
    text = st.text_input(
        "Folder of the store", key="store", bind="query-params", placeholder=usual,
        width=640, help="Empty: the store in the cache, which `store add` fills.",
    )  # fmt: skip
    if not text:
        return store_root()
    folder = local_path(text)
    if not (folder.is_absolute() and (folder / "store.json").is_file()):
        unknown_choice("the store", text, "the full path of a store here")
        return None
    return folder


def store_section() -> None:
    """Fill the store, count it, and draw its lineage."""
    folder = choose_store()
    if folder is None:
        return
    made = len(snapshots())
    if folder == store_root() and made:
        st.button(
            f"Put the {plural(made, 'snapshot')} made here into the store",
            icon=":material/inventory_2:", on_click=start_adding, key="fill",
        )  # fmt: skip
        job_panel(ADDING)
    if not (folder / "store.json").is_file():
        empty_state(
            "The store is empty. Make snapshots and put them in, or use "
            "`python -m core store add` for model folders and families of the Hub."
        )
        return
    models, used = read_store(str(folder), store_stamp(folder))
    with st.container(horizontal=True):
        for label, value, text in (
            ("Models", f"{used.models:,}", "Models in the store."),
            ("As published", size(used.published_bytes), "All files as they came."),
            ("Each tensor once", size(used.once_bytes), "Equal tensors counted once."),
            ("On disk", size(used.disk_bytes), "What the store's folder takes."),
        ):
            st.metric(label, value, width="content", border=True, help=text)
    tensors = f"{used.unique_tensors:,} of {used.tensors:,} tensors are distinct"
    coded = f"; {used.coded_tensors:,} are kept as differences"
    note(tensors + (coded if used.coded_tensors else ""))
    if models:
        _lineage(models)


def _lineage(models: Sequence[StoredModel]) -> None:
    rows = lineage_tree(models)
    children = set(rows["parent"].dropna()) & set(rows["id"])
    roots = rows.loc[rows["id"].isin(children) & (rows["depth"] == 0), "id"].tolist()
    if roots:
        root = st.selectbox(
            "Descent from", roots, key="root", bind="query-params",
            help="The model whose children, and their children, are drawn.",
        )  # fmt: skip
        edges = branches(rows, root or roots[0])

        def figure():
            return family_tree(root or roots[0], edges)

        alt = f"{len(edges)} models made from {root}"
        chart(figure(), key="lineage", alt=alt)
        export_row(
            figure, edges, name="lineage", key="lineage-export",
            caption=f"Models made from {root}, as their records tell.",
        )  # fmt: skip
    shown = rows[COLUMNS]
    st.dataframe(
        shown,
        hide_index=True,
        alt=f"Lineage of {len(shown)} models",
        placeholder="–",
        column_config=described(shown, SNAPSHOTS, pinned="id"),
    )


def branches(rows: pd.DataFrame, root: str) -> pd.DataFrame:
    """Return the edges below a root, as the tree chart takes them.

    >>> rows = pd.DataFrame({"id": ["b", "a"], "parent": [None, "b"],
    ...                      "retrain_index": [None, 2], "accuracy": [None, 0.5]})
    >>> branches(rows, "b")[["parent", "id", "kind"]].values.tolist()
    [['b', 'a', 'index 2, 50.0 %']]
    """
    by_parent = {name: part for name, part in rows.groupby("parent")}
    edges, waiting, met = [], [root], {root}
    while waiting:
        parent = waiting.pop(0)
        below = by_parent.get(parent)
        for row in () if below is None else below.itertuples():
            if row.id not in met:
                met.add(row.id)
                waiting.append(row.id)
                edges.append((parent, row.id, 1, "finetune", _told(row), "declared"))
    columns = ["parent", "id", "models", "relation", "kind", "source"]
    return pd.DataFrame(edges, columns=columns)


def _told(row: object) -> str:
    index = "mask" if pd.isna(row.retrain_index) else f"index {int(row.retrain_index)}"
    known = not pd.isna(row.accuracy)
    return f"{index}, {100 * row.accuracy:.1f} %" if known else index
