"""What an instance does without being asked: follow the manifest, load, send captured rows, report."""
