"""Rows of a scan, each read by itself: one that cannot be read stops none of the others.

Whoever may write a table can leave a row there that no build of ours would write. It stays where it is, is left out,
and is said once for as long as it lies there unchanged.
"""

import logging
from collections.abc import Callable

from azure.data.tables import TableEntity

log = logging.getLogger("sluice.rows")
# What wrong columns make of any reader: absent, of another type, or not in the form that was expected.
ILLEGIBLE = (LookupError, ValueError, TypeError, AttributeError)
_REMEMBERED = 1000
_said: dict[tuple[str, ...], None] = {}


def legible[T](row: TableEntity, read: Callable[[TableEntity], T], what: str) -> T | None:
    """What `read` makes of the row; None where it cannot. `what` a row of this scan is, for the log."""
    try:
        return read(row)
    except ILLEGIBLE as error:
        say(row, what, error)
        return None


def say(row: TableEntity, what: str, error: Exception) -> None:
    """Once for each version of the row that this process meets."""
    place = str(row.get("PartitionKey")), str(row.get("RowKey"))
    known = (what, *place, str(row.metadata.get("etag")))
    if known in _said:
        return
    for old in list(_said)[: len(_said) + 1 - _REMEMBERED]:
        del _said[old]
    _said[known] = None
    log.error("%s cannot be read, and is left out: row %s/%s: %r", what, *place, error)
