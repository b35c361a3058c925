"""Tokens are checked to the letter; time is an argument here."""

from pathlib import Path

import pytest
from azure.eventhub._pyamqp.utils import generate_sas_token

from infra.local.eventhubs.config import ConfigError
from infra.local.eventhubs.sas import AccessKey, load_keys
from infra.local.eventhubs.tokens import Unauthorized, scope_of
from infra.local.eventhubs.verifier import SAS, Verifier

pytestmark = pytest.mark.local_only
URI = "sb://localhost:5672/Events"
VERIFIER = Verifier([AccessKey("a key", "secret", "events", frozenset({"Send"}))])
TOKEN = generate_sas_token(URI, "a key", "secret", 1000)  # type: ignore[no-untyped-call]


def test_a_token_holds_until_it_expires() -> None:
    claim = VERIFIER.claim(TOKEN, SAS, URI, 999)
    assert (claim.scope, claim.rights, claim.expires_at) == (("events",), frozenset({"Send"}), 1000)
    with pytest.raises(Unauthorized, match="Expired"):
        VERIFIER.claim(TOKEN, SAS, URI, 1000)


def test_a_token_for_the_hub_covers_what_is_below_it() -> None:
    assert VERIFIER.claim(TOKEN, SAS, f"{URI}/ConsumerGroups/g/Partitions/0", 1).scope == ("events",)


def test_a_token_for_a_part_of_the_hub_is_not_for_the_hub() -> None:
    narrow = generate_sas_token(f"{URI}/Publishers/p", "a key", "secret", 1000)  # type: ignore[no-untyped-call]
    assert VERIFIER.claim(narrow, SAS, f"{URI}/Publishers/P", 1).scope == ("events", "publishers", "p")
    for audience in (URI, f"{URI}/Publishers/pq", f"{URI}/Publishers"):
        with pytest.raises(Unauthorized, match="InvalidAudience"):
            VERIFIER.claim(narrow, SAS, audience, 1)


def test_a_hub_s_key_does_not_sign_for_the_namespace() -> None:
    wide = generate_sas_token("sb://localhost:5672", "a key", "secret", 1000)  # type: ignore[no-untyped-call]
    with pytest.raises(Unauthorized, match="InvalidSignature"):
        VERIFIER.claim(wide, SAS, URI, 1)


def test_an_expiry_written_over_breaks_the_signature() -> None:
    with pytest.raises(Unauthorized, match="signature"):
        VERIFIER.claim(TOKEN.replace("se=1000", "se=9999"), SAS, URI, 1)


@pytest.mark.parametrize(
    "token", ["", "nonsense", "SharedAccessSignature sr=a", "SharedAccessSignature sr=a&sig=b&se=x"]
)
def test_a_malformed_token_is_refused(token: str) -> None:
    with pytest.raises(Unauthorized):
        VERIFIER.claim(token, SAS, URI, 1)


def test_audiences_name_a_path() -> None:
    audiences = {
        "sb://host:1/Hub": ("hub",),
        "amqps://host/hub/Publishers/p/": ("hub", "publishers", "p"),
        "sb://host/": (),
        "hub/x": ("hub", "x"),
    }
    assert {audience: scope_of(audience) for audience in audiences} == audiences


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
