"""Commands to control: names looked up, the command signed and sent, its answer read from the ledger."""
