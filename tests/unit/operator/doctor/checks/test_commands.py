"""Commands that cannot be sent, or are not signed."""

from function_app.operator.doctor.checks.commands import check
from tests.unit.operator.doctor.patients import Parts, settings, words


async def test_who_may_not_send_is_told_the_role(parts: Parts) -> None:
    parts.hubs.closed = {"decisions"}
    (finding,) = await check.look(parts.patient())
    assert (finding.verdict, finding.words) == ("broken", "send to hub decisions: unauthorized-access")
    assert "Azure Event Hubs Data Sender" in finding.repair


async def test_a_key_that_is_none_is_broken_and_not_shown(parts: Parts) -> None:
    found = words(await check.look(parts.patient(settings=settings(operator_signing_key="geheim"))))
    assert [verdict for verdict, _ in found] == ["broken"]
    assert "geheim" not in str(found)


async def test_without_a_key_commands_may_be_refused(parts: Parts) -> None:
    found = words(await check.look(parts.patient(settings=settings(operator_signing_key=None))))
    assert [verdict for verdict, _ in found] == ["warning"]
