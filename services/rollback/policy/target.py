"""Which package is taken away, and which one takes its place. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from shared.events import Digest, PackageRef
from shared.ports import Manifest, Route


@dataclass(frozen=True, slots=True)
class WayBack:
    """From `package` to `route`; None: nothing at all is to serve. `problem` in words when there is no way."""

    package: PackageRef | None = None
    route: Route | None = None
    problem: str = ""


def from_package(manifest: Manifest, package: PackageRef, withdrawn: Collection[Digest]) -> WayBack:
    """To whoever else serves most, else to what served before.

    A first version is taken away, though nothing then serves. What was itself taken away before never comes back so.
    """
    others = [route for route in manifest.routes if route.package != package and route.share > 0]
    if others:
        return WayBack(package, alone(max(others, key=lambda route: route.share)))
    previous = manifest.previous
    if previous is None:
        return WayBack(package)
    if previous.package == package or previous.package.digest in withdrawn:
        return WayBack(package, problem=f"{previous.package.model}, which served before, was itself taken away")
    return WayBack(package, alone(previous))


def by_order(manifest: Manifest, withdrawn: Collection[Digest], approved: Sequence[Digest]) -> WayBack:
    """What a person means who names an endpoint: from the newest version there to the one before.

    Of several with a share, as while a canary runs, the newest is the one that was `approved` last. An order never
    leaves an endpoint empty.
    """
    if not manifest.routes:
        return WayBack(problem="nothing serves")
    package = _newest(manifest, approved).package
    way = from_package(manifest, package, withdrawn)
    if way.route is None and not way.problem:
        return WayBack(package, problem=f"{package.model} is the first version: there is nothing to go back to")
    return way


def _newest(manifest: Manifest, approved: Sequence[Digest]) -> Route:
    """Where no approval is known, what served before is not the newest."""
    before = manifest.previous.package if manifest.previous else None

    def age(route: Route) -> tuple[int, bool, float]:
        digest = route.package.digest
        return approved.index(digest) if digest in approved else -1, route.package != before, route.share

    serving = [route for route in manifest.routes if route.share > 0]
    return max(serving or manifest.routes, key=age)


def alone(route: Route) -> Route:
    """With all the traffic."""
    return route.model_copy(update={"share": 100.0, "mirror": 0.0})
