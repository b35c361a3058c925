"""Where Sluice runs: Azure (`azure/`), one machine (`local/`), and the reference training pipelines (`pipelines/`)."""
