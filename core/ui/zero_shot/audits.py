"""The install audits: verdict then and now, why, the links and the command."""

import pandas as pd
import streamlit as st

from core.ui.text import literal
from core.ui.zero_shot.loaders import survey
from core.ui.zero_shot.tables import corrections, links_table, prose_table
from core.zero_shot.audits import audit_table, history, links_of, sentence
from core.zero_shot.schema import TASKS


def audit_section() -> None:
    """Show every audit, and one of them in full."""
    table = audit_table(survey())
    st.markdown(f"**{sentence(table)}**")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        tasks = st.pills(
            "Task", TASKS, selection_mode="multi", key="audit_task",
            bind="query-params", format_func=str.capitalize,
            help="What the audited model does.",
        )  # fmt: skip
        only = st.toggle(
            "Only changed verdicts", key="changed", bind="query-params",
            help="Models that install now and did not, or the other way round.",
        )  # fmt: skip
    rows = table[table["task"].isin(tasks)] if tasks else table
    rows = rows[rows["changed"]] if only else rows
    _listing(rows)
    _one(table)


def _listing(rows: pd.DataFrame) -> None:
    prose_table(
        rows[["name", "task", "then", "now", "now_date", "now_reasons", "install"]],
        {"name": "Audit", "then": "July 2024", "now": "Now", "now_reasons": "Why",
         "install": "Install"},
        name="install-audits", key="audits-export", alt="Install audits",
        caption="Whether zero-shot models install: the survey of 2024-07-30 and "
        "Pedigree's verdict of 2026-11.",
    )  # fmt: skip


def _one(table: pd.DataFrame) -> None:
    names = dict(zip(table["id"], table["name"], strict=True))
    audit = st.selectbox(
        "Audit", list(names), key="audit", bind="query-params", width=320,
        format_func=names.get, help="One model and its every verdict, with the links.",
    )  # fmt: skip
    catalog = survey()
    entry = catalog.audits.set_index("id").loc[audit]
    _history(audit)
    if entry["install"]:
        st.code(entry["install"], language="bash")
        if entry["install_note"]:
            st.caption(literal(entry["install_note"]))
    else:
        st.markdown("Nothing installs it.")
    for line in entry["notes"]:
        st.markdown(f"- {literal(line)}")
    if entry["variants"]:
        st.markdown(f"Variants: {literal(', '.join(entry['variants']))}")
    links = links_of(catalog, f"audit:{audit}")
    owners = [f"audit:{audit}", *(f"link:{url}" for url in links["url"])]
    corrections(catalog.corrections_of(*owners))
    links_table(links, name=f"links-{audit}", key="audit-links", about=False)


def _history(audit: str) -> None:
    """Show every verdict of the audit, the oldest first."""
    for one in history(survey(), audit).itertuples():
        why = " ".join(one.reasons)
        st.markdown(
            f"**{one.date}: {one.verdict}** ({literal(one.by)}). {literal(why)}"
        )
