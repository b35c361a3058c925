"""HTTP functions: find the route, check the key, invoke, answer."""

from dataclasses import dataclass

from infra.local.functions_host.http.datums import request_data
from infra.local.functions_host.http.keys import Keys
from infra.local.functions_host.http.messages import Reply, Request
from infra.local.functions_host.http.responses import reply_of
from infra.local.functions_host.http.routes import Routes
from infra.local.functions_host.invocation import Invoker
from infra.local.functions_host.tracing import follow


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
        trace = follow(request.header("traceparent"), request.header("tracestate"))
        inputs = [(route.trigger.name, request_data(request, parameters))]
        result = await self.invoker.invoke(route.function, lambda: (inputs, {}), trace=trace)
        # What went wrong is in the log; a caller is never told.
        return reply_of(route.function.name, result.returned) if result.ok else Reply(500)
