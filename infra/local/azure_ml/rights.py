"""Which identity may do which action in which workspace."""

from fnmatch import fnmatchcase

from infra.local.azure_ml.arm import PROVIDER, ArmError
from infra.local.azure_ml.config import Identity

_FULL = f"{PROVIDER}/workspaces/"


def check(identity: Identity, workspace: str, action: str, scope: str) -> None:
    """Raise `ArmError` 403, naming action and scope as Azure does, unless a grant allows the action."""
    for grant in identity.grants:
        if grant.workspace in ("*", workspace) and any(_allows(pattern, action) for pattern in grant.actions):
            return
    raise ArmError(
        403,
        "AuthorizationFailed",
        f"The client '{identity.oid}' with object id '{identity.oid}' does not have authorization to perform action "
        f"'{_FULL}{action}' over scope '{scope}' or the scope is invalid.",
    )


def _allows(pattern: str, action: str) -> bool:
    """Patterns may be full or short, with or without the `versions` level; `*` crosses slashes as in Azure.

    `*/read` covers reading the workspace itself too: the built-in Data Scientist role allows `workspaces/*/write` and
    has to take `workspaces/write` away again."""
    short = pattern[len(_FULL) :] if pattern.lower().startswith(_FULL.lower()) else pattern
    spellings = (action.lower(), action.lower().replace("/versions/", "/"), f"/{action.lower()}")
    return any(fnmatchcase(spelling, short.lower()) for spelling in spellings)
