"""timm's published results: accuracy on six test sets, joined with its benchmarks."""
