"""The adapters that control takes, by the name of their port in a plan."""

import re
from collections.abc import Callable
from typing import Any

from shared.adapters.notify.outbox import FileOutbox
from shared.adapters.table import Table, adapters_in


def plan_name(port: type) -> str:
    """`HubReader` is hub_reader in a plan."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", port.__name__).lower()


TABLE: Table = adapters_in("shared.adapters.azure")
# What the local system sends notices to is made by a function of its own.
ADAPTERS: dict[str, Callable[..., Any]] = {
    **{plan_name(port): adapter for port, adapter in TABLE.items()},
    "notifier": FileOutbox,
}
