"""Rights of apps are tried with the apps' own keys, hub by hub."""

from collections.abc import Mapping
from typing import Any

from function_app.operator.doctor.checks.identities import DUTIES, check
from function_app.operator.doctor.patient import AppSettings
from infra.local import topology
from shared.adapters.memory.hub_survey import MemoryHubSurvey
from shared.ports import Hub, Unavailable
from tests.unit.operator.doctor.patients import SCORING, Parts, words

_ADDRESS = "Endpoint=sb://h;SharedAccessKeyName=n;SharedAccessKey=geheim;EntityPath=predictions"


def with_key(address: str = _ADDRESS) -> dict[str, AppSettings]:
    values = {name: address if value.endswith("/predictions") else value for name, value in SCORING.values.items()}
    return {"scoring": AppSettings(values)}


async def test_a_right_that_a_key_does_not_give_is_broken_by_app_and_hub(parts: Parts) -> None:
    parts.hubs.closed = {"predictions"}
    asked: list[Mapping[Hub, str]] = []

    def survey(connections: Mapping[Hub, str]) -> MemoryHubSurvey:
        asked.append(connections)
        return parts.hubs

    found = words(await check.look(parts.patient(apps=with_key(), survey=survey)))
    assert found == [("broken", "scoring may not send predictions: send to hub predictions: unauthorized-access")]
    assert asked == [{"predictions": _ADDRESS}]


async def test_a_reader_that_is_refused_is_broken(parts: Parts, control: dict[str, AppSettings]) -> None:
    class Deaf(MemoryHubSurvey):
        async def has_group(self, hub: Hub, group: str) -> bool:
            raise Unavailable(f"read by group {group} hub {hub}: unauthorized-access")

        async def may_send(self, hub: Hub) -> None:
            return

    found = words(await check.look(parts.patient(apps=control, survey=lambda _: Deaf())))
    assert [verdict for verdict, _ in found] == ["broken"] * 5
    assert found[0][1].startswith("control may not read inbound: read by group intake")


async def test_all_that_control_does_is_tried(parts: Parts, control: dict[str, AppSettings]) -> None:
    ((verdict, text),) = words(await check.look(parts.patient(apps=control)))
    assert (verdict, text.partition(";")[0]) == ("ok", "7 rights tried with the apps' own keys")


async def test_without_a_key_an_identity_can_only_try_itself(parts: Parts) -> None:
    ((verdict, text),) = words(await check.look(parts.patient()))
    assert (verdict, text.partition(";")[0]) == ("ok", "0 rights tried with the apps' own keys")
    assert "control, gateway, scoring can only try themselves" in text


def test_what_is_tried_is_what_is_granted() -> None:
    granted: dict[str, Any] = {app: (set[str](), set[str]()) for app in DUTIES}
    for grant in topology.HUB_GRANTS:
        if grant.owner in granted and (grant.owner, grant.hub) != ("gateway", "inbound"):
            for kind, right in enumerate(("Listen", "Send")):
                granted[grant.owner][kind].update([grant.hub] if right in grant.rights else [])
    assert {app: (set(each.reads), set(each.sends)) for app, each in DUTIES.items()} == granted
