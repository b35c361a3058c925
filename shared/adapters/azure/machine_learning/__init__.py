"""Azure Machine Learning: workspaces, jobs and registered models."""
