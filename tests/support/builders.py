"""Small values that many tests need: references, a policy document, moments, and events in their envelopes."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from services import deciding
from shared.events import EndpointRef, Envelope, Event, JobRef, ModelRef, PackageRef
from shared.events.workspaces import STAGES, Workspace
from shared.policies import PolicyDocument
from shared.reactor import Facts, Known, policy_in

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CAUSE = "0b5b7b1c-56b1-4a77-9f0e-0a6b2f6f2d11"
_GROUP = "/subscriptions/0000/resourcegroups/ml/providers/microsoft.machinelearningservices/workspaces"


def workspace(name: str = "development") -> str:
    """The resource id of one of the policy's three workspaces, in canonical spelling."""
    return f"{_GROUP}/{name}"


INVENTORY = tuple(Workspace(id=workspace(stage), stages=(stage,)) for stage in STAGES)


def digest(character: str = "a") -> str:
    """A digest that is easily told from others: one hexadecimal character, 64 times."""
    return character * 64


def model_ref(version: str = "1", name: str = "flights") -> ModelRef:
    return ModelRef(workspace=workspace(), name=name, version=version)


def package_ref(version: str = "1", character: str = "a") -> PackageRef:
    return PackageRef(model=model_ref(version), digest=digest(character))


def endpoint_ref(name: str = "flights") -> EndpointRef:
    return EndpointRef(workspace=workspace("production"), name=name)


def job_ref(name: str = "job-1", of: str = "staging") -> JobRef:
    return JobRef(workspace=workspace(of), name=name)


def policy_document(**limits: Any) -> PolicyDocument:
    """Endpoint `flights` serves model `flights`; `limits` are its own, by section."""
    flights = {"model": "flights", "limits": limits}
    return PolicyDocument.model_validate({"inventory": INVENTORY, "endpoints": {"flights": flights}})


def read_document(text: str, inventory: Sequence[Workspace] = INVENTORY) -> PolicyDocument:
    """As control would read it. Raises `InvalidPolicy`."""
    return policy_in(text, inventory, deciding())


def facts[K: Known](known: K, *, event_id: str = CAUSE, after: timedelta = timedelta()) -> Facts[K]:
    """What a policy is given, `after` the usual moment."""
    return Facts(now=NOW + after, event_id=event_id, known=known)


def envelope[E: Event](event: E, *, id: str = CAUSE, time: datetime = NOW) -> Envelope[E]:
    """The event as the first of its chain."""
    return Envelope.first(event, id=id, source="/tests", time=time)


def urlsafe(raw: bytes) -> str:
    """A key as settings spell it: base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
