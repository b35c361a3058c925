"""`$management`: properties of a hub and of a partition.

Any right on the hub will do: the producer clients read the hub's partition ids before their first send, also with a key
that may only send.
"""

from infra.local.eventhubs.amqp.values import Array, Int, Timestamp
from infra.local.eventhubs.broker import Hub, Refused
from infra.local.eventhubs.detaching import BUSY
from infra.local.eventhubs.protocol.peer import Host
from infra.local.eventhubs.protocol.request_message import Request

_HUB, _PARTITION = "com.microsoft:eventhub", "com.microsoft:partition"


def read(connection: Host, request: Request) -> dict[object, object]:
    """The answer to a READ; raise `Refused`."""
    operation, kind, name = request.text("operation"), request.text("type"), request.text("name")
    if operation != "READ" or kind not in (_HUB, _PARTITION):
        raise Refused("amqp:not-implemented", f"operation '{operation}' of type '{kind}' on $management")
    # The .NET client puts no token on $cbs for this node, but into each request.
    connection.claims.demand(name, "Send", "Listen", token=request.text("security_token"))
    hub = connection.broker.hub(name)
    if hub.faults.refuses_request():
        raise Refused("com.microsoft:server-busy", BUSY)
    return _hub(hub) if kind == _HUB else _partition(hub, request.text("partition"))


def _hub(hub: Hub) -> dict[object, object]:
    count = len(hub.partitions)
    return {
        "name": hub.name,
        "type": _HUB,
        "created_at": Timestamp(hub.created_ms),
        "partition_count": Int(count),
        "partition_ids": Array(str(index) for index in range(count)),
        "georeplication_factor": Int(1),
    }


def _partition(hub: Hub, identifier: str) -> dict[object, object]:
    log = hub.partition(identifier).log
    is_empty = log.first_sequence == log.next_sequence
    return {
        "name": hub.name,
        "type": _PARTITION,
        "partition": identifier,
        "begin_sequence_number": log.first_sequence if not is_empty else -1,
        "last_enqueued_sequence_number": log.next_sequence - 1,
        "last_enqueued_offset": str(log.last_offset),
        "last_enqueued_time_utc": Timestamp(log.last_enqueued_ms),
        "is_partition_empty": is_empty,
    }
