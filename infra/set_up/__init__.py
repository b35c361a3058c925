"""Set-up of a fresh clone: `.uv/` (uv itself), `.venv/` (Python 3.13, pinned), `node_modules/` (Azurite).

Runs on any Python from 3.9 with nothing but the standard library, because nothing else exists yet. Registries are
whatever pip, uv and npm are configured for on this machine. When nothing changed since the last run, nothing is done.
"""
