"""The check that both kinds of package store make before they adopt."""

from collections.abc import Mapping

from shared.packages import NotAPackage
from shared.packages import digest as package_digest
from shared.ports import Refused


def require_digest(digest: str, files: Mapping[str, bytes]) -> None:
    """Raise `Refused` unless these are the files of the package of that digest."""
    try:
        found = package_digest(files)
    except NotAPackage as error:
        raise Refused(str(error)) from error
    if found != digest:
        raise Refused(f"digest {digest} is not that of these files, which is {found}")
