"""Apps asked over HTTP: their own routes, and the endpoint of their host that lists functions."""

from collections.abc import Mapping
from typing import Any

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout

from shared.ports import AppSurvey, Refused, Unavailable

_FUNCTIONS = "/admin/functions"


class HttpAppSurvey(AppSurvey):
    """`addresses` are base addresses by app, `keys` the master keys of those hosts that have one for us."""

    def __init__(self, addresses: Mapping[str, str], keys: Mapping[str, str], timeout_s: float) -> None:
        self._addresses, self._keys = addresses, keys
        self._timeout = ClientTimeout(total=timeout_s)

    async def status(self, app: str, route: str) -> int:
        status, _ = await self._get(app, route)
        return status

    async def functions(self, app: str) -> Mapping[str, bool]:
        status, listed = await self._get(app, _FUNCTIONS)
        # Sign-in before the host sends who is not signed in elsewhere.
        if status in (302, 401, 403):
            raise Refused(f"{app}: its host answers {status} when it is asked what it runs: that takes its master key")
        if status != 200 or not isinstance(listed, list):
            raise Unavailable(f"{app}: its host answers {status} when it is asked what it runs")
        return {str(each["name"]): not each.get("isDisabled") for each in listed}

    async def _get(self, app: str, path: str) -> tuple[int, Any]:
        """Status and, of a list of functions, the document."""
        headers = {"x-functions-key": self._keys[app]} if path == _FUNCTIONS and app in self._keys else {}
        address = self._addresses[app].rstrip("/") + path
        try:
            async with (
                ClientSession(timeout=self._timeout) as session,
                session.get(address, headers=headers, allow_redirects=False) as answer,
            ):
                return answer.status, await _document(answer) if path == _FUNCTIONS else None
        except (ClientError, OSError, ValueError) as error:
            raise Unavailable(f"{app} does not answer at {self._addresses[app]}: {type(error).__name__}") from error


async def _document(answer: ClientResponse) -> Any:
    return await answer.json(content_type=None) if answer.status == 200 else None
