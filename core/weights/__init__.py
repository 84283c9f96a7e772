"""Checkpoint files as named byte ranges. Never runs the code of a model."""
