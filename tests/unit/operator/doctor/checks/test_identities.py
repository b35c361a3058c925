"""Rights of apps are tried with the apps' own keys, hub by hub."""

from typing import Any

from function_app.operator.doctor.checks.identities import DUTIES, check
from function_app.operator.doctor.patient import AppSettings
from infra.local import topology
from shared.adapters.memory.hub_survey import MemoryHubSurvey
from shared.ports import Hub, Unavailable
from tests.unit.operator.doctor.patients import SCORING, Parts, words


def only(found: Any, app: str) -> list[tuple[str, str]]:
    return [each for each in words(found) if app in each[1]]


async def test_a_right_that_an_app_lacks_is_broken_by_app_and_hub(parts: Parts) -> None:
    parts.hubs.closed = {"predictions"}
    asked: list[tuple[AppSettings, Hub, str]] = []

    def as_app(*of: Any) -> MemoryHubSurvey:
        asked.append(of)
        return parts.hubs

    found = only(await check.look(parts.patient(as_app=as_app)), "scoring")
    assert found == [("broken", "scoring may not send predictions: send to hub predictions: unauthorized-access")]
    assert (SCORING, "predictions", "ns.servicebus.windows.net/predictions") in asked


async def test_a_reader_that_is_refused_is_broken(parts: Parts, control: dict[str, AppSettings]) -> None:
    class Deaf(MemoryHubSurvey):
        async def has_group(self, hub: Hub, group: str) -> bool:
            raise Unavailable(f"read by group {group} hub {hub}: unauthorized-access")

        async def may_send(self, hub: Hub) -> None:
            return

    found = only(await check.look(parts.patient(apps=control, as_app=lambda *_: Deaf())), "control")
    assert [verdict for verdict, _ in found] == ["broken"] * 5
    assert found[0][1].startswith("control may not read inbound: read by group intake")


async def test_all_that_the_apps_do_is_tried(parts: Parts) -> None:
    assert words(await check.look(parts.patient())) == [("ok", "9 rights tried as the apps themselves")]


async def test_what_only_an_app_itself_could_try_is_named_and_no_success(parts: Parts) -> None:
    found = only(await check.look(parts.patient(as_app=lambda *_: None)), "scoring")
    assert found == [("warning", "whether scoring may send predictions was not tried")]


async def test_an_app_whose_settings_nobody_named_is_named(parts: Parts) -> None:
    found = words(await check.look(parts.patient(apps={"scoring": SCORING})))
    assert found == [("warning", f"no right of {app} was tried") for app in ("control", "gateway")]


def test_what_is_tried_is_what_is_granted() -> None:
    granted: dict[str, Any] = {app: (set[str](), set[str]()) for app in DUTIES}
    for grant in topology.HUB_GRANTS:
        if grant.owner in granted and (grant.owner, grant.hub) != ("gateway", "inbound"):
            for kind, right in enumerate(("Listen", "Send")):
                granted[grant.owner][kind].update([grant.hub] if right in grant.rights else [])
    assert {app: (set(each.reads), set(each.sends)) for app, each in DUTIES.items()} == granted
