"""From settings to the notifiers they name."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from shared.adapters.notify.fan_out import FanOutNotifier
from shared.adapters.notify.outbox import FileOutbox
from shared.adapters.notify.webhook import WebhookNotifier
from shared.ports import Notifier

_EVERYBODY = "*"


def notifier(outbox: Path | None, webhooks: Mapping[str, Sequence[str]], private: bool = False) -> Notifier:
    """`webhooks` maps an audience, or `*`, to `teams=https://...` or `slack=https://...`; raises `ValueError`."""
    targets = {audience: [_webhook(text, private) for text in texts] for audience, texts in webhooks.items()}
    always: list[Notifier] = list(targets.pop(_EVERYBODY, []))
    if outbox:
        always.append(FileOutbox(outbox))
    return FanOutNotifier(targets, always)


def _webhook(text: str, private: bool) -> Notifier:
    dialect, _, address = text.partition("=")
    if dialect not in ("teams", "slack"):
        raise ValueError("NOTIFY_WEBHOOKS: each must begin with teams= or slack=")
    return WebhookNotifier(address, "teams" if dialect == "teams" else "slack", allow_private=private)
