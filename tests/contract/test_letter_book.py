"""Every book of dead letters gives back what was kept, and nothing else."""

import pytest

from shared.adapters.azure.storage.letter_book import TableLetterBook
from shared.adapters.memory import MemoryLetterBook
from shared.events import DeadLettered
from shared.ports import Absent, LetterBook
from tests.contract.conftest import Account
from tests.contract.examples import FAR_AHEAD, LONG_AGO

pytestmark = pytest.mark.azure_untested
LETTER = DeadLettered(service="drift", hub="events", partition=1, sequence=9, body="ab" * 32, reason="ü" * 2000)


@pytest.fixture
async def book(place: Account | None) -> LetterBook:
    if place is None:
        return MemoryLetterBook()
    return TableLetterBook(place.storage.tables, await place.table("letters"))


async def test_a_letter_comes_back_as_it_was_kept_however_often(book: LetterBook) -> None:
    for _ in range(2):
        await book.keep("letter-1", LETTER)
    assert await book.get("letter-1") == LETTER


async def test_an_unknown_letter_is_absent(book: LetterBook) -> None:
    await book.keep("letter-1", LETTER)
    for unknown in ("letter-2", "x' or '1' eq '1", "../letter-1"):
        with pytest.raises(Absent):
            await book.get(unknown)


async def test_letters_that_were_kept_before_a_moment_are_forgotten_a_few_at_a_time(book: LetterBook) -> None:
    for number in range(3):
        await book.keep(f"letter-{number}", LETTER)
    assert await book.forget(LONG_AGO, 10) == 0
    assert [await book.forget(FAR_AHEAD, 2) for _ in range(3)] == [2, 1, 0]
    with pytest.raises(Absent):
        await book.get("letter-1")
