"""Pedigree's library: published models, checkpoint files and what was derived from
them. Knows nothing of Streamlit.
"""
