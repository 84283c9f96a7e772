"""The Hugging Face Hub: what it lists, and ranges of the files that it serves."""
