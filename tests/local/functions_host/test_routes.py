"""Route templates: constraints, optional parts, catch-alls, and which route wins."""

import pytest

from infra.local.functions_host.errors import HostError
from infra.local.functions_host.functions import Function, HttpTrigger
from infra.local.functions_host.http.routes import Routes
from infra.local.functions_host.retries import NO_RETRY


def function(name: str, route: str | None) -> Function:
    trigger = HttpTrigger.model_validate({"type": "httpTrigger", "name": "req", "route": route})
    return Function(name, name, trigger, [], NO_RETRY)


def parameters(template: str, path: str) -> dict[str, str] | None:
    found = Routes([function("f", template)], "api").find("GET", f"/api/{path}")
    return None if found is None else found[1]


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("models", "models", {}),
        ("models", "models/", {}),
        ("models", "MODELS", {}),
        ("models/{name}", "models/a b", {"name": "a b"}),
        ("models/{name}", "models", None),
        ("models/{name?}", "models", {}),
        ("models/{version:int}", "models/-7", {"version": "-7"}),
        ("models/{version:int}", "models/99999999999", None),
        ("models/{version:int}", "models/x", None),
        ("models/{version:int?}", "models", {}),
        ("m/{id:guid}", "m/0f8fad5b-d9cb-469f-a165-70867728950e", {"id": "0f8fad5b-d9cb-469f-a165-70867728950e"}),
        ("m/{id:guid}", "m/nope", None),
        ("m/{name:alpha:minlength(2):maxlength(3)}", "m/ab", {"name": "ab"}),
        ("m/{name:alpha:minlength(2):maxlength(3)}", "m/abcd", None),
        ("m/{n:range(1,5)}", "m/5", {"n": "5"}),
        ("m/{n:range(1,5)}", "m/6", None),
        ("m/{day:datetime}", "m/2026-11-23", {"day": "2026-11-23"}),
        ("m/{on:bool}", "m/True", {"on": "True"}),
        ("m/{code:regex(^[a-z]{{2}}$)}", "m/ab", {"code": "ab"}),
        ("m/{code:regex(^[a-z]{{2}}$)}", "m/abc", None),
        ("files/{*path}", "files/a/b/c", {"path": "a/b/c"}),
        ("files/{*path}", "files", {}),
        ("v{major}.{minor}/x", "v1.2/x", {"major": "1", "minor": "2"}),
    ],
)
def test_matching(template: str, path: str, expected: dict[str, str] | None) -> None:
    assert parameters(template, path) == expected


def test_the_most_specific_route_wins_in_any_order() -> None:
    functions = [
        function("all", "m/{*rest}"),
        function("free", "m/{x}"),
        function("number", "m/{x:int}"),
        function("exact", "m/new"),
    ]
    for order in (functions, functions[::-1]):
        routes = Routes(order, "api")
        winners = [routes.find("GET", f"/api/m/{path}") for path in ("new", "7", "x", "x/y")]
        assert [found and found[0].function.name for found in winners] == ["exact", "number", "free", "all"]


def test_the_route_is_the_name_by_default_and_the_prefix_may_be_empty() -> None:
    assert Routes([function("Score", None)], "api").find("GET", "/api/score") is not None
    assert Routes([function("Score", None)], "").find("GET", "/score") is not None


@pytest.mark.parametrize("template", ["admin/x", "runtime/x", "m/{x:prime}", "m/{x", "m/{x:range(a,b)}"])
def test_a_bad_route_is_refused_with_its_function(template: str) -> None:
    with pytest.raises(HostError, match="function 'f'"):
        Routes([function("f", template)], "api")
