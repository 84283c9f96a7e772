"""Fine-tuned snapshots whose lineage is known: made here, so that their truth is."""
