"""What scoring reads with the standard library is what the storage SDK wrote, and its failures have the same names."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from azure.storage.blob.aio import BlobServiceClient

from shared.adapters.azure.storage.blob_reading import BlobReader, ReadManifests, ReadPackages
from shared.adapters.azure.storage.model_packages import BlobModelPackages
from shared.adapters.azure.storage.serving import BlobServingManifests
from shared.packages import digest
from shared.ports import Absent, Manifest, Route, Unavailable
from tests.contract.conftest import Account
from tests.contract.examples import ENDPOINT, NOON, PACKAGE
from tests.support.azurite import Azurite
from tests.support.onnx_models import package_files

pytestmark = pytest.mark.azure_untested
FILES = package_files()


@pytest.fixture
async def reader(account: Account) -> AsyncIterator[BlobReader]:
    found = BlobReader(account.storage.address)
    yield found
    found.close()


@pytest.mark.parametrize(
    "address",
    [
        "UseDevelopmentStorage=true",
        "DefaultEndpointsProtocol=https;AccountName=sluice;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net",
        "AccountName=sluice;AccountKey=c2VjcmV0",
        "BlobEndpoint=http://127.0.0.1:1/sluice;SharedAccessSignature=sv=1&sig=secret",
        "AccountName=sluice;AccountKey=c2VjcmV0;BlobEndpoint=http://127.0.0.1:1/sluice;TableEndpoint=http://127.0.0.1:2/",
    ],
)
def test_an_address_means_what_the_storage_sdk_takes_it_for(address: str) -> None:
    assert BlobReader(address).url.rstrip("/") == BlobServiceClient.from_connection_string(address).url.split("?")[
        0
    ].rstrip("/")


@pytest.mark.parametrize("path", ["", "/", "/sluice"])
def test_an_account_s_blob_address_is_its_host(path: str) -> None:
    address = f"https://sluice.blob.core.windows.net{path}"
    assert BlobReader(address).url.rstrip("/") == BlobServiceClient(address, "key").url.rstrip("/")


@pytest.mark.parametrize("address", ["", "sluice", "AccountKey=c2VjcmV0"])
def test_what_is_no_address_is_said_without_showing_it(address: str) -> None:
    with pytest.raises(ValueError, match="connection string"):
        BlobReader(address)


async def test_a_manifest_is_read_as_it_was_written(account: Account, reader: BlobReader) -> None:
    container = await account.container("serving")
    written, read = BlobServingManifests(account.storage.blobs, container), ReadManifests(reader, container)
    assert await read.read(ENDPOINT) == Manifest(endpoint=ENDPOINT) == await written.read(ENDPOINT)
    for generation in (1, 2):
        await written.swap(Manifest(
            endpoint=ENDPOINT, generation=generation, routes=(Route(package=PACKAGE),), changed_by=f"{generation}",
            changed_at=NOON,
        ))  # fmt: skip
        assert (await read.read(ENDPOINT)).generation == generation
    assert await read.read(ENDPOINT) == await written.read(ENDPOINT)


async def test_what_was_ever_served_is_listed_as_the_sdk_lists_it(account: Account, reader: BlobReader) -> None:
    container = await account.container("serving")
    written, read = BlobServingManifests(account.storage.blobs, container), ReadManifests(reader, container)
    assert await read.served(ENDPOINT.workspace) == ()
    for name in ("Trains", "flights", "a-b_c.d"):
        endpoint = ENDPOINT.model_copy(update={"name": name})
        await written.swap(Manifest(endpoint=endpoint, generation=1, changed_by="effect-1"))
    found = await read.served(ENDPOINT.workspace)
    assert [each.name for each in found] == ["a-b_c.d", "flights", "trains"]
    assert found == await written.served(ENDPOINT.workspace)


async def test_a_package_is_read_file_by_file(account: Account, reader: BlobReader) -> None:
    container = await account.container("models")
    packages, read = BlobModelPackages(account.storage.blobs, {}, container), ReadPackages(reader, container)
    await packages.adopt(digest(FILES), FILES)
    assert {name: await read.read(digest(FILES), name) for name in FILES} == FILES
    with pytest.raises(Absent):
        await read.read(digest(FILES), "no-such-file")


async def test_a_missing_container_is_no_empty_one(reader: BlobReader) -> None:
    with pytest.raises(Unavailable, match="ContainerNotFound"):
        await ReadManifests(reader, "never-provisioned").read(ENDPOINT)
    with pytest.raises(Unavailable, match="ContainerNotFound"):
        await ReadManifests(reader, "never-provisioned").served(ENDPOINT.workspace)


async def test_a_key_that_is_not_taken_is_unavailable_and_not_shown(azurite: Azurite) -> None:
    fields = [part for part in azurite.connection_string.split(";") if not part.startswith("AccountKey=")]
    reader = BlobReader(";".join([*fields, "AccountKey=c2VjcmV0"]))
    with pytest.raises(Unavailable, match="403") as refused:
        await ReadManifests(reader).read(ENDPOINT)
    assert "c2VjcmV0" not in str(refused.value)
    reader.close()


async def test_an_account_that_is_down_is_unavailable(tmp_path: Path) -> None:
    with Azurite(tmp_path) as azurite:
        reader = BlobReader(azurite.connection_string)
    with pytest.raises(Unavailable):
        await ReadManifests(reader).read(ENDPOINT)
    reader.close()
