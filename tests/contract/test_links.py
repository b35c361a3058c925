"""Approval links: only control can make them, anyone with the public key can check them."""

import base64
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.adapters.signing.links import Ed25519LinkSigner, Ed25519LinkVerifier, VerifiedLink
from shared.ports import LinkSigner
from tests.contract.examples import NOON, minutes

pytestmark = pytest.mark.local_only
EXPIRES = minutes(60)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


KEY = Ed25519PrivateKey.generate()
PRIVATE, PUBLIC = _text(KEY.private_bytes_raw()), _text(KEY.public_key().public_bytes_raw())
SIGNER: LinkSigner = Ed25519LinkSigner(PRIVATE, "https://gateway.example.com/")
VERIFIER = Ed25519LinkVerifier(PUBLIC)


def token(approval_id: str = "approval-1") -> str:
    return parse_qs(urlsplit(SIGNER.link(approval_id, EXPIRES)).query)["token"][0]


def test_a_link_leads_to_the_page_of_its_approval() -> None:
    assert SIGNER.link("approval-1", EXPIRES).startswith("https://gateway.example.com/approvals/approval-1?token=")


def test_a_link_can_be_computed_again() -> None:
    assert SIGNER.link("approval-1", EXPIRES) == SIGNER.link("approval-1", EXPIRES)
    assert Ed25519LinkSigner(PRIVATE + "=", "https://gateway.example.com").link("approval-1", EXPIRES) == SIGNER.link(
        "approval-1", EXPIRES
    )


def test_a_token_names_its_approval_until_it_expires() -> None:
    assert VERIFIER.verify(token(), NOON) == VerifiedLink("approval-1", EXPIRES)
    assert VERIFIER.verify(token(), EXPIRES - timedelta(microseconds=1)) == VerifiedLink("approval-1", EXPIRES)
    assert VERIFIER.verify(token(), EXPIRES) == "expired"


def test_a_token_of_another_key_is_invalid() -> None:
    other = Ed25519LinkVerifier(_text(Ed25519PrivateKey.generate().public_key().public_bytes_raw()))
    assert other.verify(token(), NOON) == "invalid"


def test_a_token_with_any_letter_changed_is_invalid() -> None:
    good = token()
    for index, letter in enumerate(good):
        bad = good[:index] + ("A" if letter != "A" else "B") + good[index + 1 :]
        assert VERIFIER.verify(bad, NOON) == "invalid"


@pytest.mark.parametrize("bad", ["", ".", "a.b", "a.b.c", "ü.ü", "e30.e30", token() + "=", token() + ".", "x" * 5000])
def test_what_is_no_token_is_invalid(bad: str) -> None:
    assert VERIFIER.verify(bad, NOON) == "invalid"


def test_the_proof_of_the_holder_is_the_proof_that_control_computes() -> None:
    statement = "approve|tariq@example.com|" + "ab" * 32
    proof = VERIFIER.proof(token(), statement)
    assert proof == SIGNER.proof("approval-1", EXPIRES, statement)
    assert proof != SIGNER.proof("approval-1", EXPIRES, statement + "x")
    assert proof != SIGNER.proof("approval-2", EXPIRES, statement)
    assert proof != SIGNER.proof("approval-1", minutes(61), statement)


@pytest.mark.parametrize("key", ["", "AAAA", "not base64!", "A" * 44])
def test_a_key_of_another_length_is_an_error(key: str) -> None:
    with pytest.raises(ValueError, match=r"key|base64"):
        Ed25519LinkVerifier(key)
