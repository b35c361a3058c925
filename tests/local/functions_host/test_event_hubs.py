"""Event Hubs functions: what they receive, and what happens after they fail."""

import json

import pytest

from tests.local.functions_host.conftest import StartHost
from tests.local.functions_host.running_host import RunningHost
from tests.local.functions_host.sending import checkpoint, send, send_value
from tests.support.azurite import Azurite
from tests.support.eventhubs import EventHubsServer
from tests.support.eventually import eventually


def test_a_batch_function_receives_batches_in_order_and_no_larger_than_allowed(
    hubs_host: RunningHost, hubs: EventHubsServer
) -> None:
    send(hubs, "many", [f"e{n}" for n in range(12)], partition="0")
    calls = eventually(lambda: [c for c in hubs_host.recorded("many") if c["events"][-1]["body"] == "e11"]) and [
        call for call in hubs_host.recorded("many") if call["metadata"]["PartitionContext"]["PartitionId"] == "0"
    ]
    assert [event["body"] for call in calls for event in call["events"]] == [f"e{n}" for n in range(12)]
    assert max(len(call["events"]) for call in calls) == 5


@pytest.mark.observed("metadata: contexts of the partition, twice")
def test_the_metadata_is_that_of_azure(hubs_host: RunningHost, hubs: EventHubsServer) -> None:
    send(hubs, "many", ["keyed"], key="resource-7")
    (call,) = eventually(lambda: [c for c in hubs_host.recorded("many") if c["events"][0]["body"] == "keyed"])
    (event,) = call["events"]
    assert event["partition_key"] == "resource-7"
    assert isinstance(event["offset"], int), "the SDK makes a number of the offset in batches"
    assert event["zone"] == "None", "the text carries no zone, so the time is naive"
    properties = call["metadata"]["SystemPropertiesArray"][0]
    assert properties["SequenceNumber"] == event["sequence_number"]
    assert properties["x-opt-sequence-number"] == event["sequence_number"]
    assert properties["Offset"] == int(properties["OffsetString"]) == event["offset"]
    assert call["metadata"]["OffsetArray"] == call["metadata"]["OffsetStringArray"] == [properties["OffsetString"]]
    assert "+" not in properties["EnqueuedTimeUtc"]
    assert not properties["EnqueuedTimeUtc"].endswith(("Z", "0")) or "." not in properties["EnqueuedTimeUtc"]
    context = call["metadata"]["PartitionContext"]
    assert context["IsCheckpointingAfterInvocation"] is True
    assert (context["EventHubName"], context["ConsumerGroup"]) == ("many", "$Default")
    assert context["FullyQualifiedNamespace"] == "127.0.0.1", "without the port, as .NET has it"
    assert call["metadata"]["TriggerPartitionContext"] == context
    assert call["metadata"]["PartitionKeyArray"] == ["resource-7"]
    assert call["metadata"]["SequenceNumberArray"] == [event["sequence_number"]]


@pytest.mark.observed("metadata: sequence numbers, offsets and keys as collections, absent keys left out")
def test_partition_keys_that_are_absent_are_missing_from_their_array(
    hubs_host: RunningHost, hubs: EventHubsServer
) -> None:
    send(hubs, "many", ["unkeyed"], partition="1")
    (call,) = eventually(lambda: [c for c in hubs_host.recorded("many") if c["events"][0]["body"] == "unkeyed"])
    assert call["metadata"]["PartitionKeyArray"] == []
    assert call["events"][0]["partition_key"] is None


def test_a_single_event_function_receives_each_event_with_a_textual_offset(
    hubs_host: RunningHost, hubs: EventHubsServer
) -> None:
    send(hubs, "single", ["a", "b"])
    eventually(lambda: len(hubs_host.recorded("one")) == 2)
    calls = hubs_host.recorded("one")
    assert [call["body"] for call in calls] == ["a", "b"]
    assert all(isinstance(call["offset"], str) and call["zone"] == "None" for call in calls)


@pytest.mark.observed("events: one at a time where the function takes one, a checkpoint behind each")
def test_events_taken_one_by_one_run_one_after_the_other(hubs_host: RunningHost, hubs: EventHubsServer) -> None:
    names = [f"alone {number}" for number in range(5)]
    send(hubs, "single", names)
    eventually(lambda: any(call["body"] == names[-1] for call in hubs_host.recorded("one ends")))
    alone = [entry for entry in hubs_host.recorded() if str(entry.get("body", "")).startswith("alone")]
    assert [entry["what"] for entry in alone] == ["one", "one ends"] * 5
    assert [entry["body"] for entry in alone[::2]] == names


@pytest.mark.observed("connections: where the namespace does not answer, only that listener waits")
def test_where_the_namespace_does_not_answer_the_host_runs_and_tries_again(
    start_host: StartHost, connections: dict[str, str], unused_tcp_port: int
) -> None:
    nowhere = f"Endpoint=sb://127.0.0.1:{unused_tcp_port};SharedAccessKeyName=n;SharedAccessKey=a2V5;"
    away = {"EVENTS": f"{nowhere}UseDevelopmentEmulator=true;", "MANY": "many"}
    host = start_host("hubs", {**connections, **away}).start()
    assert "still trying: " in host.log.read_text()
    assert host.call("GET", "/")[0] == 200
    assert host.call("GET", "/admin/host/ping")[0] == 200


def failures(host: RunningHost, function: str) -> int:
    return host.log.read_text().count(f"function {function} failed")


@pytest.mark.observed("events: what cannot be converted is retried by the policy, and the function never asked")
def test_an_event_that_cannot_be_converted_is_retried_like_any_failure(
    hubs_host: RunningHost, hubs: EventHubsServer, azurite: Azurite
) -> None:
    """An AMQP value body, which anybody may send who may send: the function is never asked."""
    send_value(hubs, "unreadable", "no section of data")
    eventually(lambda: checkpoint(azurite, hubs, "unreadable") == 0)
    assert failures(hubs_host, "unreadable") == 3
    send(hubs, "unreadable", ["good"])
    eventually(lambda: checkpoint(azurite, hubs, "unreadable") == 1)
    assert [call["bodies"] for call in hubs_host.recorded("unreadable")] == [["good"]]


@pytest.mark.observed("events: without a policy there is one attempt, 0 of 0, and the checkpoint moves on")
def test_the_checkpoint_moves_past_a_batch_that_failed(
    hubs_host: RunningHost, hubs: EventHubsServer, azurite: Azurite
) -> None:
    send(hubs, "failing", ["bad"])
    eventually(lambda: checkpoint(azurite, hubs, "failing") == 0)
    send(hubs, "failing", ["good"])
    eventually(lambda: checkpoint(azurite, hubs, "failing") == 1)
    assert [call["bodies"] for call in hubs_host.recorded("failing")] == [["bad"], ["good"]]


@pytest.mark.observed("events: attempts share an invocation id and are counted; after the last the checkpoint moves")
def test_retries_keep_the_invocation_id_and_hold_the_partition(
    hubs_host: RunningHost, hubs: EventHubsServer, azurite: Azurite
) -> None:
    send(hubs, "retried", ["bad"])
    send(hubs, "retried", ["good"])
    eventually(lambda: checkpoint(azurite, hubs, "retried") == 1)
    calls = hubs_host.recorded("retried")
    if calls[0]["bodies"] == ["bad", "good"]:
        assert [call["count"] for call in calls] == [0, 1, 2]
    else:
        assert [(call["bodies"], call["count"]) for call in calls] == [
            (["bad"], 0),
            (["bad"], 1),
            (["bad"], 2),
            (["good"], 0),
        ]
    assert {call["of"] for call in calls} == {2}
    assert len({call["invocation"] for call in calls[:3]}) == 1


@pytest.mark.observed("metadata: an empty text fails its whole batch")
def test_an_empty_text_fails_its_whole_batch(hubs_host: RunningHost, hubs: EventHubsServer, azurite: Azurite) -> None:
    send(hubs, "texts", ["full", "", "full"])
    eventually(lambda: checkpoint(azurite, hubs, "texts") == 2)
    assert hubs_host.recorded("texts") == []
    assert "Number of bodies and metadata mismatched" in hubs_host.log.read_text()


@pytest.mark.observed("metadata: binary bodies as they are, texts without empty ones, others as JSON written anew")
def test_without_a_data_type_bodies_are_parsed_and_written_anew(
    hubs_host: RunningHost, hubs: EventHubsServer, azurite: Azurite
) -> None:
    send(hubs, "untyped", ['{ "a" :   1 }'])
    (call,) = eventually(lambda: hubs_host.recorded("untyped"))
    assert call["bodies"] != ['{ "a" :   1 }']
    assert json.loads(call["bodies"][0]) == {"a": 1}
    send(hubs, "untyped", ["not json"])
    eventually(lambda: checkpoint(azurite, hubs, "untyped") == 1)
    assert len(hubs_host.recorded("untyped")) == 1


def test_an_array_becomes_one_event_per_element(hubs_host: RunningHost, hubs: EventHubsServer) -> None:
    send(hubs, "source", ["text"])
    eventually(lambda: len(hubs_host.recorded("sink")) == 3)
    assert [event["body"] for event in hubs_host.recorded("sink")] == ["text", '{"a":[1,2]}', "3"]
    assert {event["partition_key"] for event in hubs_host.recorded("sink")} == {None}


def test_an_output_that_cannot_be_sent_fails_the_function(
    hubs_host: RunningHost, hubs: EventHubsServer, azurite: Azurite
) -> None:
    before = checkpoint(azurite, hubs, "source") or 0
    send(hubs, "source", ["oversize"])
    eventually(lambda: (checkpoint(azurite, hubs, "source") or 0) > before)
    assert "function forward: an output could not be sent" in hubs_host.log.read_text()


def test_an_event_can_be_run_by_hand(hubs_host: RunningHost) -> None:
    master = [("x-functions-key", json.loads(hubs_host.keys.read_text())["master"])]
    status, _, _ = hubs_host.call("POST", "/admin/functions/many", body=b'{"input": "by hand"}', headers=master)
    assert status == 202
    eventually(lambda: [c for c in hubs_host.recorded("many") if c["events"][0]["body"] == "by hand"])
