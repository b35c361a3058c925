"""Where a partition without a checkpoint starts."""

from datetime import UTC, datetime
from typing import Any

import pytest

from infra.local.functions_host.event_hubs.listener import starting_position
from infra.local.functions_host.host_json import EventHubsSettings

AT = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.observed("events: fromEnqueuedTime leaves out what came at exactly that time, and needs one")
@pytest.mark.parametrize(
    ("options", "position"),
    [
        ({}, "-1"),
        ({"type": "fromStart"}, "-1"),
        ({"type": "fromEnd"}, "@latest"),
        # Behind that time: .NET's position leaves out an event of exactly then.
        ({"type": "fromEnqueuedTime", "enqueuedTimeUtc": AT.isoformat()}, AT),
    ],
)
def test_a_partition_starts_where_the_options_say(options: dict[str, Any], position: object) -> None:
    settings = EventHubsSettings.model_validate({"initialOffsetOptions": options})
    assert starting_position(settings) == {"starting_position": position}
