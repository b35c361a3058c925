"""Which files make a model package, how large each may be, and the digest over them."""

import hashlib
from collections.abc import Mapping

from shared.packages.errors import NotAPackage

_MB = 1 << 20
# Largest size in bytes, by file. All files are required and no other may be there.
FILES: Mapping[str, int] = {
    "model.onnx": 512 * _MB,
    "signature.json": _MB,
    "reference.parquet": 256 * _MB,
    "golden.parquet": 64 * _MB,
    "metrics.json": _MB,
    "environment.yml": _MB,
    "trained_until": 64,
}
_PARQUET_MAGIC = b"PAR1"


def check_files(files: Mapping[str, bytes]) -> None:
    """Raise `NotAPackage` unless exactly the files of a package are there, none empty and none too large."""
    for name in sorted(files.keys() - FILES.keys()):
        raise NotAPackage(name[:100], "is not a file of a model package")
    for name, largest in FILES.items():
        if name not in files:
            raise NotAPackage(name, "is missing")
        if not files[name]:
            raise NotAPackage(name, "is empty")
        if len(files[name]) > largest:
            raise NotAPackage(name, f"has {len(files[name])} bytes, more than {largest}")
        if name.endswith(".parquet") and not _is_parquet(files[name]):
            raise NotAPackage(name, "is not a Parquet file")


def _is_parquet(body: bytes) -> bool:
    return len(body) >= 12 and body.startswith(_PARQUET_MAGIC) and body.endswith(_PARQUET_MAGIC)


def digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 (hex) over the sorted lines `<sha256 of file>  <name>\\n`, as `sha256sum * | LC_ALL=C sort | sha256sum`.

    Raises `NotAPackage` when the files are not exactly those of a package.
    """
    check_files(files)
    lines = sorted(f"{hashlib.sha256(body).hexdigest()}  {name}\n" for name, body in files.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()
