"""Tests of the local Event Hubs server."""
