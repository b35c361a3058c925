"""Tests of the evidence, by what shows it."""
