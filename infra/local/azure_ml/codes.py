"""Code folders: found again by their hash, uploaded by the client itself through a SAS."""

from uuid import uuid4

from infra.local.azure_ml.answer import Answer
from infra.local.azure_ml.arm import page
from infra.local.azure_ml.assets import Kind
from infra.local.azure_ml.call import Call
from infra.local.azure_ml.resources import Resource
from infra.local.azure_ml.storage import Place

CODES = Kind("codes", fixed=("codeUri",))


async def list_versions(call: Call) -> Answer:
    """With `hash`, the name in the path does not matter: the client asks under a fresh one whether content exists."""
    resources = call.state.resources
    wanted = call.option("hash")
    if wanted is None:
        found = list(resources.children(call.path("codes/{name}/versions")))
    else:
        found = [item for code in resources.children(call.path("codes")) for item in _versions(call, code)]
        found = [item for item in found if _hash(item) == wanted]
    return Answer(200, page([item.body for item in found], call.url, call.query))


async def start_pending_upload(call: Call) -> Answer:
    """A container of its own for each code asset, so that a SAS opens nothing else."""
    container = f"code-{uuid4()}"
    await call.state.storage.ensure(container)
    url = call.state.storage.url(Place(container, ""))
    reference = {
        "blobUri": url,
        "credential": {"credentialType": "SAS", "sasUri": f"{url}?{call.state.storage.sas(container)}"},
        "storageAccountArmId": call.state.storage_account_id(),
    }
    return Answer(
        200,
        {
            "pendingUploadId": str(uuid4()),
            "pendingUploadType": "TemporaryBlobReference",
            "blobReferenceForConsumption": reference,
        },
    )


def _versions(call: Call, code: Resource) -> list[Resource]:
    return list(call.state.resources.children(f"{code.path}/versions"))


def _hash(version: Resource) -> str | None:
    properties = version.properties.get("properties") or {}
    return properties.get("hash_sha256")
