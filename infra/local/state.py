"""Keys and ports that one `.local` folder keeps between runs, as an Azure resource keeps its own."""

import base64
import os
import secrets
import uuid
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel, Field, ValidationError

from infra.local import topology

_NAMES = uuid.UUID("5ec0de00-0000-4000-8000-000000000003")


def _key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def _account_key() -> str:
    return base64.b64encode(os.urandom(64)).decode()


def _signing_key() -> str:
    return urlsafe(Ed25519PrivateKey.generate().private_bytes_raw())


def urlsafe(raw: bytes) -> str:
    """Encode as base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def stable_id(name: str) -> str:
    """Return the same UUID for the same name on every machine, so that documents and tests may quote it."""
    return str(uuid.uuid5(_NAMES, name))


def client_id(identity: str) -> str:
    """Which of its identities an app asks to be."""
    return stable_id(f"client/{identity}")


class StateUnreadable(Exception):
    """What an earlier run kept cannot be read; the message names the file and the way on."""


class State(BaseModel):
    """Secrets are random per folder; nothing here is well known."""

    ports: dict[str, int] = {}
    hub_root_key: str = Field(default_factory=_key)
    hub_keys: dict[str, str] = Field(
        default_factory=lambda: {f"{grant.owner}-{grant.hub}": _key() for grant in topology.KEYED}
    )
    account_keys: dict[str, str] = Field(
        default_factory=lambda: {
            account: _account_key() for account in (topology.STORAGE_ACCOUNT, *topology.HOST_ACCOUNTS.values())
        }
    )
    identity_headers: dict[str, str] = Field(
        default_factory=lambda: {name: secrets.token_urlsafe(24) for name in topology.IDENTITIES}
    )
    function_keys: dict[str, str] = Field(
        default_factory=lambda: {app: secrets.token_urlsafe(32) for app in topology.APPS}
    )
    master_keys: dict[str, str] = Field(
        default_factory=lambda: {app: secrets.token_urlsafe(32) for app in topology.APPS}
    )
    approval_signing_key: str = Field(default_factory=_signing_key)
    operator_signing_key: str = Field(default_factory=_signing_key)

    def approval_public_key(self) -> str:
        """Return the public half, for those who only check a signature."""
        return _public_half(self.approval_signing_key)

    def operator_public_key(self) -> str:
        """Return the public half of what operators sign their commands with."""
        return _public_half(self.operator_signing_key)


def _public_half(key: str) -> str:
    raw = base64.urlsafe_b64decode(key + "=")
    return urlsafe(Ed25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw())


def load(path: Path) -> State:
    """Read the state, with what a newer topology added; a new folder gets a new one. Raises `StateUnreadable`."""
    if not path.exists():
        return State()
    try:
        kept, fresh = State.model_validate_json(path.read_bytes()), State()
    except ValidationError as error:
        raise StateUnreadable(
            f"{path} cannot be read. Begin with new keys and no data: make up ARGS=--fresh"
        ) from error
    for name in ("hub_keys", "account_keys", "identity_headers", "function_keys", "master_keys"):
        setattr(kept, name, {**getattr(fresh, name), **getattr(kept, name)})
    return kept


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".draft")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)
