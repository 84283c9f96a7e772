"""Where the survey looked and what it thought of it, its links, what it has wrong."""

import streamlit as st

from core.ui.states import note
from core.ui.text import literal, plural
from core.ui.zero_shot_loaders import survey
from core.ui.zero_shot_tables import exported_table, links_table
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
    rows = survey().criteria[["name", "asks", "decided_by"]]
    exported_table(
        rows, name="criteria", key="criteria-export", alt="Criteria",
        caption="What the survey of 2024-07-30 asks of a model.", row_height=56,
        height="content",
        column_config={
            "name": st.column_config.TextColumn("Criterion", pinned=True),
            "asks": st.column_config.TextColumn("The survey asks", width="medium"),
            "decided_by": st.column_config.TextColumn("Decided by", width="large"),
        },
    )  # fmt: skip


def _sources() -> None:
    st.subheader("Sources")
    catalog = survey()
    owner = catalog.rankings.set_index("id")["source"]
    counts = catalog.placements["ranking"].map(owner).value_counts()
    rows = catalog.sources.assign(
        placements=catalog.sources["id"].map(counts).fillna(0).astype(int)
    )
    exported_table(
        rows[["name", "verdict", "says", "placements", "status", "status_since",
              "status_note", "repository"]],
        name="sources", key="sources-export", alt="Sources", height="content",
        caption="Sources of the survey of 2024-07-30 with its verdicts.",
        column_config={
            "name": st.column_config.TextColumn("Source", pinned=True),
            "verdict": "Verdict, July 2024",
            "says": st.column_config.TextColumn("Why", width="large"),
            "placements": "Placements", "status": "Today", "status_since": "Since",
            "status_note": "What happened",
            "repository": st.column_config.LinkColumn("Repository"),
        },
    )  # fmt: skip


def _links() -> None:
    st.subheader("Links")
    links = distinct(survey().links)
    counts = links["state"].value_counts()
    said = ", ".join(f"{count} {state}" for state, count in counts.items())
    st.markdown(f"{plural(len(links), 'link')}: {said}. None of them was visited.")
    states = st.pills(
        "State", list(counts.index), selection_mode="multi", key="state",
        bind="query-params",
    )  # fmt: skip
    shown = links[links["state"].isin(states)] if states else links
    links_table(shown, name="links", key="links-export", about=True)


def _corrections() -> None:
    st.subheader("Corrections")
    st.markdown("What the survey says stays; what is known better stands beside it.")
    rows = survey().corrections
    exported_table(
        rows[["line", "survey_says", "instead", "source", "about"]],
        name="corrections", key="corrections-export", alt="Corrections",
        caption="Corrections to the survey of 2024-07-30.", height="content",
        row_height=56,
        column_config={
            "line": st.column_config.NumberColumn("Line", format="%d"),
            "survey_says": st.column_config.TextColumn("The survey", width="large"),
            "instead": st.column_config.TextColumn("Instead", width="large"),
            "source": "Source", "about": "About",
        },
    )  # fmt: skip
