"""What Azure itself knows and does for us, one module a service of it."""
