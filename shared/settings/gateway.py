"""Settings of the gateway. It holds no signing key, and of hub `events` it knows nothing."""

import base64
import hashlib

from pydantic import Field, Json, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_PUBLIC_KEY_BYTES = 32


class GatewaySettings(BaseSettings):
    """Environment variables of the same names, in capitals."""

    model_config = SettingsConfigDict(hide_input_in_errors=True, frozen=True, extra="ignore")

    sluice_storage: SecretStr = Field(description="connection string, or the account's blob URL; read only")
    hub_decisions: SecretStr = Field(description="`<namespace>/decisions`, or a connection string; send only")
    approval_public_key: str = Field(description="Ed25519, 32 raw bytes in base64url: checks links, makes none")
    persona_groups: Json[dict[str, str]] = Field(description="JSON: group object id -> persona")
    website_auth_enabled: bool = Field(default=False, description="set by App Service when it authenticates")
    sign_in_path: str = Field(default="/.auth/login/aad", pattern="^/[^/]", description="where a browser signs in")

    @field_validator("sluice_storage", "hub_decisions")
    @classmethod
    def _given(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().strip():
            raise ValueError("must not be empty")
        return value

    @field_validator("approval_public_key")
    @classmethod
    def _is_a_key(cls, value: str) -> str:
        text = value.strip().rstrip("=")
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        if len(raw) != _PUBLIC_KEY_BYTES:
            raise ValueError(f"{_PUBLIC_KEY_BYTES} bytes are required, found {len(raw)}")
        return text

    @field_validator("persona_groups")
    @classmethod
    def _somebody_may_decide(cls, value: dict[str, str]) -> dict[str, str]:
        if not value or not all(group and persona for group, persona in value.items()):
            raise ValueError("at least one group with its persona is required")
        return value

    @property
    def form_key(self) -> bytes:
        """The same for all instances of this app, and derived from what only they hold."""
        return hashlib.sha256(b"sluice forms\x00" + self.hub_decisions.get_secret_value().encode()).digest()
