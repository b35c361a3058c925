"""Reading the policy document with what the services declare: one way for control, the command line and tests."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.events.workspaces import Workspace
from shared.policies import PolicyDocument, read_policy
from shared.policies.checking import check
from shared.policies.finding import Finding
from shared.reactor.service import Service


def policy_in(
    text: str, inventory: Sequence[Workspace], services: Mapping[str, Service[Any]], name: str = "policy"
) -> PolicyDocument:
    """Raises `InvalidPolicy` with a line for each finding."""
    return read_policy(text, inventory, _may_be_held(services), name)


def findings_in(
    text: str, inventory: Sequence[Workspace], services: Mapping[str, Service[Any]]
) -> tuple[PolicyDocument | None, list[Finding]]:
    """The document, None if it cannot be read at all, and whatever is wrong with it: control starts with nothing."""
    return check(text, inventory, _may_be_held(services))


def _may_be_held(services: Mapping[str, Service[Any]]) -> dict[str, bool]:
    return {name: service.may_be_held for name, service in services.items()}
