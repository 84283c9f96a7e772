"""This installation: what it is, what it logged, and what it keeps on disk."""
