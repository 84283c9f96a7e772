"""Search: which snapshot is the best start for a dataset."""

import shlex
from pathlib import Path

import pandas as pd
import streamlit as st

from core.charts.snapshots_ranking import snapshot_ranking
from core.settings import load_settings, local_path
from core.snapshots.datasets import BUILT_IN
from core.snapshots.glossary import COLUMNS as SNAPSHOTS
from core.snapshots.kept_rankings import kept_ranking
from core.snapshots.search import PROXIES, Ranking
from core.transfer.agreement import TITLES
from core.ui.chart import chart
from core.ui.columns import described
from core.ui.export_row import export_row
from core.ui.job_panel import job_panel
from core.ui.snapshots.loaders import (
    snapshots,
    snapshots_root,
    start_search,
    store_root,
)
from core.ui.states import empty_state, note, unknown_choice
from core.ui.text import duration, literal, plural

OWN = "a folder of images"


def search_section() -> None:
    """Ask where to search and on what; show the ranking that is known."""
    places = {
        name: folder
        for name, folder, is_there in (
            ("snapshots made here", snapshots_root(), bool(snapshots())),
            ("the store", store_root(), (store_root() / "store.json").is_file()),
        )
        if is_there
    }
    if not places:
        empty_state("There is nothing to search yet. Make snapshots first.")
        return
    left, middle, right = st.columns(3)
    place = left.selectbox(
        "Search", list(places), key="place", bind="query-params",
        help="Where the snapshots are taken from.",
    )  # fmt: skip
    dataset = middle.selectbox(
        "On", [*BUILT_IN, OWN], key="on", bind="query-params",
        help="The labeled images that the snapshots are ranked for. Of digits and "
        "synthetic those of the test part, which no training here has seen.",
    )  # fmt: skip
    metric = right.selectbox(
        "By", PROXIES, format_func=_title, key="metric", bind="query-params",
        help="A score of the features before the head; larger is better. "
        "linear probe: cross-validated accuracy of a linear head.",
    )  # fmt: skip
    name = _dataset_name(dataset)
    if name is None:
        return
    halving = st.toggle(
        "Successive halving", key="halving", bind="query-params",
        help="Starts with few images and keeps the better half of the snapshots each "
        "time it doubles them: faster, no longer exact.",
    )  # fmt: skip
    folder = places[place or next(iter(places))]
    key = f"search-{folder}-{name}"
    arguments = [f"--store={folder}", f"--dataset={name}", f"--metric={metric}"]
    st.button(
        "Rank the snapshots", type="primary", icon=":material/leaderboard:",
        key="rank", on_click=start_search,
        args=(key, arguments + ["--halving"] * halving),
    )  # fmt: skip
    job = job_panel(key)
    found = kept_ranking(folder, name, load_settings())
    if found is not None:
        _show(found, name if name in BUILT_IN else Path(name).name, folder)
    elif job is None:
        empty_state("Not searched yet for this dataset.")


def _dataset_name(dataset: str | None) -> str | None:
    if dataset != OWN:
        return dataset
    text = st.text_input(
        "Folder of images on this machine, with a folder a class", key="images",
        bind="query-params", placeholder="full path", width=640,
        help="The folders' names are the classes. Nothing is uploaded or copied.",
    )  # fmt: skip
    if not text:
        empty_state("Type the path of a folder; nothing is uploaded.")
        return None
    path = local_path(text)
    if not (path.is_absolute() and path.is_dir()):
        unknown_choice("the folder", text, "the full path of a folder here")
        return None
    return str(path)


def _show(found: Ranking, dataset: str, place: Path) -> None:
    best = found.rows[found.rows["rank"] == 1]["id"]
    first = ", ".join(f"**{literal(id)}**" for id in best[:3])
    tied = f" ({len(best)} tie)" if len(best) > 1 else ""
    st.markdown(
        f"Best for {literal(dataset)} by {_title(found.metric)}: {first}{tied}. "
        f"{plural(len(found.rows), 'snapshot')} on {found.images:,} images in "
        f"{duration(found.seconds)}, {found.made_at[:10]}."
    )
    if found.ran:
        note(
            f"{found.ran:,} passes of an image through a block; running each snapshot "
            f"by itself would take {found.alone:,}."
        )
    if base := base_rank(found.rows):
        note(base)
    if len(best):
        _take_out(place, best.iloc[0])
    for text in [*found.failures.values()][:5]:
        note(text)
    title = f"{_title(found.metric)} on {dataset}"
    alt = f"{len(found.rows)} snapshots ranked by {title}"
    chart(snapshot_ranking(found.rows, title=title), key="ranking", alt=alt)
    export_row(
        lambda: snapshot_ranking(found.rows, title=title), found.rows,
        name=f"search-{found.metric}", key="ranking-export",
        caption=f"{title}, {found.images:,} images, {found.made_at[:10]}.",
    )  # fmt: skip
    st.dataframe(
        found.rows, hide_index=True, alt=f"Ranking of {len(found.rows)} snapshots",
        column_config=described(found.rows, SNAPSHOTS, pinned="id"),
        placeholder="–",
    )  # fmt: skip
    unread = len(found.unreadable)
    if unread:
        name, reason = next(iter(found.unreadable.items()))
        note(f"{plural(unread, 'image')} left out, first {name}: {reason}")
    if found.warnings:
        with st.expander(f"What the scores hide ({len(found.warnings)})"):
            for text in found.warnings[:30]:
                note(text)


def base_rank(rows: pd.DataFrame) -> str:
    """Say where the bases stand: what starting from no snapshot at all would be.

    >>> rows = pd.DataFrame({"id": ["a", "net"], "base": "net", "rank": [1, 2]})
    >>> base_rank(rows)
    'The plain choice, the base: net has rank 2 of 2.'
    """
    bases = rows[rows["id"].isin(rows["base"]) & rows["rank"].notna()].head(3)
    told = [f"{one.id} has rank {one.rank:.0f}" for one in bases.itertuples()]
    return (
        f"The plain choice, the base: {', '.join(told)} of {len(rows)}." if told else ""
    )


def _take_out(place: Path, best: str) -> None:
    """Say where the files of the best snapshot are, or how they come out of a store."""
    if place != store_root():
        st.caption("Its folder, to go on training from:")
        st.code(str(place / best), language=None)
        return
    words = ["python", "-m", "core", "store", "export", best, "best-start"]
    st.caption("To take its files out, bit by bit, into the folder `best-start`:")
    st.code(shlex.join([*words, "--store", str(place)]), language="bash")


def _title(metric: str) -> str:
    return TITLES.get(metric) or metric.replace("_", " ").capitalize()
