"""Why something is as it is, from the ledger's recorded events alone."""
