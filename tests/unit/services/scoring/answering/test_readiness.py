"""When a process is ready, and what is said of a model that is not loaded: one endpoint decides nothing for another."""

import json
from contextlib import suppress
from typing import Any

import pytest

from services.scoring import Endpoints
from shared.ports import Manifest, Unavailable
from tests.support.onnx_models import package_files, package_ref, sample_rows, tensors
from tests.support.scoring import Bench, output, problem

ROW = json.dumps(tensors(sample_rows(1))).encode()


class Tenants:
    """Two endpoints in one process; `served` is the first one's, which serves model flights."""

    def __init__(self) -> None:
        self.served, self.other = Bench(), Bench()
        self.server = Endpoints([self.served.scorer, self.other.scorer])

    async def start(self) -> None:
        await self.served.serve(await self.served.adopt())
        await self.served.follower.step()

    def status(self, model: str = "") -> int:
        return (self.server.model_ready(model) if model else self.server.ready()).status

    async def promote(self, is_altered: bool = False) -> None:
        """The other endpoint routes to model trains, whose files may have been altered since it was adopted."""
        files = package_files(0.5)
        package = package_ref(files, name="trains")
        await self.other.packages.adopt(package.digest, files)
        if is_altered:
            self.other.packages.adopted[package.digest] = {**files, "model.onnx": b"altered"}
        await self.other.serve(package)


@pytest.fixture
async def tenants() -> Tenants:
    found = Tenants()
    await found.start()
    return found


async def test_ready_only_once_every_manifest_was_read(tenants: Tenants) -> None:
    assert tenants.status() == 503
    await tenants.other.follower.step()
    assert tenants.status() == 200


async def test_an_endpoint_that_was_never_promoted_keeps_no_other_waiting(tenants: Tenants) -> None:
    await tenants.other.follower.step()
    assert (tenants.status(), tenants.status("flights"), tenants.status("trains")) == (200, 200, 404)
    await tenants.promote()
    await tenants.other.follower.step()
    assert (tenants.status(), tenants.status("trains")) == (200, 200)


async def test_a_misspelt_model_is_told_the_likely_name_though_another_endpoint_is_empty(tenants: Tenants) -> None:
    await tenants.other.follower.step()
    for answer in (await tenants.server.infer("flihgts", None, ROW), tenants.server.model_ready("flihgts")):
        assert answer.status == 404
        assert problem(answer) == "model 'flihgts' is not served here; served: flights; did you mean 'flights'?"
    alone = await tenants.served.scorer.infer("flihgts", None, ROW)
    assert (alone.status, problem(alone)) == (404, problem(answer))


async def test_after_a_restart_a_package_that_is_refused_makes_its_own_model_unready_alone(tenants: Tenants) -> None:
    await tenants.promote(is_altered=True)
    await tenants.other.follower.step()
    assert [failure.package.model.name for failure in tenants.other.failures] == ["trains"]
    assert (tenants.status(), tenants.status("flights"), tenants.status("trains")) == (200, 200, 503)
    answer = await tenants.server.infer("trains", None, ROW)
    assert (answer.status, dict(answer.headers)["retry-after"]) == (503, "30")
    assert problem(answer) == "model 'trains' could not be loaded; the app's log says why"
    assert output(await tenants.server.infer("flights", None, ROW))


async def test_while_a_package_is_loaded_its_process_waits_and_says_so(tenants: Tenants) -> None:
    await tenants.promote()
    seen: list[tuple[int, int, str]] = []
    load = tenants.other.loader.load

    async def watched(package: Any) -> Any:
        seen.append((tenants.status(), tenants.status("trains"), problem(tenants.server.model("trains"))))
        return await load(package)

    tenants.other.loader.load = watched  # type: ignore[method-assign]
    await tenants.other.follower.step()
    assert seen == [(503, 503, "model 'trains' is being loaded")]
    assert tenants.status() == 200


@pytest.mark.parametrize("error", [Unavailable("the storage is away"), TypeError("our own mistake")])
async def test_what_cannot_be_had_again_and_again_keeps_no_other_waiting(tenants: Tenants, error: Exception) -> None:
    await tenants.promote()

    async def away(package: Any) -> Any:
        raise error

    tenants.other.loader.load = away  # type: ignore[method-assign]
    found = []
    for _ in range(3):
        with suppress(TypeError):
            await tenants.other.follower.step()
        found.append(tenants.status())
    assert found == [503, 503, 200]
    assert (tenants.status("flights"), tenants.status("trains")) == (200, 503)


async def test_a_manifest_that_nobody_can_read_keeps_no_other_waiting_and_one_that_is_away_does(
    tenants: Tenants,
) -> None:
    errors: list[Exception] = [Unavailable("away")] * 5 + [ValueError("no manifest")] * 3

    async def read(endpoint: object) -> Manifest:
        raise errors.pop(0)

    tenants.other.manifests.read = read  # type: ignore[method-assign]
    found = []
    while errors:
        with pytest.raises((Unavailable, ValueError)):
            await tenants.other.follower.step()
        found.append(tenants.status())
    assert found == [503] * 7 + [200]
    assert (await tenants.server.infer("flihgts", None, ROW)).status == 404


async def test_a_process_with_nothing_but_a_refusal_is_not_ready_and_one_with_nothing_to_serve_is() -> None:
    fresh, restarted = Bench(), Bench()
    assert (fresh.scorer.ready().status, fresh.scorer.model("flights").status) == (503, 503)
    await fresh.follower.step()
    assert (fresh.scorer.ready().status, fresh.scorer.model("flights").status) == (200, 404)
    await restarted.serve(await fresh.adopt())  # whose files are not where it looks for them
    await restarted.follower.step()
    assert restarted.failures
    assert (restarted.scorer.ready().status, restarted.scorer.model("flights").status) == (503, 503)


async def test_a_refused_generation_leaves_what_serves_ready(bench: Bench) -> None:
    package = await bench.adopt("2", weight=0.5)
    bench.packages.adopted.clear()
    await bench.serve(package)
    await bench.follower.step()
    assert bench.failures
    assert (bench.scorer.ready().status, bench.scorer.model_ready("flights").status) == (200, 200)


async def test_the_index_lists_what_is_loaded_and_what_should_be(tenants: Tenants) -> None:
    await tenants.promote(is_altered=True)
    await tenants.other.follower.step()
    loaded = {"name": "flights", "version": "1", "state": "READY"}
    missing = {"name": "trains", "state": "UNAVAILABLE"}
    for body, expected in ((b"", [loaded, missing]), (b"{}", [loaded, missing]), (b'{"ready":true}', [loaded])):
        assert json.loads(tenants.server.repository_index(body).body) == expected
    assert json.loads(tenants.server.models().body) == {"models": ["flights"]}
    for wrong in (b"{", b"7", b'{"ready":"yes"}'):
        assert tenants.server.repository_index(wrong).status == 400
