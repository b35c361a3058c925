"""What the campaign would notice of the manifests, if it happened."""

import pytest

from shared.events import EndpointRef
from shared.ports import Manifest, Route
from tests.faults.endpoints import Endpoint
from tests.faults.generations import Generations

ENDPOINT = Endpoint(7)


class Written:
    """Answers with one manifest after the other."""

    def __init__(self, *manifests: Manifest) -> None:
        self._manifests = list(manifests)

    async def read(self, endpoint: EndpointRef) -> Manifest:
        return self._manifests.pop(0)


def written(generation: int, changed_by: str = "a swap") -> Manifest:
    packages = {each.digest: each for each in (ENDPOINT.package, ENDPOINT.successor)}
    routes = tuple(Route(package=packages[digest], share=share) for digest, share in ENDPOINT.course[generation - 1])
    return Manifest(endpoint=ENDPOINT.ref, generation=generation, routes=routes, changed_by=changed_by)


async def problems(*manifests: Manifest) -> list[str]:
    generations = Generations(Written(*manifests))
    for _ in manifests:
        await generations.read(ENDPOINT)
    return generations.problems([ENDPOINT])


async def test_the_course_of_a_story_is_no_problem() -> None:
    assert await problems(*(written(number) for number in (1, 2, 2, 3, 4))) == []


@pytest.mark.parametrize(
    ("read", "problem"),
    [
        ([written(2), written(2, "another swap")], "endpoint-7: generation 2 was written twice"),
        ([written(3), written(2)], "endpoint-7: generation 2 came after a newer one"),
        ([written(1), written(4).model_copy(update={"generation": 2})], "endpoint-7: another course"),
    ],
)
async def test_another_course_is_noticed(read: list[Manifest], problem: str) -> None:
    assert await problems(*read) == [problem]
