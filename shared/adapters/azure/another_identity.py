"""Another app's identity on this machine, asked as that app asks: only the local system tells who wants to be whom.

Azure's own endpoint answers nobody but the app itself, and its address stands in no settings.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_PROTOCOL, _PATIENCE_S = "2019-08-01", 20


class AnotherIdentity:
    """`values` are the app's settings."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._endpoint, self._header = values["IDENTITY_ENDPOINT"], values["IDENTITY_HEADER"]
        self._client = values.get("AZURE_CLIENT_ID")

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        asked = {"api-version": _PROTOCOL, "resource": scopes[0].removesuffix("/.default")}
        asked |= {"client_id": self._client} if self._client else {}
        try:
            async with (
                ClientSession(timeout=ClientTimeout(_PATIENCE_S)) as session,
                session.get(self._endpoint, params=asked, headers={"X-IDENTITY-HEADER": self._header}) as answer,
            ):
                answer.raise_for_status()
                told = await answer.json()
        except (ClientError, TimeoutError) as error:
            raise ClientAuthenticationError("the identity endpoint gives no token") from error
        return AccessToken(told["access_token"], int(told["expires_on"]))

    async def close(self) -> None:
        """Asked for by the type of a credential."""

    async def __aenter__(self) -> "AnotherIdentity":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def identity_in(values: Mapping[str, str]) -> AnotherIdentity | None:
    """None where the settings name no endpoint of this machine."""
    is_local = urlsplit(values.get("IDENTITY_ENDPOINT", "")).hostname in _LOOPBACK
    return AnotherIdentity(values) if is_local and "IDENTITY_HEADER" in values else None
