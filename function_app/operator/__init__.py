"""`sluice`, the operators' command line: reads ledger, evidence and hubs, and changes nothing."""
