"""Broken in who may read a partition beside whom."""

from collections.abc import Callable
from typing import Any

from infra.local.eventhubs import broker
from infra.local.eventhubs.broker import Partition, Refused
from infra.local.eventhubs.protocol.consumer_link import ConsumerLink
from tests.azure_sdk.javascript.mutations.registry import Put, noticed_by


def _admitted(put: Put, when: Callable[[int | None, int], bool], then: Callable[[Partition, Any], None]) -> None:
    """`when` is asked with the reader's level and the highest of its group that is there."""

    def admit(real: Any) -> Any:
        def asked(self: Partition, reader: Any) -> None:
            levels = [other.epoch for other in self.readers if other.group == reader.group and other.epoch is not None]
            if levels and when(reader.epoch, max(levels)):
                then(self, reader)
            else:
                real(self, reader)

        return asked

    put(Partition, "admit", admit)


def _let_in(partition: Partition, reader: Any) -> None:
    partition.readers.append(reader)


def _refuse(_: Partition, __: Any) -> None:
    raise Refused("amqp:link:stolen", "At least one receiver for the endpoint is created with epoch.")


@noticed_by("a higher owner level")
def a_higher_level_disconnects_nobody(put: Put) -> None:
    """The lower level reads on beside the higher one."""
    _admitted(put, lambda level, highest: level is not None and level > highest, _let_in)


@noticed_by("an equal owner level", may=("two processors",))
def an_equal_level_is_refused(put: Put) -> None:
    """The first owner of a level keeps the partition."""
    _admitted(put, lambda level, highest: level == highest, _refuse)


@noticed_by("a lower owner level")
def a_lower_level_is_let_in(put: Put) -> None:
    """A lower level reads beside a higher one."""
    _admitted(put, lambda level, highest: level is not None and level < highest, _let_in)


@noticed_by("a reader without a level")
def a_reader_without_a_level_is_let_in(put: Put) -> None:
    """Whoever claims nothing reads beside an owner."""
    _admitted(put, lambda level, _: level is None, _let_in)


@noticed_by("a group has an owner of its own")
def groups_share_an_owner(put: Put) -> None:
    """An owner disconnects those of other groups, too."""

    def admit(real: Any) -> Any:
        def asked(self: Partition, reader: Any) -> None:
            for other in [other for other in self.readers if other.group != reader.group]:
                other.fail("amqp:link:stolen", "New receiver with higher epoch is created.")
            real(self, reader)

        return asked

    put(Partition, "admit", admit)


@noticed_by("a sixth reader")
def six_may_read(put: Put) -> None:
    """One reader more is let in."""
    put(broker, "_MOST_READERS", lambda real: real + 1)


@noticed_by("two processors")
def an_owner_that_takes_over_loses_an_event(put: Put) -> None:
    """Of four partitions with many events, one that is owned again behind a checkpoint has an event less."""

    def start(real: Any) -> Any:
        def started(self: ConsumerLink, source: object, properties: Any, desired: Any) -> None:
            real(self, source, properties, desired)
            many = len(self._hub.partitions) == 4 and self._partition.log.next_sequence > 100
            if self.epoch == 0 and self._sequence > 0 and many:
                self._sequence += 1

        return started

    put(ConsumerLink, "start", start)
