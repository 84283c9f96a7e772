"""A person's own images: which folder, which backbones, the job that scores them."""

import streamlit as st

from core.demo.records import demo_backbones
from core.settings import load_settings, local_path
from core.transfer.dataset_scores import kept_scores
from core.ui.job_panel import job_panel
from core.ui.states import empty_state, note, unknown_choice
from core.ui.transfer.images_answer import images_answer
from core.ui.transfer.loaders import backbone_choices, start_scoring


def images_section() -> None:
    """Ask for a folder and backbones; show what was found for the folder."""
    folder = st.text_input(
        "Folder of images on this machine, with a folder a class", key="folder",
        bind="query-params", placeholder="full path", width=640,
        help="The folders' names are the classes. Nothing is uploaded or copied.",
    )  # fmt: skip
    choices = backbone_choices()
    picked = st.multiselect(
        "Backbones", list(choices), key="backbones", bind="query-params",
        accept_new_options=True, placeholder="a name, a folder, or owner/name",
        help="torchvision/ARCHITECTURE and owner/name on the Hub fetch their weights "
        "once; model folders on this machine need no network.",
    )  # fmt: skip
    if not demo_backbones(load_settings()):
        note(
            "Without a network: the section Records makes the demo's eight small "
            "backbones on this machine; they are listed here then."
        )
    if not folder:
        empty_state("Type the path of a folder; nothing is uploaded.")
        return
    path = local_path(folder)
    if not (path.is_absolute() and path.is_dir()):
        unknown_choice("the folder", folder, "the full path of a folder here")
        return
    key = f"score-{path}"
    st.button(
        "Score", type="primary", icon=":material/speed:", disabled=not picked,
        on_click=start_scoring,
        args=(key, str(path), [choices.get(name, name) for name in picked]),
    )  # fmt: skip
    job = job_panel(key)
    found = kept_scores(path, load_settings())
    if found is None:
        if job is None:
            empty_state("Nothing is known of this folder yet; choose backbones, score.")
        return
    images_answer(found)
