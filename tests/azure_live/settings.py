"""The variables that name what of Azure is tested on, in the forms that Azure's own tools print."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

PAGE = "docs/testing-on-azure.md"
FORMS = {
    "SLUICE_TEST_STORAGE": (
        re.compile(
            r"https://[\w.-]+\.blob\.[\w.-]+(/\w+)?/?|(?=.*AccountName=)(?=.*(AccountKey|SharedAccessSignature)=).*",
            re.I,
        ),
        "a storage account's connection string, or its blob address (https://NAME.blob.core.windows.net)",
    ),
    "SLUICE_TEST_EVENTHUBS": (
        re.compile(r"Endpoint=sb://[^;]+;(?=.*SharedAccess)(?!.*EntityPath=).*|[\w-]+(\.[\w-]+)+|localhost:\d+", re.I),
        "a namespace's connection string without EntityPath, or its host name (NAME.servicebus.windows.net)",
    ),
    "SLUICE_TEST_WORKSPACE": (
        re.compile(
            r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.MachineLearningServices/workspaces/[^/]+",
            re.I,
        ),
        "a workspace's resource id (/subscriptions/…/workspaces/NAME)",
    ),
}


class Unusable(Exception):
    """No variable is set, or one does not hold what it should; never quotes a value, which may be a key."""


@dataclass(frozen=True)
class Settings:
    """Empty where a variable is not set."""

    storage: str
    event_hubs: str
    workspace: str

    @property
    def places(self) -> dict[str, str]:
        """What is tested on, by kind of resource, without its secrets."""
        found = {"storage": _account(self.storage), "hubs": _namespace(self.event_hubs), "workspace": self.workspace}
        return {kind: place for kind, place in found.items() if place}

    @property
    def missing(self) -> list[str]:
        return [name for name, value in zip(FORMS, self._values, strict=True) if not value]

    @property
    def _values(self) -> tuple[str, str, str]:
        return self.storage, self.event_hubs, self.workspace


def read(environment: Mapping[str, str]) -> Settings:
    """Raise `Unusable` where nothing can be tested."""
    values = {name: environment.get(name, "").strip() for name in FORMS}
    if not any(values.values()):
        raise Unusable(f"none of {', '.join(FORMS)} is set: they name what of Azure to test on ({PAGE})")
    for name, value in values.items():
        form, said = FORMS[name]
        if value and not form.fullmatch(value):
            raise Unusable(f"{name} has to be {said}: see {PAGE}")
    return Settings(*values.values())


def _account(storage: str) -> str:
    named = re.search(r"AccountName=([^;]+)", storage, re.I) or re.match(r"https://([\w-]+)", storage)
    return named.group(1) if named else ""


def _namespace(event_hubs: str) -> str:
    named = re.search(r"Endpoint=sb://([^;/]+)", event_hubs, re.I)
    return named.group(1) if named else event_hubs
