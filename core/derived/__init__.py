"""From a base model to the verdict on each model derived from it."""
