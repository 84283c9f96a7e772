"""The ways from a model, wherever it is shown: what it costs on this machine, and an
image of one's own.
"""

import pandas as pd
import streamlit as st


def fit_link(model: str) -> None:
    """Link to the costs of a model that goes by this name."""
    st.page_link(
        "pages/zero_shot.py", label="Does it fit my machine?", icon=":material/memory:",
        query_params={"section": "Fits my machine", "fit_model": model},
    )  # fmt: skip


def fit_button(model: str) -> None:
    """Offer the same on the Zero-shot page itself."""
    _section_button(
        "Does it fit my machine?", ":material/memory:", "Fits my machine",
        ("fit_model", model),
    )  # fmt: skip


def try_button(model: str) -> None:
    """Offer the try-out of a model, on the Zero-shot page itself."""
    _section_button(
        "Try it on an image", ":material/image_search:", "Try it",
        ("try_models", [model]),
    )  # fmt: skip


def _section_button(
    label: str, icon: str, section: str, choice: tuple[str, object]
) -> None:
    """Go to another section of the page. A link to the page that one is on would show
    it, but leave the address as it was.
    """
    st.button(label, icon=icon, on_click=_choose, args=(section, *choice))


def _choose(section: str, key: str, value: object) -> None:
    """Set a widget that is not drawn yet, and what the address says of it."""
    st.session_state["section"] = section
    st.session_state[key] = st.query_params[key] = value


def row_fit_link(model: pd.Series) -> None:
    """Link to the costs of a row of the model tables, where its name can be built."""
    source, _, kind = model["table"].partition("/")
    if source == "torchvision" and kind != "quantized":
        fit_link(f"torchvision/{model['builder']}")
    elif source == "timm":
        fit_link(f"timm/{model['weight']}")
    elif source == "hub":
        fit_link(model["weight"])
