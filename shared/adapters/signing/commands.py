"""Operators' commands, signed with Ed25519: control holds the public half, and cannot give a command itself."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.adapters.signing.base64url import key_bytes, strict_bytes, text


class Ed25519CommandSigner:
    """`private_key` is the raw key of 32 bytes in base64url. Raises `ValueError`."""

    def __init__(self, private_key: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(key_bytes(private_key))

    def proof(self, statement: bytes) -> str:
        return text(self._key.sign(statement))


class Ed25519CommandVerifier:
    """`public_key` as above, "" when operators sign nothing: whoever may send to the hub is believed then."""

    def __init__(self, public_key: str) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(key_bytes(public_key)) if public_key else None

    def refusal(self, statement: bytes, proof: str) -> str:
        if self._key is None:
            return ""
        if not proof:
            return "it is not signed, and commands must be"
        try:
            self._key.verify(strict_bytes(proof), statement)
        except (ValueError, InvalidSignature):
            return "its signature is not the operators'"
        return ""
