"""Who is looking: the principal that App Service authentication puts in front of the app.

https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
"""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
_UPN = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
_ADDRESS_CLAIMS = ("preferred_username", _EMAIL, "email", _UPN, "upn")
_OBJECT_ID_CLAIMS = ("http://schemas.microsoft.com/identity/claims/objectidentifier", "oid")
_LONGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Person:
    """`address` and `object_id` identify them, `personas` are what their groups make them; a name identifies nobody."""

    address: str
    name: str
    personas: tuple[str, ...]
    object_id: str = ""


def signed_in(principal: str | None, *, authentication_on: bool, persona_groups: Mapping[str, str]) -> Person | None:
    """The person in header `X-MS-CLIENT-PRINCIPAL`; `persona_groups` maps group ids to personas.

    None when nobody is signed in, when the header is malformed, and whenever the platform does not say that it
    authenticates: then anybody could have written the header.
    """
    if not authentication_on or not principal or len(principal) > _LONGEST:
        return None
    claims = list(_claims(principal))
    values = dict(reversed(claims))
    address = next((values[claim] for claim in _ADDRESS_CLAIMS if values.get(claim)), "")
    if not address:
        return None
    groups = {value.lower() for kind, value in claims if kind == "groups"}
    personas = (persona for group, persona in persona_groups.items() if group.lower() in groups)
    object_id = next((values[claim] for claim in _OBJECT_ID_CLAIMS if values.get(claim)), "")
    name = values.get("name", address).strip()
    return Person(address.strip(), name, tuple(dict.fromkeys(personas)), object_id.strip().lower())


def _claims(principal: str) -> Iterable[tuple[str, str]]:
    try:
        content = json.loads(base64.b64decode(principal, validate=True))
        entries = content.get("claims") or []
        return [(str(entry["typ"]), str(entry["val"])) for entry in entries]
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return []
