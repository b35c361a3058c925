"""Hubs, their partitions, and who reads them: everything of Event Hubs that does not depend on AMQP's frames."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from infra.local.eventhubs.amqp.messages import Event
from infra.local.eventhubs.config import ConfigError, HubConfig
from infra.local.eventhubs.faults import HubFaults
from infra.local.eventhubs.hub_facts import load_facts, now_ms, store_facts
from infra.local.eventhubs.partitioning import partition_of
from infra.local.eventhubs.storage.durability import Durability, Policy
from infra.local.eventhubs.storage.partition_log import PartitionLog, Retention

_MOST_READERS = 5


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
    """One hub; its time of creation and the epoch of its sequence numbers survive restarts."""

    def __init__(self, config: HubConfig, directory: Path, policy: Policy, retention: Retention) -> None:
        self.name = config.name
        self.groups = {group.lower(): group for group in config.groups}
        self.faults = HubFaults()
        self._config = config
        self._directory = directory
        self._policy = policy
        self._retention = retention
        self._turn = -1
        self._open()

    def _open(self) -> None:
        self._facts = load_facts(self._directory, self._config)
        logs = [PartitionLog(self._directory / str(index), self._retention) for index in range(self._config.partitions)]
        self.partitions = [Partition(log, self._policy) for log in logs]
        self._tell_epoch()

    def _tell_epoch(self) -> None:
        for partition in self.partitions:
            partition.log.epoch = self._facts.epoch

    @property
    def created_ms(self) -> int:
        """Milliseconds since 1970."""
        return self._facts.created_ms

    def fail_over(self, lost: int) -> None:
        """Take over in another region that the last events (of each partition) had not reached: a new epoch begins."""
        for partition in self.partitions:
            partition.log.cut(lost)
        self._facts = replace(self._facts, epoch=self._facts.epoch + 1)
        store_facts(self._directory, self._facts)
        self._tell_epoch()

    def begin_anew(self) -> None:
        """Delete everything and begin again, as a hub of the same name that was made today."""
        self.discard()
        self._open()

    def discard(self) -> None:
        """Delete everything; its links are gone already."""
        for partition in self.partitions:
            partition.durability.abandon()
            partition.log.close()
        shutil.rmtree(self._directory)

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


class Broker:
    """All hubs, found without regard to case, as in Azure."""

    def __init__(self, hubs: list[HubConfig], directory: Path, policy: Policy, retention: Retention) -> None:
        self._directory = directory / "hubs"
        self._policy: Policy = policy
        self._retention = retention
        self.hubs = {config.name.lower(): self._make(config) for config in hubs}

    def _make(self, config: HubConfig) -> Hub:
        return Hub(config, self._directory / config.name.lower(), self._policy, self._retention)

    def add(self, config: HubConfig) -> Hub:
        """One more; raise `ConfigError` when it is there already."""
        if config.name.lower() in self.hubs:
            raise ConfigError(f"hub '{config.name}' is there already")
        hub = self.hubs[config.name.lower()] = self._make(config)
        return hub

    def remove(self, hub: Hub) -> None:
        """Forget it and its events; its links are gone already."""
        del self.hubs[hub.name.lower()]
        hub.discard()

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
