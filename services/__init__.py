"""The reasons to react, one folder each; a folder with a `reactions.py` decides, and is found by that alone."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from shared.events.workspaces import Workspace
from shared.policies import PolicyDocument, read_policy

if TYPE_CHECKING:
    from shared.reactor import Service


@cache
def deciding() -> Mapping[str, "Service"]:
    """The deciding services, by name. Imports them all, and with them the sections of the policy that they read."""
    folders = sorted(path.parent.name for path in Path(__file__).parent.glob("*/reactions.py"))
    found = [import_module(f"{__name__}.{folder}.reactions").service for folder in folders]
    return {service.name: service for service in found}


@cache
def limits() -> Mapping[str, bool]:
    """Import what every service declares of the policy document; answers which services a mode may hold.

    Whoever reads a document calls this before: a section that nobody has declared is an error in it.
    """
    for file in sorted(Path(__file__).parent.glob("*/limits.py")):
        import_module(f"{__name__}.{file.parent.name}.limits")
    return {name: service.may_be_held for name, service in deciding().items()}


def policy_in_force(file: Path, inventory: Sequence[Workspace]) -> PolicyDocument:
    """What control decides by, and what `sluice policy check` takes. Raises `InvalidPolicy` and `OSError`."""
    return read_policy(file.read_text(), inventory, limits(), str(file))
