"""One file for each kind of evidence: its data, typed, and how it is shown."""
