"""Who this app is to Azure: its managed identity, asked for a token once for all clients that need one."""

import time
from functools import cache
from typing import Any

from azure.core.credentials import AccessToken
from azure.identity.aio import DefaultAzureCredential

from shared.adapters.azure.transports import TIMEOUTS, AsyncTransport

# Of a token's life; clients ask again when a tenth is left, and must be given another one then.
_USED_UP = 0.75


class OwnIdentity:
    """Keeps tokens and no connection, so that there is nothing to close and clients may be opened for one call."""

    def __init__(self) -> None:
        self._tokens: dict[tuple[str, ...], tuple[AccessToken, float]] = {}

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        token, renew_at = self._tokens.get(scopes, (None, 0.0))
        if token is None or time.time() >= renew_at:
            async with DefaultAzureCredential(transport=AsyncTransport(**TIMEOUTS)) as credential:
                token = await credential.get_token(*scopes)
            now = time.time()
            self._tokens[scopes] = token, now + (token.expires_on - now) * _USED_UP
        return token

    async def close(self) -> None:
        """Asked for by the type of a credential."""

    async def __aenter__(self) -> "OwnIdentity":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


@cache
def own_identity() -> OwnIdentity:
    """The same for every client of this process."""
    return OwnIdentity()
