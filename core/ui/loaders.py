"""What pages load, remembered in memory; the files under the cache are the truth."""

import streamlit as st

from core.jobs import Jobs


@st.cache_resource(show_spinner=False)
def jobs() -> Jobs:
    """Return the jobs of this process."""
    return Jobs()
