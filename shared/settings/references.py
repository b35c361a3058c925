"""What App Service was to put in a setting's place, and has not: an unresolved reference to Key Vault."""

import os
from collections.abc import Iterable

_REFERENCE = "@Microsoft.KeyVault("
_WHY = "holds a Key Vault reference that Azure has not resolved: the secret is missing, or this app may not read it"


def is_reference(value: str) -> bool:
    """Whether App Service was to put a secret here."""
    return value.strip().startswith(_REFERENCE)


def unresolved(fields: Iterable[str]) -> list[str]:
    """A sentence for each of these settings (variables in upper case) that still holds a reference."""
    names = (field.upper() for field in fields)
    return [f"{name}: {_WHY}" for name in names if is_reference(os.environ.get(name, ""))]
