"""Sluice's own Azure ML command jobs: what may take longer than a function, and what runs other people's models."""
