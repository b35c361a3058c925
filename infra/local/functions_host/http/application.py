"""One request through the host: Easy Auth first, then the host's own endpoints, then the app's functions."""

from dataclasses import dataclass

from infra.local.functions_host.http.admin import Admin
from infra.local.functions_host.http.easy_auth.gate import Gate
from infra.local.functions_host.http.functions import HttpFunctions
from infra.local.functions_host.http.messages import Reply, Request, text_reply


@dataclass
class Application:
    name: str
    gate: Gate
    admin: Admin
    functions: HttpFunctions

    async def handle(self, request: Request) -> Reply:
        """Never raises for anything that a caller can send."""
        self.gate.replace_principal(request)
        if request.path.startswith("/.auth/"):
            return self.gate.handle(request)
        if request.path.lower().startswith("/admin/"):
            return await self.admin.handle(request)
        reply = await self.functions.handle(request)
        if reply is not None:
            return reply
        return text_reply(200, f"{self.name} is up and running") if request.path == "/" else Reply(404)
