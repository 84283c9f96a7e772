"""The children of a base next to each other: copies, near copies, likelier parents."""

import pandas as pd
import streamlit as st

from core.charts.siblings import ROWS, sibling_matrix
from core.derived.columns_glossary import DESCENT, MODELS, TENSORS
from core.derived.family import Family
from core.derived.siblings import CLOSER, NEAR, Siblings, siblings
from core.ui.chart import chart
from core.ui.columns import described
from core.ui.derived.family_loaders import Base, base_name
from core.ui.export_row import export_row
from core.ui.states import empty_state, note
from core.ui.text import literal, plural

HELP = f"""The distance of two models is that between their backbones (parameters that
the base has, without heads), over the larger of their distances from the base: 0 is the
same, about 1 and more is unrelated training. It is estimated from up to a thousand
sampled elements of every tensor, the same of all models, and given with two standard
errors. Near copies are within {NEAR}; a sibling is the likelier parent where it is at
less than {CLOSER:.2f} of the distance to the base."""


def siblings_section(base: Base, family: Family) -> None:
    """Show how close the children of a base are to each other."""
    st.subheader("Siblings", help=HELP)
    found = found_siblings(family)
    name = base_name(base)
    if found.distances.empty and found.copies.empty:
        empty_state(
            "No two models of this family can be compared with each other yet: compare "
            "at least two of them with the base."
        )
        return
    likelier = found.parents[found.parents["order_by"] != "card"]
    with st.container(horizontal=True):
        for label, count, text in (
            ("Copies", len(found.copies), "Every tensor is that of another model."),
            (
                "Groups of near copies",
                found.near["group"].nunique(),
                f"Within {NEAR} of each other, relative to their distance from the "
                "base.",
            ),
            (
                "Nearer to a sibling",
                len(likelier),
                "A sibling explains over half of the change, and no card says so.",
            ),
        ):
            st.metric(label, count, width="content", border=True, help=text)
    if len(found.distances) > 1:
        _matrix(found, name)
    copies = found.copies.replace({"original": {found.base: name}})
    _table("Copies", copies, "copies")
    _table("Near copies", found.near, "near")
    _table("Nearer to a sibling than to the base", found.parents, "likelier-parents")
    if len(found.left_out):
        reasons = found.left_out["why"].value_counts()
        told = "; ".join(f"{plural(n, 'model')}: {why}" for why, n in reasons.items())
        note(f"Not among the distances: {told}.")


def found_siblings(family: Family) -> Siblings:
    """Return what the children of a family are to each other, remembered."""
    state = hash(tuple((r.id, r.status, r.compared_at) for r in family.results))
    return _siblings(family.base, state, family)


@st.cache_resource(
    show_spinner="Comparing the models with each other", max_entries=4, ttl=600
)
def _siblings(base: str, state: int, _family: Family) -> Siblings:
    return siblings(base, _family.results, _family.models)


def _matrix(found: Siblings, name: str) -> None:
    count = len(found.distances)
    if count > ROWS:
        note(f"{count:,} models are drawn as {ROWS} clusters of near ones.")
    figure = sibling_matrix(found.distances, found.linkage)
    chart(
        figure, key="siblings", height=figure.layout.height,
        alt=f"Distances between {count} models derived from {name}, clustered",
    )  # fmt: skip
    export_row(
        lambda: figure,
        lambda: found.distances.reset_index(names="model"),
        name=f"siblings-{name}",
        caption=f"Distances between the backbones of models derived from {name}, "
        "relative to the larger distance from the base, estimated from samples.",
        key="siblings-export",
    )


def _table(title: str, rows: pd.DataFrame, key: str) -> None:
    if rows.empty:
        return
    st.markdown(f"**{literal(title)}**")
    st.dataframe(
        rows, hide_index=True, key=key, alt=title,
        column_config=described(rows, DESCENT, TENSORS, MODELS, pinned="id"),
    )  # fmt: skip
