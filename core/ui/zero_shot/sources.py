"""Where the survey looked and what it thought of it, its links, what it has wrong."""

import streamlit as st

from core.ui.states import note
from core.ui.text import literal, plural
from core.ui.zero_shot.loaders import survey
from core.ui.zero_shot.tables import links_table, prose_table
from core.zero_shot.links import distinct


def sources_section() -> None:
    """Show origin, criteria, sources, links and corrections."""
    _origin()
    _criteria()
    _sources()
    _links()
    _corrections()


def _origin() -> None:
    origin = survey().origin
    st.markdown(
        f"**{literal(origin['title'])}** A survey of {origin['as_of']}: "
        f"{literal(origin['path'])} of {literal(origin['repository'])}, commit "
        f"{origin['commit'][:7]} ({literal(origin['paper'])}). Its facts are carried "
        "here with their lines; the sentences are Pedigree's."
    )
    for remark in origin["remarks"]:
        note(remark)


def _criteria() -> None:
    st.subheader("The four criteria")
    prose_table(
        survey().criteria[["name", "asks", "decided_by"]],
        {"name": "Criterion", "asks": "The survey asks", "decided_by": "Decided by"},
        name="criteria", key="criteria-export", alt="Criteria",
        caption="What the survey of 2024-07-30 asks of a model.",
    )  # fmt: skip


def _sources() -> None:
    st.subheader("Sources")
    catalog = survey()
    owner = catalog.rankings.set_index("id")["source"]
    counts = catalog.placements["ranking"].map(owner).value_counts()
    rows = catalog.sources
    rows = rows.assign(placements=rows["id"].map(counts).fillna(0).astype(int))
    prose_table(
        rows[["name", "verdict", "says", "placements", "status", "status_since",
              "status_note", "repository"]],
        {"name": "Source", "verdict": "Verdict", "says": "Why",
         "placements": "Placements", "status_note": "Today"},
        name="sources", key="sources-export", alt="Sources",
        caption="Sources of the survey of 2024-07-30 with its verdicts.",
    )  # fmt: skip


def _links() -> None:
    st.subheader("Links")
    links = distinct(survey().named_links)
    counts = links["state"].value_counts()
    said = ", ".join(f"{count} {state}" for state, count in counts.items())
    st.markdown(f"{plural(len(links), 'link')}: {said}. None of them was visited.")
    states = st.pills(
        "State", list(counts.index), selection_mode="multi", key="link_state",
        bind="query-params", help="What is known of a link; none was visited.",
    )  # fmt: skip
    shown = links[links["state"].isin(states)] if states else links
    links_table(shown, name="links", key="links-export", about=True)


def _corrections() -> None:
    st.subheader("Corrections")
    st.markdown("What the survey says stays; what is known better stands beside it.")
    prose_table(
        survey().corrections,
        {"line": "Line", "survey_says": "The survey says", "instead": "Instead",
         "source": "Source"},
        name="corrections", key="corrections-export", alt="Corrections",
        caption="Corrections to the survey of 2024-07-30.",
    )  # fmt: skip
