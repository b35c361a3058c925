"""Which code runs: a digest over the product's own sources, so that a deployment of anything else is another build."""

import hashlib
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


@cache
def build_digest() -> str:
    """SHA-256 (hex) over the names and contents of all modules in `services` and `shared`."""
    digest = hashlib.sha256()
    for package in ("services", "shared"):
        for path in sorted((_ROOT / package).rglob("*.py")):
            digest.update(f"{path.relative_to(_ROOT)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
