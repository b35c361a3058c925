"""Whom Microsoft's tests sign in as: one identity, which may do everything here."""

import base64
import json
import os
import time
from typing import Any

from azure.core.credentials import AccessToken

LOCAL: dict[str, Any] = json.loads(os.environ["SLUICE_LOCAL_AZURE"])


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
    """Signs in at once, whatever it was made with."""

    def __init__(self, **_: Any) -> None:
        pass

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

    def __init__(self, **_: Any) -> None:
        pass

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


class FakeTokenCredential:
    """A token that no service takes, and how often it was asked for."""

    get_token_count = 0

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        self.get_token_count += 1
        return AccessToken("not a token", 0)


class AsyncFakeCredential:
    """The same for asynchronous clients."""

    get_token_count = 0

    async def get_token(self, *_: str, **__: Any) -> AccessToken:
        self.get_token_count += 1
        return AccessToken("not a token", 0)
