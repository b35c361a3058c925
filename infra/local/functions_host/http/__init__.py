"""HTTP triggers, their keys and the admin endpoints."""
