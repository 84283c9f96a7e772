"""Datasets to train on: what each needs, its fixed parts, its images by class."""

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from core.charts.snapshots_datasets import class_counts
from core.settings import local_path
from core.snapshots.datasets import BUILT_IN, PUBLISHED, Dataset
from core.ui.chart import chart
from core.ui.export_row import export_row
from core.ui.job_panel import job_panel
from core.ui.loaders import jobs
from core.ui.snapshots.loaders import start_dataset
from core.ui.states import empty_state, note, unknown_choice
from core.ui.text import literal

OWN = "a folder of images"
EXAMPLES = 8
MAX_SIDE = 160


def choose_dataset(prefix: str) -> tuple[str, Path | None] | None:
    """Ask for a dataset and, where it has files, for their folder; None until both
    are there.
    """
    left, right = st.columns([1, 2])
    name = left.selectbox(
        "Dataset", [*BUILT_IN, *PUBLISHED, OWN], key=f"{prefix}dataset",
        bind="query-params",
        help="digits and synthetic are made here; published sets need their files.",
    )  # fmt: skip
    if name in BUILT_IN:
        return name, None
    folder = right.text_input(
        "Folder on this machine", key=f"{prefix}data", bind="query-params",
        placeholder="full path",
        help="For a published set the folder of its files or archives as published; "
        "else one with a folder a class. Nothing is uploaded or copied.",
    )  # fmt: skip
    if not folder:
        empty_state("Type the path of the folder that holds the images.")
        return None
    path = local_path(folder)
    if not (path.is_absolute() and path.is_dir()):
        unknown_choice("the folder", folder, "the full path of a folder here")
        return None
    return (path.name if name == OWN else name), path


def datasets_section() -> None:
    """Read a dataset and show its parts."""
    chosen = choose_dataset("")
    if chosen is None:
        return
    name, folder = chosen
    key = f"dataset-{name}-{folder}"
    if jobs().get(key) is None and folder is None:
        start_dataset(key, name, folder)
    elif folder is not None:
        st.button(
            "Read it", type="primary", icon=":material/photo_library:",
            on_click=start_dataset, args=(key, name, folder),
        )  # fmt: skip
    job = job_panel(key)
    if job is not None and isinstance(job.result, Dataset):
        _show(job.result)


def _show(dataset: Dataset) -> None:
    parts = {"train": dataset.train, "validation": dataset.validation,
             "test": dataset.test}  # fmt: skip
    with st.container(horizontal=True):
        for part, images in parts.items():
            st.metric(
                part.capitalize(), f"{len(images):,}", width="content", border=True,
                help="Images of this part; parts are fixed by the seed.",
            )  # fmt: skip
        st.metric(
            "Classes", f"{len(dataset.classes):,}", width="content", border=True,
            help="Different labels of the dataset.",
        )  # fmt: skip
    st.markdown(
        f"{literal(dataset.origin)}, seed {dataset.seed}, hash `{dataset.key[:16]}`. "
        "The test images are set apart first; validation is never augmented."
    )
    counts = pd.DataFrame(
        [
            (dataset.classes[place], part, int(count))
            for part, images in parts.items()
            for place, count in enumerate(
                np.bincount(images.labels, minlength=len(dataset.classes))
            )
        ],
        columns=["class", "part", "images"],
    )
    alt = f"Images of {dataset.name} by class and part"
    chart(class_counts(counts), key="classes", alt=alt)
    export_row(
        lambda: class_counts(counts), counts, name=f"classes-{dataset.name}",
        caption=f"Images of {dataset.name} ({dataset.origin}), seed {dataset.seed}.",
        key="classes-export",
    )  # fmt: skip
    _examples(dataset)


def _examples(dataset: Dataset) -> None:
    """Show the first training images, one of each of the first classes."""
    rows = [
        int(np.flatnonzero(dataset.train.labels == place)[0])
        for place in range(len(dataset.classes))
        if (dataset.train.labels == place).any()
    ][:EXAMPLES]
    images, names = [], []
    for row in rows:
        image = dataset.train.read(row).convert("RGB")
        image.thumbnail((MAX_SIDE, MAX_SIDE))
        images.append(image)
        names.append(literal(dataset.classes[dataset.train.labels[row]]))
    st.image(images, caption=names, width=96)
    note("One training image of each of the first classes.")
