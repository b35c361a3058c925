"""Stands in for `function_app.jobs` in the emulator: see `__main__`."""
