"""Freeze advice: how the community freezes a base, as code to copy."""

import streamlit as st

from core.charts.family_shares import share_bars
from core.derived.advice import FreezeChoice, choices_frame, freeze_choices
from core.derived.family import Family
from core.derived.freeze_code import freeze_code
from core.derived.shares import wilson
from core.ui.chart import chart
from core.ui.derived.family_loaders import Base, base_name
from core.ui.derived.share_table import share_table
from core.ui.derived.summary_section import family_digest
from core.ui.export_row import export_row
from core.ui.states import empty_state, note
from core.ui.text import literal, percent, plural

IN_CHART = 12


def advice_section(base: Base, family: Family) -> None:
    """Show the sets of layers that were frozen, and the code for the one chosen."""
    choices = _choices(family_digest(family), family)
    if not choices:
        empty_state(
            "No compared model shows a choice of layers: there are none yet, or only "
            "copies, adapters, quantized models and other architectures."
        )
        return
    _chosen(base, choices)
    _everything(base, choices)


def _chosen(base: Base, choices: tuple[FreezeChoice, ...]) -> None:
    places = {_name(place, choice): choice for place, choice in enumerate(choices)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Freeze", list(places), key="freeze", bind="query-params", width=420,
            help="Every set of parameters that derived models left exactly as in the "
            "base, the most frequent first. Heads are always trained.",
        )  # fmt: skip
        choice = places[name or next(iter(places))]
        keep = choice.keeps_statistics
        if choice.norms == "batch" and choice.names:
            keep = st.toggle(
                "Keep running statistics", value=keep, key="statistics",
                bind="query-params",
                help="Frozen BatchNorm layers otherwise go on updating their means "
                "and variances in every forward pass of training.",
            )  # fmt: skip
    st.markdown(_evidence(choice, sum(len(one.models) for one in choices)))
    st.code(
        freeze_code(choice, base_name(base), keep_statistics=keep), language="python"
    )
    st.caption(
        "Paste it after the model is loaded. It works by the parameter names of the "
        "base's file, with transformers 4 and 5 alike, and raises an error where a "
        "model has not exactly these parameters."
    )


def _name(place: int, choice: FreezeChoice) -> str:
    """Name a choice for people and the address; the place keeps equal ones apart."""
    return f"{place + 1}. {choice.label}"


def _evidence(choice: FreezeChoice, total: int) -> str:
    behind = len(choice.models)
    low, high = wilson(behind, total)
    what = "exactly this" if choice.names else "nothing"
    meant = (
        plural(len(choice.names), "parameter tensor") if choice.names else "all trained"
    )
    said = [
        f"**{plural(behind, 'model')} of {total:,}** froze {what} "
        f"({percent(behind / total, 0)}, 95 % interval "
        f"{percent(low, 0)} to {percent(high, 0)}): {meant}."
    ]
    if choice.downloads is not None:
        said.append(f"Together they have {choice.downloads:,} downloads.")
    if choice.norms == "batch" and choice.names:
        said.append(
            f"In {choice.drifted} of them running statistics of frozen layers moved."
        )
    if choice.probed:
        said.append(f"In {choice.probed} of them some equality rests on probes.")
    examples = ", ".join(literal(model) for model in choice.models[:3])
    return " ".join([*said, f"For example {examples}."])


def _everything(base: Base, choices: tuple[FreezeChoice, ...]) -> None:
    frame = choices_frame(choices)
    drawn = frame.head(IN_CHART)
    drawn = drawn.assign(frozen=[_name(n, c) for n, c in enumerate(choices[:IN_CHART])])
    if len(frame) > IN_CHART:
        note(f"The {IN_CHART} most frequent of {len(frame)} choices are drawn.")
    figure = share_bars(drawn, "frozen", title="Share of models")
    chart(
        figure, key="advice-chart",
        alt=f"How {frame['models'].sum()} models derived from {base_name(base)} froze "
        "it",
    )  # fmt: skip
    export_row(
        lambda: figure, frame, name=f"freeze-advice-{base_name(base)}",
        caption=f"Sets of layers that models derived from {base_name(base)} left "
        "frozen.", key="advice-export",
    )  # fmt: skip
    share_table(frame, key="advice-rows", alt="Freeze choices")


@st.cache_data(show_spinner="Grouping what was frozen", max_entries=4)
def _choices(digest: int, _family: Family) -> tuple[FreezeChoice, ...]:
    return freeze_choices(_family)
