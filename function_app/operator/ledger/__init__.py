"""Reading the ledger, and checking that nobody changed it."""
