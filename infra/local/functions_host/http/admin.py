"""The host's own endpoints under /admin: status, ping, drain, keys, the functions, and running one by hand."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from infra.local.functions_host.functions import Function, HttpTrigger
from infra.local.functions_host.http.keys import Keys
from infra.local.functions_host.http.messages import Reply, Request, json_reply

RunByHand = Callable[[str, str], Awaitable[int]]
Document = Callable[[], object]


@dataclass
class Admin:
    """`documents` are what GET answers, by the path under /admin/host; `run_by_hand(function, input)` answers the HTTP
    status of having accepted it."""

    keys: Keys
    documents: Mapping[str, Document]
    start_drain: Callable[[], None]
    run_by_hand: RunByHand
    functions: Sequence[Function]

    async def handle(self, request: Request) -> Reply:
        path = request.path.removesuffix("/").lower().removeprefix("/admin/")
        if path == "host/ping" and request.method in ("GET", "POST"):
            return Reply(200)
        answer = self._answer(request.method, path)
        if answer is None:
            return Reply(404)
        if not self.keys.admits("ADMIN", "", request):
            return Reply(403) if self.keys.knows(request) else Reply(401, b"", [("www-authenticate", "Bearer")])
        return await answer(request)

    def _answer(self, method: str, path: str) -> Callable[[Request], Awaitable[Reply]] | None:
        """What answers this path, whoever asks; None when nothing does."""
        match (method, path.split("/")):
            case ("GET", ["host", *rest]) if "/".join(rest) in self.documents:
                return _always(self.documents["/".join(rest)])
            case ("GET", ["functions"]):
                return _always(lambda: [_described(function) for function in self.functions])
            case ("GET", ["host", "keys"]):
                return _always(lambda: _listed(self.keys.host))
            case ("GET", ["functions", name, "keys"]) if (function := self._named(name)) is not None:
                return _always(lambda: _listed(self.keys.functions.get(function.name, {})))
            case ("POST", ["host", "drain"]):
                return self._drain
            case ("POST", ["functions", name]) if self._named(name) is not None:
                return self._run
        return None

    def _named(self, name: str) -> Function | None:
        return next((function for function in self.functions if function.name.lower() == name), None)

    async def _drain(self, request: Request) -> Reply:
        self.start_drain()
        return Reply(202)

    async def _run(self, request: Request) -> Reply:
        try:
            document = json.loads(request.body or b"{}")
            given = document.get("input", "")
        except (ValueError, AttributeError):
            return json_reply(400, json.dumps({"error": 'the body must be JSON: {"input": ".."}'}))
        text = given if isinstance(given, str) else json.dumps(given)
        return Reply(await self.run_by_hand(request.path.rstrip("/").rsplit("/", 1)[1], text))


def _always(document: Document) -> Callable[[Request], Awaitable[Reply]]:
    async def answer(request: Request) -> Reply:
        return json_reply(200, json.dumps(document()))

    return answer


def _listed(keys: Mapping[str, str]) -> object:
    return {"keys": [{"name": name, "value": value} for name, value in keys.items()], "links": []}


def _described(function: Function) -> object:
    return {
        "name": function.name,
        "config": {"name": function.name, "bindings": list(function.raw_bindings)},
        "isDisabled": function.is_disabled,
        "isDirect": False,
        "isProxy": False,
        "language": "python",
        "isHttp": isinstance(function.trigger, HttpTrigger),
    }
