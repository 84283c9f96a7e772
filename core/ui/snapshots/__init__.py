"""The sections of the Snapshots page, and what they load."""
