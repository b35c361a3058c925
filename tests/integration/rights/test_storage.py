"""Every app against every container and table, with its own SAS: exactly the design's table (section 2), tried.

Where the SAS is wider than the design, the test fails as expected, strictly: the day it is narrower, that is noticed.
"""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient, ContainerClient

from infra.local import topology
from infra.local.azurite import Account
from tests.integration.rights.table import WIDER, blobs, is_wider, tables
from tests.support.azurite import ACCOUNT, KEY, Azurite

pytestmark = pytest.mark.local_only
_DENIED = 403


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """An account of its own, with everything that a deployment creates."""
    with Azurite(tmp_path_factory.mktemp("rights")) as running:
        with BlobServiceClient.from_connection_string(running.connection_string) as service:
            for container in topology.CONTAINERS:
                service.create_container(container)
        with TableServiceClient.from_connection_string(running.connection_string) as account:
            for table in topology.TABLES:
                account.create_table(table)
        yield running


def connection(storage: Azurite, owner: str) -> str:
    """As the app gets it; an endpoint that it is not told is added, so that its key is tried there, too."""
    grant = topology.STORAGE_GRANTS[owner]
    ports = {"blob": storage.blob_port, "queue": storage.queue_port, "table": storage.table_port}
    account = Account(ACCOUNT, KEY, ports)
    limited = account.limited(grant.services, grant.permissions)
    known = {"BlobEndpoint": account.endpoint("blob"), "TableEndpoint": account.endpoint("table")}
    return ";".join([*(f"{name}={address}" for name, address in known.items() if name not in limited), limited])


def allowed(attempts: dict[str, Callable[[], object]]) -> set[str]:
    return {right for right, attempt in attempts.items() if _is_allowed(attempt)}


def _is_allowed(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (HttpResponseError, ClientAuthenticationError) as error:
        if error.status_code != _DENIED:
            raise
        return False
    return True


def on_blobs(container: ContainerClient, seed: str) -> dict[str, Callable[[], object]]:
    return {
        "r": lambda: container.download_blob(seed).readall(),
        "c": lambda: container.upload_blob(f"new-{uuid4().hex}", b"x", overwrite=False),
        "w": lambda: container.upload_blob(seed, b"other", overwrite=True),
        "l": lambda: list(container.list_blobs()),
        "d": lambda: container.delete_blob(seed),
    }


def cases(service: str, names: tuple[str, ...], wanted: Callable[[str, str], set[str]]) -> list[object]:
    strict = pytest.mark.xfail(strict=True, reason=WIDER)
    return [
        pytest.param(owner, name, marks=[strict] if is_wider(owner, service, wanted(owner, name)) else [])
        for owner in topology.STORAGE_GRANTS
        for name in names
    ]


@pytest.mark.parametrize(("owner", "container"), cases("b", topology.CONTAINERS, blobs))
def test_on_a_container_it_may_do_just_this(storage: Azurite, owner: str, container: str) -> None:
    seed = f"seed-{uuid4().hex}"
    with BlobServiceClient.from_connection_string(storage.connection_string) as root:
        root.get_container_client(container).upload_blob(seed, b"seed")
    with BlobServiceClient.from_connection_string(connection(storage, owner), retry_total=0) as service:
        assert allowed(on_blobs(service.get_container_client(container), seed)) == blobs(owner, container)


@pytest.mark.parametrize(("owner", "table"), cases("t", topology.TABLES, tables))
def test_on_a_table_it_may_do_just_this(storage: Azurite, owner: str, table: str) -> None:
    row = {"PartitionKey": "p", "RowKey": uuid4().hex}
    with TableServiceClient.from_connection_string(storage.connection_string) as root:
        root.get_table_client(table).create_entity(row)
    with TableServiceClient.from_connection_string(connection(storage, owner), retry_total=0) as service:
        client = service.get_table_client(table)
        tried = allowed(
            {
                "r": lambda: client.get_entity("p", row["RowKey"]),
                "w": lambda: client.upsert_entity({**row, "changed": True}),
                "d": lambda: client.delete_entity("p", row["RowKey"]),
            }
        )
    assert tried == tables(owner, table)


@pytest.mark.parametrize("owner", ["gateway", "operators"])
@pytest.mark.parametrize("container", topology.CONTAINERS)
def test_who_only_looks_can_change_nothing_anywhere(storage: Azurite, owner: str, container: str) -> None:
    """What holds in spite of the wider SAS."""
    seed = f"seed-{uuid4().hex}"
    with BlobServiceClient.from_connection_string(storage.connection_string) as root:
        root.get_container_client(container).upload_blob(seed, b"seed")
    with BlobServiceClient.from_connection_string(connection(storage, owner), retry_total=0) as service:
        assert allowed(on_blobs(service.get_container_client(container), seed)) == {"r", "l"}


@pytest.mark.parametrize("container", topology.CONTAINERS)
def test_scoring_overwrites_and_deletes_nothing_anywhere(storage: Azurite, container: str) -> None:
    seed = f"seed-{uuid4().hex}"
    with BlobServiceClient.from_connection_string(storage.connection_string) as root:
        root.get_container_client(container).upload_blob(seed, b"seed")
    with BlobServiceClient.from_connection_string(connection(storage, "scoring"), retry_total=0) as service:
        assert not allowed(on_blobs(service.get_container_client(container), seed)) & {"w", "d"}


def test_every_app_is_in_the_table() -> None:
    owners = {"control", "gateway", "scoring", "jobs", "operators", "submitters", "menders"}
    assert set(topology.STORAGE_GRANTS) == owners
