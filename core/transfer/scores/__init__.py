"""Transferability scores: one metric a file, over sums gathered in one stream."""
