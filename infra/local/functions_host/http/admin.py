"""The host's own endpoints under /admin: status, ping, drain, and running a function by hand."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from infra.local.functions_host.http.keys import Keys
from infra.local.functions_host.http.messages import Reply, Request, json_reply

RunByHand = Callable[[str, str], Awaitable[int]]


@dataclass
class Admin:
    """`run_by_hand(function, input)` answers the HTTP status of having accepted it."""

    keys: Keys
    status: Callable[[], dict[str, object]]
    drain_status: Callable[[], dict[str, object]]
    start_drain: Callable[[], None]
    run_by_hand: RunByHand

    async def handle(self, request: Request) -> Reply:
        path = request.path.rstrip("/").lower()
        if path == "/admin/host/ping":
            return Reply(200)
        if not self.keys.admits("ADMIN", "", request):
            return Reply(401)
        match (request.method, path):
            case ("GET", "/admin/host/status"):
                return json_reply(200, json.dumps(self.status()))
            case ("GET", "/admin/host/drain/status"):
                return json_reply(200, json.dumps(self.drain_status()))
            case ("POST", "/admin/host/drain"):
                self.start_drain()
                return Reply(202)
            case ("POST", _) if path.startswith("/admin/functions/"):
                return await self._run(request)
        return Reply(404)

    async def _run(self, request: Request) -> Reply:
        try:
            document = json.loads(request.body or b"{}")
            given = document.get("input", "")
        except (ValueError, AttributeError):
            return json_reply(400, json.dumps({"error": 'the body must be JSON: {"input": ".."}'}))
        text = given if isinstance(given, str) else json.dumps(given)
        return Reply(await self.run_by_hand(request.path.rstrip("/").rsplit("/", 1)[1], text))
