"""What cannot be hosted ends at once, and says which function and which setting."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.local.functions_host.app_settings import load_settings_file
from infra.local.functions_host.errors import HostError
from infra.local.functions_host.functions import Function, read_function, read_functions
from infra.local.functions_host.host_json import HostSettings, load_host_json
from infra.local.functions_host.http.routes import Routes
from infra.local.functions_host.instance import claim_instance
from infra.local.functions_host.invocation import Invoker
from infra.local.functions_host.listeners import create_listeners
from infra.local.functions_host.outputs import Outputs
from infra.local.functions_host.worker_protocol import protos
from tests.local.functions_host.conftest import StartHost

TIMER = {"type": "timerTrigger", "direction": "IN", "name": "timer", "schedule": "0 * * * * *"}
HUB = {"type": "eventHubTrigger", "direction": "IN", "name": "events", "eventHubName": "hub", "connection": "EVENTS"}
SEND = {"type": "eventHub", "direction": "OUT", "name": "out", "eventHubName": "hub", "connection": "EVENTS"}


def read(*bindings: dict[str, Any]) -> Function:
    raw = [json.dumps(binding) for binding in bindings]
    return read_function(protos.RpcFunctionMetadata(name="fold", function_id="1", raw_bindings=raw))


async def listen(function: Function, directory: Path) -> None:
    invoker = Invoker(Outputs([function], "base64").send, None)
    instance = claim_instance(directory, "host")
    create_listeners([function], "host", instance, HostSettings(), invoker)


def test_an_app_that_azure_would_refuse_ends_with_its_reason(start_host: StartHost) -> None:
    host = start_host("broken").launch()
    assert host.wait() == 1
    assert "cannot be hosted" in host.log.read_text()
    assert "cannot load the refused function" in host.log.read_text()


@pytest.mark.observed("apps: an import that fails looks like health")
def test_an_app_that_raises_at_its_import_ends_with_its_reason(start_host: StartHost) -> None:
    host = start_host("raising").launch()
    assert host.wait() == 1
    assert "POLICY_FILE: nothing is there" in host.log.read_text()


@pytest.mark.observed("connections: nothing to be found keeps the host from starting")
def test_a_connection_without_a_setting_ends_the_host(start_host: StartHost) -> None:
    host = start_host("hubs", {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "MANY": "many"}).launch()
    assert host.wait() == 1
    assert "connection 'EVENTS' names no setting" in host.log.read_text()


@pytest.mark.observed("timers: a bad schedule or a missing setting turns that function off")
async def test_every_missing_setting_is_named_with_its_function(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AzureWebJobsStorage", raising=False)
    with pytest.raises(HostError, match=r"'fold'.*eventHubName.*%HUB%.*no setting HUB"):
        read({**HUB, "eventHubName": "%HUB%"})
    with pytest.raises(HostError, match=r"'fold' needs the host's storage.*AzureWebJobsStorage"):
        await listen(read(TIMER), tmp_path)
    with pytest.raises(HostError, match=r"'fold'.*'EVENTS'.*EVENTS__fullyQualifiedNamespace"):
        Outputs([read(TIMER, SEND)], "base64")
    monkeypatch.setenv("AzureWebJobsStorage", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=aw==")
    with pytest.raises(HostError, match=r"'fold'.*connection 'EVENTS' names no setting"):
        await listen(read(HUB), tmp_path)


async def test_a_namespace_alone_means_an_identity(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EVENTS__fullyQualifiedNamespace", "sluice.servicebus.windows.net")
    monkeypatch.setenv("AzureWebJobsStorage__accountName", "sluice")
    await listen(read(HUB, SEND), tmp_path)


@pytest.mark.observed("connections: %NAME% is resolved, and then looked up")
def test_references_to_settings_are_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB", "events")
    function = read({**HUB, "eventHubName": "%HUB%-blue", "consumerGroup": "%HUB%", "connection": "%HUB%"})
    assert function.trigger.model_dump()["connection"] == "events"
    assert function.trigger.model_dump()["event_hub_name"] == "events-blue"
    assert function.trigger.model_dump()["consumer_group"] == "events"


def test_bindings_that_this_host_lacks_are_named() -> None:
    with pytest.raises(HostError, match=r"'fold'.*'blob'"):
        read(TIMER, {"type": "blob", "direction": "IN", "name": "file"})
    with pytest.raises(HostError, match=r"'fold'.*exactly one trigger"):
        read(SEND)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("{", "settings file"), ('{"IsEncrypted": true}', "IsEncrypted"), ('{"Values": {"A": {}}}', "Values.A")],
)
def test_a_bad_settings_file_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "local.settings.json"
    path.write_text(text)
    with pytest.raises(HostError, match=complaint):
        load_settings_file(path)


def test_host_json_is_obeyed_and_settings_lie_over_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = {"version": "2.0", "functionTimeout": "-1", "extensions": {"eventHubs": {"maxEventBatchSize": 7}}}
    (tmp_path / "host.json").write_text(json.dumps(document))
    monkeypatch.setenv("AzureFunctionsJobHost__extensions__eventHubs__prefetchCount", "12")
    settings = load_host_json(tmp_path)
    assert settings.function_timeout is None
    assert settings.extensions.event_hubs.max_event_batch_size == 7
    assert settings.extensions.event_hubs.prefetch_count == 12
    assert settings.extensions.http.route_prefix == "api"


@pytest.mark.observed(
    "host.json: a value that cannot be ends the host",
    "host.json: what no function uses is not read",
    "host.json: prefetchCount may be 0",
)
@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"version": "1.0"}, "version"),
        ({"version": None}, "version"),
        ({"extensions": {"eventHubs": {"maxEventBatchSize": 0}}}, "maxEventBatchSize"),
        ({"extensions": {"eventHubs": {"maxEventBatchSize": "many"}}}, "maxEventBatchSize"),
        ({"extensions": {"eventHubs": {"prefetchCount": 0}}}, "prefetchCount"),
        ({"extensions": {"eventHubs": {"maxWaitTime": "00:10:01"}}}, "maxWaitTime"),
        ({"extensions": {"eventHubs": {"minEventBatchSize": 101}}}, "minEventBatchSize"),
        ({"extensions": {"eventHubs": {"initialOffsetOptions": {"type": "fromMiddle"}}}}, "initialOffsetOptions"),
        ({"extensions": {"eventHubs": {"initialOffsetOptions": {"type": "fromEnqueuedTime"}}}}, "enqueuedTimeUtc"),
        ({"singleton": {"listenerLockPeriod": "00:00:05"}}, "listenerLockPeriod"),
        ({"functionTimeout": "5 minutes"}, "functionTimeout"),
    ],
)
def test_a_wrong_field_of_host_json_is_named(tmp_path: Path, document: dict[str, Any], field: str) -> None:
    (tmp_path / "host.json").write_text(json.dumps({"version": "2.0", **document}))
    with pytest.raises(HostError, match=field):
        load_host_json(tmp_path)


@pytest.mark.observed("host.json: it needs a version")
def test_host_json_needs_a_version(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text("{}")
    with pytest.raises(HostError, match="version"):
        load_host_json(tmp_path)


@pytest.mark.observed(
    "host.json: the keys of the extension and their defaults are known",
    "events: a dead instance's claim holds for two minutes, looked at every thirty seconds",
)
def test_the_defaults_of_the_event_hubs_extension() -> None:
    """As its options and, for what it leaves alone, the event processor of .NET have them."""
    settings = HostSettings().extensions.event_hubs
    assert (settings.max_event_batch_size, settings.min_event_batch_size, settings.prefetch_count) == (100, 1, 300)
    assert (settings.max_wait_time, settings.batch_checkpoint_frequency) == (timedelta(minutes=1), 1)
    assert settings.partition_ownership_expiration_interval == timedelta(minutes=2)
    assert settings.load_balancing_update_interval == timedelta(seconds=30)
    assert (settings.initial_offset_options.type, settings.enable_checkpointing) == ("fromStart", True)


@pytest.mark.observed("host.json: unknown keys are passed over, and case does not matter")
def test_keys_of_host_json_are_known_in_any_case_and_strange_ones_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubs = {"MAXEVENTBATCHSIZE": 7, "nobodyKnowsThis": 1, "initialOffsetOptions": {"type": "fromend"}}
    (tmp_path / "host.json").write_text(json.dumps({"version": "2.0", "Extensions": {"eventhubs": hubs}}))
    monkeypatch.setenv("AzureFunctionsJobHost__extensions__eventHubs__prefetchCount", "12")
    settings = load_host_json(tmp_path).extensions.event_hubs
    assert (settings.max_event_batch_size, settings.prefetch_count) == (7, 12)
    assert settings.initial_offset_options.type == "fromEnd"


@pytest.mark.observed("host.json: the way to Azure, sizes of prefetched bytes and old sections are obeyed")
def test_keys_that_this_host_does_not_obey_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    of_the_way = ("transportType", "webProxy", "customEndpointAddress", "clientRetryOptions", "prefetchSizeInBytes")
    keys = (*of_the_way, "eventProcessorOptions", "partitionManagerOptions")
    document = {"version": "2.0", "extensions": {"eventHubs": {key: {} for key in keys}}}
    (tmp_path / "host.json").write_text(json.dumps(document))
    load_host_json(tmp_path)
    for key in keys:
        assert f"extensions.eventHubs.{key} is not obeyed" in caplog.text


@pytest.mark.observed("apps: a bad name turns that function off")
@pytest.mark.parametrize("name", ["1st", "a.b", "host", "Host", "a" * 129, "ä", ""])
def test_a_name_that_azure_would_switch_off_is_refused(name: str) -> None:
    with pytest.raises(HostError, match="a name is a letter"):
        read_function(protos.RpcFunctionMetadata(name=name, raw_bindings=[json.dumps(TIMER)]))


@pytest.mark.observed("apps: names that differ in case only end the host")
def test_names_that_differ_in_case_only_are_refused() -> None:
    functions = [protos.RpcFunctionMetadata(name=name, raw_bindings=[json.dumps(TIMER)]) for name in ("fold", "Fold")]
    with pytest.raises(HostError, match=r"'fold' and 'Fold' differ in case only"):
        read_functions(functions)


@pytest.mark.observed("http: settings are not put into routes, %NAME% is a literal")
def test_settings_are_not_put_into_routes() -> None:
    route = {"type": "httpTrigger", "direction": "IN", "name": "req", "route": "a/%HUB%", "authLevel": "ANONYMOUS"}
    with pytest.raises(HostError, match="settings are not put into routes"):
        Routes([read(route)], "api")


@pytest.mark.observed("apps: a function is off by a setting with underscores as well")
@pytest.mark.parametrize("name", ["AzureWebJobs.fold.Disabled", "AzureWebJobs_fold_Disabled"])
def test_a_function_is_switched_off_by_a_setting_with_dots_or_underscores(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not read(TIMER).is_disabled
    monkeypatch.setenv(name, "true")
    assert read(TIMER).is_disabled
