"""Hubs, their partitions, and who reads them: everything of Event Hubs that does not depend on AMQP's frames."""

import json
import time
from pathlib import Path
from typing import Protocol

from infra.local.eventhubs.amqp.messages import Event
from infra.local.eventhubs.config import ConfigError, HubConfig
from infra.local.eventhubs.faults import HubFaults
from infra.local.eventhubs.partitioning import partition_of
from infra.local.eventhubs.storage.durability import Durability, Policy
from infra.local.eventhubs.storage.partition_log import PartitionLog, Retention

_MOST_READERS = 5


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Refused(Exception):
    """An operation is refused with an AMQP error condition."""

    def __init__(self, condition: str, description: str) -> None:
        super().__init__(f"{condition}: {description}")
        self.condition = condition
        self.description = description


class Reader(Protocol):
    """A receiver on one partition; `epoch` is its owner level, None when it does not claim the partition."""

    group: str
    epoch: int | None

    def wake(self) -> None:
        """There may be something to deliver."""

    def fail(self, condition: str, description: str) -> None:
        """Disconnect this receiver."""


class Partition:
    """One partition's log and its readers."""

    def __init__(self, log: PartitionLog, policy: Policy) -> None:
        self.log = log
        self.durability = Durability(log, policy)
        self.readers: list[Reader] = []

    def append(self, events: list[Event], key: str | None, publisher: str | None) -> range:
        """Store a batch, wake the readers; raise `OSError` when it cannot be stored."""
        sequences = self.log.append(events, now_ms(), key, publisher)
        for reader in self.readers:
            reader.wake()
        return sequences

    def admit(self, reader: Reader) -> None:
        """Let a reader in by the rules of epochs: one that claims an equal or higher epoch disconnects the others."""
        rivals = [other for other in self.readers if other.group == reader.group]
        highest = max((other.epoch for other in rivals if other.epoch is not None), default=None)
        if highest is not None and (reader.epoch is None or reader.epoch < highest):
            raise Refused(
                "amqp:link:stolen",
                f"At least one receiver for the endpoint is created with epoch of '{highest}', and so "
                f"{'non-epoch receiver' if reader.epoch is None else f'epoch {reader.epoch}'} is not allowed. Either "
                "reconnect with a higher epoch, or make sure all epoch receivers are closed or disconnected.",
            )
        if reader.epoch is not None:
            for rival in rivals:
                rival.fail(
                    "amqp:link:stolen",
                    f"New receiver with higher epoch of '{reader.epoch}' is created hence current receiver with epoch "
                    f"'{rival.epoch}' is getting disconnected.",
                )
        elif len(rivals) >= _MOST_READERS:
            raise Refused(
                "amqp:resource-limit-exceeded",
                "Exceeded the maximum number of allowed receivers per partition in a consumer group which is "
                f"{_MOST_READERS}.",
            )
        self.readers.append(reader)

    def dismiss(self, reader: Reader) -> None:
        """The reader is gone; it may never have been admitted."""
        if reader in self.readers:
            self.readers.remove(reader)


class Hub:
    """One hub; `created_ms` survives restarts."""

    def __init__(self, config: HubConfig, directory: Path, policy: Policy, retention: Retention) -> None:
        self.name = config.name
        self.groups = {group.lower(): group for group in config.groups}
        self.faults = HubFaults()
        self.created_ms = _created(directory, config)
        self.partitions = [
            Partition(PartitionLog(directory / str(index), retention), policy) for index in range(config.partitions)
        ]
        self._turn = -1

    def partition(self, identifier: str) -> Partition:
        """By its id; raise `Refused` as Azure does."""
        if not identifier.isdecimal() or int(identifier) >= len(self.partitions):
            raise Refused(
                "com.microsoft:argument-out-of-range",
                f"The specified partition is invalid for an EventHub partition sender or receiver. It should be "
                f"between 0 and {len(self.partitions) - 1}, not '{identifier}'.",
            )
        return self.partitions[int(identifier)]

    def choose(self, key: str | None) -> Partition:
        """The key's partition; without a key each in turn."""
        if key is not None:
            return self.partitions[partition_of(key, len(self.partitions))]
        self._turn = (self._turn + 1) % len(self.partitions)
        return self.partitions[self._turn]


def _created(directory: Path, config: HubConfig) -> int:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "hub.json"
    stored = json.loads(path.read_text()) if path.exists() else {"created_ms": now_ms(), "partitions": 0}
    if config.partitions < stored["partitions"]:
        raise ConfigError(
            f"hub '{config.name}': PartitionCount {config.partitions} is less than the {stored['partitions']} "
            f"partitions stored in {directory}; a hub cannot shrink"
        )
    path.write_text(json.dumps({"created_ms": stored["created_ms"], "partitions": config.partitions}))
    return int(stored["created_ms"])


class Broker:
    """All hubs, found without regard to case, as in Azure."""

    def __init__(self, hubs: list[HubConfig], directory: Path, policy: Policy, retention: Retention) -> None:
        self.hubs = {
            config.name.lower(): Hub(config, directory / "hubs" / config.name.lower(), policy, retention)
            for config in hubs
        }

    def hub(self, name: str) -> Hub:
        """By name; raise `Refused` when there is none."""
        hub = self.hubs.get(name.lower())
        if hub is None:
            raise Refused("amqp:not-found", f"The messaging entity '{name}' could not be found.")
        return hub

    def partitions(self) -> list[Partition]:
        """Of all hubs."""
        return [partition for hub in self.hubs.values() for partition in hub.partitions]

    def forget_aged(self) -> None:
        """Apply the retention by age."""
        for partition in self.partitions():
            partition.log.forget_aged(now_ms())

    async def close(self) -> None:
        """Flush and close all logs."""
        for partition in self.partitions():
            await partition.durability.close()
            partition.log.close()
