"""The `azureml://` addresses of data, and the blobs behind them."""

import re
from dataclasses import dataclass

from infra.local.azure_ml.arm import bad_request, not_found, parse_asset
from infra.local.azure_ml.state import State
from infra.local.azure_ml.storage import CONTAINER, Place

DEFAULT_DATASTORE = "workspaceblobstore"
_JOB = re.compile(r"^azureml://jobs/(?P<job>[^/]+)/outputs/(?P<output>[^/]+)(?:/paths(?:/(?P<path>.*))?)?$")
_DATASTORE = re.compile(
    r"^azureml://(?:subscriptions/[^/]+/resource[gG]roups/[^/]+/(?:providers/[^/]+/)?workspaces/(?P<workspace>[^/]+)/)?"
    r"datastores/(?P<datastore>[^/]+)/paths/(?P<path>.*)$"
)


@dataclass(frozen=True)
class JobOutput:
    job: str
    output: str
    path: str


def job_output(uri: str) -> JobOutput | None:
    match = _JOB.match(uri)
    return JobOutput(match["job"], match["output"], (match["path"] or "").strip("/")) if match else None


def output_path(job: str, output: str) -> str:
    """Where in the default datastore a job's output lies."""
    return f"azureml/{job}/{output}/"


def long_uri(state: State, workspace: str, uri: str) -> str:
    """The datastore URI that says the same wherever it is read; other URIs are left alone."""
    if output := job_output(uri):
        path = output_path(output.job, output.output) + output.path
        return _long(state, workspace, DEFAULT_DATASTORE, path)
    match = _DATASTORE.match(uri)
    if match and match["workspace"] is None:
        return _long(state, workspace, match["datastore"], match["path"])
    return uri


def locate(state: State, workspace: str, uri: str) -> Place:
    """The blobs a URI, a blob URL or a model or data reference names; raises `ArmError` when it names none of ours."""
    if uri.startswith("azureml://"):
        return _locate_datastore(state, workspace, long_uri(state, workspace, uri))
    if asset := parse_asset(uri):
        return locate(state, workspace, _asset_uri(state, workspace, asset.kind, asset.name, asset.version))
    place = state.storage.place(uri)
    if place is None:
        raise bad_request(f"'{uri}' is no azureml:// address, no registered asset, and not in the workspace's storage.")
    return place


def _locate_datastore(state: State, workspace: str, uri: str) -> Place:
    match = _DATASTORE.match(uri)
    if match is None:
        raise bad_request(f"'{uri}' is not a datastore address.")
    if match["datastore"].lower() == DEFAULT_DATASTORE:
        return Place(CONTAINER, match["path"])
    datastore = state.resources.get(f"{match['workspace'] or workspace}/datastores/{match['datastore']}")
    if datastore is None:
        raise not_found(f"datastore {match['datastore']}")
    return Place(datastore.properties["containerName"], match["path"])


def _asset_uri(state: State, workspace: str, kind: str | None, name: str, version: str) -> str:
    fields = {"models": "modelUri", "data": "dataUri", "codes": "codeUri"}
    for candidate in [kind] if kind else ["models", "data"]:
        asset = state.resources.get(f"{workspace}/{candidate}/{name}/versions/{version}")
        if asset is not None and candidate in fields:
            return str(asset.properties[fields[candidate]])
    raise not_found(f"asset {name}:{version}")


def _long(state: State, workspace: str, datastore: str, path: str) -> str:
    config = state.config
    return (
        f"azureml://subscriptions/{config.subscription_id}/resourceGroups/{config.resource_group}"
        f"/workspaces/{workspace}/datastores/{datastore}/paths/{path}"
    )
