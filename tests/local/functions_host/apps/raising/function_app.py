"""An app that raises while it is imported, as one with a missing setting does."""

raise RuntimeError("POLICY_FILE: nothing is there")
