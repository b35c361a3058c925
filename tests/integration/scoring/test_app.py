"""The app as its callers, its operators and the hub see it."""

import asyncio
import gzip
import json
import zlib
from collections import Counter
from typing import Any
from uuid import uuid4

import aiohttp
import pyarrow as pa
import pytest

from services.scoring import ARROW_TYPE
from shared.events import CaptureLost, EndpointRef, ModelLoadFailed, PredictionsCaptured, ServingReported
from shared.ports import Route
from tests.integration.scoring.conftest import MakeApp
from tests.support.arrow_streams import batch_of, stream_of
from tests.support.eventhubs import EventHubsServer
from tests.support.eventually import aeventually
from tests.support.onnx_models import expected_probability, package_files, sample_rows, tensors
from tests.support.scoring_app import GROUP, HubReader, ScoringApp, storage_clients


def probabilities(body: Any) -> list[float]:
    found: list[float] = next(each["data"] for each in body["outputs"] if each["name"] == "probability")
    return found


async def test_it_scores_and_says_which_version_did(app: ScoringApp, session: aiohttp.ClientSession) -> None:
    rows = sample_rows(5)
    status, body, headers = await app.ask(session, tensors(rows))
    assert status == 200
    assert probabilities(body) == pytest.approx([expected_probability(row) for row in rows], rel=1e-4)
    assert headers["sluice-model-version"] == "1"
    for path in ("/v2/health/live", "/v2/health/ready", "/v2", "/v2/models/flights", "/v2/models/flights/ready",
                 "/v2/models/flights/versions/1", "/v2/models/flights/versions/1/ready"):  # fmt: skip
        async with session.get(app.url + path) as response:
            assert response.status == 200, path
    status, body, _ = await app.ask(session, tensors(rows), "/v2/models/flights/versions/7/infer")
    assert (status, "error" in body) == (404, True)
    assert (await app.ask(session, b"{"))[0] == 400


@pytest.mark.parametrize("length", ["9" * 5_000, "9" * 16, "-1", "x", "\u0661\u0662"])
async def test_the_length_of_a_json_part_is_a_number_or_a_400(
    app: ScoringApp, session: aiohttp.ClientSession, length: str
) -> None:
    status, body, _ = await app.ask(session, tensors(sample_rows(1)), **{"inference-header-content-length": length})
    assert (status, body["error"].partition(":")[0]) == (400, "inference-header-content-length")


async def test_many_rows_may_come_and_go_as_an_arrow_stream(app: ScoringApp, session: aiohttp.ClientSession) -> None:
    rows = sample_rows(2_000)
    kind = {"content-type": ARROW_TYPE}
    status, body, headers = await app.ask(session, stream_of(batch_of(rows)), **kind)
    assert (status, headers["content-type"], headers["sluice-model-version"]) == (200, ARROW_TYPE, "1")
    found = pa.ipc.open_stream(body).read_all().column("probability").to_pylist()
    assert found == pytest.approx([expected_probability(row) for row in rows], rel=1e-4)
    status, body, _ = await app.ask(session, stream_of(batch_of(rows, month=pa.array([None] * 2_000))), **kind)
    assert (status, body["error"][:21]) == (400, "month: expected shape")


async def test_bodies_may_be_packed_and_have_the_limit_that_is_set(
    make_app: MakeApp, session: aiohttp.ClientSession
) -> None:
    app = make_app(BODY_LIMIT_MB="1")
    await app.serve(await app.adopt())
    await app.start()
    await app.serves(session, "1")
    rows = sample_rows(2_000)
    body = json.dumps(tensors(rows)).encode()
    expected = pytest.approx([expected_probability(row) for row in rows], rel=1e-4)
    for coding, pack in (("gzip", gzip.compress), ("deflate", zlib.compress)):
        status, answer, headers = await app.ask(
            session, pack(body), **{"content-encoding": coding, "accept-encoding": coding}
        )
        assert (status, headers.get("content-encoding")) == (200, coding)
        assert probabilities(answer) == expected
        status, answer, _ = await app.ask(session, pack(bytes(2 << 20)), **{"content-encoding": coding})
        assert (status, answer["error"]) == (413, "body: at most 1048576 bytes are taken, packed and unpacked")
    status, _, headers = await app.ask(session, body, **{"accept-encoding": "identity"})
    assert (status, headers.get("content-encoding")) == (200, None)
    assert (await app.ask(session, b" " * (1 << 20) + body))[0] == 413
    status, answer, headers = await app.ask(session, body, **{"content-encoding": "br"})
    assert (status, headers["accept-encoding"]) == (415, "gzip, deflate, identity")


async def test_a_switch_under_load_fails_no_request(app: ScoringApp, session: aiohttp.ClientSession) -> None:
    answered: Counter[tuple[int, str]] = Counter()
    done = asyncio.Event()

    async def caller() -> None:
        while not done.is_set():
            status, _, headers = await app.ask(session, tensors(sample_rows(2)))
            answered[status, headers.get("sluice-model-version", "")] += 1

    callers = [asyncio.create_task(caller()) for _ in range(8)]
    first = await app.adopt("1")
    second = await app.adopt("2", weight=0.5, padding_bytes=1 << 20)
    await app.serve(second, previous=Route(package=first))
    await app.serves(session, "2")
    at_switch = sum(answered.values())

    async def enough() -> bool:
        return sum(answered.values()) >= at_switch + 100

    await aeventually(enough)
    done.set()
    await asyncio.gather(*callers)
    assert {status for status, _ in answered} == {200}
    assert answered[200, "1"] > 0
    assert answered[200, "2"] > 0


async def test_every_scored_row_reaches_the_hub_and_the_report_counts_it(
    app: ScoringApp, session: aiohttp.ClientSession, hub: HubReader
) -> None:
    requests = [{**tensors(sample_rows(3, seed)), "id": f"r{seed}"} for seed in range(40)]
    await asyncio.gather(*(app.ask(session, request) for request in requests))
    await hub.until(lambda: sum(len(block.keys) for block in hub.of(PredictionsCaptured)) >= 120)
    keys = [key for block in hub.of(PredictionsCaptured) for key in block.keys]
    assert sorted(keys) == sorted(f"r{seed}-{row}" for seed in range(40) for row in range(3))
    await hub.until(lambda: any(r.versions and r.versions[0].rows == 120 for r in hub.of(ServingReported)))
    # Partitions come in any order: the last that was read need not be the newest.
    last = next(r for r in hub.of(ServingReported) if r.versions and r.versions[0].rows == 120)
    assert (last.generation, last.versions[0].requests) == (1, 40)
    assert hub.of(CaptureLost) == []


async def test_it_reports_without_traffic(app: ScoringApp, hub: HubReader) -> None:
    await hub.until(lambda: len(hub.of(ServingReported)) >= 2)
    assert {report.generation for report in hub.of(ServingReported)} <= {0, 1}


async def test_an_altered_package_leaves_the_old_one_serving_and_is_told(
    app: ScoringApp, session: aiohttp.ClientSession, hub: HubReader
) -> None:
    package = await app.adopt_own("2")
    storage = storage_clients(app.address)
    blob = storage.blobs.get_blob_client("models", f"{package.digest}/model.onnx")
    await blob.upload_blob(package_files(0.9)["model.onnx"], overwrite=True)
    await storage.close()
    await app.serve(package)
    await hub.until(lambda: hub.of(ModelLoadFailed))
    failure = hub.of(ModelLoadFailed)[0]
    assert (failure.package, failure.generation) == (package, 2)
    assert "altered" in failure.reason
    status, _, headers = await app.ask(session, tensors(sample_rows(1)))
    assert (status, headers["sluice-model-version"]) == (200, "1")


async def test_one_process_serves_two_endpoints_each_by_its_own_manifest(
    make_app: MakeApp, session: aiohttp.ClientSession, predictions: EventHubsServer
) -> None:
    names = [f"{name}-{uuid4().hex[:8]}" for name in ("flights", "trains")]
    app = make_app(SERVING_ENDPOINT=",".join(names))
    endpoints = [app.endpoint.model_copy(update={"name": name}) for name in names]
    flights, other = await app.adopt(), await app.adopt(weight=0.5)
    trains = other.model_copy(update={"model": other.model.model_copy(update={"name": "trains"})})
    for app.endpoint, package in zip(endpoints, (flights, trains), strict=True):
        await app.serve(package)
    await app.start()
    hubs = [HubReader(predictions, endpoint) for endpoint in endpoints]
    for model in ("flights", "trains"):
        await app.serves(session, "1", model)
    row = sample_rows(1)[0]
    for model, weight in (("flights", 1.0), ("trains", 0.5)):
        status, body, _ = await app.ask(session, tensors([row]), f"/v2/models/{model}/infer")
        assert status == 200
        assert probabilities(body) == pytest.approx([expected_probability(row, weight)], rel=1e-4)
    for hub, package in zip(hubs, (flights, trains), strict=True):
        await hub.until(lambda hub=hub: hub.of(PredictionsCaptured))
        await hub.until(lambda hub=hub: any(r.versions and r.versions[0].requests for r in hub.of(ServingReported)))
        assert [v.package for v in hub.of(ServingReported)[-1].versions] == [package]
        assert len(hub.of(PredictionsCaptured)[0].keys) == 1
        await hub.close()


async def test_an_endpoint_that_comes_later_is_served_without_a_restart(
    make_app: MakeApp, session: aiohttp.ClientSession, predictions: EventHubsServer
) -> None:
    workspace = f"{GROUP}/{uuid4().hex[:12]}"
    inventory = json.dumps([{"id": workspace, "stages": ["production"]}])
    app = make_app(SERVING_ENDPOINT="*", WORKSPACES=inventory)
    await app.start()
    row = sample_rows(1)[0]
    for name, weight in (("Flights", 1.0), ("trains", 0.5)):
        package = await app.adopt(weight=weight)
        app.endpoint = EndpointRef(workspace=workspace, name=name)
        hub = HubReader(predictions, app.endpoint)
        model = package.model.model_copy(update={"name": name.lower()})
        await app.serve(package.model_copy(update={"model": model}))
        await app.serves(session, "1", name.lower())
        status, body, _ = await app.ask(session, tensors([row]), f"/v2/models/{name.lower()}/infer")
        assert status == 200
        assert probabilities(body) == pytest.approx([expected_probability(row, weight)], rel=1e-4)
        await hub.until(lambda hub=hub: hub.of(PredictionsCaptured))
        await hub.until(lambda hub=hub: any(r.versions and r.versions[0].requests for r in hub.of(ServingReported)))
        await hub.close()
    async with session.get(f"{app.url}/v2/health/ready") as response:
        assert response.status == 200
    status, body, _ = await app.ask(session, tensors([row]), "/v2/models/trians/infer")
    assert (status, "did you mean 'trains'" in body["error"]) == (404, True)
    assert app.stop() == 0


async def test_a_dead_hub_delays_no_answer_and_what_is_lost_is_counted(
    make_app: MakeApp, session: aiohttp.ClientSession, start_eventhubs: Any
) -> None:
    server: EventHubsServer = start_eventhubs({"predictions": 1})
    app = make_app(server.connection_string("predictions"), CAPTURE_ROWS="50")
    await app.serve(await app.adopt())
    await app.start()
    await app.serves(session, "1")
    server.kill()
    for seed in range(30):
        status, _, _ = await app.ask(session, {**tensors(sample_rows(10, seed)), "id": f"r{seed}"})
        assert status == 200
    server.start()
    hub = HubReader(server, app.endpoint)

    def rows() -> int:
        captured = {key for block in hub.of(PredictionsCaptured) for key in block.keys}
        return len(captured) + sum(int(lost.rows) for lost in hub.of(CaptureLost))

    await hub.until(lambda: rows() >= 300)
    await hub.close()
    assert rows() == 300
    assert sum(lost.rows for lost in hub.of(CaptureLost)) > 0


async def test_a_wrong_setting_stops_it_at_start_by_name(make_app: MakeApp) -> None:
    app = make_app(CAPTURE_SAMPLING="often", SERVING_ENDPOINT="a/b")
    with pytest.raises(AssertionError, match="CAPTURE_SAMPLING"):
        await app.start()


async def test_a_provider_that_is_not_installed_stops_it_at_start(make_app: MakeApp) -> None:
    app = make_app(INFERENCE_PROVIDERS='["TensorrtExecutionProvider"]')
    with pytest.raises(AssertionError, match="TensorrtExecutionProvider is not installed here"):
        await app.start()


async def test_captured_rows_are_sent_before_it_ends(
    app: ScoringApp, session: aiohttp.ClientSession, hub: HubReader
) -> None:
    await app.ask(session, {**tensors(sample_rows(7)), "id": "last"})
    assert app.stop() == 0
    await hub.until(lambda: sum(len(block.keys) for block in hub.of(PredictionsCaptured)) == 7)
