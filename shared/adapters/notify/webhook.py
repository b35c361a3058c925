"""Notices to Teams and Slack, over addresses that come from settings alone."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

from shared.adapters.notify.bodies import slack, teams
from shared.adapters.notify.public_addresses import NotPublic, PublicResolver, is_public
from shared.adapters.pauses import asked_pause
from shared.ports import Notice, Refused, Unavailable

type Dialect = Literal["teams", "slack"]
# A right may come back: whoever turns a workflow or a channel off often turns it on again.
_AGAIN_LATER = {401, 403, 408, 423, 425, 429}


class WebhookNotifier:
    """Posts JSON to one https address: no redirects, no private networks unless `allow_private`, no address in errors.

    `trust` replaces the public certificate authorities; `timeout_s` bounds the whole exchange, in seconds.
    """

    def __init__(
        self,
        address: str,
        dialect: Dialect,
        *,
        allow_private: bool = False,
        trust: ssl.SSLContext | None = None,
        timeout_s: float = 10,
    ) -> None:
        parts = urlsplit(address)
        if parts.scheme != "https" or not parts.hostname or parts.username is not None:
            raise ValueError("webhook: an https address without a user name is required")
        if not allow_private and _is_special(parts.hostname):
            raise ValueError("webhook: a public address is required")
        self._address, self._host, self._body = address, parts.hostname, _BODIES[dialect]
        self._allow_private, self._trust = allow_private, trust
        self._timeout = ClientTimeout(total=timeout_s, connect=min(5, timeout_s))

    async def send(self, notice: Notice) -> None:
        try:
            status, pause = await self._post(notice)
        except NotPublic as error:
            raise Refused(f"webhook {self._host}: {error}") from error
        except (ClientError, OSError) as error:
            if isinstance(error.__cause__, NotPublic):
                raise Refused(f"webhook {self._host}: {error.__cause__}") from None
            # The client's own text may quote the address, which is a secret.
            raise Unavailable(f"webhook {self._host}: {type(error).__name__}") from None
        if status in _AGAIN_LATER or status >= 500:
            raise Unavailable(f"webhook {self._host}: answered {status}", pause=pause)
        if not 200 <= status < 300:
            raise Refused(f"webhook {self._host}: answered {status}")

    async def _post(self, notice: Notice) -> tuple[int, timedelta | None]:
        """What was answered, and the pause that was asked for with it."""
        connector = TCPConnector(resolver=PublicResolver(self._allow_private), ssl=self._trust or True, limit=1)
        headers = {"Idempotency-Key": sha256(notice.key.encode()).hexdigest()}
        async with (
            ClientSession(connector=connector, timeout=self._timeout, trust_env=False) as session,
            session.post(self._address, json=self._body(notice), headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status, asked_pause(answer.status, answer.headers, datetime.now(UTC))


def _is_special(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:
        return _like_an_address(host)


def _like_an_address(host: str) -> bool:
    """Spellings of an address that `ipaddress` rejects and the system's resolver takes: `127.1`, `0x7f000001`."""
    return host.rpartition(".")[2].isdecimal() or host.lower().startswith("0x")


_BODIES: dict[Dialect, Callable[[Notice], dict[str, Any]]] = {"teams": teams, "slack": slack}
