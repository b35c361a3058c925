"""Settings that are missing, wrong, or a reference that nobody resolved are named, and never shown."""

from function_app.operator.doctor.checks.settings import check
from function_app.operator.doctor.patient import AppSettings
from shared.settings.operator import OperatorSettings
from tests.unit.operator.doctor.patients import SCORING, Parts, settings, words

_REFERENCE = "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/geheim)"


async def test_what_is_not_set_is_not_looked_at_and_that_is_said(parts: Parts) -> None:
    labels = OperatorSettings.setting("labels")
    found = words(await check.look(parts.patient(settings=settings(host_storage=None, **{labels.lower(): None}))))
    assert {(verdict, text.split()[0]) for verdict, text in found} == {("warning", "HOST_STORAGE"), ("warning", labels)}


async def test_a_reference_that_nobody_resolved_is_broken(parts: Parts) -> None:
    found = words(await check.look(parts.patient(settings=settings(operator_signing_key=_REFERENCE))))
    assert found == [("broken", "OPERATOR_SIGNING_KEY is a reference to a vault, which nobody resolved")]


async def test_an_app_without_a_setting_is_broken_by_its_name(parts: Parts) -> None:
    without = {name: value for name, value in SCORING.values.items() if name != "SERVING_ENDPOINT"}
    wrong = {**without, "CAPTURE_SAMPLING": "geheim"}
    found = words(await check.look(parts.patient(apps={"scoring": AppSettings(wrong)})))
    assert [verdict for verdict, _ in found] == ["broken", "broken"]
    assert [text.split()[1] for _, text in found] == ["SERVING_ENDPOINT:", "CAPTURE_SAMPLING:"]
    assert "geheim" not in str(found)


async def test_an_apps_reference_is_broken_where_it_is_what_the_app_sees(parts: Parts) -> None:
    values = {**SCORING.values, "SLUICE_STORAGE": _REFERENCE}
    (seen,) = words(await check.look(parts.patient(apps={"scoring": AppSettings(values)})))
    (listed,) = words(await check.look(parts.patient(apps={"scoring": AppSettings(values, listed=True)})))
    assert (seen[0], listed[0]) == ("broken", "warning")
    assert "SLUICE_STORAGE" in seen[1]
    assert "geheim" not in str((seen, listed))


async def test_without_any_apps_settings_it_says_how_to_get_them(parts: Parts) -> None:
    (finding,) = await check.look(parts.patient(apps={}))
    assert (finding.verdict, "az functionapp config appsettings list" in finding.repair) == ("warning", True)
