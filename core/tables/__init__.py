"""Published model tables, one module a source, joined into one tidy frame."""
