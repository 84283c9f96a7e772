"""Transfer: which model will do best on my dataset, and how sure is that?"""

from collections.abc import Callable

import streamlit as st

from core.ui.frame import frame
from core.ui.transfer.images_section import images_section
from core.ui.transfer.predict_section import evaluate_section, recommend_section
from core.ui.transfer.records_section import records_section
from core.ui.transfer.truth_section import truth_section

SECTIONS: dict[str, Callable[[], None]] = {
    "Predicted and true": truth_section,
    "Records": records_section,
    "Evaluate": evaluate_section,
    "Recommend": recommend_section,
    "My images": images_section,
}

with frame(
    "Transfer",
    lead="Will this model transfer to my dataset? Scores and predictions, held against "
    "heads that were really trained, with the static rankings always beside them.",
):
    chosen = st.segmented_control(
        "Section", list(SECTIONS), key="section", bind="query-params",
        default="Predicted and true", required=True, label_visibility="collapsed",
        help="Evidence, records, predictors, an answer, and your own images.",
    )  # fmt: skip
    SECTIONS[chosen or "Predicted and true"]()
