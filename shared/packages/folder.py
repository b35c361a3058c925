"""A package's files in a folder of this machine."""

from collections.abc import Mapping
from pathlib import Path

from shared.packages.errors import NotAPackage
from shared.packages.files import FILES, LARGEST_PACKAGE, MOST_EXTRA


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Names are those that `check_files` takes, or a signature lists: at most one folder deep, and never out of it."""
    for name, body in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(body)


def read_files(folder: Path) -> dict[str, bytes]:
    """All that lies in there, by its path within. Raises `NotAPackage` for a link, and for more than a package has."""
    found: dict[str, bytes] = {}
    total = 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise NotAPackage(name, "is a link: the file itself is required")
        if not path.is_file():
            continue
        total += path.stat().st_size
        if len(found) >= len(FILES) + MOST_EXTRA or total > LARGEST_PACKAGE:
            raise NotAPackage(
                str(folder.name), f"more than {len(FILES) + MOST_EXTRA} files or {LARGEST_PACKAGE} bytes are in it"
            )
        found[name] = path.read_bytes()
    return found
