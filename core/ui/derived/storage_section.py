"""What a family takes on disk, and what storing equal tensors once would save."""

import streamlit as st

from core.charts.storage import storage_blocks
from core.derived.family import Family
from core.derived.storage import Storage, storage
from core.ui.chart import chart
from core.ui.derived.family_loaders import Base, base_name
from core.ui.export_row import export_row
from core.ui.states import empty_state, note
from core.ui.text import plural, size

HELP = """Weights of the base and of every compared model, without file headers. Equal
files once is what the Hub's own storage does; equal tensors once is what a
content-addressed store would do. It is a range: at most, only what is known by digest,
checksum or bytes to be equal is shared; at least, also what agrees in all samples, and
of what was not read one of each shape."""

PROOFS = {
    "sha256": "by the file's SHA-256",
    "bytes": "byte by byte",
    "crc32": "by CRC32",
    "probe": "as far as probed",
    "unknown": "possibly, nothing is known of them",
}


def storage_section(base: Base, family: Family) -> None:
    """Show the bytes of a family as published and stored once."""
    st.subheader("Storage", help=HELP)
    found = _stored(family)
    if not found.models:
        empty_state("No model of this family has been compared yet.")
        return
    total, name = found.total, base_name(base)
    with st.container(horizontal=True):
        for label, text, told in (
            ("As published", size(total["published"]), "Weights of base and children."),
            ("Equal files once", _files(found), "What the Hub's storage does."),
            (
                "Equal tensors once",
                _range(total["least"], total["most"]),
                "What a store by content would take, at least and at most.",
            ),
            ("Saved by tensors", _saved(found), "Of the bytes with equal files once."),
        ):
            st.metric(label, text, width="content", border=True, help=told)
    figure = storage_blocks(found.blocks)
    chart(
        figure, key="storage", height=360,
        alt=f"Bytes of each block in {plural(found.models, 'model')} of {name}, as "
        "published and stored once",
    )  # fmt: skip
    export_row(
        lambda: figure, found.blocks, name=f"storage-{name}",
        caption=f"Bytes of {name} and of {plural(found.models, 'model')} derived from "
        "it, weights alone.",
        key="storage-export",
    )  # fmt: skip
    shared = [
        f"{size(row.bytes)} {PROOFS[row.proof]}"
        for row in found.proofs.itertuples(index=False)
    ]
    if shared:
        note(f"Shared with the base or another model: {', '.join(shared)}.")
    if found.unsized:
        note(f"{plural(found.unsized, 'tensor')} of a packed dtype are not counted.")


def _stored(family: Family) -> Storage:
    state = hash(tuple((r.id, r.status, r.compared_at) for r in family.results))
    return _storage(family.base, state, family)


@st.cache_resource(show_spinner="Counting bytes", max_entries=4, ttl=600)
def _storage(base: str, state: int, _family: Family) -> Storage:
    return storage(base, _family.results)


def _files(found: Storage) -> str:
    return size(found.total["files_once"]) if found.knows_files else "not known"


def _range(least: float, most: float) -> str:
    low, high = size(least), size(most)
    return low if low == high else f"{low} to {high}"


def _saved(found: Storage) -> str:
    """Say which share of the bytes with equal files once goes, at least and at most."""
    total = found.total
    if not total["files_once"]:
        return "–"
    low, high = (1 - total[name] / total["files_once"] for name in ("most", "least"))
    low, high = f"{100 * low:.0f}", f"{100 * high:.0f}"
    return f"{low} %" if low == high else f"{low} to {high} %"
