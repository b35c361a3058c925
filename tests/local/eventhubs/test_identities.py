"""Tokens of Entra ID, as the local identity endpoint issues them."""

import json
import time
from pathlib import Path

import pytest
from azure.core.credentials import AccessToken
from azure.eventhub import EventData, EventHubProducerClient
from azure.eventhub.exceptions import AuthenticationError, EventHubError

from infra.local.azure_ml.identity import encode
from infra.local.eventhubs.config import ConfigError
from infra.local.eventhubs.identities import Identities, load_identities
from infra.local.eventhubs.tokens import Unauthorized
from tests.support.eventhubs import EventHubsServer, StartEventHubs

pytestmark = pytest.mark.local_only
RIGHTS = {"events": frozenset({"Send"}), "*": frozenset({"Listen"})}
IDENTITIES = Identities("tenant", {"someone": RIGHTS, "nobody": {}})
GOOD = {"aud": "https://eventhubs.azure.net/", "tid": "tenant", "oid": "someone", "exp": 1000}


def test_a_token_carries_the_rights_of_its_identity() -> None:
    claim = IDENTITIES.claim(encode(GOOD), "sb://host/Events/Partitions/0", 999)
    assert (claim.scope, claim.expires_at) == (("events",), 1000)
    assert claim.rights == {"Send", "Listen"}
    assert IDENTITIES.claim(encode(GOOD), "sb://host/other", 999).rights == {"Listen"}
    assert IDENTITIES.claim(encode({**GOOD, "oid": "nobody"}), "sb://host/events", 999).rights == frozenset()


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (encode({**GOOD, "aud": "https://storage.azure.com"}), "InvalidAudience"),
        (encode({**GOOD, "tid": "another"}), "InvalidIssuer"),
        (encode({**GOOD, "exp": 999}), "ExpiredToken"),
        (encode({**GOOD, "exp": None}), "ExpiredToken"),
        (encode({**GOOD, "oid": "stranger"}), "InvalidToken"),
        ("nonsense", "MalformedToken"),
        ("a.b.c", "MalformedToken"),
        ("a.W10.c", "MalformedToken"),
    ],
)
def test_a_token_that_is_not_good_is_refused(token: str, why: str) -> None:
    with pytest.raises(Unauthorized, match=why):
        IDENTITIES.claim(token, "sb://host/events", 999)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({}, "tenant"),
        ({"tenant": "t"}, "identities"),
        ({"tenant": "t", "identities": [{}]}, "identities[0].oid"),
        ({"tenant": "t", "identities": [{"oid": "o"}]}, "identities[0].grants"),
        ({"tenant": "t", "identities": [{"oid": "o", "grants": [{}]}]}, "identities[0].grants[0].hub"),
        ({"tenant": "t", "identities": [{"oid": "o", "grants": [{"hub": "h"}]}]}, "identities[0].grants[0].rights"),
    ],
)
def test_a_mistake_in_the_identities_names_its_field(tmp_path: Path, content: object, field: str) -> None:
    path = tmp_path / "identities.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ConfigError) as caught:
        load_identities(path)
    assert field in str(caught.value)


class Credential:
    """What `DefaultAzureCredential` is to the SDK."""

    def __init__(self, **claims: object) -> None:
        self._claims = {**GOOD, "exp": int(time.time()) + 600, **claims}

    def get_token(self, *_scopes: str, **_: object) -> AccessToken:
        return AccessToken(encode(self._claims), int(str(self._claims["exp"])))


@pytest.fixture
def server(start_eventhubs: StartEventHubs, tmp_path: Path) -> EventHubsServer:
    grants = [{"hub": hub, "rights": sorted(rights)} for hub, rights in RIGHTS.items()]
    identities = [{"oid": "someone", "grants": grants}, {"oid": "nobody", "grants": []}]
    path = tmp_path / "identities.json"
    path.write_text(json.dumps({"tenant": "tenant", "identities": identities}))
    return start_eventhubs({"events": 1, "other": 1}, arguments=["--identities", str(path)])


def send(server: EventHubsServer, hub: str, credential: Credential) -> None:
    client = EventHubProducerClient(
        f"127.0.0.1:{server.port}", hub, credential=credential, use_tls=False, retry_total=0
    )
    with client:
        client.send_event(EventData(b"signed in"), partition_id="0")


def test_who_signed_in_sends_where_the_role_allows_it(server: EventHubsServer) -> None:
    send(server, "events", Credential())
    with pytest.raises(EventHubError):
        send(server, "other", Credential())
    with pytest.raises(EventHubError):
        send(server, "events", Credential(oid="nobody"))
    with pytest.raises(AuthenticationError):
        send(server, "events", Credential(tid="another"))
