"""How versions of assets are kept, and the container that knows the latest one."""

from typing import TYPE_CHECKING

from infra.local.azure_ml.resources import Json, Resource, system_data

if TYPE_CHECKING:
    from infra.local.azure_ml.emulator import Emulator


def store_version(emulator: "Emulator", path: str, properties: Json, existing: Resource | None = None) -> Resource:
    """Keep the version at `workspace/kind/name/versions/version`, and the container that knows the latest one."""
    version = Resource(path, {}, seq=existing.seq if existing else 0)
    version.body = emulator.envelope(path) | {"properties": properties, "systemData": system_data(existing)}
    emulator.resources.put(version)
    if existing is None:
        container, _, latest = path.rsplit("/", 2)
        _store_container(emulator, container, latest)
    return version


def next_version(emulator: "Emulator", container: str) -> str:
    """One more than the highest numeric version in the container at `workspace/kind/name`."""
    names = [item.name for item in emulator.resources.children(f"{container}/versions")]
    return str(max([int(name) for name in names if name.isdecimal()], default=0) + 1)


def _store_container(emulator: "Emulator", path: str, latest: str) -> None:
    existing = emulator.resources.get(path)
    old = existing.properties if existing else {"isArchived": False, "tags": {}, "properties": {}}
    properties = old | {"latestVersion": latest, "nextVersion": next_version(emulator, path)}
    body = emulator.envelope(path) | {"properties": properties, "systemData": system_data(existing)}
    emulator.resources.put(Resource(path, body, seq=existing.seq if existing else 0))
