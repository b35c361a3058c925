"""What Event Hubs answered Microsoft's own live tests: facts read in their recorded conversations.

Azure/azure-sdk-for-python holds them under `sdk/eventhub/azure-eventhub/tests/amqpproxy_recordings`, of April 2025, for
the version of the SDK that is pinned here. Each row is a frame that the service sent, one of its fields, and the value.
"""

from typing import Any, NamedTuple


class Fact(NamedTuple):
    """`of` names the conversation's part, `frame` the SDK's class for it; the recording is where the value was read."""

    of: str
    frame: str
    field: str
    value: Any
    recording: str


_AUTH = "synctests/test_auth.test_client_azure_sas_credential[pyamqp]"
_SEND = "synctests/test_send.test_send_partition[pyamqp]-1"
_BUFFERED = "synctests/test_buffered_producer.test_basic_send_batch_events_round_robin[pyamqp-False-False]-5"
_NO_LIMIT = 2**64 - 1

FACTS = (
    Fact("producer", "OpenFrame", "max_frame_size", 65536, _SEND),
    Fact("producer", "OpenFrame", "channel_max", 4999, _SEND),
    Fact("producer", "OpenFrame", "idle_timeout", 120_000, _SEND),
    Fact("producer", "OpenFrame", "properties", None, _SEND),
    Fact("producer", "BeginFrame", "incoming_window", 5000, _SEND),
    Fact("producer", "BeginFrame", "outgoing_window", 65536, _SEND),
    Fact("producer", "BeginFrame", "handle_max", 255, _SEND),
    *(
        Fact(node, "AttachFrame", field, value, f"{_AUTH}-2")
        for node in ("$cbs", "$management")
        for field, value in (("send_settle_mode", 0), ("rcv_settle_mode", 0), ("max_message_size", _NO_LIMIT))
    ),
    *(Fact(node, "FlowFrame", "link_credit", 100, f"{_AUTH}-2") for node in ("$cbs", "$management")),
    *(
        Fact(node, "TransferFrame", field, value, f"{_AUTH}-2")
        for node in ("$cbs", "$management")
        for field, value in (("settled", False), ("delivery_tag", b"\x01\x00\x00\x00"), ("message_format", 0))
    ),
    Fact("$cbs", "DispositionFrame", "settled", True, _SEND),
    Fact("producer", "AttachFrame", "send_settle_mode", 0, _BUFFERED),
    Fact("producer", "AttachFrame", "rcv_settle_mode", 0, _BUFFERED),
    Fact("producer", "AttachFrame", "max_message_size", 1_048_576, _BUFFERED),
    Fact("producer", "FlowFrame", "link_credit", 300, _BUFFERED),
    Fact("producer", "FlowFrame", "incoming_window", 5000, _BUFFERED),
    Fact("producer", "DispositionFrame", "settled", True, f"{_AUTH}-3"),
    Fact("partition's producer", "FlowFrame", "link_credit", 1000, f"{_AUTH}-3"),
    Fact("consumer", "AttachFrame", "send_settle_mode", 1, _SEND),
    Fact("consumer", "AttachFrame", "max_message_size", 1_048_576, _SEND),  # as asked for
    Fact("consumer", "TransferFrame", "settled", True, _SEND),
    Fact("consumer", "TransferFrame", "delivery_tag", b"", _SEND),
    Fact("consumer", "TransferFrame", "batchable", True, _SEND),
)
PUT_TOKEN = (202, b"Accepted")
TRACKING = b"com.microsoft:tracking-id"  # among the properties of the attach that answers a producer of the whole hub
# The first annotation of every event; -1 where the namespace is not geo-replicated.
SEQUENCE_EPOCH = (b"x-opt-sequence-number-epoch", -1)
