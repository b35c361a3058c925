"""Which files make a model package, how large each may be, and the digest over them."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping

from pydantic import TypeAdapter, ValidationError

from shared.packages.errors import NotAPackage
from shared.packages.json_text import parse_object
from shared.packages.signature.strict import ExtraFile

_MB = 1 << 20
# Largest size in bytes, by file. All are required; no other may be there but those that the signature lists.
FILES: Mapping[str, int] = {
    "model.onnx": 512 * _MB,
    "signature.json": _MB,
    "reference.parquet": 256 * _MB,
    "golden.parquet": 64 * _MB,
    "metrics.json": _MB,
    "environment.yml": _MB,
    "trained_until": 64,
}
# Of each file that the signature lists, and of all files of a package together.
LARGEST_EXTRA, LARGEST_PACKAGE, MOST_EXTRA = 512 * _MB, 1024 * _MB, 100
_EXTRA = TypeAdapter(tuple[ExtraFile, ...])
_PARQUET_MAGIC = b"PAR1"


def check_files(files: Mapping[str, bytes]) -> None:
    """Raise `NotAPackage` unless exactly the files of a package are there, none empty and none too large."""
    if "signature.json" not in files:
        raise NotAPackage("signature.json", "is missing")
    sizes = {**FILES, **dict.fromkeys(extra_files(files["signature.json"]), LARGEST_EXTRA)}
    for name in sorted(files.keys() - sizes.keys()):
        raise NotAPackage(
            name[:100], "is not a file of a model package: list it in `files` of signature.json, or leave it out"
        )
    for name, largest in sizes.items():
        if name not in files:
            raise NotAPackage(name, "is missing")
        if not files[name]:
            raise NotAPackage(name, "is empty")
        if len(files[name]) > largest:
            raise NotAPackage(name, f"has {len(files[name])} bytes, more than {largest}")
        if name.endswith(".parquet") and not _is_parquet(files[name]):
            raise NotAPackage(name, "is not a Parquet file")
    if (total := sum(map(len, files.values()))) > LARGEST_PACKAGE:
        raise NotAPackage("package", f"has {total} bytes in all its files, more than {LARGEST_PACKAGE}")


def extra_files(signature: bytes) -> tuple[str, ...]:
    """What `signature.json` lists beside the files that every package has; raises `NotAPackage`."""
    try:
        found = _EXTRA.validate_python(parse_object("signature.json", signature).get("files", ()))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise NotAPackage("signature.json", f"{first['msg']}, found {first['input']!r:.100}", "files") from error
    if len(found) > MOST_EXTRA:
        raise NotAPackage("signature.json", f"at most {MOST_EXTRA} are taken, found {len(found)}", "files")
    for name in found:
        if name in FILES:
            raise NotAPackage("signature.json", f"{name} is one of the seven files, which are not listed", "files")
    return found


async def fetch_files(read: Callable[[str], Awaitable[bytes]]) -> dict[str, bytes]:
    """All files of a package by name, those that its signature lists among them; raises what `read` raises, and
    `NotAPackage` for a signature that does not say which they are.
    """
    signature = await read("signature.json")
    names = [name for name in (*FILES, *extra_files(signature)) if name != "signature.json"]
    bodies = await asyncio.gather(*map(read, names))
    return {"signature.json": signature, **dict(zip(names, bodies, strict=True))}


def _is_parquet(body: bytes) -> bool:
    return len(body) >= 12 and body.startswith(_PARQUET_MAGIC) and body.endswith(_PARQUET_MAGIC)


def digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 (hex) over the sorted lines `<sha256 of file>  <name>\\n`, as in a shell
    `find * -type f -exec sha256sum {} + | LC_ALL=C sort | sha256sum`.

    Raises `NotAPackage` when the files are not exactly those of a package.
    """
    check_files(files)
    lines = sorted(f"{hashlib.sha256(body).hexdigest()}  {name}\n" for name, body in files.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()
