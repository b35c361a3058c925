"""Every operation: method, path (below the workspace, if it is of one), the right it takes, and who handles it."""

import re
from dataclasses import dataclass
from functools import cache

from infra.local.azure_ml import assets, codes, deployments, endpoints, history, models, submission, workspaces
from infra.local.azure_ml.answer import Answer
from infra.local.azure_ml.arm import PROVIDER
from infra.local.azure_ml.call import Call, Handler

COMPONENTS = assets.Kind("components", fixed=("componentSpec",))
ENVIRONMENTS = assets.Kind("environments", fixed=("image", "condaFile"))
DATA = assets.Kind("data", fixed=("dataUri",))


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern), re.IGNORECASE)


@dataclass(frozen=True)
class Route:
    """`action` is the name of the right, below `Microsoft.MachineLearningServices/workspaces/`."""

    method: str
    pattern: str
    action: str
    handler: Handler

    def match(self, method: str, path: str) -> dict[str, str] | None:
        if method != self.method:
            return None
        found = _expression(self.pattern).fullmatch(path)
        return found.groupdict() if found else None


def _assets(kind: assets.Kind) -> tuple[Route, ...]:
    """The routes of one kind of versioned asset."""
    name, container, versions = kind.name, f"{kind.name}/{{name}}", f"{kind.name}/{{name}}/versions"
    return (
        Route("GET", name, f"{name}/read", assets.list_containers(name)),
        Route("GET", container, f"{name}/read", assets.get_container(name)),
        Route("PUT", container, f"{name}/write", assets.put_container(name)),
        Route("GET", versions, f"{name}/versions/read", assets.list_versions(name)),
        Route("GET", f"{versions}/{{version}}", f"{name}/versions/read", assets.get_version(name)),
        Route("PUT", f"{versions}/{{version}}", f"{name}/versions/write", assets.put_version(kind)),
        Route("DELETE", f"{versions}/{{version}}", f"{name}/versions/delete", assets.delete_version(name)),
    )


_ENDPOINT = "onlineEndpoints/{endpoint}"
_DEPLOYMENT = f"{_ENDPOINT}/deployments/{{deployment}}"


async def operation_status(call: Call) -> Answer:
    return call.operations.status(call.names["operation"])


ROUTES: tuple[Route, ...] = (
    Route("GET", "", "read", workspaces.get),
    Route("GET", "computes/{compute}", "computes/read", workspaces.get_compute),
    Route("GET", "codes/{name}/versions", "codes/versions/read", codes.list_versions),
    Route(
        "POST", "codes/{name}/versions/{version}/startPendingUpload", "codes/versions/write", codes.start_pending_upload
    ),
    *_assets(models.MODELS),
    *_assets(COMPONENTS),
    *_assets(ENVIRONMENTS),
    *_assets(DATA),
    *_assets(codes.CODES),
    Route("GET", "jobs", "jobs/read", submission.listing),
    Route("GET", "jobs/{job}", "jobs/read", submission.get),
    Route("PUT", "jobs/{job}", "jobs/write", submission.put),
    Route("DELETE", "jobs/{job}", "jobs/delete", submission.delete),
    Route("POST", "jobs/{job}/cancel", "jobs/cancel/action", submission.cancel),
    Route("GET", "onlineEndpoints", "onlineEndpoints/read", endpoints.listing),
    Route("GET", _ENDPOINT, "onlineEndpoints/read", endpoints.get),
    Route("PUT", _ENDPOINT, "onlineEndpoints/write", endpoints.put),
    Route("DELETE", _ENDPOINT, "onlineEndpoints/delete", endpoints.delete),
    Route("POST", f"{_ENDPOINT}/listKeys", "onlineEndpoints/listKeys/action", endpoints.list_keys),
    Route("GET", f"{_ENDPOINT}/deployments", "onlineEndpoints/deployments/read", deployments.listing),
    Route("GET", _DEPLOYMENT, "onlineEndpoints/deployments/read", deployments.get),
    Route("PUT", _DEPLOYMENT, "onlineEndpoints/deployments/write", deployments.put),
    Route("DELETE", _DEPLOYMENT, "onlineEndpoints/deployments/delete", deployments.delete),
    Route("POST", f"{_DEPLOYMENT}/getLogs", "onlineEndpoints/deployments/getLogs/action", deployments.get_logs),
    Route("GET", "datastores", "datastores/read", workspaces.list_datastores),
    Route("GET", "datastores/{datastore}", "datastores/read", workspaces.get_datastore),
    Route("PUT", "datastores/{datastore}", "datastores/write", workspaces.put_datastore),
    Route("POST", "datastores/{datastore}/listSecrets", "datastores/listSecrets/action", workspaces.list_secrets),
    Route("GET", "schedules", "schedules/read", workspaces.list_schedules),
    Route("GET", "schedules/{schedule}", "schedules/read", workspaces.get_schedule),
    Route("PUT", "schedules/{schedule}", "schedules/write", workspaces.put_schedule),
    Route("DELETE", "schedules/{schedule}", "schedules/delete", workspaces.delete_schedule),
)

# Open to anybody: where the services are, and logs, whose address holds a signature.
OPEN: tuple[Route, ...] = (
    Route("GET", "discovery", "", history.discovery),
    Route("GET", "logs/{workspace}/{run}", "", history.get_log),
)

# Open to every known identity: the identifier is the secret.
_LOCATION = f"subscriptions/{{subscription}}/providers/{PROVIDER}/locations/{{location}}"
OPERATIONS: tuple[Route, ...] = (
    Route("GET", f"{_LOCATION}/mfeOperationsStatus/{{operation}}", "", operation_status),
    Route("GET", f"{_LOCATION}/mfeOperationResults/{{operation}}", "", submission.cancellation),
)

HISTORY: tuple[Route, ...] = (
    Route("GET", "runs/{run}", "experiments/runs/read", history.get_run),
    Route("GET", "runs/{run}/details", "experiments/runs/read", history.get_details),
    Route("GET", "runs/{run}/children", "experiments/runs/read", history.list_children),
    Route("GET", "experiments/{experiment}/runs/{run}", "experiments/runs/read", history.get_run),
    Route("PATCH", "experiments/{experiment}/runs/{run}", "experiments/runs/write", history.patch_run),
)


def find(routes: tuple[Route, ...], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a path below the workspace, and the names in it."""
    for route in routes:
        if (names := route.match(method, path)) is not None:
            return route, names
    return None
