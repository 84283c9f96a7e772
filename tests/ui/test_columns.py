"""Tables head, explain and write their columns as the glossary says."""

import pandas as pd

from core.ui.columns import described
from core.words import Word

ROWS = pd.DataFrame(
    {"name": ["a"], "share": [0.5], "size_bytes": [10], "models": [3],
     "is_tied": [True], "loss": [0.25], "unheard of": [1]}
)  # fmt: skip
PART = (
    Word("size_bytes", "What it takes.", "Weights", "bytes"),
    Word("is_tied", "Whether it ties."),
    Word("loss", "How much is lost.", "", "nats", "Someone, 1999"),
)


def form(config: dict, name: str) -> object:
    return config[name]["type_config"].get("format")


def test_units_decide_how_numbers_are_written():
    config = described(ROWS, PART)
    assert form(config, "share") == "percent" and form(config, "size_bytes") == "bytes"
    assert form(config, "models") == "localized" and form(config, "loss") == "%.4g"
    assert config["is_tied"]["type_config"]["type"] == "checkbox"


def test_heads_and_help_are_those_of_the_words():
    config = described(ROWS, PART, pinned="name")
    assert config["size_bytes"]["label"] == "Weights"
    assert config["is_tied"]["label"] == "Is tied"
    assert config["loss"]["help"] == (
        "How much is lost. In nats. Source: Someone, 1999."
    )
    assert config["name"]["pinned"] is True and not config["share"]["pinned"]


def test_what_nobody_defined_is_left_to_streamlit_and_own_wishes_win():
    config = described(ROWS, PART, fractions=("loss",), models=None)
    assert "unheard of" not in config and config["models"] is None
    assert form(config, "loss") == "percent"


def test_an_empty_table_has_no_columns():
    assert described(pd.DataFrame()) == {}
