"""The Azure ML workspace operations over HTTPS, for the unmodified `azure-ai-ml` client; jobs really run."""
