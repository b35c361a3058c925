"""Azurite as the local system runs it: what survives which signal, and what an app's own key may do."""

import os
import signal
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient

from infra.local import azurite, storage, topology
from infra.local.addresses import Addresses
from infra.local.ports import choose
from infra.local.probes import accepts
from infra.local.state import State
from infra.local.supervisor import Program, Supervisor
from tests.support.azurite import Azurite
from tests.support.eventually import aeventually, eventually


@pytest.fixture
async def supervisor(tmp_path: Path) -> AsyncIterator[Supervisor]:
    made = Supervisor(tmp_path / "logs", lambda _: None)
    yield made
    await made.stop()


@pytest.fixture
async def addresses(tmp_path: Path, supervisor: Supervisor) -> Addresses:
    state = State(ports=choose(dict.fromkeys(azurite.SERVICES, 0), {}))
    made = Addresses(tmp_path, state, tmp_path / "bundle.pem")
    command = azurite.command(tmp_path / "data", state.ports)
    ready = accepts(state.ports.values())
    await supervisor.start(Program("azurite", command, ready, azurite.environment(made.accounts()), stop_within_s=30))
    await storage.create(made)
    return made


async def restarted(supervisor: Supervisor, number: signal.Signals) -> None:
    process_id = supervisor.reports()["azurite"]["pid"]
    assert process_id is not None
    os.kill(process_id, number)

    async def back() -> bool:
        report = supervisor.reports()["azurite"]
        return report["restarts"] == 1 and report["state"] == "ready"

    await aeventually(back)


def rows(addresses: Addresses) -> int:
    with TableServiceClient.from_connection_string(addresses.storage_root()) as tables:
        return len(list(tables.get_table_client("ledger").list_entities()))


def holds(file: Path, text: str) -> bool:
    return text in file.read_text()


def write_rows(addresses: Addresses, count: int) -> None:
    with TableServiceClient.from_connection_string(addresses.storage_root()) as tables:
        for number in range(count):
            tables.get_table_client("ledger").upsert_entity({"PartitionKey": "p", "RowKey": str(number)})


async def test_sigterm_at_once_loses_nothing(addresses: Addresses, supervisor: Supervisor) -> None:
    write_rows(addresses, 50)
    await restarted(supervisor, signal.SIGTERM)
    assert rows(addresses) == 50


async def test_what_was_saved_by_the_fast_autosave_survives_even_a_kill(
    addresses: Addresses, supervisor: Supervisor, tmp_path: Path
) -> None:
    saved, took = tmp_path / "data" / "__azurite_db_table__.json", []
    for count in range(20, 25):
        began = time.monotonic()
        write_rows(addresses, count)
        eventually(partial(holds, saved, f'"RowKey":"{count - 1}"'))
        took.append(time.monotonic() - began)
    # Stock Azurite saves every 5 s, so that only the first of these could be quick; this one ten times a second.
    assert min(took[1:]) < 3
    await restarted(supervisor, signal.SIGKILL)
    assert rows(addresses) == 24


def test_what_it_acknowledged_survives_a_kill_at_any_moment_when_it_saves_first(tmp_path: Path) -> None:
    """Rows one by one and in transactions, and blobs, killed without a pause after the last answer, five times."""
    with Azurite(tmp_path, saves_first=True) as storage:
        connection = storage.connection_string
        TableServiceClient.from_connection_string(connection).create_table("rows")
        BlobServiceClient.from_connection_string(connection).create_container("blobs")
        for life in range(5):
            with (
                TableServiceClient.from_connection_string(connection) as tables,
                BlobServiceClient.from_connection_string(connection) as blobs,
            ):
                table, container = tables.get_table_client("rows"), blobs.get_container_client("blobs")
                assert len(list(table.list_entities())) == 6 * life
                assert len(list(container.list_blob_names())) == 2 * life
                container.upload_blob(f"{life}-1", b"kept")
                table.upsert_entity({"PartitionKey": "p", "RowKey": f"{life}"})
                together = [("create", {"PartitionKey": "p", "RowKey": f"{life}-{number}"}) for number in range(5)]
                table.submit_transaction(together)
                container.upload_blob(f"{life}-2", b"kept")
                storage.kill()
                storage.start()


async def test_creating_everything_again_changes_nothing(addresses: Addresses) -> None:
    write_rows(addresses, 3)
    await storage.create(addresses)
    with BlobServiceClient.from_connection_string(addresses.storage_root()) as blobs:
        assert {each.name for each in blobs.list_containers()} == set(topology.CONTAINERS)
    with TableServiceClient.from_connection_string(addresses.storage_root()) as tables:
        assert {each.name for each in tables.list_tables()} == set(topology.TABLES)
    assert rows(addresses) == 3


async def test_scoring_reads_models_and_creates_captures_but_overwrites_and_deletes_nothing(
    addresses: Addresses,
) -> None:
    with BlobServiceClient.from_connection_string(addresses.storage("scoring")) as blobs:
        capture = blobs.get_blob_client("captures", "block")
        capture.upload_blob(b"rows")
        with pytest.raises(HttpResponseError, match="not authorized"):
            capture.upload_blob(b"other rows", overwrite=True)
        with pytest.raises(HttpResponseError, match="not authorized"):
            capture.delete_blob()
    assert "TableEndpoint" not in addresses.storage("scoring")


async def test_the_gateway_only_reads(addresses: Addresses) -> None:
    write_rows(addresses, 1)
    with TableServiceClient.from_connection_string(addresses.storage("gateway")) as tables:
        ledger = tables.get_table_client("ledger")
        assert len(list(ledger.list_entities())) == 1
        with pytest.raises(HttpResponseError, match="not authorized"):
            ledger.upsert_entity({"PartitionKey": "p", "RowKey": "forged"})


async def test_a_hosts_own_account_does_not_open_the_products(addresses: Addresses) -> None:
    host, product = addresses.account("scoringhost"), addresses.account(topology.STORAGE_ACCOUNT)
    forged = azurite.Account(product.name, host.key, product.ports)
    with (
        BlobServiceClient.from_connection_string(forged.connection_string(), retry_total=0) as blobs,
        pytest.raises(HttpResponseError, match=r"AuthorizationFailure|authenticate|not authorized"),
    ):
        list(blobs.list_containers())
