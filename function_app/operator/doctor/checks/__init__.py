"""One check a module: `check`, with its name, what it tries, and the look itself."""
