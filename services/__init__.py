"""The reasons to react, one folder each; a folder with a `reactions.py` decides, and is found by that alone."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shared.reactor import Service


@cache
def deciding(app: str = "control") -> Mapping[str, "Service[Any]"]:
    """The deciding services that this app hosts, by name. Imports them all."""
    folders = sorted(path.parent.name for path in Path(__file__).parent.glob("*/reactions.py"))
    found = [import_module(f"{__name__}.{folder}.reactions").service for folder in folders]
    return {service.name: service for service in found if service.app == app}
