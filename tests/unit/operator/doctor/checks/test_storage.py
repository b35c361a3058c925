"""Tables and containers that are missing, or that operators may not read."""

from function_app.operator.doctor.checks.storage import check
from function_app.operator.doctor.expected import CONTAINERS, TABLES
from infra.local import topology
from tests.infra.test_storage import CONTAINERS as GRANTED_CONTAINERS
from tests.infra.test_storage import TABLES as GRANTED_TABLES
from tests.unit.operator.doctor.patients import Parts, words


async def test_what_is_not_there_is_broken_whoever_may_read_it(parts: Parts) -> None:
    parts.store.not_readable = {"grown": "missing", "seals": "missing"}
    assert words(await check.look(parts.patient())) == [
        ("broken", "table grown is not there"),
        ("broken", "container seals is not there"),
    ]


async def test_what_operators_may_not_read_is_broken_only_where_they_should(parts: Parts) -> None:
    parts.store.not_readable = {"ledger": "forbidden", "grown": "forbidden", "captures": "forbidden"}
    (finding,) = await check.look(parts.patient())
    assert (finding.verdict, finding.words) == ("broken", "table ledger may not be read")
    assert "Storage Table Data Reader" in finding.repair


async def test_what_is_not_for_operators_is_counted(parts: Parts) -> None:
    parts.store.not_readable = {"grown": "forbidden", "captures": "forbidden"}
    (finding,) = await check.look(parts.patient())
    assert (finding.verdict, finding.words.partition("; ")[2]) == ("ok", "2 are not for operators to see")


def test_what_is_looked_for_is_what_is_deployed_and_who_may_read_it_is_what_is_granted() -> None:
    assert set(TABLES) == set(topology.TABLES)
    assert set(CONTAINERS) == set(topology.CONTAINERS)
    assert {name: "operators" in GRANTED_TABLES[name][0] for name in TABLES} == TABLES
    assert {name: "operators" in GRANTED_CONTAINERS[name][0] for name in CONTAINERS} == CONTAINERS
