"""Reports of scoring instances, folded by partition and merged over partitions."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.instances.folding import fold_reports
from shared.events import Event, GoldenProof, ModelLoadFailed, ServingReported, VersionReport
from shared.reactor import Row
from shared.serving import Instances, live
from tests.support.builders import NOW, digest, endpoint_ref, envelope, package_ref

ENDPOINT, PACKAGE = endpoint_ref(), package_ref()


def row(sequence: int, event: Event, after_s: float) -> Row:
    moment = NOW + timedelta(seconds=after_s)
    return Row(sequence, envelope(event, id=f"e{sequence}", time=moment))


def reported(name: str, generation: int) -> ServingReported:
    return ServingReported(endpoint=ENDPOINT, instance=name, generation=generation)


def counted(name: str, requests: int) -> ServingReported:
    version = VersionReport(package=PACKAGE, requests=requests, rows=requests)
    return ServingReported(endpoint=ENDPOINT, instance=name, generation=1, versions=(version,))


async def folded(*rows: Row) -> Instances:
    return (await fold_reports(Instances(), rows)).state


async def test_the_newest_report_of_an_instance_counts_whatever_the_order() -> None:
    part = await folded(row(0, reported("a", 2), 10), row(1, reported("a", 1), 5))
    assert live([part], NOW)["a"].generation == 2


async def test_partitions_merge_by_the_newest_word() -> None:
    one = await folded(row(0, reported("a", 1), 1), row(1, reported("b", 2), 3))
    two = await folded(row(0, reported("a", 2), 2))
    assert {name: i.generation for name, i in live([one, two], NOW).items()} == {"a": 2, "b": 2}


async def test_a_silent_instance_is_not_live() -> None:
    part = await folded(row(0, reported("gone", 1), 0), row(1, reported("here", 2), 9))
    assert list(live([part], NOW + timedelta(seconds=5))) == ["here"]


async def test_a_failure_to_load_is_remembered_beside_later_reports() -> None:
    failure = ModelLoadFailed(
        endpoint=ENDPOINT, instance="a", package=package_ref("2"), generation=2, reason="bad digest"
    )
    part = await folded(row(0, failure, 1), row(1, reported("a", 1), 2))
    found = live([part], NOW)["a"]
    assert (found.generation, found.failed, found.why) == (1, 2, "bad digest")


async def test_the_counts_of_an_instance_are_those_of_its_newest_report_whatever_the_order() -> None:
    newest, older = counted("a", 30), counted("a", 20)
    part = await folded(row(0, newest, 10), row(1, older, 5))
    assert live([part], NOW)["a"].versions == {PACKAGE.digest: newest.versions[0]}


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.integers(0, 9)), max_size=20))
async def test_counts_add_up_over_instances_however_reports_are_spread_over_partitions(
    reports: list[tuple[str, int, int]],
) -> None:
    totals: dict[str, int] = {}
    parts: list[list[Row]] = [[], [], [], []]
    for number, (name, partition, more) in enumerate(reports):
        totals[name] = totals.get(name, 0) + more
        parts[partition].append(row(number, counted(name, totals[name]), number))
    found = live([await folded(*part) for part in parts], NOW)
    assert {name: each.versions[PACKAGE.digest].requests for name, each in found.items()} == totals


def proved(name: str, generation: int, *digits: str) -> ServingReported:
    """The digest of each package is one digit, over and over; a capital stands for one without a proof."""
    proof = GoldenProof(generation=generation, rows=9, distance=0, outputs=digest())
    versions = tuple(
        VersionReport(
            package=package_ref("1", digit.lower()), requests=0, rows=0, golden=None if digit.isupper() else proof
        )
        for digit in digits
    )
    return ServingReported(endpoint=ENDPOINT, instance=name, generation=generation, versions=versions)


async def test_the_proofs_are_those_of_the_newest_report_by_package() -> None:
    part = await folded(row(0, proved("a", 2, "b", "C"), 10), row(1, proved("a", 1, "d"), 5))
    found = live([part], NOW)["a"]
    proof = found.proof(digest("b"))
    assert proof is not None
    assert (proof.generation, found.proof(digest("c")), found.proof(digest("d"))) == (2, None, None)


async def test_proofs_merge_over_partitions_and_outlive_a_failure_to_load() -> None:
    failure = ModelLoadFailed(endpoint=ENDPOINT, instance="a", package=package_ref("2"), generation=3, reason="no")
    one = await folded(row(0, proved("a", 1, "b"), 1))
    two = await folded(row(0, proved("a", 2, "c"), 2), row(1, failure, 3))
    found = live([one, two], NOW)["a"]
    assert (found.proof(digest("b")), found.proof(digest("c")) is None) == (None, False)


@given(st.permutations(range(6)), st.integers(0, 6))
async def test_the_split_into_partitions_does_not_matter(order: list[int], cut: int) -> None:
    rows = [row(n, reported("ab"[n % 2], n), n) for n in order]
    parts = [await folded(*rows[:cut]), await folded(*rows[cut:])]
    assert {name: i.generation for name, i in live(parts, NOW).items()} == {"a": 4, "b": 5}
