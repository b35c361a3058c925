"""Every survey of a store tells what is there, what is not, and what one may not look at."""

from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

from shared.adapters.azure.storage.account import storage_clients
from shared.adapters.azure.storage.store_survey import AzureStoreSurvey
from shared.adapters.memory.store_survey import MemoryStoreSurvey
from shared.ports import StoreSurvey
from tests.contract.conftest import Account
from tests.support.azurite import ACCOUNT, KEY, Azurite


@pytest.fixture
async def survey(place: Account | None) -> tuple[StoreSurvey, str, str]:
    """With a table and a container that are there."""
    if place is None:
        memory = MemoryStoreSurvey()
        memory.not_readable = {"nothere": "missing", "not-here": "missing"}
        return memory, "there", "there"
    found = AzureStoreSurvey(place.storage.tables, place.storage.blobs)
    return found, await place.table("there"), await place.container("there")


@pytest.mark.azure_untested
async def test_what_is_there_is_readable_and_what_is_not_is_missing(survey: tuple[StoreSurvey, str, str]) -> None:
    store, table, container = survey
    assert (await store.table(table), await store.container(container)) == ("readable", "readable")
    assert (await store.table("nothere"), await store.container("not-here")) == ("missing", "missing")


@pytest.mark.azure_untested
async def test_the_store_says_its_time(survey: tuple[StoreSurvey, str, str]) -> None:
    now = await survey[0].now()
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.local_only
async def test_who_may_not_look_is_told_so_and_still_hears_the_time(azurite: Azurite) -> None:
    signature = generate_account_sas(
        ACCOUNT, KEY, ResourceTypes(object=True), AccountSasPermissions(write=True),
        datetime.now(UTC) + timedelta(hours=1),
    )  # fmt: skip
    parts = [part for part in azurite.connection_string.split(";") if part and not part.startswith("AccountKey")]
    clients = storage_clients(";".join([*parts, f"SharedAccessSignature={signature}"]))
    try:
        store = AzureStoreSurvey(clients.tables, clients.blobs)
        assert await store.table("ledger") == "forbidden"
        assert await store.container("evidence") == "forbidden"
        assert abs(await store.now() - datetime.now(UTC)) < timedelta(minutes=5)
    finally:
        await clients.close()
