"""open_clip's published zero-shot results and the profile of its models."""
