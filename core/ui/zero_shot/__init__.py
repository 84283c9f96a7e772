"""The sections of the Zero-shot page, and what they load."""
