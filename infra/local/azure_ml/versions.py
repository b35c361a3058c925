"""How versions of assets are kept, and the container that knows the latest one."""

from infra.local.azure_ml.resources import Json, Resource, system_data
from infra.local.azure_ml.state import State


def store_version(state: State, path: str, properties: Json, existing: Resource | None = None) -> Resource:
    """Keep the version at `workspace/kind/name/versions/version`, and the container that knows the latest one."""
    version = Resource(path, {}, seq=existing.seq if existing else 0)
    version.body = state.envelope(path) | {"properties": properties, "systemData": system_data(existing)}
    state.resources.put(version)
    if existing is None:
        container, _, latest = path.rsplit("/", 2)
        _store_container(state, container, latest)
    return version


def next_version(state: State, container: str) -> str:
    """One more than the highest numeric version in the container at `workspace/kind/name`."""
    names = [item.name for item in state.resources.children(f"{container}/versions")]
    return str(max([int(name) for name in names if name.isdecimal()], default=0) + 1)


def _store_container(state: State, path: str, latest: str) -> None:
    existing = state.resources.get(path)
    old = existing.properties if existing else {"isArchived": False, "tags": {}, "properties": {}}
    properties = old | {"latestVersion": latest, "nextVersion": next_version(state, path)}
    body = state.envelope(path) | {"properties": properties, "systemData": system_data(existing)}
    state.resources.put(Resource(path, body, seq=existing.seq if existing else 0))
