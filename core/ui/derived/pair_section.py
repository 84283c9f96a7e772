"""Two models of a family side by side; the address keeps which."""

from pathlib import Path

import pandas as pd
import streamlit as st

from core.charts.freeze_map import freeze_map
from core.charts.pair import pair_profile
from core.derived.family import Family
from core.derived.pair import agreement, side_by_side
from core.ui.chart import chart
from core.ui.derived.compare_section import compare_link
from core.ui.derived.family_loaders import Base, base_name
from core.ui.export_row import export_row
from core.ui.states import empty_state, unknown_choice
from core.ui.text import literal

PARAMETER = "pair"
FACTS = {
    "kind": "Pattern", "frozen_blocks": "Frozen blocks", "sentence": "In words",
    "runs": "Blocks in forward order", "task": "Task", "dataset": "Dataset",
    "license": "License", "metric": "Reported metric", "metric_value": "Value",
    "downloads": "Downloads", "likes": "Likes", "created_at": "Created",
    "size_bytes": "Weights, bytes", "cast_dtype": "Cast", "low_rank": "Low rank",
    "compared_at": "Compared",
}  # fmt: skip


def put_beside(identity: str) -> None:
    """Put a model beside the one chosen before; of two, the older choice goes."""
    chosen = [id for id in st.query_params.get_all(PARAMETER) if id != identity]
    st.query_params[PARAMETER] = [*chosen, identity][-2:]


def take_away() -> None:
    """Choose no models any more."""
    st.query_params.pop(PARAMETER, None)


def pair_section(base: Base, family: Family, matrix: pd.DataFrame, shown: str) -> None:
    """Show the two models that the address names, with their rows of the map."""
    chosen = list(dict.fromkeys(st.query_params.get_all(PARAMETER)))[:2]
    if not chosen:
        return
    st.subheader("Side by side")
    models = family.models
    compared = models[models["status"] == "ok"].set_index("id")
    compared["created_at"] = compared["created_at"].dt.date
    for id in chosen:
        if id not in compared.index:
            unknown_choice("the model", id, "a compared model of this family")
            return
    st.button("Close", on_click=take_away, icon=":material/close:", key="pair-close")
    if len(chosen) == 1:
        empty_state(f"{literal(chosen[0])} is chosen; choose another one in the table.")
        return
    first, second = chosen
    _facts(compared.loc[chosen])
    if set(chosen) <= set(matrix.index):
        chart(
            freeze_map(matrix.loc[chosen], shown=shown), key="pair-map", height=210,
            alt=f"Layers changed in {first} and in {second}",
        )  # fmt: skip
    _tensors(family, first, second)
    _link_to_each_other(base, first, second)


def _facts(models: pd.DataFrame) -> None:
    """Show what is said of the two, where anything is."""
    stated = models[[name for name in FACTS if models[name].notna().any()]]
    written = stated.rename(columns=FACTS).astype("string").fillna("–")
    st.table(
        written.map(literal).rename(index=literal).T, alt="Two models side by side"
    )


def _tensors(family: Family, first: str, second: str) -> None:
    sides = side_by_side(family.tensors(model=first), family.tensors(model=second))
    figure = pair_profile(sides, (first, second))
    if figure.data:
        chart(
            figure, key="pair-profile", height=340,
            alt=f"How far {first} and {second} are from the base, by layer",
        )  # fmt: skip
    else:
        st.caption("No distance is measured; certify in full to see how far they are.")
    counts = agreement(sides)
    counts.index.name, counts.columns.name = literal(first), literal(second)
    st.caption(
        f"Parameters by what became of them in {literal(first)} (down) and in "
        f"{literal(second)} (across)."
    )
    st.table(counts, alt="What became of parameters in both")
    export_row(
        lambda: figure, sides, name=f"pair-{first}-{second}",
        caption=f"{first} and {second} against {family.base_name}.", key="pair-export",
    )  # fmt: skip


def _link_to_each_other(base: Base, first: str, second: str) -> None:
    def place(id: str) -> str:
        return str(Path(base).parent / id) if isinstance(base, Path) else id

    compare_link(
        f"Compare the two with each other, not with {base_name(base)}",
        place(first),
        place(second),
    )
