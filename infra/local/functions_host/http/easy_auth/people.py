"""The test people who can sign in locally, and the principal that Easy Auth would make of them."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from infra.local.functions_host.errors import HostError

_OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
_NAME_TYPE = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
_ROLE_TYPE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"


class Person(BaseModel):
    """`id` is the object id; `persona` only helps to choose on the sign-in page."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    name: str
    email: str
    persona: str = ""
    groups: Sequence[str] = ()

    def claims(self) -> list[dict[str, str]]:
        pairs = [("name", self.name), ("preferred_username", self.email), (_OBJECT_ID, self.id)]
        pairs += [("groups", group) for group in self.groups]
        return [{"typ": kind, "val": value} for kind, value in pairs]

    def principal_headers(self) -> list[tuple[str, str]]:
        """What Easy Auth adds to every request of someone who is signed in."""
        principal = {"auth_typ": "aad", "name_typ": _NAME_TYPE, "role_typ": _ROLE_TYPE, "claims": self.claims()}
        return [
            ("x-ms-client-principal", base64.b64encode(json.dumps(principal).encode()).decode()),
            ("x-ms-client-principal-id", self.id),
            ("x-ms-client-principal-name", self.email),
            ("x-ms-client-principal-idp", "aad"),
        ]


def load_people(path: Path) -> list[Person]:
    """Raises `HostError` naming what is wrong with the file."""
    try:
        people = TypeAdapter(list[Person]).validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise HostError(f"people file {path}: {error}") from error
    if len({person.id for person in people}) < len(people):
        raise HostError(f"people file {path}: two people have the same id")
    return people
