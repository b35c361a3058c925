"""One message of hub `inbound`, into the facts it holds."""

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.intake.event_grid import AzureEvent, read_event
from services.intake.translators import azure_ml, storage
from shared.events import Envelope, Unreadable
from shared.events.border import read_json
from shared.policies import PolicyDocument

log = logging.getLogger("sluice.intake")

type Translator = Callable[[AzureEvent, PolicyDocument, datetime], Envelope[Any] | None]


def _translators(account: str) -> Mapping[str, Translator]:
    """By prefix of the Azure event type, in lower case. None out of a translator: not for us."""
    return {azure_ml.PREFIX: azure_ml.translate, storage.PREFIX: storage.of_account(account)}


@dataclass(slots=True)
class Translation:
    """The facts of one message, and what became of its other events.

    `not_for_us` counts well-formed events of no interest: other types, other workspaces, jobs that still run.
    `problems` name the fields of events that cannot be read; they keep no readable neighbour from being read.
    """

    envelopes: list[Envelope[Any]] = field(default_factory=list)
    not_for_us: int = 0
    problems: list[str] = field(default_factory=list)


def translate(body: bytes, policy: PolicyDocument, now: datetime, account: str = "") -> Translation:
    """Our facts in this message, an array or a single event in Event Grid's or CloudEvents' schema.

    `account` is the name of Sluice's own storage account; without it, no storage event is for us.
    """
    found = Translation()
    try:
        events = _events(body)
    except Unreadable as error:
        return Translation(problems=[str(error)])
    for place, event in enumerate(events):
        try:
            envelope = _translate_one(event, policy, now, account)
        except Unreadable as error:
            found.problems.append(f"[{place}] {error}" if len(events) > 1 else str(error))
            continue
        except Exception:  # noqa: BLE001 - a bug about one event takes none of its neighbours with it
            found.problems.append(f"[{place}] {traceback.format_exc(limit=-5)}")
            continue
        if envelope is None:
            found.not_for_us += 1
        else:
            found.envelopes.append(envelope)
    return found


def read(body: bytes, policy: PolicyDocument, now: datetime, account: str = "") -> tuple[Sequence[Envelope[Any]], str]:
    """The facts, and why the message belongs among the dead letters as well ("" when all of it could be read)."""
    found = translate(body, policy, now, account)
    if found.not_for_us:
        log.debug("%d events of a message are not for us", found.not_for_us)
    return found.envelopes, "; ".join(found.problems)


def _events(body: bytes) -> list[object]:
    value = read_json(body)
    return value if isinstance(value, list) else [value]


def _translate_one(value: object, policy: PolicyDocument, now: datetime, account: str) -> Envelope[Any] | None:
    event = read_event(value)
    for prefix, translator in _translators(account).items():
        if event.type.lower().startswith(prefix):
            return translator(event, policy, now)
    return None
