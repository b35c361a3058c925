"""Every policy book keeps the last document's digest, and counts the changes."""

import asyncio

import pytest

from shared.adapters.azure.storage.policy_book import TablePolicyBook
from shared.adapters.memory import MemoryPolicyBook
from shared.ports import Moved, PolicyBook, PolicyOnRecord
from tests.contract.conftest import Account
from tests.contract.examples import minutes

pytestmark = pytest.mark.azure_untested


def policy(digest: str, number: int) -> PolicyOnRecord:
    return PolicyOnRecord(digest, number, minutes(number), "f" * 64 if number > 1 else None, "größer@example.com")


@pytest.fixture
async def book(place: Account | None) -> PolicyBook:
    if place is None:
        return MemoryPolicyBook()
    return TablePolicyBook(place.storage.tables, await place.table("policies"))


async def test_the_last_one_is_on_record(book: PolicyBook) -> None:
    assert await book.last() is None
    for number, digest in enumerate("abacb", start=1):
        await book.put(policy(digest * 64, number))
        assert await book.last() == policy(digest * 64, number)


async def test_putting_it_again_changes_nothing(book: PolicyBook) -> None:
    for _ in range(2):
        await book.put(policy("a" * 64, 1))
    assert await book.last() == policy("a" * 64, 1)


async def test_only_the_next_number_is_taken(book: PolicyBook) -> None:
    await book.put(policy("a" * 64, 1))
    for number in (1, 3):
        with pytest.raises(Moved):
            await book.put(policy("b" * 64, number))
    assert await book.last() == policy("a" * 64, 1)


async def test_of_two_at_once_one_is_taken(book: PolicyBook) -> None:
    racing = [book.put(policy(digest * 64, 1)) for digest in "ab"]
    outcomes = await asyncio.gather(*racing, return_exceptions=True)
    assert sum(isinstance(outcome, Moved) for outcome in outcomes) == 1
