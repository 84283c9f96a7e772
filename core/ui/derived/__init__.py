"""The sections of the Derived models page, and what each of them loads and starts."""
