"""No secret passes through a parameter, an output or a function that reads one; the signing key is control's alone."""

import re

import pytest

from tests.infra.templates import AZURE, Template, accessed, all_templates, body, changed, names_in, template

_SECRET_NAME = re.compile(r"secret|password|privatekey|signingkey|accountkey|connectionstring|sas", re.IGNORECASE)
_READS_SECRETS = re.compile(r"\.?list(?:Keys|Secrets|AccountSas|ServiceSas|\w*Keys)\(|getSecret\(", re.IGNORECASE)
_SECRET_TEXT = re.compile(r"AccountKey=|SharedAccessKey=|SharedAccessSignature|[?&]sig=")


def secrets_in(file: Template) -> list[str]:
    """Parameters and outputs by name or decorator, and expressions that would read or hold a secret."""
    found = []
    for kind in ("parameters", "outputs"):
        for name, each in file.section(kind).items():
            secure = any(decorator["type"] == "secure" for decorator in each["decorators"])
            value = str(each.get("value", ""))
            if secure or _SECRET_NAME.search(name) or (kind == "outputs" and _SECRET_NAME.search(value)):
                found.append(f"{kind}: {name}")
    found += [f"reads {match}" for match in _READS_SECRETS.findall(file.text)]
    return found + [f"holds {match}" for match in _SECRET_TEXT.findall(file.text)]


@pytest.mark.parametrize("path", all_templates())
def test_a_template_neither_takes_gives_nor_reads_a_secret(path: str) -> None:
    assert secrets_in(all_templates()[path]) == []


@pytest.mark.parametrize(
    "bad",
    [
        "@secure()\nparam word string",
        "param signingKey string",
        "output storageConnectionString string = 'x'",
        "output it string = insights.properties.ConnectionString",
        "var key = account.listKeys().keys[0].value",
        "var address = 'Endpoint=sb://a;SharedAccessKey=b'",
    ],
)
def test_a_secret_is_found(bad: str) -> None:
    assert secrets_in(template(bad)) != []


def test_the_example_of_parameters_holds_no_secret() -> None:
    example = (AZURE / "main.example.bicepparam").read_text()
    assert not _SECRET_TEXT.search(example)
    assert not [name for name in re.findall(r"^param (\w+)", example, re.MULTILINE) if _SECRET_NAME.search(name)]


def vault_settings(main: Template) -> dict[str, set[str]]:
    """App to its settings that are Key Vault references."""
    apps = ("control", "gateway", "scoring")
    settings = {app: main.parameters_of(f"{app}App")["settings"] for app in apps}
    return {
        app: {name for name, value in each.items() if "@Microsoft.KeyVault(" in str(value)}
        for app, each in settings.items()
    }


def test_control_alone_reads_the_whole_vault_and_the_signing_key_comes_from_there() -> None:
    main = all_templates()["main.bicep"]
    assert names_in(main.parameters_of("vault")["readers"]) == {"control"}
    assert vault_settings(main) == {
        "control": {"APPROVAL_SIGNING_KEY", "NOTIFY_WEBHOOKS"},
        "gateway": {"FORM_KEY"},
        "scoring": set(),
    }
    reference = "'@Microsoft.KeyVault(SecretUri=${vault.outputs.uri}secrets/approval-signing-key)'"
    plain = changed("main.bicep", f"APPROVAL_SIGNING_KEY: {reference}", "APPROVAL_SIGNING_KEY: approvalPublicKey")
    assert vault_settings(plain)["control"] == {"NOTIFY_WEBHOOKS"}


def test_the_gateway_may_read_the_key_of_its_forms_and_nothing_else_of_the_vault() -> None:
    passed = all_templates()["main.bicep"].parameters_of("gatewaySecret")
    assert passed["named"] == "form-key"
    assert accessed(passed["reader"]) == ["principals", "gateway"]
    resources = all_templates()["modules/secret_reader.bicep"].section("resources")
    assert accessed(body(resources["mayRead"])["scope"]) == ["secret"]


def test_the_vault_keeps_what_is_deleted_and_knows_roles_only() -> None:
    vault = body(all_templates()["modules/key_vault.bicep"].section("resources")["vault"])["properties"]
    assert vault["enablePurgeProtection"] is True
    assert vault["enableRbacAuthorization"] is True


def test_telemetry_is_accepted_from_identities_only() -> None:
    resources = all_templates()["modules/observability.bicep"].section("resources")
    assert body(resources["insights"])["properties"]["DisableLocalAuth"] is True


def test_the_gateway_asks_everybody_to_sign_in_except_for_its_health() -> None:
    settings = body(all_templates()["modules/sign_in.bicep"].section("resources")["signIn"])["properties"]
    assert settings["platform"]["enabled"] is True
    assert settings["globalValidation"]["requireAuthentication"] is True
    passed = all_templates()["main.bicep"].parameters_of("signIn")
    assert passed["openPaths"] == ["/health"]
    assert accessed(passed["appName"]) == ["gatewayApp", "outputs", "name"]
