"""Azure Event Hubs: sending, and reading a stretch back."""
