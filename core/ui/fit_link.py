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


def try_link(model: str) -> None:
    """Link to the try-out of a model that goes by this name."""
    st.page_link(
        "pages/zero_shot.py", label="Try it on an image",
        icon=":material/image_search:",
        query_params={"section": "Try it", "try_models": model},
    )  # fmt: skip


def row_fit_link(model: pd.Series) -> None:
    """Link to the costs of a row of the model tables, where its name can be built."""
    source, _, kind = model["table"].partition("/")
    if source == "torchvision" and kind != "quantized":
        fit_link(f"torchvision/{model['builder']}")
    elif source == "timm":
        fit_link(f"timm/{model['weight']}")
    elif source == "hub":
        fit_link(model["weight"])
