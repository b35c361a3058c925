"""A local Azure Functions host: Microsoft's own Python worker library, one process per app, over real protocols."""
