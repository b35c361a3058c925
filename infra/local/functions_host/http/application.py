"""One request through the host: Easy Auth first, then the host's own endpoints, then the app's functions."""

import re
from dataclasses import dataclass
from html import escape

from infra.local.functions_host.http.admin import Admin
from infra.local.functions_host.http.easy_auth.gate import Gate
from infra.local.functions_host.http.functions import HttpFunctions
from infra.local.functions_host.http.messages import Reply, Request, text_reply

_ADMIN = re.compile(r"/admin(/|$)", re.IGNORECASE)


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
        if _ADMIN.match(request.path):
            return await self.admin.handle(request)
        reply = await self.functions.handle(request)
        if reply is not None:
            return reply
        page = f"<!DOCTYPE html><title>{escape(self.name)}</title><p>{escape(self.name)} is up and running</p>"
        # The real host's page, too, says so even of an app without one function: it proves nothing.
        return text_reply(200, page, "text/html; charset=utf-8") if request.path == "/" else Reply(404)
