"""Models: where their files lie is resolved once, at registration, and never changes."""

from infra.local.azure_ml import uris
from infra.local.azure_ml.arm import bad_request, not_found
from infra.local.azure_ml.assets import Kind
from infra.local.azure_ml.call import Call
from infra.local.azure_ml.events import shapes
from infra.local.azure_ml.resources import Json


async def _prepare(call: Call, properties: Json) -> Json:
    uri = properties.get("modelUri")
    if not isinstance(uri, str) or not uri:
        raise bad_request("properties.modelUri must name the model's files.")
    if output := uris.job_output(uri):
        await _check_output(call, output)
        properties["jobName"] = output.job
    properties["modelUri"] = uris.long_uri(call.state, call.workspace, uri)
    # The client iterates over flavors and fails on null, after the write succeeded.
    properties["flavors"] = properties.get("flavors") or {}
    return properties


async def _check_output(call: Call, output: uris.JobOutput) -> None:
    job = call.state.resources.get(f"{call.workspace}/jobs/{output.job}")
    if job is None:
        raise not_found(f"job {output.job}")
    place = uris.locate(
        call.state, call.workspace, f"azureml://jobs/{output.job}/outputs/{output.output}/paths/{output.path}"
    )
    if not await call.state.storage.exists(place):
        raise bad_request(f"Job {output.job} has no output {output.output} with anything at path '{output.path}'.")


def _registered(call: Call, properties: Json) -> None:
    event = shapes.model_registered(
        call.state.workspace_id(call.workspace), call.names["name"], call.names["version"], properties
    )
    call.state.outbox.publish(event)


MODELS = Kind("models", fixed=("modelUri",), prepare=_prepare, created=_registered)
