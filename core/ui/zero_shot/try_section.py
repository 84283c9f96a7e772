"""Try it: zero-shot models on a person's own image, beside each other."""

from dataclasses import asdict

import streamlit as st

from core.errors import PedigreeError
from core.settings import load_settings
from core.ui.job_panel import job_panel
from core.ui.loaders import jobs
from core.ui.states import empty_state, error_state
from core.ui.zero_shot.try_answer import folder_answer, image_answer
from core.ui.zero_shot.try_question import Asked, ask, start
from core.zero_shot.kept_tryouts import read_tryout, tryout_folder


def try_section() -> None:
    """Ask for an image, models and labels; show what each model found."""
    try:
        asked = ask()
    except PedigreeError as error:
        error_state(error)
        return
    if asked is None:
        empty_state(
            "Give an image and name a model. Models are fetched once, safetensors "
            "alone, and nothing of them is run but the library's own code. A model "
            "that does not fit this machine is refused before it is loaded."
        )
        return
    folder = _folder(asked)
    told = read_tryout(folder)
    key = f"try-{folder.name}"
    job = jobs().get(key)
    if job is None or not job.is_running:
        st.button(
            "Try again" if told else "Try it", type="primary",
            icon=":material/play_arrow:", on_click=start, args=(key, asked),
        )  # fmt: skip
    job_panel(key)
    if told is None:
        if job is None:
            empty_state("Nothing was tried on this yet.")
        return
    (folder_answer if asked.is_folder else image_answer)(told, folder)


def _folder(asked: Asked):
    """Return where the answer is kept."""
    question = asdict(asked.question)
    about = {"templates": question["templates"]} if asked.is_folder else question
    root = load_settings().cache_root
    return tryout_folder(asked.path, asked.models, about, root)
