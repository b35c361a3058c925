"""Set-up from a fresh clone."""
