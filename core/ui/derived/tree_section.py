"""The family tree of a base, and the declarations that its weights contradict."""

import streamlit as st

from core.charts.family_tree import family_tree as draw_tree
from core.derived.columns_glossary import DESCENT, MODELS, PROBLEMS
from core.derived.family import Family
from core.derived.tree import branches, family_tree
from core.ui.chart import chart
from core.ui.columns import described
from core.ui.derived.family_loaders import Base, base_name
from core.ui.derived.siblings_section import found_siblings
from core.ui.export_row import export_row
from core.ui.states import empty_state
from core.ui.text import plural

HELP = """Lines are what cards declare; a broken line is a parent that the weights show
and no card names: an original of which the model is a copy, or a sibling that it is
nearer to than to the base. Numbers are models of one pattern. Children of children are
listed when the family is asked for with more than one hop."""

MERGE_COLUMNS = ["id", "parent", "weight", "explained"]


def tree_section(base: Base, family: Family) -> None:
    """Show who descends from whom in the family of a base."""
    st.subheader("Family tree", help=HELP)
    models = family.models
    if models.empty:
        empty_state("No model is listed as made from this base.")
        return
    name = base_name(base)
    tree = family_tree(found_siblings(family), models)
    rows = branches(tree).replace({"parent": {tree.base: name}})
    figure = draw_tree(name, rows)
    chart(
        figure, key="family-tree", height=figure.layout.height,
        alt=f"Family tree of {name}: {plural(len(models), 'model')}, "
        f"{plural(len(tree.problems), 'doubtful declaration')}",
    )  # fmt: skip
    edges = tree.edges.replace({"parent": {tree.base: name}})
    export_row(
        lambda: figure, edges, name=f"family-tree-{name}",
        caption=f"Models derived from {name} and their parents, as cards declare them "
        "and as the weights show.",
        key="family-tree-export",
    )  # fmt: skip
    problems = tree.problems.replace(
        {"declared": {tree.base: name}, "found": {tree.base: name}}
    )
    if len(problems):
        st.markdown(f"**{plural(len(problems), 'doubtful declaration')}**")
        st.dataframe(
            problems, hide_index=True, key="doubtful-parents", placeholder="–",
            alt="Declarations that are missing or contradicted",
            column_config=described(problems, PROBLEMS, MODELS, pinned="id"),
        )  # fmt: skip
    parents = edges[edges["source"] == "declared"]
    merges = parents[parents["id"].duplicated(keep=False)]
    if len(merges):
        st.markdown("**Merges, with all their parents**")
        st.dataframe(
            merges[MERGE_COLUMNS], hide_index=True, key="merges",
            alt="Merges with all their parents",
            column_config=described(merges, DESCENT, MODELS, pinned="id"),
            placeholder="not known",
        )  # fmt: skip
