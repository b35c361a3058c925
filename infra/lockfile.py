"""Read the hash-pinned lock, and find what a set of direct dependencies needs, from what is installed here."""

import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


class NotLocked(Exception):
    """A package is missing from the lock or from the environment; the message names it."""


class Lock:
    """`requirements.txt` as uv writes it: one block per package, with its hashes."""

    def __init__(self, text: str) -> None:
        blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
        self._blocks: dict[str, str] = {
            canonicalize_name(re.split(r"[=\s\[;]", block, maxsplit=1)[0]): block for block in blocks
        }

    def only(self, names: Iterable[str]) -> str:
        """Return the lock for just these packages; raise `NotLocked` for one that it does not pin."""
        missing = sorted(set(names) - set(self._blocks))
        if missing:
            raise NotLocked(f"requirements.txt does not pin {', '.join(missing)}: run `make lock`")
        return "".join(self._blocks[name] for name in sorted(names))


def direct(path: Path) -> list[Requirement]:
    """Read the direct dependencies of an app, one name a line."""
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return [Requirement(line) for line in lines if line]


def closure(wanted: Iterable[Requirement]) -> frozenset[str]:
    """Return the canonical names of these packages and of all that they need, extras and markers considered."""
    seen: set[tuple[str, str]] = set()
    unseen = _named(wanted)
    while unseen:
        name, extra = unseen.pop()
        if (name, extra) not in seen:
            seen.add((name, extra))
            unseen += _needs(name, extra)
    return frozenset(name for name, _ in seen)


def _named(requirements: Iterable[Requirement]) -> list[tuple[str, str]]:
    """Return (package, extra) pairs; the empty extra is the package itself."""
    return [(canonicalize_name(each.name), extra) for each in requirements for extra in ("", *each.extras)]


def _needs(name: str, extra: str) -> list[tuple[str, str]]:
    try:
        stated = distribution(name).requires or []
    except PackageNotFoundError:
        raise NotLocked(f"{name} is not installed: run `make setup`") from None
    needed = [Requirement(line) for line in stated]
    return _named(each for each in needed if each.marker is None or each.marker.evaluate({"extra": extra}))


def installed_bytes(names: Iterable[str]) -> int:
    """Return how much room these packages take on this machine."""
    files = (Path(str(file.locate())) for name in names for file in distribution(name).files or [])
    return sum(file.stat().st_size for file in files if file.is_file())


def mirror(names: Iterable[str], folder: Path) -> None:
    """Link the files of just these packages into a folder that can serve as `site-packages`."""
    for name in names:
        for file in distribution(name).files or []:
            if ".." not in file.parts and "__pycache__" not in file.parts:
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                (folder / file).symlink_to(Path(str(file.locate())))
