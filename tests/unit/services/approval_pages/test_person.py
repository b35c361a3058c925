"""Who is believed to be signed in."""

import base64
import json
from typing import Any

import pytest

from services.approval_pages import Person, signed_in

GROUPS = {"G-Lead": "project-lead", "g-lead-2": "project-lead", "g-engineer": "model-tester"}
_EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"


def principal(*claims: tuple[str, str]) -> str:
    content = {"auth_typ": "aad", "claims": [{"typ": kind, "val": value} for kind, value in claims]}
    return base64.b64encode(json.dumps(content).encode()).decode()


def seen(header: str | None, on: bool = True) -> Person | None:
    return signed_in(header, authentication_on=on, persona_groups=GROUPS)


LEA = principal(("name", "Lea Novak"), ("preferred_username", "lea@example.com"), ("groups", "g-lead"))


def test_the_principal_names_a_person_and_groups_make_personas() -> None:
    assert seen(LEA) == Person("lea@example.com", "Lea Novak", ("project-lead",))


def test_the_header_is_not_believed_where_the_platform_does_not_authenticate() -> None:
    assert seen(LEA, on=False) is None


@pytest.mark.parametrize("claim", ["preferred_username", "email", "upn", _EMAIL])
def test_an_address_is_found_under_every_name_that_providers_use(claim: str) -> None:
    person = seen(principal((claim, "lea@example.com")))
    assert person == Person("lea@example.com", "lea@example.com", ())


def test_several_groups_make_each_persona_once_and_strange_groups_none() -> None:
    header = principal(
        ("email", "a@b.c"), ("groups", "g-engineer"), ("groups", "g-lead"), ("groups", "g-lead-2"), ("groups", "x")
    )
    person = seen(header)
    assert person
    assert person.personas == ("project-lead", "model-tester")


def encoded(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "not base64!",
        base64.b64encode(b"\xff\xfe").decode(),
        base64.b64encode(b"[" * 20_000).decode(),
        encoded([]),
        encoded("x"),
        encoded({}),
        encoded({"claims": None}),
        encoded({"claims": 3}),
        encoded({"claims": ["x"]}),
        encoded({"claims": [{"typ": "email"}]}),
        principal(("groups", "g-lead")),
        principal(("preferred_username", "")),
        principal(("email", "a@b.c"), ("x", "y" * 60_000)),
    ],
)
def test_a_principal_that_names_nobody_is_nobody(header: str | None) -> None:
    assert seen(header) is None


def test_a_person_is_known_by_object_id_and_address_and_not_by_name() -> None:
    """A display name, which anybody may have, is no identity."""
    claim = "http://schemas.microsoft.com/identity/claims/objectidentifier"
    person = seen(principal(("preferred_username", "lea@example.com"), ("name", "Lea Novak"), (claim, "0B1C")))
    assert person == Person("lea@example.com", "Lea Novak", (), "0b1c")
