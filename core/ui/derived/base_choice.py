"""Which base the Derived page is about: of the demo, of the Hub, or a local folder."""

import streamlit as st

from core.demo import demo_bases
from core.hub.names import is_repository_id
from core.settings import load_settings, local_path
from core.ui.derived.family_loaders import Base
from core.ui.states import unknown_choice


def choose_base() -> Base | None:
    """Let the person choose a base; None while there is none, or after saying why."""
    demo = {base.name: base for base in demo_bases(load_settings())}
    chosen = st.selectbox(
        "Base model", list(demo), key="base", bind="query-params", width=420,
        accept_new_options=True, placeholder="owner/name on the Hub, or a folder",
        help="A model of the demo; or type owner/name of a model on the Hub; or the "
        "full path of a folder on this machine, whose family are the folders beside "
        "it whose model card names it as base_model.",
    )  # fmt: skip
    if not chosen or chosen in demo:
        return demo.get(chosen)
    folder = local_path(chosen)
    if folder.is_dir() and folder.is_absolute():
        return folder
    if is_repository_id(chosen) and "/" in chosen:
        return chosen
    what = "in the demo, nor owner/name on the Hub, nor the full path of a folder"
    unknown_choice("the base", chosen, what)
    return None
