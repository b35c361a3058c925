"""Loads the fixtures that several rooms share."""

pytest_plugins = ["tests.support.eventhubs", "tests.support.azurite", "tests.support.chromium"]
