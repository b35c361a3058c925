"""Versioned assets: models, components, environments, codes and data share one way of being kept."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from infra.local.azure_ml.answer import Answer
from infra.local.azure_ml.arm import bad_request, page
from infra.local.azure_ml.call import Call, Handler, listed
from infra.local.azure_ml.resources import Json, Resource, system_data
from infra.local.azure_ml.versions import store_version

_NAME = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.\-]{0,254}$")


async def _unchanged(call: Call, properties: Json) -> Json:
    return properties


def _silent(call: Call, properties: Json) -> None:
    return None


@dataclass(frozen=True)
class Kind:
    """`fixed` are the properties that a version never changes; `prepare` resolves, `created` announces."""

    name: str
    fixed: tuple[str, ...]
    prepare: Callable[[Call, Json], Awaitable[Json]] = _unchanged
    created: Callable[[Call, Json], None] = _silent


def put_version(kind: Kind) -> Handler:
    async def handle(call: Call) -> Answer:
        for part in (call.names["name"], call.names["version"]):
            if not _NAME.match(part):
                raise bad_request(f"'{part}' is not a valid name or version of one of the {kind.name}.")
        properties = await kind.prepare(call, dict(call.properties()))
        path = call.path(f"{kind.name}/{{name}}/versions/{{version}}")
        existing = call.state.resources.get(path)
        _check_fixed(kind, existing, properties)
        version = store_version(call.state, path, properties, existing)
        if existing is None:
            kind.created(call, properties)
        return Answer(200 if existing else 201, version.body)

    return handle


def _check_fixed(kind: Kind, existing: Resource | None, properties: Json) -> None:
    if existing is None:
        return
    for fixed in kind.fixed:
        if existing.properties.get(fixed) != properties.get(fixed):
            raise bad_request("Asset paths cannot be updated." if fixed.endswith("Uri") else f"{fixed} is immutable.")


def get_version(kind: str) -> Handler:
    async def handle(call: Call) -> Answer:
        return Answer(200, call.find(f"{kind}/{{name}}/versions/{{version}}").body)

    return handle


def delete_version(kind: str) -> Handler:
    async def handle(call: Call) -> Answer:
        version = call.state.resources.get(call.path(f"{kind}/{{name}}/versions/{{version}}"))
        if version is None:
            return Answer(204)
        call.state.resources.delete(version.path)
        return Answer(200)

    return handle


def list_versions(kind: str) -> Handler:
    async def handle(call: Call) -> Answer:
        found = list(call.state.resources.indexed(call.path(f"{kind}/{{name}}/versions")))
        ordered = found if "asc" in (call.option("$orderBy") or "desc") else found[::-1]
        return Answer(200, page([item.body for item in listed(call, ordered)], call.url, call.query))

    return handle


def get_container(kind: str) -> Handler:
    async def handle(call: Call) -> Answer:
        return Answer(200, call.find(f"{kind}/{{name}}").body)

    return handle


def put_container(kind: str) -> Handler:
    """The client puts back less than it got, so a PUT merges: `latestVersion` and `nextVersion` stay."""

    async def handle(call: Call) -> Answer:
        path = call.path(f"{kind}/{{name}}")
        existing = call.state.resources.get(path)
        properties = (existing.properties if existing else {}) | call.properties()
        body = call.state.envelope(path) | {"properties": properties, "systemData": system_data(existing)}
        call.state.resources.put(Resource(path, body, seq=existing.seq if existing else 0))
        return Answer(200 if existing else 201, body)

    return handle


def list_containers(kind: str) -> Handler:
    async def handle(call: Call) -> Answer:
        found = listed(call, list(call.state.resources.indexed(call.path(kind))))
        return Answer(200, page([item.body for item in found], call.url, call.query))

    return handle
