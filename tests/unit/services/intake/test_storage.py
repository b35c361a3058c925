"""Blobs that arrive in container `batch-in` of our account ask to be scored; nothing else of Azure Storage does."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.intake import Translation, read, translate
from shared.events import BatchRequested, decode, encode
from tests.support.builders import NOW, endpoint_ref, policy_document, workspace

PAYLOADS = Path(__file__).parents[3] / "payloads" / "storage"
# Payloads as Microsoft documents them, kept beside the repository where a development machine has them.
DOCUMENTED = Path(__file__).resolve().parents[5] / "shared" / "samples"
POLICY = policy_document()
ACCOUNT = "sluice"
BLOBS = "/blobServices/default/containers/batch-in/blobs/"
EVENT_GRID, FLUSHED, EMPTY = (
    "blob_created.event_grid.json",
    "blob_created_flushed.cloud_events.json",
    "blob_created_empty.cloud_events.json",
)


def event(name: str = FLUSHED, **changes: Any) -> dict[str, Any]:
    (frame,) = json.loads((PAYLOADS / name).read_text())
    data = {**frame["data"], **changes.pop("data", {})}
    return {**frame, "data": data, **changes}


def translated(frame: object, account: str = ACCOUNT) -> Translation:
    return translate(json.dumps(frame).encode(), POLICY, NOW, account)


def requested(frame: dict[str, Any]) -> BatchRequested:
    (envelope,) = translated(frame).envelopes
    assert isinstance(envelope.data, BatchRequested)
    assert decode(encode(envelope)) == envelope
    return envelope.data


@pytest.mark.parametrize("name", [EVENT_GRID, FLUSHED])
def test_a_blob_that_arrived_is_the_same_fact_in_both_schemas(name: str) -> None:
    fact = requested(event(name))
    assert fact.endpoint == endpoint_ref()
    assert fact.file.workspace == workspace("production")
    assert (fact.file.name, fact.file.etag, fact.file.size) == (
        "flights/2013 May/1.parquet",
        "0x8D4BCC2E4835CD0",
        524288,
    )


def test_one_version_of_a_blob_is_one_request_however_it_is_told_of_and_a_new_etag_another() -> None:
    first, again = translated(event(EVENT_GRID)).envelopes[0], translated(event(FLUSHED)).envelopes[0]
    newer = translated(event(data={"eTag": '"0x8D4BCC2E4835CD1"'})).envelopes[0]
    assert first.id == again.id != newer.id
    assert first.data.entity == newer.data.entity
    assert first.causation_id != again.causation_id


def test_a_file_that_is_not_written_yet_is_not_for_us() -> None:
    assert translated(event(EMPTY)) == Translation(not_for_us=1)


@pytest.mark.parametrize("length", [0, "0", 0.0])
def test_an_empty_blob_asks_for_nothing_until_it_is_told_of_again(length: object) -> None:
    assert translated(event(data={"contentLength": length})) == Translation(not_for_us=1)
    assert requested(event(data={"contentLength": 10.0})).file.size == 10


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": BLOBS.replace("batch-in", "captures") + "x.parquet"},
        {"subject": BLOBS.replace("batch-in", "batch-inside") + "x.parquet"},
        {"subject": BLOBS.replace("batch-in", "batch-out") + "flights/x.parquet"},
        {"type": "Microsoft.Storage.BlobDeleted"},
        {"source": "/subscriptions/0000/resourceGroups/x/providers/Microsoft.Storage/storageAccounts/sluice2"},
        {"source": "/subscriptions/0000/resourceGroups/x/providers/Microsoft.Web/sites/sluice"},
        {"subject": ""},
        {"subject": None},
    ],
)
def test_other_containers_accounts_and_types_are_not_for_us(changes: dict[str, Any]) -> None:
    assert translated(event(**changes)) == Translation(not_for_us=1)


def test_without_an_account_of_our_own_no_blob_is_for_us() -> None:
    assert translated(event(), account="") == Translation(not_for_us=1)


@pytest.mark.parametrize(
    "name", ["x.parquet", "/x.parquet", "../x.parquet", "a b/x.parquet", "<b>/x.parquet", "flights/"]
)
def test_a_name_that_tells_no_endpoint_is_still_a_request_so_that_it_gets_an_answer(name: str) -> None:
    fact = requested(event(subject=BLOBS + name))
    assert fact.endpoint is None
    assert fact.file.name == name


@pytest.mark.parametrize(
    "name",
    ["flights/$(reboot).csv", "flights/`x`; rm -rf .csv", "flights/../../etc.csv", "flights/" + "é" * 900 + ".csv"],
)
def test_a_hostile_name_is_a_name_and_its_entity_is_harmless(name: str) -> None:
    fact = requested(event(subject=BLOBS + name))
    assert fact.file.name == name
    assert set(fact.entity.name) <= set("flights:0123456789abcdef")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"subject": BLOBS + "flights/a\x1b[31m.csv"}, "subject"),
        ({"subject": BLOBS + "flights/a\u202e.csv"}, "subject"),
        ({"subject": BLOBS}, "subject"),
        ({"subject": BLOBS + "x" * 1025}, "subject"),
        ({"data": {"eTag": None}}, "etag"),
        ({"data": {"eTag": '"a b"'}}, "data.etag"),
        ({"data": {"contentLength": -1}}, "data.contentlength"),
        ({"data": {"contentLength": "many"}}, "data.contentlength"),
        ({"data": {"contentLength": "9" * 2000}}, "data.contentlength"),
        ({"data": {"contentLength": 10.5}}, "contentlength"),
        ({"data": {"api": 7.5}}, "api"),
    ],
)
def test_garbage_is_unreadable_and_the_reason_names_the_field(changes: dict[str, Any], field: str) -> None:
    envelopes, reason = read(json.dumps(event(**changes)).encode(), POLICY, NOW, ACCOUNT)
    assert not envelopes
    assert reason.startswith(f"{field}: ")


@pytest.mark.skipif(not DOCUMENTED.is_dir(), reason=f"the documented samples are not at {DOCUMENTED}")
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("eventgrid-storage-blob-created.json", 1),
        ("cloudevents-storage-blob-created-adls-gen2.json", 0),  # CreateFile: still empty
        ("eventgrid-storage-blob-deleted.json", 0),
        ("cloudevents-storage-blob-tier-changed-single-object.json", 0),
    ],
)
def test_the_samples_of_the_documentation_are_read(name: str, count: int) -> None:
    text = (DOCUMENTED / name).read_text().replace("{subscription-id}", "0000")
    for container in ("my-file-system", "test-container", "testcontainer"):
        text = text.replace(f"containers/{container}/", "containers/batch-in/")
    found = translate(text.encode(), POLICY, NOW, "my-storage-account")
    assert not found.problems
    assert len(found.envelopes) == count
    assert found.not_for_us == 1 - count
