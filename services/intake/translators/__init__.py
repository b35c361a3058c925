"""One translator for each source of Azure's events."""
