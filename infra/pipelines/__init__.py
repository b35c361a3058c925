"""Reference training pipelines: plain Python and Azure ML YAML, as a team of ours would bring its own."""
