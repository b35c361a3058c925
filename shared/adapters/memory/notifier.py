"""Notices in a list, repeats included."""

from shared.ports import Notice, Notifier


class MemoryNotifier(Notifier):
    def __init__(self) -> None:
        self.sent: list[Notice] = []

    async def send(self, notice: Notice) -> None:
        self.sent.append(notice)
