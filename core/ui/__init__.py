"""The Streamlit glue that pages share; the only part that imports streamlit."""
