"""Application settings: local.settings.json as environment variables, and the `%NAME%` references to them."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.local.functions_host.errors import HostError

_REFERENCE = re.compile(r"%([^%]+)%")


def load_settings_file(path: Path) -> dict[str, str]:
    """The `Values` of a local.settings.json. Raises `HostError` on anything but a plain mapping of texts."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HostError(f"settings file {path}: {error}") from error
    if document.get("IsEncrypted"):
        raise HostError(f"settings file {path}: IsEncrypted is true; only plain settings can be read")
    values = document.get("Values", {})
    if not isinstance(values, Mapping):
        raise HostError(f"settings file {path}: Values must be an object")
    return {name: _text(path, name, value) for name, value in values.items()}


def _text(path: Path, name: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise HostError(f"settings file {path}: Values.{name} must be a text, not {type(value).__name__}")


def resolve_references(function: str, binding: Mapping[str, Any]) -> dict[str, Any]:
    """A binding with every `%NAME%` replaced. Raises `HostError` naming function, attribute and missing setting."""

    def resolve(attribute: str, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return _REFERENCE.sub(lambda match: _setting(function, attribute, match[1]), value)

    return {attribute: resolve(attribute, value) for attribute, value in binding.items()}


def _setting(function: str, attribute: str, name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise HostError(f"function {function!r}: {attribute} refers to %{name}%, and there is no setting {name}")
    return value


def is_disabled(function: str) -> bool:
    """Whether `AzureWebJobs.<function>.Disabled` is on; on Linux, where names have no dots, they are underscores."""
    names = (f"AzureWebJobs.{function}.Disabled", f"AzureWebJobs_{function}_Disabled")
    return any(os.environ.get(name, "").lower() in ("1", "true") for name in names)
