"""Whatever is sent to whichever hub, the message behind it is handled, and the partition goes on.

2,000 messages, 20,000 where faults are asked for, as `make test-faults` does, or `FUZZ_COUNT`. A seed (`FUZZ_SEED`) and
a number name a message for ever; both are in what a failure prints.
"""

import os
import re
from collections.abc import Callable, Mapping
from itertools import batched
from pathlib import Path
from random import Random

import pytest

from services import intake
from shared.events import (
    Envelope,
    Event,
    LabelsRecorded,
    ModelRegistered,
    PredictionsCaptured,
    ReactionsPaused,
    Unreadable,
    decode,
    encode,
)
from shared.events.hubs import may_carry
from shared.ports import Hub, Message
from tests.support.builders import NOW, endpoint_ref, model_ref, package_ref
from tests.support.figures import Figure
from tests.support.mutants import Mutant, mutant
from tests.support.planes import Plane
from tests.support.world import POLICY, STORAGE
from tests.unit.shared.events.examples import files

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]
SEED = int(os.environ.get("FUZZ_SEED", "9"))
PAYLOADS = Path(__file__).parents[1] / "payloads"
SHARES: Mapping[Hub, float] = {"inbound": 0.3, "events": 0.3, "decisions": 0.15, "predictions": 0.15, "labels": 0.1}
# A field, or a place in an array of events and a field, and what is wrong with it.
NAMED = re.compile(r"(\[\d+\] )?[A-Za-z_][\w.\-\[\]/ ]*: .")
_IN_ONE_BATCH = 20


def examples(hub: Hub) -> list[bytes]:
    """Every example that the hub may carry; every payload, for `inbound`."""
    if hub == "inbound":
        return [path.read_bytes() for path in sorted(PAYLOADS.rglob("*.json"))]
    return [body for path in files() if may_carry(hub, decode(body := path.read_bytes()).data)]


def good(hub: Hub, number: int) -> bytes:
    """A message that is handled, of a chain of its own."""
    if hub == "inbound":
        payload = (PAYLOADS / "azure_ml" / "model_registered.cloud_event.json").read_text()
        return re.sub(r'"id": *"[^"]+"', f'"id": "good-{number}"', payload, count=1).encode()
    return encode(Envelope.first(GOOD[hub](number), id=f"good-{number}", source="/fuzz", time=NOW))


def _paused(number: int) -> Event:
    return ReactionsPaused(scope=str(endpoint_ref(f"good-{number}").entity), operator="olga", reason="a test")


def _block(number: int) -> Event:
    return PredictionsCaptured(
        endpoint=endpoint_ref(), package=package_ref(), keys=(f"good-{number}",), observed_at=(NOW,),
        inputs={"x": (0.5,)}, outputs={"probability": (0.5,)},
    )  # fmt: skip


def _labels(number: int) -> Event:
    return LabelsRecorded(endpoint=endpoint_ref(), keys=(f"good-{number}",), labels=(1.0,), observed_at=(NOW,))


GOOD: Mapping[Hub, Callable[[int], Event]] = {
    "events": lambda number: ModelRegistered(model=model_ref(name=f"good-{number}")),
    "decisions": _paused,
    "predictions": _block,
    "labels": _labels,
}


def is_right(hub: Hub, mutant: Mutant) -> bool:
    """Whether a reader of this hub has nothing to object to."""
    if hub == "inbound":
        return not intake.read(mutant.body, POLICY, NOW, STORAGE)[1]
    try:
        return may_carry(hub, decode(mutant.body).data)
    except Unreadable:
        return False


def _is_named(hub: Hub, mutant: Mutant, reason: str) -> bool:
    """By its field; or, where the message is right and a service cannot use what it says, by what that met."""
    return bool(NAMED.match(reason)) or ("ValidationError: " in reason and is_right(hub, mutant))


@pytest.fixture
def count(request: pytest.FixtureRequest) -> int:
    by_default = 20_000 if "faults" in str(request.config.getoption("markexpr")) else 2_000
    return int(os.environ.get("FUZZ_COUNT", by_default))


@pytest.mark.parametrize("hub", SHARES)
async def test_each_bad_message_is_a_named_dead_letter_and_the_good_one_behind_it_is_handled(
    hub: Hub, count: int, figure: Figure
) -> None:
    random, kinds, plane = Random(f"{SEED}-{hub}"), examples(hub), Plane()
    for numbers in batched(range(int(count * SHARES[hub])), _IN_ONE_BATCH, strict=False):
        sent = {number: mutant(kinds, random) for number in numbers}
        bodies = [body for number in numbers for body in (sent[number].body, good(hub, number))]
        messages = [Message(hub, 0, 2 * numbers[0] + place, body) for place, body in enumerate(bodies)]
        await plane.deliver(hub, messages)
        assert await plane.last(hub) == messages[-1].sequence, f"seed {SEED}: {hub} stands at {numbers}"
        handled = await plane.handled(hub, {f"good-{number}" for number in numbers})
        letters = plane.take_letters(hub)
        for number in numbers:
            said = f"seed {SEED}, {hub} {number} ({sent[number].how}): {sent[number].body[:300]!r}"
            reasons = letters[2 * number]
            assert reasons or is_right(hub, sent[number]), f"nothing was said of {said}"
            assert all(_is_named(hub, sent[number], reason) for reason in reasons), f"{reasons} for {said}"
            assert f"good-{number}" in handled, f"what came behind was not handled: {said}"
            assert not letters[2 * number + 1], f"what came behind was buried: {said}"
    figure(f"seed {SEED}, {hub}: {int(count * SHARES[hub])} messages, the good one behind each was handled")
