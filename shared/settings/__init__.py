"""Typed settings of each app, read once from the environment; a wrong one stops the app at start by name."""
