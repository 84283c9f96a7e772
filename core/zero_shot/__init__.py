"""Zero-shot models: a survey as data that people extend, what fits, a try-out."""
