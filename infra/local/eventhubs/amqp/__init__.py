"""The AMQP 1.0 codec: values, frames, performatives and message sections, nothing of Event Hubs."""
