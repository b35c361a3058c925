"""Event Hubs triggers: the real SDK receives and balances, checkpoints lie in blobs, batches become invocations."""
