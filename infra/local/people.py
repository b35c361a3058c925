"""Test people, one per persona, and the group of each persona: what Entra ID knows in Azure."""

from typing import TypedDict

from infra.local import topology
from infra.local.state import stable_id


class SignIn(TypedDict):
    """One person as the local sign-in offers them."""

    id: str
    name: str
    email: str
    persona: str
    groups: list[str]


def group_id(persona: str) -> str:
    """Return the object id of a persona's group: the same on every machine."""
    return stable_id(f"group/{persona}")


def persona_groups() -> dict[str, str]:
    """Map group id to persona, as setting `PERSONA_GROUPS` wants it."""
    return {group_id(persona): persona for persona in topology.PERSONAS}


def people() -> list[SignIn]:
    """Return everybody who can sign in locally."""
    return [
        SignIn(
            id=stable_id(f"person/{person.email}"),
            name=person.name,
            email=person.email,
            persona=person.persona,
            groups=[group_id(person.persona)],
        )
        for person in topology.PEOPLE
    ]
