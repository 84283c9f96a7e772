"""What the cache holds by kind, and clearing a kind: told first, asked again, done."""

from pathlib import Path

import pandas as pd
import streamlit as st

from core.cache import moment_utc
from core.errors import PedigreeError
from core.glossary import JOBS
from core.settings import load_settings
from core.ui.columns import described
from core.ui.loaders import jobs
from core.ui.states import error_state, note
from core.ui.text import literal, plural, size
from core.upkeep.kept import Use, clear, kind_named, loss, parts, usage
from core.upkeep.kinds import KINDS

COLUMNS = ["kind", "holds", "files", "size_bytes", "oldest", "newest", "back"]
WIDTHS = {
    "holds": st.column_config.TextColumn(
        "Holds", width="medium", help="What the files are."
    ),
    "back": st.column_config.TextColumn(
        "To get it back", width="large", help="What clearing it costs."
    ),
}
CLEARED = "cleared"


def cache_section() -> None:
    """Show the disk use of the cache by kind, and offer to clear one."""
    root = load_settings().cache_root
    st.subheader("Cache")
    st.text(f"{root} (PEDIGREE_CACHE puts it elsewhere)")
    uses = [use for use in _usage(str(root)) if use.files]
    rows = usage_rows(uses)
    total = size(sum(use.size_bytes for use in uses))
    st.dataframe(
        rows, hide_index=True, placeholder="–", row_height=72, height="content",
        column_config=described(rows, JOBS, pinned="kind", **WIDTHS),
        alt=f"{total} in the cache, by kind",
    )  # fmt: skip
    if told := st.session_state.pop(CLEARED, None):
        st.success(told, icon=":material/delete:")
    _clearing(root, [use.kind.name for use in uses])


def usage_rows(uses: list[Use]) -> pd.DataFrame:
    """Return a row a kind with the columns of COLUMNS."""
    rows = [
        {
            "kind": use.kind.name, "holds": use.kind.holds, "files": use.files,
            "size_bytes": use.size_bytes, "oldest": _moment(use.oldest),
            "newest": _moment(use.newest), "back": use.kind.back or use.kind.instead,
        }
        for use in uses
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


@st.cache_data(show_spinner="Counting the files of the cache", max_entries=2, ttl=15)
def _usage(root: str) -> list[Use]:
    return usage(Path(root))


def _clearing(root: Path, held: list[str]) -> None:
    offered = [k.name for k in KINDS if k.name in held and not k.instead]
    names: list[str] = []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Clear", offered, index=None, key="clear", width=260,
            placeholder="A kind of files",
            help="The table says what each kind holds and what it takes to get it "
            "back.",
        )  # fmt: skip
        kind = kind_named(name) if name in offered else None
        if kind and kind.by_name:
            names = st.multiselect(
                "Which ones", parts(root, kind), key="clear-names", width=420,
                help="Only what is named here is deleted.",
            )  # fmt: skip
        st.button(
            "Delete …", disabled=kind is None or (kind.by_name and not names),
            icon=":material/delete:", on_click=_ask, args=(name, tuple(names)),
            help="Says what would be lost, and asks again.",
        )  # fmt: skip
    if asked := st.session_state.get("asked"):
        _answer(root, *asked)


def _ask(name: str, names: tuple[str, ...]) -> None:
    st.session_state["asked"] = (name, names)


def _answer(root: Path, name: str, names: tuple[str, ...]) -> None:
    """Say what would be lost, and take yes or no."""
    kind = kind_named(name)
    try:
        use = loss(root, kind, names)
    except PedigreeError as error:
        error_state(error)
        return
    named = f" ({literal(', '.join(names))})" if names else ""
    st.warning(
        f"Delete **{kind.name}**{named}: {plural(use.files, 'file')}, "
        f"{size(use.size_bytes)}? {kind.holds}. {kind.back}",
        icon=":material/warning:",
    )
    is_busy = any(job.is_running for job in jobs().all())
    with st.container(horizontal=True):
        st.button(
            f"Delete {kind.name} now", type="primary", on_click=_clear, key="yes",
            args=(root, name, names), disabled=is_busy, icon=":material/delete:",
        )  # fmt: skip
        st.button("Keep", on_click=_forget, key="no", icon=":material/undo:")
    if is_busy:
        note("A job is running; nothing is deleted before it has ended.")
    if problem := st.session_state.pop("not-cleared", None):
        error_state(problem)


def _clear(root: Path, name: str, names: tuple[str, ...]) -> None:
    if any(job.is_running for job in jobs().all()):
        return
    try:
        use = clear(root, kind_named(name), names)
    except PedigreeError as error:
        st.session_state["not-cleared"] = error
        return
    _forget()
    _usage.clear()
    st.session_state[CLEARED] = (
        f"Deleted {plural(use.files, 'file')} of {name}, {size(use.size_bytes)}."
    )


def _forget() -> None:
    st.session_state.pop("asked", None)


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else moment_utc(seconds)
