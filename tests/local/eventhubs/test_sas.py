"""Tokens are checked to the letter; time is an argument here."""

from pathlib import Path

import pytest
from azure.eventhub._pyamqp.utils import generate_sas_token

from infra.local.eventhubs.config import ConfigError
from infra.local.eventhubs.sas import AccessKey, Unauthorized, Verifier, hub_of, load_keys

pytestmark = pytest.mark.local_only
URI = "sb://localhost:5672/Events"
VERIFIER = Verifier([AccessKey("a key", "secret", "events", frozenset({"Send"}))])
TOKEN = generate_sas_token(URI, "a key", "secret", 1000)  # type: ignore[no-untyped-call]


def test_a_token_holds_until_it_expires() -> None:
    claim = VERIFIER.claim(TOKEN, URI, 999)
    assert (claim.hub, claim.rights, claim.expires_at) == ("events", frozenset({"Send"}), 1000)
    with pytest.raises(Unauthorized, match="Expired"):
        VERIFIER.claim(TOKEN, URI, 1000)


def test_a_token_for_the_hub_covers_what_is_below_it() -> None:
    assert VERIFIER.claim(TOKEN, f"{URI}/ConsumerGroups/g/Partitions/0", 1).hub == "events"


def test_an_expiry_written_over_breaks_the_signature() -> None:
    with pytest.raises(Unauthorized, match="signature"):
        VERIFIER.claim(TOKEN.replace("se=1000", "se=9999"), URI, 1)


@pytest.mark.parametrize(
    "token", ["", "nonsense", "SharedAccessSignature sr=a", "SharedAccessSignature sr=a&sig=b&se=x"]
)
def test_a_malformed_token_is_refused(token: str) -> None:
    with pytest.raises(Unauthorized):
        VERIFIER.claim(token, URI, 1)


def test_audiences_name_their_hub() -> None:
    audiences = {"sb://host:1/Hub": "hub", "amqps://host/hub/Publishers/p": "hub", "sb://host/": "", "hub/x": "hub"}
    assert {audience: hub_of(audience) for audience in audiences} == audiences


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ("{}", "a list"),
        ('[{"name": "a", "key": "k", "hub": "*"}]', "[0].rights"),
        ('[{"name": "a", "key": "k", "hub": "*", "rights": ["Fly"]}]', "[0].rights"),
        ('[{"name": "a", "key": "", "hub": "*", "rights": ["Send"]}]', "[0].key"),
    ],
)
def test_a_mistake_in_the_keys_names_its_field(tmp_path: Path, content: str, field: str) -> None:
    (tmp_path / "keys.json").write_text(content)
    with pytest.raises(ConfigError) as caught:
        load_keys(tmp_path / "keys.json")
    assert field in str(caught.value)
