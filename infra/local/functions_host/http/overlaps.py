"""Whether two routes can match one path: then the order of names decides, which nobody sees who reads them."""

import re
from collections.abc import Sequence
from functools import cache

from infra.local.functions_host.http.routes import Route

_ABSENT = re.compile(r"\{[^{}]*(?:\?|=[^{}]*)\}$")


def overlapping(routes: Sequence[Route]) -> list[tuple[str, str]]:
    """The pairs of functions whose routes share a method and, as far as templates tell, a path."""
    return [
        (first.function.name, second.function.name)
        for position, first in enumerate(routes)
        for second in routes[position + 1 :]
        if _share_a_method(first, second) and _share_a_path(first, second)
    ]


def _share_a_method(first: Route, second: Route) -> bool:
    methods, others = first.trigger.methods, second.trigger.methods
    return methods is None or others is None or not set(methods).isdisjoint(others)


def _share_a_path(first: Route, second: Route) -> bool:
    @cache
    def share(mine: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
        if not mine or not theirs:
            return all(_may_be_absent(segment) for segment in mine or theirs)
        if mine[0].startswith("{*") or theirs[0].startswith("{*"):
            return True
        if any(_may_be_absent(each[0]) and share(each[1:], other) for each, other in ((mine, theirs), (theirs, mine))):
            return True
        return _fit(mine[0], theirs[0]) and share(mine[1:], theirs[1:])

    return share(_segments(first), _segments(second))


def _segments(route: Route) -> tuple[str, ...]:
    # A slash inside braces belongs to a constraint.
    return tuple(re.findall(r"(?:\{(?:[^{}]|\{\{|\}\})*\}|[^/{}])+", route.template))


def _may_be_absent(segment: str) -> bool:
    return segment.startswith("{*") or _ABSENT.search(segment) is not None


def _fit(mine: str, theirs: str) -> bool:
    """Two literals fit when they are equal; a parameter is taken to fit whatever its constraints say."""
    if "{" in mine or "{" in theirs:
        return True
    return mine.lower() == theirs.lower()
