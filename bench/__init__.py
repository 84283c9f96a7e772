"""Benchmarks: each prints ratios against a named alternative in the same run."""
