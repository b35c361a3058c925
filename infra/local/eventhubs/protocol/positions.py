"""Where a consumer starts, out of the selector filter on its source."""

import re

from infra.local.eventhubs.amqp.values import Described
from infra.local.eventhubs.broker import Refused
from infra.local.eventhubs.storage.partition_log import PartitionLog

FILTER = "apache.org:selector-filter:string"
# The Python and JavaScript clients put the value into quotes, the .NET client does not; a time before 1970 is negative.
_SELECTOR = re.compile(
    r"\s*amqp\.annotation\.x-opt-(offset|sequence-number|enqueued-time)\s*(>=?)\s*(?P<quote>'?)(@latest|-?\d+)(?P=quote)\s*"
)


def selector_in(source: object) -> str | None:
    """The selector's text out of a decoded source terminus, None when it has no filter."""
    fields = source.value if isinstance(source, Described) else None
    filters = fields[7] if isinstance(fields, list) and len(fields) > 7 else None
    if not isinstance(filters, dict):
        return None
    chosen = filters.get(FILTER)
    text = chosen.value if isinstance(chosen, Described) else chosen
    return text.decode() if isinstance(text, bytes) else text if isinstance(text, str) else None


def first_sequence(log: PartitionLog, selector: str | None) -> int:
    """Sequence number of the first event to deliver; raise `Refused` for a selector that cannot be honoured."""
    if selector is None:
        return log.first_sequence
    match = _SELECTOR.fullmatch(selector)
    if match is None:
        raise Refused("com.microsoft:argument-error", f"the filter {selector!r} is not understood")
    field, inclusive, value = match[1], match[2] == ">=", match[4]
    if value == "@latest":
        return max(log.next_sequence - (1 if inclusive else 0), log.first_sequence)
    if value.startswith("-"):
        return log.first_sequence
    number = int(value) + (0 if inclusive else 1)
    if field == "enqueued-time":
        return log.sequence_at_time(number)
    if field == "sequence-number":
        return _within(log, number, int(value), log.next_sequence - 1, "sequence number")
    return _within(log, log.sequence_at_offset(number), int(value), log.last_offset, "offset")


def _within(log: PartitionLog, sequence: int, asked: int, last: int, what: str) -> int:
    """As in Azure, a position the partition never reached is an error: the checkpoint belongs to other data.

    That holds while the partition is empty too: its hub was deleted and made again.
    """
    if asked > last:
        raise Refused(
            "com.microsoft:argument-error",
            f"The supplied {what} '{asked}' is invalid. The last {what} in the system is '{last}'",
        )
    return max(sequence, log.first_sequence)
