"""Which tokens are good here: shared access signatures by the keys given, and those of Entra ID by the identities."""

from infra.local.eventhubs.identities import Identities
from infra.local.eventhubs.sas import PREFIX, AccessKey, claim_of_signature
from infra.local.eventhubs.tokens import RIGHTS, Claim, Unauthorized

SAS, JWT = "servicebus.windows.net:sastoken", "jwt"


class Verifier:
    """Checks tokens; with neither keys nor identities everybody may do everything."""

    def __init__(self, keys: list[AccessKey] | None, identities: Identities | None = None) -> None:
        self._keys = keys
        self._identities = identities

    @property
    def verifies(self) -> bool:
        """False when there is nothing to check against."""
        return self._keys is not None or self._identities is not None

    def claim(self, token: str, kind: str, audience: str, now_s: float) -> Claim:
        """What a token allows; raise `Unauthorized` when it is forged, expired, misdirected or of another kind."""
        if not self.verifies:
            return Claim((), RIGHTS, float("inf"))
        if kind == SAS and self._keys is not None:
            return claim_of_signature(self._keys, token, audience, now_s)
        if kind == JWT and self._identities is not None:
            return self._identities.claim(token, audience, now_s)
        raise Unauthorized(f"tokens of type '{kind}' are not accepted here")


def kind_of(token: str) -> str:
    """What a token is that comes without its kind."""
    return SAS if token.startswith(PREFIX) else JWT
