"""The compiled loops: kept until any file of this folder changes."""
