"""Stands for the package of this name, which Microsoft does not publish: what its live tests take from it."""

import base64
import json
import os
import time
from typing import Any

from azure.core.credentials import AccessToken

LOCAL: dict[str, Any] = json.loads(os.environ["SLUICE_LOCAL_AZURE"])


def get_region_override(default: str) -> str:
    """The region: none here."""
    return default


def _token(scope: str) -> AccessToken:
    """As the local identity endpoint issues them: unsigned."""
    now = int(time.time())
    claims = {
        "aud": scope.removesuffix("/.default"),
        "iss": f"https://sts.windows.net/{LOCAL['tenant']}/",
        "tid": LOCAL["tenant"],
        "oid": LOCAL["oid"],
        "iat": now,
        "nbf": now - 60,
        "exp": now + 3600,
    }
    parts = (json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims))
    encoded = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts]
    return AccessToken(f"{'.'.join(encoded)}.bG9jYWw", now + 3600)


class Credential:
    """An identity that may do everything here."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return _token(scopes[0])

    def close(self) -> None:
        pass

    def __enter__(self) -> "Credential":
        return self

    def __exit__(self, *_: Any) -> None:
        pass


class AsyncCredential:
    """The same for asynchronous clients."""

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return _token(scopes[0])

    async def close(self) -> None:
        pass

    async def __aenter__(self) -> "AsyncCredential":
        return self

    async def __aexit__(self, *_: Any) -> None:
        pass


def get_credential(is_async: bool = False, **_: Any) -> Credential | AsyncCredential:
    """Whom the tests sign in as."""
    return AsyncCredential() if is_async else Credential()
