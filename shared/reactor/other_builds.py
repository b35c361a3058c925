"""What another build of the code wrote and this one cannot read: it waits for one that can, and not for ever."""

import re
from collections.abc import Mapping
from typing import Any

from shared.events.catalogue import event_types
from shared.ports import Unavailable

_VERSION = re.compile(r".*:(\d{1,9})", re.ASCII)


class OtherBuild(Unavailable):
    """Only another build can go on with this: its patience is that of deployments, not that of outages."""


def is_of_a_newer_build(frame: Mapping[str, Any]) -> bool:
    """Whether a CloudEvents object has a type, or a version of it, that the catalogue does not have yet."""
    if not frame:
        return False
    known = event_types().get(str(frame.get("type")))
    version = _VERSION.fullmatch(str(frame.get("dataschema", "")))
    return known is None or bool(version and int(version[1]) > known.version)
