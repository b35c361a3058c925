"""New blobs of a watched container are told of in the documented shape, which Sluice's intake reads."""

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient

from services.intake import translate
from tests.local.azure_ml.emulator_process import GROUP, SUBSCRIPTION, Certificates, EmulatorProcess, configuration
from tests.local.azure_ml.inbox import Inbox
from tests.support.azurite import ACCOUNT, Azurite
from tests.support.builders import NOW, policy_document
from tests.support.eventhubs import EventHubsServer

pytestmark = pytest.mark.azure_untested


@pytest.fixture
def container(azurite: Azurite) -> Iterator[ContainerClient]:
    with BlobServiceClient.from_connection_string(azurite.connection_string) as blobs:
        name = f"batch-{uuid4().hex[:8]}"
        yield blobs.get_container_client(name)
        blobs.delete_container(name)


def put(container: ContainerClient, name: str, body: bytes) -> str:
    """Its ETag, with quotes."""
    return str(container.upload_blob(name, body, overwrite=True).get_blob_properties().etag)


def test_a_blob_is_told_of_once_for_each_version_of_it(
    tmp_path_factory: pytest.TempPathFactory, azurite: Azurite, certificates: Certificates, container: ContainerClient
) -> None:
    watched = container.container_name
    with EventHubsServer(tmp_path_factory.mktemp("hub"), {"inbound": 1}) as hub:
        connection = hub.connection_string("inbound")
        config = configuration(azurite.connection_string, connection)
        config["events"]["watched"] = [watched]
        emulator = EmulatorProcess(tmp_path_factory.mktemp("watching"), config, certificates).start()
        try:
            with Inbox(connection) as inbox:
                container.create_container()
                first = put(container, "flights/May 1.parquet", b"rows")
                (event,) = inbox.wait("May 1", "BlobCreated")
                second = put(container, "flights/May 1.parquet", b"more rows")
                put(container, "flights/last.parquet", b"x")
                inbox.wait("last", "BlobCreated")
                told = inbox.about("May 1", "BlobCreated")
        finally:
            emulator.end()
    assert [each["data"]["eTag"] for each in told] == [first, second]
    assert event["subject"] == f"/blobServices/default/containers/{watched}/blobs/flights/May 1.parquet"
    assert event["source"].startswith(
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Storage"
    )
    assert (event["data"]["contentLength"], event["data"]["blobType"]) == (4, "BlockBlob")
    ours = json.dumps([event]).replace(watched, "batch-in").encode()
    (fact,) = translate(ours, policy_document(), NOW, ACCOUNT).envelopes
    assert fact.data.file.name == "flights/May 1.parquet"
    assert fact.data.file.etag == first.strip('"')
