"""The sections of the Transfer page, and what they load."""
