"""Make the key pair of approval links: the private half in a file, the public half on standard output."""

import argparse
import base64
import os
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def write_pair(path: Path) -> str:
    """Write a new private key, readable by its owner only, and return the public one; raise `FileExistsError`."""
    key = Ed25519PrivateKey.generate()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(_text(key.private_bytes_raw()))
    return _text(key.public_key().public_bytes_raw())


def main() -> int:
    """Print the public key; refuse to replace a private one."""
    parser = argparse.ArgumentParser(
        "python -m infra.azure.approval_key",
        description=__doc__,
        epilog="example: python -m infra.azure.approval_key approval.key",
    )
    parser.add_argument("file", type=Path, help="where the private key goes; it must not exist yet")
    path: Path = parser.parse_args().file
    try:
        sys.stdout.write(write_pair(path) + "\n")
    except OSError as error:
        sys.stderr.write(f"approval_key: {path}: {error.strerror}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
