"""Every store of captures keeps the first body of a name."""

import pytest

from shared.adapters.azure.storage.captures import BlobCaptures
from shared.adapters.memory import MemoryCaptures
from shared.events import EndpointRef
from shared.ports import Captures, Refused
from tests.contract.conftest import Account
from tests.contract.examples import ENDPOINT

pytestmark = pytest.mark.azure_untested


class Kept:
    """The captures, and what lies in their store afterwards."""

    def __init__(self, place: Account | None, containers: tuple[str, str]) -> None:
        self.memory = MemoryCaptures()
        self.place, self.containers = place, containers

    @property
    def port(self) -> Captures:
        return self.memory if self.place is None else BlobCaptures(self.place.storage.blobs, *self.containers)

    async def body(self, kind: int, endpoint: EndpointRef, name: str) -> bytes:
        if self.place is None:
            return (self.memory.predictions, self.memory.labels)[kind][endpoint, name]
        container = self.place.storage.blobs.get_container_client(self.containers[kind])
        return await (await container.download_blob(f"{endpoint.entity.table_key}/{name}.jsonl")).readall()


@pytest.fixture
async def kept(place: Account | None) -> Kept:
    if place is None:
        return Kept(None, ("", ""))
    return Kept(place, (await place.container("captures"), await place.container("labels")))


async def test_predictions_and_labels_are_kept_apart(kept: Kept) -> None:
    await kept.port.keep_predictions(ENDPOINT, "predictions-0-17", b"{}")
    await kept.port.keep_labels(ENDPOINT, "predictions-0-17", b"[]")
    assert await kept.body(0, ENDPOINT, "predictions-0-17") == b"{}"
    assert await kept.body(1, ENDPOINT, "predictions-0-17") == b"[]"


async def test_keeping_the_same_name_again_changes_nothing(kept: Kept) -> None:
    for body in (b"first", b"first", b"second"):
        await kept.port.keep_predictions(ENDPOINT, "2026/05/04/0-17", body)
    assert await kept.body(0, ENDPOINT, "2026/05/04/0-17") == b"first"


@pytest.mark.parametrize("name", ["../elsewhere", "a//b", "a\\b", "line\nbreak", ""])
async def test_a_name_that_leaves_its_folder_is_refused(kept: Kept, name: str) -> None:
    with pytest.raises(Refused, match="name"):
        await kept.port.keep_predictions(ENDPOINT, name, b"{}")
