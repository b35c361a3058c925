"""What is sent to a hub, as bytes; it imports nothing, for both ends of a sending process have it."""

from typing import NamedTuple


class OutgoingMessage(NamedTuple):
    """`name` is what an error calls it. Messages of one partition key stay in order; None leaves it to the hub."""

    name: str
    partition_key: str | None
    body: bytes
