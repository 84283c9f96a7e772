"""The snapshots made here: lineage, accuracy, and how each was trained."""

import pandas as pd
import streamlit as st

from core.snapshots.glossary import COLUMNS as SNAPSHOTS
from core.snapshots.lineage import Snapshot
from core.ui.columns import described
from core.ui.snapshots.loaders import snapshots
from core.ui.snapshots.make_section import curves, make_section
from core.ui.states import empty_state
from core.ui.text import literal, plural

COLUMNS = [
    "id", "origin", "parent", "retrain_index", "dataset", "accuracy", "low", "high",
    "seed", "made_at",
]  # fmt: skip


def list_section() -> None:
    """Make snapshots, and show those that are there."""
    found = snapshots()
    with st.expander("Make snapshots", expanded=not found, key="making"):
        make_section()
    if not found:
        empty_state(
            "No snapshots yet. Six of a tiny network take about a minute; "
            "everything is made on this machine."
        )
        return
    st.markdown(f"**{plural(len(found), 'snapshot')}** of {_families(found)}")
    rows = snapshot_rows(found)
    picked = st.dataframe(
        rows, hide_index=True, alt=f"{len(rows)} snapshots", key="snapshots",
        column_config=described(
            rows, SNAPSHOTS, pinned="id", fractions=("low", "high")
        ),
        on_select="rerun", selection_mode="multi-row", placeholder="–",
    )  # fmt: skip
    chosen = [rows["id"].iloc[place] for place in picked["selection"]["rows"]]
    trained = [one.id for one in found if one.origin == "trained"]
    names = chosen or trained[:7]
    if trained:
        st.subheader(f"Training of {plural(len(names), 'snapshot')}")
        curves(names, key="curves")


def snapshot_rows(found: list[Snapshot]) -> pd.DataFrame:
    """Return a row a snapshot with the columns of COLUMNS; missing is None."""
    rows = []
    for one in found:
        test = (one.metrics or {}).get("test") or {}
        rows.append({
            "id": one.id, "origin": one.origin, "parent": one.parent,
            "retrain_index": one.retrain_index,
            "dataset": (one.dataset or {}).get("name"),
            "accuracy": test.get("top1"), "low": test.get("low"),
            "high": test.get("high"), "seed": one.seed, "made_at": one.made_at,
        })  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def _families(found: list[Snapshot]) -> str:
    bases = sorted({one.base for one in found})
    return ", ".join(literal(base) for base in bases[:6])
