"""A message cannot keep itself from being buried."""

import pytest

from shared.adapters.memory import ManualClock, MemoryEventPublisher, MemoryLetterBook
from shared.adapters.memory.letter_bodies import MemoryLetterBodies
from shared.events import DeadLettered, Envelope, Event, ModelRegistered, decode
from shared.events.fields import LONGEST_WORDS
from shared.ports import Message
from shared.reactor import DeadLetters
from tests.support.builders import NOW, model_ref

NASTY = ["\ud800", "\udfff" * 5000, "x" * 2_000_000, "\x00\x1b[2J", "a\nb", ""]


@pytest.mark.parametrize("text", NASTY, ids=["surrogate", "surrogates", "2 MB", "control", "lines", "nothing"])
async def test_whatever_the_reason_and_the_chain_hold_it_is_kept_and_said(text: str) -> None:
    publisher, bodies, book = MemoryEventPublisher(), MemoryLetterBodies(), MemoryLetterBook()
    fact: Event = ModelRegistered(model=model_ref())
    chain = Envelope(id=text, source=text, time=NOW, data=fact, correlation_id=text, traceparent=text)
    message = Message("events", 3, 9, b"\xff\x00{")
    await DeadLetters(publisher, bodies, ManualClock(NOW), book).bury("lifecycle", message, text, chain)
    (sent,) = publisher.messages["dead-letter", 0]
    letter = decode(sent.body)
    assert isinstance(letter.data, DeadLettered)
    assert (letter.data.service, letter.data.sequence) == ("lifecycle", 9)
    assert len(letter.data.reason) <= LONGEST_WORDS
    assert await bodies.read(letter.data.body) == message.body
    assert await book.get(letter.id) == letter.data
