"""Every store of model packages fetches from our datastores only, and adopts by digest only."""

from collections.abc import Mapping
from uuid import uuid4

import pytest

from shared.adapters.azure.storage.model_packages import BlobModelPackages
from shared.adapters.memory import MemoryModelPackages
from shared.packages import digest, fetch_files
from shared.ports import Absent, ModelPackages, Refused
from tests.contract.conftest import Account

pytestmark = pytest.mark.azure_untested
PARQUET = b"PAR1" + bytes(8) + b"PAR1"
FILES = {
    "model.onnx": b"onnx" * 1000,
    "signature.json": b"{}",
    "reference.parquet": PARQUET,
    "golden.parquet": PARQUET + PARQUET,
    "metrics.json": b'{"rows": 10}',
    "environment.yml": b"name: flights\n",
    "trained_until": b"2026-05-01T00:00:00Z",
}
LONG = "azureml://subscriptions/s/resourceGroups/r/workspaces/w/datastores/workspaceblobstore/paths/{folder}"
SHORT = "azureml://datastores/workspaceblobstore/paths/{folder}"


class Shelf:
    """The packages, and a team's storage to put files into."""

    def __init__(self, place: Account | None, containers: tuple[str, str] = ("", "")) -> None:
        self.place, self.containers = place, containers
        self.memory = MemoryModelPackages(limit_bytes=10_000)

    @property
    def port(self) -> ModelPackages:
        if self.place is None:
            return self.memory
        datastores = {"workspaceblobstore": self.containers[0]}
        return BlobModelPackages(self.place.storage.blobs, datastores, self.containers[1], limit_bytes=10_000)

    async def put(self, folder: str, location: str, files: Mapping[str, bytes]) -> None:
        self.memory.locations[location] = files
        if self.place is not None:
            container = self.place.storage.blobs.get_container_client(self.containers[0])
            for name, body in files.items():
                await container.upload_blob(f"{folder}/{name}", body)


@pytest.fixture
async def shelf(place: Account | None) -> Shelf:
    if place is None:
        return Shelf(None)
    return Shelf(place, (await place.container("azureml"), await place.container("models")))


@pytest.mark.parametrize("address", [LONG, SHORT, LONG + "/"])
async def test_a_registered_folder_is_fetched_whole(shelf: Shelf, address: str) -> None:
    folder = f"jobs/{uuid4().hex}/model"
    await shelf.put(folder, address.format(folder=folder), FILES)
    await shelf.put(f"{folder}-2", SHORT.format(folder=f"{folder}-2"), {"model.onnx": b"of another"})
    assert await shelf.port.fetch(address.format(folder=folder)) == FILES


async def test_an_empty_folder_is_absent(shelf: Shelf) -> None:
    with pytest.raises(Absent):
        await shelf.port.fetch(SHORT.format(folder="nothing/here"))


async def test_a_folder_beyond_the_limit_is_refused(shelf: Shelf) -> None:
    location = SHORT.format(folder="large")
    await shelf.put("large", location, {"model.onnx": bytes(10_001)})
    with pytest.raises(Refused, match="10000"):
        await shelf.port.fetch(location)


async def test_adopted_files_are_read_by_digest_and_name(shelf: Shelf) -> None:
    known_by = digest(FILES)
    for _ in range(2):
        await shelf.port.adopt(known_by, FILES)
    assert {name: await shelf.port.read(known_by, name) for name in FILES} == FILES


async def test_files_that_the_signature_lists_are_fetched_adopted_and_read_with_the_others(shelf: Shelf) -> None:
    listed = b'{"files": ["weights.bin", "tests/test_limits.py"]}'
    files = {**FILES, "signature.json": listed, "weights.bin": b"numbers", "tests/test_limits.py": b"def test(): ..."}
    await shelf.put("listed", SHORT.format(folder="listed"), files)
    assert await shelf.port.fetch(SHORT.format(folder="listed")) == files
    await shelf.port.adopt(digest(files), files)
    assert await fetch_files(lambda name: shelf.port.read(digest(files), name)) == files


async def test_files_under_a_digest_that_is_not_theirs_are_refused(shelf: Shelf) -> None:
    with pytest.raises(Refused, match="digest"):
        await shelf.port.adopt(digest(FILES), {**FILES, "model.onnx": b"another"})
    with pytest.raises(Absent):
        await shelf.port.read(digest(FILES), "model.onnx")


async def test_files_that_are_no_package_are_refused(shelf: Shelf) -> None:
    with pytest.raises(Refused, match=r"model\.pkl"):
        await shelf.port.adopt("0" * 64, {**FILES, "model.pkl": b""})


async def test_what_was_never_adopted_is_absent(shelf: Shelf) -> None:
    await shelf.port.adopt(digest(FILES), FILES)
    for known_by, name in ((digest(FILES), "model.pkl"), ("0" * 64, "model.onnx"), (digest(FILES), "../model.onnx")):
        with pytest.raises(Absent):
            await shelf.port.read(known_by, name)


@pytest.mark.parametrize(
    "location",
    [
        "azureml://datastores/other/paths/model",
        "azureml://datastores/workspaceblobstore/paths/../secrets",
        "azureml://datastores/workspaceblobstore/paths/a//b",
        "azureml://datastores/workspaceblobstore/paths/a\\b",
        "azureml://datastores/workspaceblobstore/paths/",
        "azureml://jobs/j/outputs/model/paths/",
        "https://evil.example.com/model",
        "file:///etc",
        "",
    ],
)
async def test_a_location_outside_our_datastores_is_refused(account: Account, location: str) -> None:
    packages = BlobModelPackages(account.storage.blobs)
    with pytest.raises(Refused, match="location"):
        await packages.fetch(location)
