"""What may go wrong on purpose, per hub: tests ask for it over HTTP (see `admin`)."""

import time
from dataclasses import asdict, dataclass


@dataclass
class HubFaults:
    """The faults of one hub; the counts go down as they are used up."""

    busy_sends: int = 0  # sends still to be refused with server-busy
    busy_receivers: int = 0  # readers' links still to be refused with server-busy
    busy_requests: int = 0  # questions to $management still to be refused with server-busy
    busy_until: float = 0.0  # refuse sends until then, on the monotonic clock
    send_ms: float = 0.0  # answer each send so much later
    delivery_ms: float = 0.0  # wait so long after each delivery
    duplicate_events: int = 0  # events still to be delivered twice
    skip_events: int = 0  # events still to be left out of what is delivered; they stay in the log
    reorder_events: int = 0  # events still to be delivered in front of the one before them
    withheld: bool = False  # deliver nothing

    def refuses_send(self) -> bool:
        """Whether the send at hand meets a busy server."""
        if self.busy_sends > 0:
            self.busy_sends -= 1
            return True
        return time.monotonic() < self.busy_until

    def refuses_receiver(self) -> bool:
        """Whether the reader that attaches meets a busy server."""
        self.busy_receivers -= (refused := self.busy_receivers > 0)
        return refused

    def refuses_request(self) -> bool:
        """Whether the question at hand meets a busy server."""
        self.busy_requests -= (refused := self.busy_requests > 0)
        return refused

    def copies(self) -> int:
        """How often the event at hand is delivered."""
        if self.skip_events > 0:
            self.skip_events -= 1
            return 0
        if self.duplicate_events > 0:
            self.duplicate_events -= 1
            return 2
        return 1

    def in_order[T](self, records: list[T]) -> list[T]:
        """The records to be delivered together; neighbours change places while that is asked for."""
        if not self.reorder_events:
            return records
        swaps = min(self.reorder_events, len(records) // 2)
        self.reorder_events -= swaps
        pairs = (records[at : at + 2][:: -1 if at < 2 * swaps else 1] for at in range(0, len(records), 2))
        return [record for pair in pairs for record in pair]

    def describe(self) -> dict[str, object]:
        """For people: seconds left instead of a clock's reading."""
        shown: dict[str, object] = asdict(self)
        del shown["busy_until"]
        shown["busy_seconds"] = round(max(0.0, self.busy_until - time.monotonic()), 3)
        return shown
