"""Whose limits: an endpoint in its workspace, or a thing that is no endpoint."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """What is empty has no layer of its own. An endpoint has a scenario as well, which the document knows."""

    endpoint: str = ""
    workspace: str = ""
    subscription: str = ""
    project: str = ""
    registry: str = ""


EVERYWHERE = Scope()
