"""Where notices go: webhooks, an outbox, or several at once."""
