"""HTTP functions: find the route, check the key, invoke, answer."""

from dataclasses import dataclass

from infra.local.functions_host.http.datums import reply_of, request_datum
from infra.local.functions_host.http.keys import Keys
from infra.local.functions_host.http.messages import Reply, Request
from infra.local.functions_host.http.routes import Routes
from infra.local.functions_host.invocation import Invoker


@dataclass
class HttpFunctions:
    routes: Routes
    keys: Keys
    invoker: Invoker

    async def handle(self, request: Request) -> Reply | None:
        """None when no function has this route and method."""
        found = self.routes.find(request.method, request.path)
        if found is None:
            return None
        route, parameters = found
        if not self.keys.admits(route.trigger.auth_level, route.function.name, request):
            return Reply(401)
        inputs = [(route.trigger.name, request_datum(request, parameters))]
        result = await self.invoker.invoke(route.function, inputs, {})
        # What went wrong is in the log; a caller is never told.
        return reply_of(result.returned) if result.ok else Reply(500)
