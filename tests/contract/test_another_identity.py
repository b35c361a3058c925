"""To be another app on this machine: by what its settings say, and only where an endpoint of this machine is named."""

from collections.abc import Mapping

import pytest
from azure.core.exceptions import ClientAuthenticationError

from shared.adapters.azure.another_identity import AnotherIdentity, identity_in
from tests.local.azure_ml.emulator_process import EmulatorProcess

pytestmark = pytest.mark.local_only
SCOPE = "https://eventhubs.azure.net/.default"


def settings(emulator: EmulatorProcess, header: str) -> dict[str, str]:
    return {"IDENTITY_ENDPOINT": f"{emulator.operator_url}/identity/token", "IDENTITY_HEADER": header}


async def test_the_endpoint_gives_a_token_of_that_app(emulator: EmulatorProcess) -> None:
    identity = identity_in(settings(emulator, "secret-of-control"))
    assert identity is not None
    token = await identity.get_token(SCOPE)
    assert token.token.count(".") == 2
    assert token.token != (await AnotherIdentity(settings(emulator, "secret-of-reader")).get_token(SCOPE)).token


async def test_a_header_that_is_nobodys_is_no_sign_in(emulator: EmulatorProcess) -> None:
    with pytest.raises(ClientAuthenticationError):
        await AnotherIdentity(settings(emulator, "secret-of-a-stranger")).get_token(SCOPE)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"IDENTITY_ENDPOINT": "http://127.0.0.1:1/token"},
        {"IDENTITY_ENDPOINT": "http://169.254.129.2:8081/msi/token", "IDENTITY_HEADER": "x"},
        {"IDENTITY_ENDPOINT": "http://127.0.0.1.example.com/token", "IDENTITY_HEADER": "x"},
    ],
)
def test_another_machines_endpoint_is_never_asked(values: Mapping[str, str]) -> None:
    assert identity_in(values) is None
